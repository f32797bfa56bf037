"""A second reading in a spec: who may read, what claims may say of it, and what stays as it was without it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from auditc.compiler.compare.cells import cells
from auditc.compiler.compare.coherent import coherent
from auditc.compiler.compare.names import Names
from auditc.compiler.pipeline import check_spec, compile_spec
from auditc.diagnostics import Sink, SpecRejected
from auditc.ir.plan import Assess, Plan
from tests.compiler.fragments import completed, lay

BLOCK = """
def_survey citizens {{
  ask = values
  of  = [sim]
  as  = [us, cn]
  {settings}
  kl {{ }}
}}

model reader {{
  family  = "another"
  backend = simulated {{ like = values }}
}}
"""
CLAIM = """
claim readable {{
  says     = "What a model reads again makes few answers more"
  holds    = {holds} < 1
  level    = 95%
  estimand = these_items
}}
"""
SILENT = {"AC415", "AC435", "AC436", "AC409", "AC414", "AC420"}


def said(folder: Path, settings: str, more: str = "") -> list[tuple[str, str]]:
    path = lay(folder, completed(BLOCK.format(settings=settings) + more, without="first_token"))
    sink = Sink()
    with contextlib.suppress(SpecRejected):
        check_spec(path, sink)
    return [(d.code, d.primary.text) for d in sink.sorted() if d.code not in SILENT]


def planned(folder: Path, settings: str) -> Plan:
    return compile_spec(lay(folder, completed(BLOCK.format(settings=settings), without="first_token")), Sink()).plan


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("second_reading = reader", []),
        ("second_reading = sim", [("AC448", "`sim` reads what it wrote itself")]),
        ("second_reading = values", [("AC209", "a model is expected, and `values` is a survey")]),
        ("second_reading = nobody", [("AC208", "no model is called `nobody`")]),
    ],
)
def test_another_model_reads(tmp_path: Path, settings: str, expected: list[tuple[str, str]]) -> None:
    assert said(tmp_path, settings) == expected


def test_a_claim_names_the_condition_where_there_is_one(tmp_path: Path) -> None:
    claim = CLAIM.format(holds="citizens.kl[condition = second_reading, population = us]")
    assert said(tmp_path, "second_reading = reader", claim) == []
    assert said(tmp_path, "", claim) != []


def test_without_it_a_plan_is_what_it_was_and_with_it_nothing_of_the_questions_moves(tmp_path: Path) -> None:
    plain, again = planned(tmp_path / "a", ""), planned(tmp_path / "b", "second_reading = reader")
    assert "picks" not in plain.model_dump_json() and "reader" not in plain.models
    (stage,) = (stage for stage in again.stages if isinstance(stage, Assess))
    assert (stage.picks, stage.model, stage.of) == (True, "reader", ("citizens/sim",))
    assert again.stage("citizens/sim") == plain.stage("citizens/sim").model_copy(
        update={"origin": again.stage("citizens/sim").origin}
    )
    assert stage.name in again.stage("citizens.kl").needs
    assert set(stage.wording) == {again.populations[name].language for name in ("us", "cn")}


def test_a_comparison_of_waves_knows_the_figures_of_a_second_reading(tmp_path: Path) -> None:
    again = planned(tmp_path, "second_reading = reader")
    assert coherent(again)
    known = cells(again, Names())
    assert known["citizens", "kl", "us", "second_reading"].judges == {"reader"}
    assert known["citizens", "kl", "us", "asked"].judges == set()
