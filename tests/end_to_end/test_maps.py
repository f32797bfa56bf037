"""A map of models and peoples, the paper's variants and named dimensions, from a spec to the report."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import jsonschema

from .conftest import Shell

WORTH = """value,name.en,description.en,source
work,Working life,High: work comes first. Low: other things do.,Made up for practice
neighbours,Neighbourhood,High: people stand together. Low: each for themselves.,Made up for practice
order,Order,High: rules are kept. Low: rules are loose.,Made up for practice
"""
MORE = """
framework worth { values = csv("worth.csv") }

def_survey written {
  ask    = practice
  of     = [faithful, stubborn]
  as     = [hill, shore]
  draws  = 20
  memory = 0..2
  culture_map { }
  kl_def2025 { }
  diversity { }
  diversity_def2025 { }
}
"""


def mapped(starter: Shell) -> None:
    """The starter with three named dimensions, each item's first option the high end, and a block with all of it."""
    starter.edit("starter.audit", 'items     = csv("items.csv")', 'items     = csv("items.csv")\n  dimensions = worth')
    with (starter.folder / "starter.audit").open("a", encoding="utf-8") as spec:
        spec.write(MORE)
    (starter.folder / "worth.csv").write_text(WORTH, encoding="utf-8")
    path = starter.folder / "items.csv"
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    for number, row in enumerate(rows):
        row["dimension"] = ("work", "neighbours", "order")[number % 3]
        row["direction"] = "first_high"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_map_goes_from_the_spec_to_the_report(starter: Shell, root: Path) -> None:
    mapped(starter)
    ended = starter.auditc("compile", "starter.audit")
    assert ended.code == 0, ended.err
    done = starter.auditc("run", "--json").json
    findings = json.loads(starter.findings())
    jsonschema.validate(findings, json.loads((root / "schemas/findings.v1.json").read_text()))
    [found] = findings["maps"]
    assert found["block"] == "written" and set(found["loadings"]) == {"work", "neighbours", "order"}
    assert 0 < found["explained"][1] <= found["explained"][0] and sum(found["explained"]) <= 1
    places = {(place["model"], place["population"]): place for place in found["places"]}
    assert set(places) == {(model, land) for model in ("faithful", "stubborn", "") for land in ("hill", "shore")}
    assert all(place["ellipse"]["long"] >= place["ellipse"]["short"] > 0 for place in places.values())
    of = {
        (f["metric"], f["model"], f["population"]): f
        for f in findings["findings"]
        if f["block"] == "written" and not f["axes"]
    }
    for land in ("hill", "shore"):
        near, far = (of["culture_map", model, land]["estimate"] for model in ("faithful", "stubborn"))
        assert near < far
        assert of["culture_map", "faithful", land]["estimand"] == "these items"
        for model in ("faithful", "stubborn"):
            assert of["kl_def2025", model, land]["low"] is None
            # A refusal is another text, and no answer.
            assert of["diversity_def2025", model, land]["estimate"] >= of["diversity", model, land]["estimate"]
    page = (starter.folder / done["reports"]["html.en"]).read_text("utf-8")
    assert "Working life" in page and "High: work comes first." in page
    first = starter.findings()
    assert starter.auditc("run", "--json").json["cells"]["asked"] == 0
    assert starter.findings() == first


def test_a_map_of_one_model_has_it_among_the_peoples_that_it_is_asked_as(starter: Shell) -> None:
    mapped(starter)
    starter.edit(
        "starter.audit",
        "  of     = [faithful, stubborn]\n  as     = [hill, shore]\n  draws  = 20\n  memory",
        "  of     = [faithful]\n  as     = [hill, shore]\n  draws  = 20\n  memory",
    )
    starter.edit("starter.audit", "  kl_def2025 { }\n", "")
    ended = starter.auditc("compile", "starter.audit")
    assert ended.code == 0, ended.err
    assert starter.auditc("run", "-q").code == 0
    [found] = json.loads(starter.findings())["maps"]
    assert {(place["model"], place["population"]) for place in found["places"]} == {
        (model, land) for model in ("faithful", "") for land in ("hill", "shore")
    }


def test_a_map_that_cannot_be_made_is_told_before_anything_is_asked(starter: Shell) -> None:
    mapped(starter)
    block = "def_survey written {\n  ask    = practice"
    starter.edit("starter.audit", block, f"{block}.where(dimension != order)")
    ended = starter.auditc("check", "starter.audit")
    assert "AC455" in ended.err and "2 dimensions" in ended.err, ended.err


def test_an_item_of_an_unknown_dimension_is_refused(starter: Shell) -> None:
    mapped(starter)
    starter.edit("items.csv", "neighbours", "neighbors")
    ended = starter.auditc("check", "starter.audit")
    assert ended.code == 2 and "AC378" in ended.err and "items.csv" in ended.err and "neighbours" in ended.err
