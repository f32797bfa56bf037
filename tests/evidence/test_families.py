"""Families of claims: each is corrected by itself, as it says, and findings say so."""

from __future__ import annotations

from typing import Any

import pytest

from auditc.evidence.conclude import conclude
from auditc.ir.finding import Findings
from auditc.ir.plan import Comparison, Figure, Number

from . import audits


def judged(families: dict[str, Any], **of: str) -> Findings:
    """Claims by name, each with its family, over the same figures: four parts each."""
    holds = Comparison(
        left=Figure(measure="opinions.jsd"), operator=">", right=Number(value=0.6), each=("model", "population")
    )
    claims = tuple(audits.judge_stage(name, holds).model_copy(update={"family": of[name]}) for name in of)
    plan, answers = audits.example(claims=claims)
    plan = plan.model_copy(update={"families": families})
    return conclude(plan, answers, models=(audits.row("a"), audits.row("b")))[0]


def notes(findings: Findings, claim: str) -> set[str]:
    parts = [finding for finding in findings.findings if finding.claim == claim]
    assert len(parts) == 4
    return {note.split(":")[0] for part in parts for note in part.notes if "Holm" in note}


def levels(findings: Findings, claim: str) -> list[float]:
    return sorted(finding.level for finding in findings.findings if finding.claim == claim)


def test_claims_of_one_family_are_corrected_together_and_of_two_apart() -> None:
    together = judged({"one": "holm"}, a="one", b="one")
    apart = judged({"one": "holm", "other": "holm"}, a="one", b="other")
    for claim in "ab":
        assert notes(together, claim) == {"Holm over 8 parts"}
        assert notes(apart, claim) == {"Holm over 4 parts"}
    assert max(levels(together, "a") + levels(together, "b")) > max(levels(apart, "a") + levels(apart, "b"))


def test_a_family_of_its_own_is_as_if_its_claims_were_alone() -> None:
    alone = judged({}, a="")
    beside = judged({"other": "holm"}, a="", b="other")
    assert levels(beside, "a") == levels(alone, "a")
    assert [c for c in beside.claims if c.claim == "a"] == list(alone.claims)


def test_a_family_says_how_it_is_corrected_whatever_the_audit_says() -> None:
    found = judged({"explored": "none"}, a="", b="explored")
    assert notes(found, "a") == {"Holm over 4 parts"} and notes(found, "b") == set()
    assert set(levels(found, "b")) == {0.95} and min(levels(found, "a")) >= 0.95
    assert {claim.claim: claim.correct for claim in found.claims} == {"a": "holm", "b": "none"}


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_claims_stay_in_the_order_of_the_plan(order: str) -> None:
    found = judged({"one": "holm", "other": "holm"}, **{name: {"a": "one", "b": "other"}[name] for name in order})
    assert [claim.claim for claim in found.claims] == list(order)
