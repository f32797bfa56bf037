"""Participants who are the same under two conditions are compared with themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from auditc.evidence.conclude import conclude
from auditc.evidence.jackknife import jackknife
from auditc.evidence.spread import combine, spread_of, weigh
from auditc.evidence.units import Units
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
    ends = []
    for alike in (0, 27):
        part = next(each for each in concluded(alike, claims=(claim,)).findings if each.claim)
        assert part.low is not None and part.high is not None
        ends.append(part.high - part.low)
    assert ends[1] < 0.6 * ends[0]


@pytest.mark.parametrize("alike", [0.0, 0.6])
def test_the_interval_of_a_difference_in_pairs_holds_the_truth(alike: float) -> None:
    """Thirty participants under two conditions, of whom some are the same; what is claimed is about these items."""
    generator = np.random.default_rng(5)
    shares = generator.dirichlet(np.full(4, 2.0), size=(2, 12))
    people = generator.dirichlet(np.full(4, 2.0), size=12)
    repetitions, held, halves = 300, 0, []

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
            {"u": 2 * DRAWS},
            {"u": 2 * DRAWS - int(same.sum())},
        )
        moved = combine("-", together.joined(sides[1]), together.joined(sides[0]))
        [influence] = moved.draws.values()
        error = float(np.sqrt((influence.sum(1) ** 2).sum()))
        half = 2.045 * error
        held += abs(moved.point - (truth[1] - truth[0])) <= half
        halves.append(half)
    assert 0.915 <= held / repetitions <= 0.985, held / repetitions
