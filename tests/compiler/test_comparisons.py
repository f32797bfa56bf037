"""Comparisons of groups of models: the stage they become, what cannot be told apart, what `diff` says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditc.compiler.compare import Comparison, compare
from auditc.compiler.compare.places import Places
from auditc.compiler.explain import dot, lines_of, mermaid
from auditc.compiler.pipeline import compile_spec
from auditc.diagnostics import Sink
from auditc.ir.plan import Compare, Plan
from tests.compiler.fragments import completed, lay
from tests.compiler.said import diagnostics
from tests.compiler.test_parts import SHARES

BLOCK = """
def_survey citizens { ask = values  of = [%s]  as = [us, cn]  draws = 50  kl { } }
compare places { figure = citizens.kl  by = %s  tests = [clustered, welch] }
"""


def spec(cards: list[tuple[str, str, str]], by: str = "origin") -> str:
    """A spec with a model for each card: family, origin, stage."""
    models = [
        f'model m{n} {{ family = "{f}"  origin = "{o}"  stage = "{s}"  backend = simulated {{ like = values }} }}\n'
        for n, (f, o, s) in enumerate(cards)
    ]
    return "".join(models) + BLOCK % (", ".join(f"m{n}" for n in range(len(cards))), by)


EAST = [(f"E{n % 2}", "east", "instruct") for n in range(5)]
WEST = [(f"W{n % 2}", "west", "instruct") for n in range(5)]


def plan(text: str, folder: Path) -> Plan:
    return compile_spec(lay(folder, completed(text)), Sink()).plan


def said(cards: list[tuple[str, str, str]], folder: Path, by: str = "origin") -> list[str]:
    found = diagnostics(spec(cards, by), folder)
    return [d.code for d in found if d.code in ("AC470", "AC471", "AC472", "AC383", "AC384")]


def test_a_comparison_becomes_a_stage_with_its_groups(tmp_path: Path) -> None:
    made = plan(spec([*WEST, *EAST]), tmp_path)
    stage = made.stage("compare.places")
    assert isinstance(stage, Compare)
    assert stage.needs == ("citizens.kl",) and stage.figure.measure == "citizens.kl" and stage.figure.at == {}
    assert stage.groups == {"east": ("m5", "m6", "m7", "m8", "m9"), "west": ("m0", "m1", "m2", "m3", "m4")}
    assert (stage.tests, stage.level, stage.confounded) == (("clustered", "welch"), 0.95, {})
    assert lines_of(stage, made) == ("compare.places", "citizens.kl by origin")
    assert "compare.places" in mermaid(made) and '"citizens.kl" -> "compare.places"' in dot(made)


def test_a_report_waits_for_comparisons(tmp_path: Path) -> None:
    made = plan(spec([*WEST, *EAST]) + "report page { formats = [html] }\n", tmp_path)
    assert "compare.places" in made.stage("report.page").needs


def test_enough_models_that_differ_in_one_thing_are_compared_without_a_word(tmp_path: Path) -> None:
    assert said([*EAST, *WEST], tmp_path) == []


@pytest.mark.parametrize(
    ("east", "west", "by", "confounded"),
    [
        ([("E", "east", "base")] * 5, [("W", "west", "base")] * 5, "origin", ("family",)),
        ([("E", "east", "base")] * 5, [("W", "west", "base")] * 5, "family", ("origin",)),
        ([("E", "east", "base")] * 5, [("W", "west", "sft")] * 5, "stage", ("family", "origin")),
        ([("A", "east", "base")] * 5, [("A", "east", "sft")] * 5, "stage", ()),
        ([("E", "east", "base")] * 5, [("W", "west", "sft")] * 4 + [("W", "west", "base")], "origin", ("family",)),
        (EAST, [("W0", "west", "instruct"), ("W1", "west", "rlhf")] * 3, "origin", ()),
        (EAST, [("W0", "west", "base"), ("W1", "west", "rlhf")] * 3, "origin", ("stage",)),
    ],
)
def test_what_cannot_be_told_apart_is_warned_of_and_written_down(
    east: list[tuple[str, str, str]],
    west: list[tuple[str, str, str]],
    by: str,
    confounded: tuple[str, ...],
    tmp_path: Path,
) -> None:
    assert said([*east, *west], tmp_path, by) == (["AC470"] if confounded else [])
    stage = plan(spec([*east, *west], by), tmp_path / "again").stage("compare.places")
    assert isinstance(stage, Compare)
    assert tuple(stage.confounded.values()) == ((confounded,) if confounded else ())


def test_the_two_embedded_models_cannot_tell_origin_family_and_stage_apart(tmp_path: Path) -> None:
    """Both are made in one place; they are of two families, and trained to two stages (review.md a13)."""
    small = [("SmolLM2", "west", "instruct"), ("Gemma 3", "west", "base")]
    assert said(small, tmp_path, "origin") == ["AC383"]
    for by, other in (("family", "stage"), ("stage", "family")):
        found = diagnostics(spec(small, by), tmp_path / by)
        assert sorted({"AC470", "AC471"} & {d.code for d in found}) == ["AC470", "AC471"]
        assert any(f"differ in `{other}` too" in d.primary.text for d in found)


def compared(before: str, after: str, folder: Path) -> Comparison:
    plans = [plan(text, folder / str(n)) for n, text in enumerate((before, after))]
    return compare(plans[0], Places(), plans[1], Places())


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("tests = [clustered, welch]", "tests = [clustered]", "compare places tests changed"),
        ("figure = citizens.kl ", "figure = citizens.kl[population = us] ", "compare places figure changed"),
        ("tests = [clustered, welch]", "level = 99%", "compare places level changed"),
        ("compare places", "compare lands", "compare lands  renamed"),
    ],
)
def test_another_comparison_changes_no_figure(old: str, new: str, change: str, tmp_path: Path) -> None:
    text = spec([*EAST, *WEST])
    found = compared(text, text.replace(old, new), tmp_path)
    assert found.verdict == "comparable" and {f.verdict for f in found.figures} == {"comparable"}
    told = [(f"{c.section} {c.name} {c.key} {c.kind}", c.consequence.value) for c in found.changes]
    assert (change, "none") in told


def test_a_comparison_more_or_less_changes_no_figure(tmp_path: Path) -> None:
    text = spec([*EAST, *WEST])
    without = text.replace(text[text.index("compare places") :], "")
    found = compared(text, without, tmp_path)
    assert found.verdict == "comparable"
    assert [(c.section, c.kind) for c in found.changes] == [("compare", "removed")]


def test_renamed_blocks_and_models_are_the_same_comparison(tmp_path: Path) -> None:
    text = spec([*EAST, *WEST])
    found = compared(text, text.replace("citizens", "people_asked"), tmp_path)
    assert [(c.section, c.kind) for c in found.changes] == [("method", "renamed")]


PARTS = """
survey told {{ items = csv("items.csv")  reference = csv("told.csv", by = [country, sex, age]) }}
model m0 {{ family = "A"  origin = "w"  stage = "base"  backend = simulated {{ like = told }} }}
model m1 {{ family = "A"  origin = "w"  stage = "sft"  backend = simulated {{ like = told }} }}
model j {{ family = "B"  origin = "e"  stage = "sft"  backend = simulated {{ like = told }} }}
def_survey d {{ ask = told  of = [m0, m1]  as = [us]  {asks} }}
compare places {{ figure = d.{figure}  by = stage }}
"""


@pytest.mark.parametrize(
    ("asks", "figure", "code"),
    [
        ("preference_bias { by = [sex, age] }", "preference_bias", "AC343"),
        ("preference_bias { by = [sex, age] }", "preference_bias[profile = matching]", "AC343"),
        ("insensitivity { judge = j }", "insensitivity", "AC369"),
        ("insensitivity { judge = j  faults = [no_role] }", "insensitivity[fault = no_role]", "AC369"),
        ("kl_def2025 { }", "kl_def2025", "AC428"),
    ],
)
def test_a_figure_of_a_comparison_is_one_that_there_is(asks: str, figure: str, code: str, tmp_path: Path) -> None:
    found = diagnostics(PARTS.format(asks=asks, figure=figure), tmp_path, {"told.csv": SHARES})
    told = next(each for each in found if each.code == code)
    assert figure.split("[")[0] in told.primary.span.text
    assert "each(" not in told.help


@pytest.mark.parametrize("rate", ["corrected", "raw"])
def test_axes_with_a_value_of_their_own_accord_are_written_down(rate: str, tmp_path: Path) -> None:
    text = PARTS.format(
        asks=f"preference_bias {{ by = [sex]  base_rate = {rate} }}", figure="preference_bias[sex = female]"
    )
    made = compile_spec(lay(tmp_path, completed(text), {"told.csv": SHARES}), Sink()).plan
    stage = made.stage("compare.places")
    assert isinstance(stage, Compare)
    assert stage.figure.at == {"sex": "female", "profile": "all", "base_rate": rate}
