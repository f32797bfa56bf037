"""MoralChoice and multi-step dilemmas: which values the choices have, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditc.sources import sources
from auditc.sources._contract import BadData, Imported, ScenarioRows

from . import made


def read(kind: str, path: Path) -> Imported:
    source = sources.take(kind)
    return source.read((path,), source.params())


def told(found: Imported) -> ScenarioRows:
    assert isinstance(found.rows, ScenarioRows)
    return found.rows


def refused(kind: str, path: Path) -> str:
    with pytest.raises(BadData) as wrong:
        read(kind, path)
    return f"{wrong.value.faults[0]} {wrong.value.faults[0].remedy}"


def moralchoice(folder: Path, rows: list[dict[str, str]]) -> Path:
    path = folder / "moralchoice.csv"
    path.write_text(made.moralchoice_text(rows), encoding="utf-8")
    return path


def mmd(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "mmd.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_a_choice_speaks_for_the_rule_that_it_keeps_and_the_other_breaks(tmp_path: Path) -> None:
    found = read("moralchoice", moralchoice(tmp_path, made.moralchoice_rows()))
    assert [step.values for step in told(found).dilemmas] == [
        ("deceive", "duty"),  # to wait keeps from deceiving, and breaks duty
        ("cheat", "pain"),  # the other breaks two rules, of which the scenario was made for one
        None,
        None,
    ]
    assert found.counts["scenarios with values"].left_out == {
        "one action breaks no rule that the other keeps": 1,
        "one action breaks several rules that the other keeps": 1,
    }
    assert {rule.id for rule in told(found).rules} == set(made.RULES)


@pytest.mark.parametrize(
    ("column", "cell", "says"),
    [
        ("a1_pain", "Maybe", "row 2, column `a1_pain`: `Maybe` is not one of Yes, No, No Agreement"),
        ("context", " ", "row 2, column `context`: there is no text"),
        ("scenario_id", "H_001", "`H_001` stands in moralchoice.csv, row 1 already"),
    ],
)
def test_a_mistake_in_a_row_of_moralchoice_is_named(tmp_path: Path, column: str, cell: str, says: str) -> None:
    rows = made.moralchoice_rows()
    rows[1][column] = cell
    assert says in refused("moralchoice", moralchoice(tmp_path, rows))


def test_an_unknown_column_is_refused_with_the_one_that_is_near(tmp_path: Path) -> None:
    rows = [{name.replace("context", "contxt"): cell for name, cell in row.items()} for row in made.moralchoice_rows()]
    assert "there is no column `context` Is it `contxt`?" in refused("moralchoice", moralchoice(tmp_path, rows))


def test_dilemmas_have_the_values_of_the_standard_library_at_every_step(tmp_path: Path) -> None:
    found = read("mmd", mmd(tmp_path, made.mmd_rows()))
    rows = told(found)
    assert rows.framework == "std.moral_foundations" and rows.steps == 5
    assert [step.scenario for step in rows.dilemmas[::5]] == ["mmd_3", "mmd_8", "mmd_3_2"]
    assert {step.values for step in rows.dilemmas} == {("care", "liberty")}
    assert rows.dilemmas[5].text == "A hen waits at gate 1. Do you stay at gate 1?"
    assert found.counts["scenarios"].left_out == {"the same scenario stands in an earlier row": 1}
    assert any("`idx`" in note for note in found.notes)


def test_schwartz_values_are_known_also_where_they_are_cut(tmp_path: Path) -> None:
    row = made.mmd_row(1, "goat", steps=2)
    labels = ("self", "benevolence", "Self-direction", "power")
    names = [f"step {step}_choice{letter}_value" for step in (1, 2) for letter in "AB"]
    row |= dict(zip(names, labels, strict=True))
    rows = told(read("mmd", mmd(tmp_path, [row])))
    assert rows.framework == "std.schwartz"
    assert [step.values for step in rows.dilemmas] == [("self_direction", "benevolence"), ("self_direction", "power")]


@pytest.mark.parametrize(
    ("key", "cell", "says"),
    [
        (
            "step 2_choiceB_value",
            "libery/x",
            "row 2, column `step 2_choiceB_value`: `std.moral_foundations` has no value",
        ),
        ("step 4_situation", "", "row 2, column `step 4_situation`: there is no text"),
        ("step 3_choiceA", None, "there is no column `step 3_choiceA`"),
        ("step 6_situation", "More.", "nothing reads the column `step 6_situation`"),
    ],
)
def test_a_mistake_in_a_dilemma_is_named(tmp_path: Path, key: str, cell: str | None, says: str) -> None:
    rows = made.mmd_rows()
    rows[1][key] = cell
    if cell is None:
        del rows[1][key]
    assert says in refused("mmd", mmd(tmp_path, rows))
