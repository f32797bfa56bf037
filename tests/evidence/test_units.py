"""Participants who are the same under two conditions are compared with themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from auditc.evidence import units as module
from auditc.evidence.conclude import conclude
from auditc.evidence.estimate import Nature, estimate
from auditc.evidence.jackknife import jackknife
from auditc.evidence.spread import Spread, combine, spread_of, weigh
from auditc.evidence.units import Units, numbered, opposed, paired
from auditc.ir.finding import Findings
from auditc.ir.plan import Arithmetic, Comparison, Figure, Number

from . import audits

DRAWS, ITEMS = 30, 24


def concluded(alike: int, *, shuffled: bool = False, merged: bool = False, claims: tuple[Any, ...] = ()) -> Findings:
    """One model asked as it is and without memory: the first `alike` of thirty participants are the same under both.
    `shuffled`: the rows of the second in another order; `merged`: its last ten are one that stands for ten."""
    asked = audits.items(ITEMS, 4)
    survey = audits.survey(asked)
    ids = tuple(item.id for item in asked)
    generator = np.random.default_rng(3)
    people = {i: np.array(p.shares) for i, p in survey.people["United States"].items()}
    first, second = (audits.choices_from(people, asked, DRAWS, generator) for _ in range(2))
    second[:alike] = first[:alike]
    keys = np.array([[f"{draw} {item}" for item in ids] for draw in range(DRAWS)])
    others = np.array(
        [[f"{draw} {item}" if draw < alike else f"other {draw} {item}" for item in ids] for draw in range(DRAWS)]
    )
    weights = np.ones(DRAWS)
    if merged:
        second, others, weights = second[:21], others[:21], np.array([1.0] * 20 + [10.0])
    if shuffled:
        order = generator.permutation(len(second))
        second, others, weights = second[order], others[order], weights[order]
    stages: list[Any] = []
    answers = []
    for name, choices, cells, weight in (
        ("asked", first, keys, np.ones(DRAWS)),
        ("without_memory", second, others, weights),
    ):
        stage = audits.converse_stage(
            "a", ids, name=f"citizens/a/{name}", condition=name, draws=DRAWS, populations=("us",)
        )
        stages.append(stage)
        answers.append(audits.drawn(stage, survey, "us", choices, cells=cells, weights=weight))
    names = tuple(stage.name for stage in stages)
    measures = [audits.measure_stage("citizens", metric, names) for metric in ("kl", "diversity")]
    judged = [audits.judge_stage(f"c{n}", holds, "these items") for n, holds in enumerate(claims)]
    return conclude(audits.plan(survey, (*stages, *measures, *judged), ("a",)), tuple(answers), models=())[0]


def width(findings: Findings) -> float:
    row = next(row for row in findings.contrasts if row.metric == "kl")
    assert row.low is not None and row.high is not None
    return row.high - row.low


def test_the_more_participants_are_the_same_the_surer_is_the_difference() -> None:
    none, some, most = (width(concluded(alike)) for alike in (0, 15, 27))
    assert none > some > most and most < 0.6 * none


def test_who_is_the_same_is_known_by_the_cells_and_not_by_the_row() -> None:
    assert width(concluded(20, shuffled=True)) == pytest.approx(width(concluded(20)))
    assert width(concluded(20, merged=True, shuffled=True)) == pytest.approx(width(concluded(20, merged=True)))


def test_where_few_are_not_the_same_little_is_known_of_them() -> None:
    """One participant who differs, as two units: t has one degree of freedom."""
    last, few = (width(concluded(alike)) for alike in (29, 27))
    assert last > 1.5 * few


def test_participants_who_are_all_the_same_make_no_difference() -> None:
    row = next(row for row in concluded(DRAWS).contrasts if row.metric == "kl")
    assert (row.estimate, row.low) == (0, None)


def test_a_claim_on_two_conditions_is_decided_in_the_same_pairs() -> None:
    sides = [
        Figure(measure="citizens.kl", at={"model": "a", "population": "us", "condition": name})
        for name in ("without_memory", "asked")
    ]
    difference = Arithmetic(operator="-", left=sides[0], right=sides[1])
    claim = Comparison(left=difference, operator="<", right=Number(value=0.5))
    widths = []
    for alike in (0, 27):
        part = next(each for each in concluded(alike, claims=(claim,)).findings if each.claim)
        assert part.low is not None and part.high is not None
        widths.append(part.high - part.low)
    assert widths[1] < 0.6 * widths[0]


def ends(alike: int, *terms: Any) -> list[Any]:
    """The finding of each term held against 2."""
    claims = tuple(Comparison(left=term, operator="<", right=Number(value=2)) for term in terms)
    return [each for each in concluded(alike, claims=claims).findings if each.claim]


@pytest.mark.parametrize("alike", [29, 30])
def test_participants_who_are_the_same_say_much_of_a_sum(alike: int) -> None:
    """Only in a difference do they say nothing: these were undecided, or as wide as of two participants."""
    one, other = (
        Figure(measure="citizens.kl", at={"model": "a", "population": "us", "condition": name})
        for name in ("without_memory", "asked")
    )
    mean = Arithmetic(operator="/", left=Arithmetic(operator="+", left=one, right=other), right=Number(value=2))
    half = Arithmetic(operator="*", left=Number(value=0.5), right=other)
    alone, *both = ends(alike, other, mean, Arithmetic(operator="-", left=one, right=half))
    for part in both:
        assert part.verdict == "holds"
        assert part.high - part.low < 1.3 * (alone.high - alone.low)


def test_a_difference_in_a_longer_term_knows_as_little() -> None:
    """However a difference is written, two units that differ leave one degree of freedom."""
    one, other = (
        Figure(measure="citizens.kl", at={"model": "a", "population": "us", "condition": name})
        for name in ("without_memory", "asked")
    )
    plain = Arithmetic(operator="-", left=one, right=other)
    turned = Arithmetic(operator="+", left=Number(value=1), right=plain)
    nearly = Arithmetic(operator="-", left=one, right=Arithmetic(operator="*", left=Number(value=0.999), right=other))
    first, *others = (part.high - part.low for term in (plain, turned, nearly) for part in ends(29, term))
    assert others == pytest.approx([first, first], rel=0.05)


def test_conditions_under_which_nobody_differs_are_judged_together_as_one_is() -> None:
    """Their units that differ are none, and none is what a claim was divided by."""
    one, other = (
        Figure(measure="citizens.diversity", at={"model": "a", "population": "us", "condition": name})
        for name in ("without_memory", "asked")
    )
    both = Arithmetic(operator="+", left=one, right=other)
    [part] = ends(DRAWS, both)
    assert part.verdict == "holds" and part.low is not None


def test_in_a_difference_those_who_differ_are_counted_and_in_a_sum_who_makes_its_variance() -> None:
    generator = np.random.default_rng(1)
    moved = generator.normal(size=(DRAWS, 1)) * 0.001
    moved[:2] = [[1.0], [-1.0]]
    spread = Spread(0.0, np.zeros(1), np.zeros(1, dtype=np.int64), {"u": moved}, {"u": DRAWS})
    same = np.ones(DRAWS, dtype=np.bool_)
    same[:2] = False
    assert Units({}, {"u": same}).counted(spread, False).count == {"u": 2}
    assert Units({}, {"u": same}).counted(spread, True).count == {"u": 2}
    even = replace(spread, draws={"u": np.ones((DRAWS, 1))})
    assert Units({}, {"u": same}).counted(even, False).count["u"] > 25
    assert Units({}, {"u": same}).counted(even, True).count == {"u": 2}
    assert Units({}, {"u": np.ones(DRAWS, dtype=np.bool_)}).counted(even, True).count == {"u": DRAWS}, "nobody differs"
    assert Units({}, {"other": same}).counted(spread, True).count == {"u": DRAWS}


def test_what_sets_participants_against_themselves_is_told_by_the_slopes() -> None:
    def of(*slopes: tuple[str, str, float]) -> bool:
        return opposed({("a", "us"): {(figure, condition): slope for figure, condition, slope in slopes}})

    assert of(("kl", "asked", 1), ("kl", "without", -1)) and of(("kl", "asked", 1), ("kl", "without", -0.9))
    assert not of(("kl", "asked", 1), ("kl", "without", -0.5)) and not of(("kl", "asked", 0.5), ("kl", "without", 0.5))
    assert of(("kl", "asked", 1), ("jsd", "without", -0.5)), "nobody knows how much two metrics have in common"
    assert not of(("kl", "asked", 1), ("kl", "without", 0.0))


def test_participants_are_paired_once_for_all_metrics_parts_and_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counting(left: Any, right: Any) -> Any:
        calls.append(1)
        return paired(left, right)

    monkeypatch.setattr(module, "paired", counting)
    one, other = (
        Figure(measure="citizens.kl", at={"model": "a", "population": "us", "condition": name})
        for name in ("without_memory", "asked")
    )
    ends(20, *[Arithmetic(operator="-", left=one, right=other)] * 3)
    assert 1 <= len(calls) <= 2, "a condition against what was asked, in either order"


def test_keys_are_known_again_whatever_the_longest_of_their_table_is() -> None:
    short, long = np.array([["a", "bc"], ["", "d"]]), np.array([["a", "bc"], ["", "d, with much after it"]])
    assert (numbered(short) == numbered(long)).tolist() == [[True, True], [True, False]]
    assert numbered(short)[1, 0] == 0 and len(set(numbered(short).ravel().tolist())) == 4


def test_pairs_are_those_that_share_most() -> None:
    left = np.array([[1, 2, 3], [4, 5, 6], [0, 0, 0]])
    right = np.array([[1, 5, 6], [1, 2, 9], [0, 0, 0]])
    assert [each.tolist() for each in paired(left, right)] == [[0, 1], [1, 0]]
    assert [len(each) for each in paired(left, np.full((3, 3), 7))] == [0, 0]


@pytest.mark.parametrize("alike", [0.0, 0.6])
def test_the_interval_of_a_difference_in_pairs_holds_the_truth(alike: float) -> None:
    """Thirty participants under two conditions, of whom some are the same; what is claimed is about these items."""
    generator = np.random.default_rng(5)
    shares = generator.dirichlet(np.full(4, 2.0), size=(2, 12))
    people = generator.dirichlet(np.full(4, 2.0), size=12)
    repetitions, held = 300, 0

    def evaluate(counts: Any) -> Any:
        own = counts / np.maximum(counts.sum(-1, keepdims=True), 1e-300)
        return np.where(own > 0, own * np.log(np.where(own > 0, own, 1) / people), 0).sum(-1)

    # The second condition moves the participants that are not the same; of these items the truth is the mixture's.
    truth = [evaluate(shares[0]).mean(), evaluate(alike * shares[0] + (1 - alike) * shares[1]).mean()]
    strata = np.zeros(12, dtype=np.int64)
    for _ in range(repetitions):
        first = np.stack([generator.choice(4, size=DRAWS, p=p) for p in shares[0]], axis=1)
        second = np.stack([generator.choice(4, size=DRAWS, p=p) for p in shares[1]], axis=1)
        same = generator.random(DRAWS) < alike
        second[same] = first[same]
        sides = []
        for who, codes in (("one", first), ("two", second)):
            found = jackknife(codes, np.ones(DRAWS), 4, evaluate, True)
            sides.append(spread_of(found.values, *weigh(found.values, strata, True), found.influence, who, DRAWS))
        numbers = np.where(same, np.arange(DRAWS), DRAWS + np.arange(DRAWS))
        together = Units(
            {"one": ("u", np.arange(DRAWS)), "two": ("u", numbers)},
            {"u": np.concatenate([same, np.zeros(DRAWS, dtype=np.bool_)])},
        )
        moved = together.counted(combine("-", together.joined(sides[1]), together.joined(sides[0])), True)
        ends = estimate(moved, Nature(), "these items", 1).interval(0.025)
        assert ends is not None
        held += ends[0] <= truth[1] - truth[0] <= ends[1]
    assert 0.925 <= held / repetitions <= 0.995, held / repetitions
