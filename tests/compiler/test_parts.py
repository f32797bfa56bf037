"""Claims on metrics with parts: which axes they have, which may be left out, and what the plan then says."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditc.compiler.pipeline import compile_spec
from auditc.diagnostics import Diagnostic, Sink
from auditc.ir.plan import Judge
from tests.compiler.fragments import completed, lay
from tests.compiler.said import diagnostics

BLOCK = """
survey told {
  items     = csv("items.csv")
  reference = csv("told.csv", by = [country, sex, age])
}
def_survey d { ask = told  of = [sim]  as = [us]  diversity { }  preference_bias { by = [sex, age]%s } }
"""
GROUPS = (",", "female,", "male,", ",under 30", ",30 and over", "female,under 30")
SHARES = "item,country,sex,age,n,shares\n" + "".join(
    f"Q{item},United States,{group},{1200 if group == ',' else 300},{shares}\n"
    for item, shares in enumerate(
        ("0.3|0.5|0.2", "0.2|0.3|0.5", "0.5|0.3|0.2", "0.6|0.4", "0.2|0.5|0.3", "0.3|0.4|0.3"), 1
    )
    for group in GROUPS
)


def said(holds: str, folder: Path, more: str = "") -> list[Diagnostic]:
    claim = f'claim c {{ says = "s"  holds = {holds}  estimand = these_items }}\n'
    found = diagnostics(claim + BLOCK % more, folder, {"told.csv": SHARES})
    return [d for d in found if d.severity.name == "ERROR"]


def planned(holds: str, folder: Path, more: str = "") -> Judge:
    spec = completed(f'claim c {{ says = "s"  holds = {holds}  estimand = these_items }}\n' + BLOCK % more)
    plan = compile_spec(lay(folder, spec, {"told.csv": SHARES}), Sink()).plan
    return next(stage for stage in plan.stages if isinstance(stage, Judge))


@pytest.mark.parametrize(
    ("holds", "code", "words"),
    [
        ("d.preference_bias < 0.1", "AC343", "`sex` is `female`, `male`; `age` is `30 and over`, `under 30`"),
        ("each(d.preference_bias, over = profile) < 0.1", "AC343", "which of them is meant"),
        ("d.preference_bias[sex = femal] < 0.1", "AC344", "`femal`"),
        ("d.preference_bias[income = high] < 0.1", "AC344", "no axis `income`"),
        ("d.diversity[sex = female] < 0.1", "AC344", "no axis `sex`"),
        ("each(d.diversity, over = sex) < 0.1", "AC344", "no axis `sex`"),
        ("d.preference_bias[sex = female, base_rate = raw] < 0.1", "AC344", "`raw`"),
        ("each(d.preference_bias[sex = female], over = [sex]) < 0.1", "AC345", "fixed"),
    ],
)
def test_what_is_wrong_with_an_axis_of_a_part(holds: str, code: str, words: str, tmp_path: Path) -> None:
    (found,) = said(holds, tmp_path)
    assert found.code == code and words in found.primary.text, found.primary.text


@pytest.mark.parametrize(
    ("holds", "each", "at"),
    [
        ("d.preference_bias[sex = female] < 0.1", (), {"sex": "female"}),
        ('d.preference_bias[sex = female, age = "under 30"] < 0.1', (), {"sex": "female", "age": "under 30"}),
        ("d.preference_bias[sex = female, profile = matching] < 0.1", (), {"sex": "female", "profile": "matching"}),
        ("each(d.preference_bias, over = [sex]) < 0.1", ("sex",), {}),
        ("each(d.preference_bias, over = [age, sex]) < 0.1", ("age", "sex"), {}),
        ("each(d.preference_bias[sex = female], over = profile) < 0.1", ("profile",), {"sex": "female"}),
    ],
)
def test_axes_with_a_value_of_their_own_are_settled(
    holds: str, each: tuple[str, ...], at: dict[str, str], tmp_path: Path
) -> None:
    assert said(holds, tmp_path / "said") == []
    judge = planned(holds, tmp_path / "planned")
    usual = {"model": "sim", "population": "us", "condition": "asked", "base_rate": "corrected"}
    usual |= {} if "profile" in each else {"profile": "all"}
    assert set(judge.holds.each) == set(each)
    assert judge.holds.left.at == usual | at  # type: ignore[union-attr]


def test_the_only_base_rate_is_the_one_that_is_meant(tmp_path: Path) -> None:
    judge = planned("mean(d.preference_bias, over = sex) < 0.1", tmp_path, "  base_rate = raw")
    assert judge.holds.left.of.at["base_rate"] == "raw"  # type: ignore[union-attr]
    both = planned("d.preference_bias[sex = male] < 0.1", tmp_path / "both", "  base_rate = both")
    assert both.holds.left.at["base_rate"] == "corrected"  # type: ignore[union-attr]


def test_columns_that_are_not_told_apart_together_lead_nowhere(tmp_path: Path) -> None:
    apart = "".join(row for row in SHARES.splitlines(keepends=True) if "female,under 30" not in row)
    claim = 'claim c { says = "s"  holds = each(d.preference_bias, over = [sex, age]) < 0.1  estimand = these_items }'
    found = diagnostics(f"{claim}\n{BLOCK % ''}", tmp_path, {"told.csv": apart})
    (mistake,) = [d for d in found if d.severity.name == "ERROR"]
    assert mistake.code == "AC344" and "`age`, `sex` together" in mistake.primary.text
