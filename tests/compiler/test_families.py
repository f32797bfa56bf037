"""Families in a spec: which claims are corrected together, and a warning where several are not corrected."""

from __future__ import annotations

from pathlib import Path

from auditc.ir.plan import Judge
from tests.compiler.said import diagnostics, errors, planned


def claims(*families: str) -> str:
    holds = "each(opinions.jsd, over = population) > 0.8"
    of = [f"family = {family}" if family else "" for family in families]
    return "".join(f'claim c{n} {{ says = "s"  holds = {holds}  {family} }}\n' for n, family in enumerate(of))


def test_claims_know_their_family_and_the_plan_how_it_is_corrected(tmp_path: Path) -> None:
    plan = planned(claims("", "tried", "planned") + "family tried { correct = none }\nfamily planned { }\n", tmp_path)
    assert plan.families == {"planned": "holm", "tried": "none"} and plan.correct == "holm"
    judges = {stage.claim: stage.family for stage in plan.stages if isinstance(stage, Judge)}
    assert judges == {"c0": "", "c1": "tried", "c2": "planned"}


def one(name: str, family: str = "") -> str:
    """A claim that is a single verdict."""
    said = f"family = {family}" if family else ""
    return f'claim {name} {{ says = "s"  holds = opinions.jsd[population = us] > 0.8  {said} }}\n'


def test_several_claims_of_a_family_without_correction_are_warned_of(tmp_path: Path) -> None:
    family = "family tried { correct = none }\n"
    assert diagnostics(family + one("a") + one("b") + one("c", "tried"), tmp_path) == []
    (found,) = diagnostics(family + one("a") + one("b", "tried") + one("c", "tried"), tmp_path)
    assert (found.code, found.primary.span.line) == ("AC410", 1) and "2 claims" in found.primary.text


def test_claims_of_a_family_do_not_count_among_those_of_the_audit(tmp_path: Path) -> None:
    audit = 'audit a { title = "t"  version = "1"  seed = 1  correct = none }\nfamily planned { }\n'
    assert diagnostics(audit + one("a") + one("b", "planned") + one("c", "planned"), tmp_path) == []
    assert [d.code for d in diagnostics(audit + one("a") + one("b") + one("c", "planned"), tmp_path)] == ["AC410"]


def test_a_family_for_each_claim_is_no_way_around_correction(tmp_path: Path) -> None:
    families = "family f2 { correct = none }\nfamily f3 { correct = none }\n"
    (found,) = diagnostics(families + one("a", "f2") + one("b", "f3"), tmp_path)
    assert (found.code, found.primary.span.line) == ("AC410", 1) and "2 verdicts in 2 claims" in found.primary.text
    assert [label.span.line for label in found.related] == [2]


def test_every_part_of_a_claim_counts(tmp_path: Path) -> None:
    (found,) = diagnostics("family tried { correct = none }\n" + claims("tried"), tmp_path)
    assert found.code == "AC410" and "2 verdicts in 1 claim" in found.primary.text


def test_a_family_is_named_and_is_one(tmp_path: Path) -> None:
    assert errors(claims("tried"), tmp_path) == [("AC208", 1)]
    assert errors(claims("us"), tmp_path) == [("AC209", 1)]
    assert errors("family tried { correct = bonferroni }\n" + claims("tried"), tmp_path) == [("AC213", 1)]
