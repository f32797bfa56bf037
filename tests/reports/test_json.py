"""findings.json and the schemas: what is written can be read back, and is what the checked-in schemas say."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from auditc.ir.finding import Findings
from auditc.ir.schemas import schemas
from auditc.reports import reports
from tests.reports.material import extreme, material

NAMES = tuple(schemas())


def test_the_findings_are_written_whole_and_the_same_each_time(tmp_path: Path) -> None:
    made = material(small=True)
    first = reports.take("json").render(made, tmp_path / "a")
    second = reports.take("json").render(made, tmp_path / "b")
    assert first.name == "findings.json"
    assert first.read_bytes() == second.read_bytes()
    assert Findings.model_validate_json(first.read_bytes()) == made.findings


def test_what_cannot_be_read_back_is_not_written(tmp_path: Path) -> None:
    made = material(small=True)
    broken = made.findings.model_copy(
        update={"findings": (made.findings.findings[0].model_copy(update={"estimate": float("inf")}),)}
    )
    with pytest.raises(ValueError, match="survive"):
        reports.take("json").render(type(made)(made.plan, broken, made.items, made.run, "en"), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_the_checked_in_schema_is_the_generated_one(name: str, root: Path) -> None:
    path = root / "schemas" / name
    assert path.read_bytes() == schemas()[name], "python -m auditc.ir.schemas schemas writes them anew"
    jsonschema.Draft202012Validator.check_schema(json.loads(path.read_bytes()))


@pytest.mark.parametrize("made", [material(small=True), material(), extreme()], ids=["small", "full", "extreme"])
def test_findings_and_plans_are_as_the_schemas_say(made: object, root: Path) -> None:
    assert isinstance(made, type(material(small=True)))
    for name, form in (("findings.v1.json", made.findings), ("plan.v1.json", made.plan)):
        schema = json.loads((root / "schemas" / name).read_bytes())
        jsonschema.validate(json.loads(form.model_dump_json()), schema, jsonschema.Draft202012Validator)


def test_the_schema_is_closed(root: Path) -> None:
    schema = json.loads((root / "schemas" / "findings.v1.json").read_bytes())
    told = json.loads(material(small=True).findings.model_dump_json())
    told["findings"][0]["p_value"] = 0.04
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, schema, jsonschema.Draft202012Validator)
