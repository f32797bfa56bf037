"""Value dimensions as data: a survey names a framework for them, and items say which end of their options is high."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from auditc.compiler.pipeline import check_spec
from auditc.diagnostics import Diagnostic, Sink, SpecRejected
from auditc.ir.audit import Audit
from tests.compiler.fragments import completed, lay

HEAD = "id,dimension,direction,scale,text.en,text.zh,options.en,options.zh\n"
VALUES = "value,name.en,description.en,source\ncustom,Custom,High: kept up.,A book\nease,Ease,High: enjoyed.,A book\n"
SPEC = """
framework ours { values = csv("ours.csv") }

survey small {
  items      = csv("small.csv")
  dimensions = ours
}
"""


def row(name: str, dimension: str, direction: str = "", scale: str = "ordinal", options: str = "a|b|c") -> str:
    return f"{name},{dimension},{direction},{scale},{name}?,{name}？,{options},{options}\n"


def tried(folder: Path, rows: str, spec: str = SPEC) -> tuple[Audit | None, list[Diagnostic]]:
    sink = Sink()
    audit = None
    with contextlib.suppress(SpecRejected):
        files = {"small.csv": HEAD + rows, "ours.csv": VALUES}
        audit = check_spec(lay(folder, completed(spec), files), sink)
    return audit, [d for d in sink.sorted() if d.code in ("AC378", "AC043", "AC023")]


def test_a_survey_knows_what_its_dimensions_mean(tmp_path: Path) -> None:
    audit, said = tried(tmp_path, row("q1", "custom") + row("q2", "ease"))
    assert audit is not None and said == []
    named = audit.surveys["small"].dimensions
    assert named is not None and named.value("custom").description == {"en": "High: kept up."}
    assert "dimensions" not in audit.surveys["values"].model_dump(), "a survey that names none is written as ever"


def test_an_item_of_another_dimension_is_said_in_its_cell(tmp_path: Path) -> None:
    audit, said = tried(tmp_path, row("q1", "custm") + row("q2", "ease") + row("q3", ""))
    assert audit is None
    assert [(d.code, d.primary.span.source.name, d.primary.span.line) for d in said] == [
        ("AC378", "small.csv", 2),
        ("AC378", "small.csv", 4),
    ]
    assert said[0].primary.span.text == "custm" and "`custom`" in (said[0].help or "")


def test_the_dimensions_of_the_paper_come_with_auditc(tmp_path: Path) -> None:
    spec = 'import "std@1" as std\n' + SPEC.replace("= ours\n", "= std.def_dimensions\n")
    audit, said = tried(tmp_path, row("q1", "tradition") + row("q2", "power_distance"), spec)
    assert audit is not None and said == []
    named = audit.surveys["small"].dimensions
    assert named is not None and len(named.values) == 9
    for value in named.values:
        assert "High:" in value.description["en"] and "Low:" in value.description["en"]
        assert "高：" in value.description["zh"] and "低：" in value.description["zh"]


@pytest.mark.parametrize(
    ("direction", "scale", "options", "rises"),
    [
        ("", "ordinal", "a|b|c", 1),
        ("first_high", "ordinal", "a|b|c", -1),
        ("last_high", "interval", "1|2|3", 1),
        ("none", "ordinal", "a|b|c", 0),
        ("", "nominal", "a|b", 0),
        ("first_high", "nominal", "a|b", -1),
        ("none", "nominal", "a|b|c", 0),
    ],
)
def test_an_item_has_a_high_end(tmp_path: Path, direction: str, scale: str, options: str, rises: int) -> None:
    audit, said = tried(tmp_path, row("q1", "ease", direction, scale, options))
    assert audit is not None and said == []
    [item] = audit.surveys["small"].items
    assert (item.direction, item.rises) == (direction, rises)
    assert ("direction" in item.model_dump()) == bool(direction)


@pytest.mark.parametrize(
    ("direction", "scale", "helps"), [("last_hgh", "ordinal", "last_high"), ("first_high", "nominal", "none")]
)
def test_a_direction_that_cannot_be_is_said(tmp_path: Path, direction: str, scale: str, helps: str) -> None:
    audit, said = tried(tmp_path, row("q1", "ease", direction, scale))
    assert audit is None
    [found] = said
    assert found.code == "AC043" and found.primary.span.text == direction and helps in (found.help or "")
