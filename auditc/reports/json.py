"""The findings as `findings.json`, for programs: read back before it is kept, so that what lies there can be read."""

from __future__ import annotations

from pathlib import Path

from auditc.ir.finding import Findings
from auditc.reports._contract import Material, Report

NAME = "findings.json"


def encode(findings: Findings) -> bytes:
    """UTF-8 with a line for each value; the same findings give the same bytes."""
    return findings.model_dump_json(indent=1).encode() + b"\n"


def render(material: Material, folder: Path) -> Path:
    """Writes `findings.json` into `folder`; it is the same in every language."""
    content = encode(material.findings)
    if Findings.model_validate_json(content) != material.findings:
        raise ValueError("the findings do not survive being written as JSON")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    path.write_bytes(content)
    return path


json = Report(title="Findings for programs", languages=frozenset({"en", "zh"}), render=render)
