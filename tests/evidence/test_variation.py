"""Cultural variation kept: on audits whose answers differ as much as people's, not at all, or in between."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from auditc.evidence.conclude import conclude
from auditc.ir.finding import Finding, Findings
from auditc.ir.plan import Condition, Population
from auditc.reports.html.words import words

from . import audits

ITEMS = audits.items(40, 4, nominal=0)
IDS = tuple(item.id for item in ITEMS)
SURVEY = audits.survey(ITEMS)


def pooled(shares: list[Any]) -> Any:
    return np.mean([np.array(one) for one in shares], axis=0)


def toward(population: str, item: str, kept: float) -> Any:
    """People's own shares, or those of all peoples together, or in between."""
    own = np.array(SURVEY.people[audits.COUNTRIES[population]][item].shares)
    everyone = pooled([SURVEY.people[country][item].shares for country in audits.COUNTRIES.values()])
    return kept * own + (1 - kept) * everyone


def found(findings: Findings, dimension: str = "") -> Finding:
    wanted = {"dimension": dimension} if dimension else {}
    [one] = [f for f in findings.findings if f.metric == "variation_kept" and f.axes == wanted]
    return one


def scored(kept: float, populations: tuple[str, ...] = ("us", "cn"), lacking: int = 0) -> Findings:
    stage = audits.score_stage("a", IDS, conditions=(Condition(),), orders=1, populations=populations)
    given = [
        audits.exact(
            stage,
            SURVEY,
            name,
            "asked",
            {i: None if name == "cn" and n < lacking else toward(name, i, kept) for n, i in enumerate(IDS)},
        )
        for name in populations
    ]
    measure = audits.measure_stage("opinions", "variation_kept", (stage.name,))
    plan = audits.plan(SURVEY, (stage, measure), models=("a",))
    return conclude(plan, tuple(given), models=(audits.row("a"),))[0]


def test_a_model_that_answers_as_people_do_keeps_their_variation() -> None:
    own = found(scored(1.0))
    assert own.id == "opinions.variation_kept/a/asked" and own.population == "" and own.better == "neither"
    assert own.estimate == pytest.approx(1.0, abs=0.03) and own.n.items == 40 and own.n.draws is None
    assert (
        own.floor is not None
        and own.floor.low < 1 < own.floor.high
        and own.floor.estimate == pytest.approx(1, abs=0.02)
    )
    assert own.low is not None and own.high is not None and own.low < own.estimate < own.high


def test_a_model_that_answers_alike_for_everyone_keeps_none_and_half_the_way_is_less_than_half() -> None:
    assert found(scored(0.0)).estimate == pytest.approx(0.0, abs=1e-9)
    assert 0.1 < found(scored(0.5)).estimate < 0.5


def test_each_dimension_has_a_quotient_of_its_own() -> None:
    findings = scored(0.7)
    apart = [f for f in findings.findings if f.metric == "variation_kept" and f.axes]
    assert [f.axes["dimension"] for f in apart] == ["d0", "d1", "d2", "d3"]
    assert all(0.3 < f.estimate < 0.7 and f.n.items == 10 for f in apart)
    assert any(note.startswith("between populations: ") for note in apart[0].notes)


def test_an_item_that_one_population_lacks_is_left_out_and_one_population_is_not_enough() -> None:
    own = found(scored(1.0, lacking=4))
    assert own.n.items == 36 and own.missing.items == 4
    assert not [f for f in scored(1.0, populations=("us",)).findings if f.metric == "variation_kept"]


def test_one_country_counts_once() -> None:
    stage = audits.score_stage("a", IDS, conditions=(Condition(),), orders=1, populations=("us", "cn", "abroad"))
    given = tuple(
        audits.exact(stage, SURVEY, name, "asked", {i: toward("cn" if name == "abroad" else name, i, 1.0) for i in IDS})
        for name in stage.populations
    )
    measure = audits.measure_stage("opinions", "variation_kept", (stage.name,))
    plan = audits.plan(SURVEY, (stage, measure), models=("a",))
    again = Population(country="China", named={"en": "China"}, language="en")
    plan = plan.model_copy(update={"populations": {**plan.populations, "abroad": again}})
    own = found(conclude(plan, given, models=(audits.row("a"),))[0])
    assert "a country counts once: without abroad" in own.notes
    assert own.estimate == found(scored(1.0)).estimate


def talked(kept: float, draws: int, seed: int) -> Finding:
    generator = np.random.default_rng(seed)
    stage = audits.converse_stage("a", IDS, draws=draws)
    given = [
        audits.drawn(
            stage, SURVEY, name, audits.choices_from({i: toward(name, i, kept) for i in IDS}, ITEMS, draws, generator)
        )
        for name in ("us", "cn")
    ]
    measure = audits.measure_stage("citizens", "variation_kept", (stage.name,))
    plan = audits.plan(SURVEY, (stage, measure), models=("a",))
    return found(conclude(plan, tuple(given), models=(audits.row("a"),))[0])


def test_few_draws_do_not_look_like_variation() -> None:
    nothing = [talked(0.0, 30, seed) for seed in range(4)]
    assert abs(np.mean([f.estimate for f in nothing])) < 0.06
    assert all(f.low < 0.15 and f.n.draws == 30 for f in nothing)
    everything = [talked(1.0, 30, seed) for seed in range(4)]
    assert np.mean([f.estimate for f in everything]) == pytest.approx(1.0, abs=0.1)
    assert everything[0].procedure.startswith("two-way jackknife")


def test_what_is_said_is_known_in_chinese() -> None:
    chinese = words("zh")
    for own in (found(scored(0.5)), talked(0.5, 30, 1)):
        for text in (*own.notes, own.procedure, own.floor.procedure if own.floor else "none"):
            assert chinese.said(text)[1] == "zh-CN", text
