"""What conclude makes of whole audits with known answers."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import Any

import numpy as np
import pytest

from auditc.evidence.conclude import conclude
from auditc.ir.answers import NOT_RUN, REFUSED, UNPARSABLE
from auditc.ir.finding import Finding, Findings
from auditc.ir.plan import People, Plan, Survey

from . import audits


@pytest.fixture(scope="module")
def concluded() -> Any:
    plan, answers = audits.example()
    started = time.process_time()
    findings, rows = conclude(plan, answers, models=(audits.row("a"), audits.row("b")))
    return plan, answers, findings, rows, time.process_time() - started


def _by_id(findings: Findings) -> dict[str, Finding]:
    return {finding.id: finding for finding in findings.findings}


def test_every_figure_has_a_finding_and_every_dimension_too(concluded: Any) -> None:
    _, _, findings, _, _ = concluded
    ids = [finding.id for finding in findings.findings]
    assert len(ids) == len(set(ids))
    found = _by_id(findings)
    for model in "ab":
        for population in ("us", "cn"):
            for metric in ("kl", "jsd", "emd", "option_mass", "position_bias", "answer_rate"):
                for condition in ("asked", "shuffled"):
                    assert f"opinions.{metric}/{model}/{population}/{condition}" in found
            assert f"opinions.written_agreement/{model}/{population}/asked" in found
            assert f"opinions.answer_rate/{model}/{population}/written" in found
            assert f"opinions.jsd/{model}/{population}/written" not in found
            assert f"citizens.kl/{model}/{population}/asked" in found
    whole = found["opinions.kl/a/us/asked"]
    parts = [found[f"opinions.kl/a/us/asked/d{d}"] for d in range(8)]
    assert whole.estimate == pytest.approx(np.mean([part.estimate for part in parts]), abs=1e-5)
    assert all(part.axes == {"dimension": f"d{d}"} for d, part in enumerate(parts))


def test_equal_answers_give_equal_bytes_in_whatever_order_they_come(concluded: Any) -> None:
    plan, answers, findings, rows, _ = concluded
    again, more = conclude(plan, answers[::-1], models=(audits.row("a"), audits.row("b")))
    assert again.model_dump_json() == findings.model_dump_json()
    assert more == rows


def test_findings_are_json_without_nan_and_read_back(concluded: Any) -> None:
    _, _, findings, rows, _ = concluded
    text = findings.model_dump_json()
    assert Findings.model_validate_json(text) == findings
    json.loads(text, parse_constant=lambda word: pytest.fail(word))
    for row in rows:
        json.loads(row.model_dump_json(), parse_constant=lambda word: pytest.fail(word))


def test_the_example_is_concluded_in_seconds(concluded: Any) -> None:
    assert concluded[4] < 5


def test_counts_add_up(concluded: Any) -> None:
    _, answers, findings, rows, _ = concluded
    assert findings.complete
    for tally in findings.tallies:
        assert tally.asked == tally.answered + tally.refused + tally.unparsable + tally.failed
        assert tally.planned == tally.asked + tally.not_run
    assert len(rows) == sum(len(each.items) for each in answers)
    found = _by_id(findings)
    drawn = found["citizens.kl/a/us/asked"]
    assert drawn.n.draws == 10 and drawn.n.answers + drawn.missing.unparsable == 80
    assert sum(found[f"citizens.kl/a/us/asked/d{d}"].missing.unparsable for d in range(8)) == drawn.missing.unparsable


def test_a_model_that_is_people_is_at_its_floor() -> None:
    finding = _one("jsd", lambda item, shares: shares)
    assert finding.estimate == 1
    assert finding.floor is not None and finding.floor.estimate < 1
    uniform = _one("kl", lambda item, shares: np.full(item.size, 1 / item.size))
    assert uniform.estimate == pytest.approx(uniform.lines["uniform"], rel=1e-5)
    assert uniform.floor is not None and uniform.floor.high < uniform.estimate
    other = _one("emd", lambda item, shares: shares, people_of="cn")
    assert other.estimate == pytest.approx(other.lines["people of cn"], rel=1e-5)


def test_emd_says_how_many_items_it_applies_to() -> None:
    finding = _one("emd", lambda item, shares: shares)
    assert finding.n.items == 30
    assert any("30 of 40 items" in note for note in finding.notes)


def test_people_without_their_own_number_are_marked() -> None:
    asked = audits.items(40, 4)
    survey = audits.survey(asked, n=200)
    nominal = {item: People(n=p.n, nominal=True, shares=p.shares) for item, p in survey.people["United States"].items()}
    survey = survey.model_copy(update={"people": survey.people | {"United States": nominal}})
    finding = _one("kl", lambda item, shares: shares, survey=survey)
    assert finding.n.people_nominal and finding.n.people == 200
    assert any(note.startswith("n nominal") for note in finding.notes)
    assert any("fewer than 300" in note for note in finding.notes)


def test_few_items_speak_for_themselves_only() -> None:
    exact = _one("kl", lambda item, shares: shares[::-1], count=9)
    assert exact.estimand == "these items" and exact.low is None and exact.estimate is not None
    assert any("exact" in note for note in exact.notes)
    drawn = _drawn("kl", count=9, draws=30)
    assert drawn.estimand == "these items" and drawn.low is not None
    assert drawn.procedure == "jackknife over draws, t"


def test_equal_values_have_no_interval_and_a_rate_of_one_has() -> None:
    mass = _one("option_mass", lambda item, shares: shares)
    assert mass.estimate == pytest.approx(0.9) and mass.low is None and mass.notes
    rate = _one("answer_rate", lambda item, shares: shares)
    assert rate.estimate == 1 and rate.high == 1 and rate.low is not None and 0.9 < rate.low < 1


def test_values_that_differ_by_rounding_are_equal() -> None:
    """Answers exactly as people's: the root of the distance makes 1e-8 of what rounding leaves, which is no scatter."""
    for metric, value in (("jsd", 1.0), ("emd", 0.0)):
        found = _one(metric, lambda item, shares: shares / shares.sum())
        assert (found.estimate, found.low, found.procedure) == (value, None, "none")
        assert "every item has the same value: their variation cannot be measured" in found.notes


def test_an_instrument_that_is_hardly_answered_is_not_interpretable() -> None:
    def mute(item: Any, shares: Any) -> Any:
        return shares if int(item.id[1:]) % 3 == 0 else None

    finding = _one("kl", mute)
    assert not finding.interpretable and finding.estimate is not None
    assert any("not interpretable" in note for note in finding.notes)
    assert finding.missing.unparsable > 0 and finding.missing.items == 40 - finding.n.items
    rate = _one("answer_rate", mute)
    assert rate.interpretable and rate.estimate is not None and rate.estimate < 0.5


def test_nothing_answered_is_null_and_says_so() -> None:
    finding = _one("kl", lambda item, shares: None)
    assert finding.estimate is None and finding.low is None and finding.floor is None and not finding.interpretable
    assert "no item has a value" in finding.notes
    drawn = _drawn("kl", count=12, draws=20, spoil=lambda choices: np.full_like(choices, UNPARSABLE))
    assert drawn.estimate is None
    single = _drawn("kl", count=12, draws=1)
    assert single.estimate is None


def test_cells_that_were_not_run_make_the_run_incomplete() -> None:
    asked = audits.items(12, 3)
    survey = audits.survey(asked)
    stage = audits.converse_stage("a", tuple(item.id for item in asked), populations=("us",))
    plan = audits.plan(survey, (stage, audits.measure_stage("citizens", "kl", (stage.name,))), ("a",))
    choices = np.zeros((20, 12), dtype=int)
    choices[:, 0] = NOT_RUN
    findings, _ = conclude(plan, (audits.drawn(stage, survey, "us", choices),), models=())
    assert not findings.complete
    assert findings.findings[0].missing.not_run == 20
    assert not conclude(plan, (), models=())[0].complete


def test_a_participant_of_weight_two_counts_twice() -> None:
    asked = audits.items(12, 3)
    survey = audits.survey(asked)
    stage = audits.converse_stage("a", tuple(item.id for item in asked), populations=("us",), draws=4)
    plan = audits.plan(survey, (stage, audits.measure_stage("citizens", "answer_rate", (stage.name,))), ("a",))
    choices = np.zeros((3, 12), dtype=int)
    choices[0] = REFUSED
    answers = audits.drawn(stage, survey, "us", choices, weights=np.array([2.0, 1.0, 1.0]))
    findings, rows = conclude(plan, (answers,), models=())
    assert findings.findings[0].estimate == 0.5
    assert findings.findings[0].n.draws == 2
    assert rows[0].model_shares is not None and rows[0].model_shares[0] == 1


def test_a_row_leads_from_an_item_to_its_cells(concluded: Any) -> None:
    _, answers, _, rows, _ = concluded
    first = answers[0]
    row = next(r for r in rows if (r.block, r.model, r.population, r.condition, r.item) == _place(first))
    assert row.cells == ("c",) * first.items[0].size
    assert row.model_shares is not None and sum(row.model_shares) == pytest.approx(1, abs=1e-5)
    assert set(row.values) == {"kl", "jsd", "option_mass", "position_bias", "answer_rate", "written_agreement"}
    assert row.people_n == 2500


def test_a_floor_of_draws_depends_on_how_many_there_are() -> None:
    few, many = (_drawn("kl", count=20, draws=draws) for draws in (20, 100))
    assert few.floor is not None and many.floor is not None
    assert few.floor.high - few.floor.low > 2 * (many.floor.high - many.floor.low)
    assert abs(many.floor.estimate) < 0.01
    diversity = _drawn("diversity", count=20, draws=20)
    assert diversity.floor is not None and diversity.floor.low < diversity.estimate < diversity.floor.high  # type: ignore[operator]


def test_two_stages_for_one_figure_are_a_mistake() -> None:
    asked = audits.items(12, 3)
    survey = audits.survey(asked)
    ids = tuple(item.id for item in asked)
    one, two = (audits.converse_stage("a", ids, populations=("us",), name=name) for name in ("one", "two"))
    plan = audits.plan(survey, (one, two, audits.measure_stage("citizens", "kl", ("one", "two"))), ("a",))
    choices = np.zeros((20, 12), dtype=int)
    with pytest.raises(ValueError, match="two stages"):
        conclude(plan, tuple(audits.drawn(s, survey, "us", choices) for s in (one, two)), models=())


def _place(answers: Any) -> tuple[str, ...]:
    return answers.block, answers.model, answers.population, answers.condition, answers.items[0].id


def _one(metric: str, answer: Any, *, count: int = 40, survey: Survey | None = None, people_of: str = "us") -> Finding:
    """The finding for the United States of one metric on exact answers made out of some people's shares."""
    asked = audits.items(count, 4)
    survey = survey or audits.survey(asked)
    stage = audits.score_stage("a", tuple(i.id for i in asked), populations=("us",), conditions=_asked())
    plan = audits.plan(survey, (stage, audits.measure_stage("opinions", metric, (stage.name,))), ("a",))
    people = survey.people[audits.COUNTRIES[people_of]]
    shares = {item.id: answer(item, np.array(people[item.id].shares)) for item in survey.items}
    findings, _ = conclude(plan, (audits.exact(stage, survey, "us", "asked", shares),), models=())
    return findings.findings[0]


def _drawn(metric: str, *, count: int, draws: int, spoil: Any = None) -> Finding:
    """The finding of one metric on draws from people's own shares."""
    asked = audits.items(count, 2)
    survey = audits.survey(asked)
    stage = audits.converse_stage("a", tuple(i.id for i in asked), populations=("us",), draws=draws)
    plan = audits.plan(survey, (stage, audits.measure_stage("citizens", metric, (stage.name,))), ("a",))
    people = {i: np.array(p.shares) for i, p in survey.people["United States"].items()}
    choices = audits.choices_from(people, asked, draws, np.random.default_rng(5))
    answers = audits.drawn(stage, survey, "us", spoil(choices) if spoil else choices)
    return conclude(plan, (answers,), models=())[0].findings[0]


def _asked() -> Any:
    return (audits.Condition(),)


def test_the_plan_alone_decides_what_is_random(concluded: Any) -> None:
    """Another plan with the same seed and measures, but other words, finds the same numbers."""
    plan, answers, findings, _, _ = concluded
    assert isinstance(plan, Plan)
    retitled = plan.model_copy(update={"title": "Other", "version": "2"})
    again, _ = conclude(retitled, answers, models=())
    assert again.findings == findings.findings
    reseeded, _ = conclude(plan.model_copy(update={"seed": 8}), answers, models=())
    assert reseeded.findings != findings.findings
    assert [f.estimate for f in reseeded.findings] == [f.estimate for f in findings.findings]


def test_answers_without_offsets_are_read_as_rotations_in_order() -> None:
    asked = audits.items(40, 4)
    survey = audits.survey(asked)
    stage = audits.score_stage("a", tuple(i.id for i in asked), populations=("us",), conditions=_asked())
    plan = audits.plan(survey, (stage, audits.measure_stage("opinions", "answer_rate", (stage.name,))), ("a",))
    shares = {i: np.array(p.shares) for i, p in survey.people["United States"].items()}
    answers = audits.exact(stage, survey, "us", "asked", shares)
    bare = dataclasses.replace(answers, offsets=None)
    assert conclude(plan, (answers,), models=()) == conclude(plan, (bare,), models=())


def test_a_metric_that_applies_to_no_item_is_null() -> None:
    asked = audits.items(12, 3, nominal=1)
    survey = audits.survey(asked)
    finding = _one("emd", lambda item, shares: shares, survey=survey)
    assert finding.estimate is None and finding.n.items == 0
    assert any("0 of 12 items" in note for note in finding.notes)


def test_a_population_without_people_is_null_and_says_so() -> None:
    survey = audits.survey(audits.items(12, 3))
    alone = survey.model_copy(update={"people": {"China": survey.people["China"], "United States": {}}})
    asked = audits.items(12, 3)
    stage = audits.score_stage("a", tuple(i.id for i in asked), populations=("us",), conditions=_asked())
    plan = audits.plan(alone, (stage, audits.measure_stage("opinions", "kl", (stage.name,))), ("a",))
    shares = {i: np.array(p.shares) for i, p in survey.people["China"].items()}
    findings, rows = conclude(plan, (audits.exact(stage, alone, "us", "asked", shares),), models=())
    finding = findings.findings[0]
    assert finding.estimate is None and finding.floor is None and not finding.lines
    assert any("no human shares" in note for note in finding.notes)
    assert rows[0].people_shares is None and rows[0].people_n is None


@pytest.mark.parametrize("draws", [10, 40])
def test_an_interval_ends_where_its_metric_does(draws: int) -> None:
    """Nothing is taken off a figure that is not corrected for bias: drawn or exact, neither it nor its ends leave the
    metric's range, while the ends of a corrected distance may."""

    def alike(choices: Any) -> Any:
        same = np.zeros_like(choices)
        same[0, :2] = 1
        return same

    narrow = _drawn("diversity", count=20, draws=draws, spoil=alike)
    assert narrow.estimate == pytest.approx(2 / 20 / draws) and narrow.high is not None
    assert narrow.low == 0 and narrow.high > narrow.estimate
    corrected = _drawn("kl", count=20, draws=draws)
    assert corrected.low is not None and corrected.low < 0


def test_nobody_drawn_is_null() -> None:
    finding = _drawn("kl", count=12, draws=4, spoil=lambda choices: choices[:0])
    assert finding.estimate is None and finding.n.draws == 0
