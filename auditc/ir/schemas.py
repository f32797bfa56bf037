"""The JSON Schemas of what is written for others to read; `python -m auditc.ir.schemas FOLDER` writes them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pydantic import BaseModel

from .event import Event
from .finding import Findings
from .plan import Plan

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FORMS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("plan.v1", Plan),
    ("findings.v1", Findings),
    ("events.v1", Event),
)


def schemas() -> dict[str, bytes]:
    """Each schema by the name of its file, as the bytes that are checked in."""
    return {f"{name}.json": _written(name, form) for name, form in FORMS}


def _written(name: str, form: type[BaseModel]) -> bytes:
    """As auditc writes the form: every key is there, and no other."""
    head = {"$schema": DIALECT, "$id": f"urn:auditc:{name}"}
    schema = head | form.model_json_schema(mode="serialization")
    return json.dumps(schema, indent=2, ensure_ascii=False).encode() + b"\n"


if __name__ == "__main__":
    for file, content in schemas().items():
        (Path(sys.argv[1]) / file).write_bytes(content)
