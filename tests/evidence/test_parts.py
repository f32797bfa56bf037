"""Metrics with parts: a finding for each, by groups of people and by profile, and claims on one of them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from auditc.evidence.bounds import bounds
from auditc.evidence.conclude import conclude
from auditc.evidence.measure import measure
from auditc.evidence.slice import slice_of
from auditc.ir.answers import REFUSED
from auditc.ir.finding import Finding, Findings, ItemRow
from auditc.ir.plan import Arithmetic, Comparison, Figure, Group, Measure, Number, People, Survey
from auditc.metrics import metrics

from . import audits

BIAS = Figure(measure="citizens.preference_bias")
SIZES = {"female": 1500, "male": 1000}
AGES = {"under 30": 560, "30-49": 1282, "50 and over": 658}


def _survey(told_for: int = 40, prefers: float = 0.0) -> Survey:
    """Forty items; `told_for` of them by sex and by age, and by both. Women prefer the first option the more."""
    asked = audits.items(40, 4)
    whole = audits.survey(asked)
    generator = np.random.default_rng(4)
    groups: dict[str, tuple[Group, ...]] = {}
    people: dict[str, dict[str, People]] = {}
    for country in audits.COUNTRIES.values():
        every: dict[tuple[tuple[str, str], ...], dict[str, People]] = {}
        people[country] = {}
        for item in asked:
            shares = np.array(whole.people[country][item.id].shares)
            leaning = np.where(np.arange(item.size) == 0, shares * np.exp(prefers), shares)
            of = {"female": leaning / leaning.sum(), "male": shares}
            n, total = sum(SIZES.values()), sum(SIZES[sex] * of[sex] for sex in SIZES)
            people[country][item.id] = People(n=n, nominal=False, shares=tuple(float(s) for s in total / n))
            if int(item.id[1:]) >= told_for:
                continue
            for sex, size in SIZES.items():
                every.setdefault((("sex", sex),), {})[item.id] = _drawn(of[sex], size, generator)
                for age, aged in AGES.items():
                    both = (("age", age), ("sex", sex))
                    every.setdefault(both, {})[item.id] = _drawn(of[sex], aged * size // n, generator)
            for age, aged in AGES.items():
                every.setdefault((("age", age),), {})[item.id] = _drawn(total / n, aged, generator)
        groups[country] = tuple(Group(of=dict(of), people=own) for of, own in sorted(every.items()))
    return Survey(items=asked, people=people, groups=groups, digests={})


def _drawn(shares: Any, n: int, generator: np.random.Generator) -> People:
    return People(n=n, nominal=False, shares=tuple(float(c) / n for c in generator.multinomial(n, shares)))


def _concluded(
    survey: Survey,
    *claims: Comparison,
    by: tuple[str, ...] = ("sex", "age"),
    rate: str = "both",
    first: float = 0.0,
    estimand: str = "items like these",
) -> tuple[Findings, tuple[ItemRow, ...]]:
    """One model of sixty participants who answer as people do, `first` of them the first option whatever is asked."""
    asked = survey.items
    stage = audits.converse_stage("a", tuple(item.id for item in asked), draws=60)
    generator = np.random.default_rng(8)
    answers = []
    for population, country in audits.COUNTRIES.items():
        own = {item.id: np.array(survey.people[country][item.id].shares) for item in asked}
        choices = audits.choices_from(own, asked, 60, generator)
        choices[generator.random(60) < first] = 0
        answers.append(audits.drawn(stage, survey, population, choices))
    params = {"by": list(by), "base_rate": rate}
    measure = Measure(
        name="citizens.preference_bias",
        needs=(stage.name,),
        origin=audits.HERE,
        block="citizens",
        metric="preference_bias",
        params=params,
    )
    judged = [audits.judge_stage(f"c{n}", holds, estimand) for n, holds in enumerate(claims)]
    matching = audits.measure_stage("citizens", "matching", (stage.name,))
    return conclude(audits.plan(survey, (stage, measure, matching, *judged)), tuple(answers), models=())


def _by_id(findings: Findings) -> dict[str, Finding]:
    ids = [finding.id for finding in findings.findings]
    assert len(ids) == len(set(ids))
    return {finding.id: finding for finding in findings.findings}


def test_every_group_has_a_finding_for_each_profile_and_base_rate() -> None:
    findings, rows = _concluded(_survey())
    found = _by_id(findings)
    own = [f for f in found.values() if f.metric == "preference_bias" and f.population == "us"]
    whole = [f for f in own if "dimension" not in f.axes]
    assert len(whole) == (2 + 3 + 6) * 3 * 2
    one = found["citizens.preference_bias/a/us/asked/female/all/corrected"]
    assert one.axes == {"sex": "female", "profile": "all", "base_rate": "corrected"}
    assert (one.unit, one.n.items, one.n.people, one.floor) == ("log ratio", 40, 1500, None)
    raw = found["citizens.preference_bias/a/us/asked/female/under 30/mismatching/raw"]
    assert raw.axes == {"sex": "female", "age": "under 30", "profile": "mismatching", "base_rate": "raw"}
    assert raw.unit == "share of items" and any("sizes of the groups" in note for note in raw.notes)
    by_dimension = [f for f in own if "dimension" in f.axes]
    assert {f.axes["profile"] for f in by_dimension} == {"all"}
    assert len(by_dimension) == (2 + 3) * 4 and {f.axes["base_rate"] for f in by_dimension} == {"corrected"}
    matches = found["citizens.matching/a/us/asked"].estimate
    for profile, share in (("matching", matches), ("mismatching", 1 - (matches or 0))):
        part = found[f"citizens.preference_bias/a/us/asked/male/{profile}/corrected"]
        assert part.n.items == pytest.approx(40 * (share or 0), abs=4)
    values = rows[0].values
    assert {"matching", "preference_bias/female/all/corrected", "preference_bias/30-49/all/raw"} <= values.keys()
    assert not any("matching/" in name or "under 30/female" in name for name in values)


def test_the_groups_of_one_column_share_out_the_raw_majorities() -> None:
    found = _by_id(_concluded(_survey())[0])
    shares = [found[f"citizens.preference_bias/a/cn/asked/{age}/all/raw"].estimate for age in AGES]
    assert sum(share or 0 for share in shares) == pytest.approx(1, abs=1e-5)
    assert (shares[1] or 0) > 0.9
    corrected = found["citizens.preference_bias/a/cn/asked/30-49/all/corrected"]
    assert corrected.low is not None and corrected.high is not None
    assert corrected.low < 0 < corrected.high and corrected.high < 0.05


def test_a_group_that_prefers_what_the_model_says_is_found_and_claimed() -> None:
    survey = _survey(prefers=1.0)
    female = BIAS.model_copy(update={"at": {"sex": "female", "profile": "all", "base_rate": "corrected"}})
    male = female.model_copy(update={"at": female.at | {"sex": "male"}})
    difference = Arithmetic(operator="-", left=female, right=male)
    claims = [
        Comparison(left=female, operator=">", right=Number(value=0.0), each=("population",)),
        Comparison(left=difference, operator=">", right=Number(value=0.0), each=("population",)),
        Comparison(left=BIAS, operator="<", right=Number(value=0.01), each=("population", "sex")),
        Comparison(left=BIAS, operator="<", right=Number(value=0.01), each=("population",)),
    ]
    findings, _ = _concluded(survey, *claims, first=0.9)
    verdicts = {claim.claim: claim for claim in findings.claims}
    assert [verdicts[f"c{n}"].verdict for n in range(4)] == ["holds", "holds", "fails", "undecided"]
    assert verdicts["c2"].parts == ("c2/us/female", "c2/us/male", "c2/cn/female", "c2/cn/male")
    part = next(finding for finding in findings.findings if finding.id == "c2/us/male")
    assert part.axes == {"sex": "male"} and part.unit == "log ratio"
    assert "no answers" in verdicts["c3"].why


def test_items_whose_people_are_not_told_apart_are_left_out_and_counted() -> None:
    found = _by_id(_concluded(_survey(told_for=25), by=("sex",), rate="corrected")[0])
    one = found["citizens.preference_bias/a/us/asked/male/all/corrected"]
    assert (one.n.items, one.missing.items) == (25, 15)
    assert any("15 of 40 items are left out" in note and "sex" in note for note in one.notes)
    assert not any("raw" in finding.axes.values() for finding in found.values())


def test_an_item_of_the_other_profile_is_not_missing() -> None:
    found = _by_id(_concluded(_survey(told_for=25), by=("sex",), rate="corrected")[0])
    every, *picked = (
        found[f"citizens.preference_bias/a/us/asked/male/{profile}/corrected"]
        for profile in ("all", "matching", "mismatching")
    )
    assert [part.n.items + part.missing.items < 40 for part in picked] == [True, True]
    tied = every.n.items - sum(part.n.items for part in picked)
    assert [part.missing.items for part in picked] == [15 + tied] * 2 and 0 <= tied <= 3


def test_a_majority_among_groups_of_which_one_is_unknown_is_not_known() -> None:
    survey = _survey()
    groups = tuple(
        group.model_copy(update={"people": {i: p for i, p in group.people.items() if i not in ("Q0", "Q1")}})
        if group.of == {"age": "30-49"}
        else group
        for group in survey.groups["China"]
    )
    survey = survey.model_copy(update={"groups": {**survey.groups, "China": groups}})
    found = _by_id(_concluded(survey, by=("age",))[0])
    young = found["citizens.preference_bias/a/cn/asked/under 30/all/raw"]
    assert (young.n.items, young.missing.items) == (38, 2)
    assert any("2 of 40 items are left out" in note and "age" in note for note in young.notes)
    assert found["citizens.preference_bias/a/us/asked/under 30/all/raw"].n.items == 40


def test_an_answer_that_hardly_anybody_of_a_small_group_gives_is_left_out_and_counted() -> None:
    """All participants take the first option, which one in a hundred people do."""
    survey = _survey()
    asked, rare = survey.items, {"Q0", "Q1", "Q2"}
    people = {
        name: one.model_copy(update={"shares": (0.004, *([0.996 / (len(one.shares) - 1)] * (len(one.shares) - 1)))})
        if name in rare
        else one.model_copy(update={"shares": (0.6, *([0.4 / (len(one.shares) - 1)] * (len(one.shares) - 1)))})
        for name, one in survey.people["China"].items()
    }
    survey = survey.model_copy(update={"people": {**survey.people, "China": people}})
    assert len(asked) == 40
    found = _by_id(_concluded(survey, by=("age",), first=1.0)[0])
    own = found["citizens.preference_bias/a/cn/asked/under 30/all/corrected"]
    assert own.n.items == 37 and any("3 of 40 items are left out: fewer than 3 people" in note for note in own.notes)
    assert found["citizens.preference_bias/a/cn/asked/30-49/all/corrected"].n.items == 40


def test_another_condition_has_the_groups_of_one_column_and_nothing_smaller() -> None:
    survey = _survey()
    stages = [
        audits.converse_stage("a", tuple(i.id for i in survey.items), name=f"citizens/{c}", condition=c, draws=20)
        for c in ("asked", "without_prompt")
    ]
    generator = np.random.default_rng(2)
    answers = [
        audits.drawn(
            stage,
            survey,
            population,
            audits.choices_from(
                {i: np.array(p.shares) for i, p in survey.people[country].items()}, survey.items, 20, generator
            ),
        )
        for stage in stages
        for population, country in audits.COUNTRIES.items()
    ]
    measure = audits.measure_stage("citizens", "preference_bias", tuple(stage.name for stage in stages))
    measure = measure.model_copy(update={"params": {"by": ["sex", "age"], "base_rate": "both"}})
    findings = conclude(audits.plan(survey, (*stages, measure)), tuple(answers), models=())[0]
    own = [f for f in findings.findings if f.condition == "without_prompt"]
    assert len(own) == 2 * (2 + 3) * 2 and {len(f.axes) for f in own} == {3}
    assert {f.axes["profile"] for f in own} == {"all"}
    assert len(findings.contrasts) == len(own)


def test_small_groups_are_said_to_be_small() -> None:
    survey = _survey()
    told = survey.groups["United States"]
    few = {item: People(n=20, nominal=False, shares=people.shares) for item, people in told[0].people.items()}
    changed = (told[0].model_copy(update={"people": few}), *told[1:])
    survey = survey.model_copy(update={"groups": {**survey.groups, "United States": changed}})
    notes = {f.id: f.notes for f in _concluded(survey)[0].findings}
    small = "/".join(told[0].of.values())
    assert any(
        "a group's shares of an item rest on 20 people, fewer than 30" in n
        for n in notes[f"citizens.preference_bias/a/us/asked/{small}/all/raw"]
    )
    assert not any("fewer than 30" in n for n in notes[f"citizens.preference_bias/a/cn/asked/{small}/all/raw"])


@pytest.mark.parametrize("profile", ["all", "matching", "mismatching"])
def test_refusals_that_could_have_changed_the_answers_forbid_a_verdict(profile: str) -> None:
    """Of sixty participants so many refuse that their answers could have made another option the most frequent one."""
    survey = _survey(prefers=1.0)
    asked = survey.items
    stage = audits.converse_stage("a", tuple(item.id for item in asked), draws=60, populations=("us",))
    figure = Figure(
        measure="citizens.preference_bias", at={"sex": "female", "profile": profile, "base_rate": "corrected"}
    )
    generator = np.random.default_rng(8)
    people = survey.people["United States"]
    choices = audits.choices_from({i.id: np.array(people[i.id].shares) for i in asked}, asked, 60, generator)
    choices[:40] = 0
    measure = audits.measure_stage("citizens", "preference_bias", (stage.name,))
    measure = measure.model_copy(update={"params": {"by": ["sex"], "base_rate": "corrected"}})
    claim = audits.judge_stage("c", Comparison(left=figure, operator=">", right=Number(value=0.05)))
    plan = audits.plan(survey, (stage, measure, claim))
    spoken = conclude(plan, (audits.drawn(stage, survey, "us", choices),), models=())[0].claims[0]
    choices[np.arange(60) % 2 == 0] = REFUSED
    silent = conclude(plan, (audits.drawn(stage, survey, "us", choices),), models=())[0].claims[0]
    assert spoken.verdict == "holds"
    assert silent.verdict == "undecided" and "refused" in silent.why


def test_exact_probabilities_have_a_most_frequent_answer_too() -> None:
    survey = _survey(prefers=1.0)
    stage = audits.score_stage("a", tuple(item.id for item in survey.items), populations=("us",))
    people = survey.people["United States"]
    answers = audits.exact(stage, survey, "us", "asked", {i.id: np.array(people[i.id].shares) for i in survey.items})
    measures = [audits.measure_stage("opinions", metric, (stage.name,)) for metric in ("preference_bias", "matching")]
    measures[0] = measures[0].model_copy(update={"params": {"by": ["sex"], "base_rate": "both"}})
    found = _by_id(conclude(audits.plan(survey, (stage, *measures)), (answers,), models=())[0])
    matching = found["opinions.matching/a/us/asked"]
    assert (matching.estimate, matching.high, matching.unit) == (1.0, 1.0, "share of items")
    assert matching.procedure == "Wilson, 40 independent units" and matching.low == pytest.approx(0.912, abs=0.001)
    by_dimension = found["opinions.matching/a/us/asked/d0"]
    assert by_dimension.n.items == 10 and by_dimension.estimate == 1.0
    assert matching.lines["uniform"] == pytest.approx(np.mean([1 / item.size for item in survey.items]))
    mismatching = found["opinions.preference_bias/a/us/asked/female/mismatching/corrected"]
    assert mismatching.estimate is None and "no item has a value" in mismatching.notes
    raw = found["opinions.preference_bias/a/us/asked/male/all/raw"]
    assert raw.procedure.startswith("Wilson, 40") and raw.low is not None and raw.low >= 0


def test_a_share_of_none_has_an_interval_that_a_share_can_have() -> None:
    found = _by_id(_concluded(_survey())[0])
    own = [f for f in found.values() if f.unit == "share of items" and f.low is not None and f.high is not None]
    assert any(f.estimate == 0 for f in own)
    for finding in own:
        assert 0 <= (finding.low or 0) <= (finding.high or 0) <= 1
        if finding.estimate == 0 and finding.estimand == "items like these":
            assert finding.high is not None and finding.high > 0.05


def test_a_claim_on_groups_of_people_is_not_decided_on_these_items_alone() -> None:
    """However few draws vary: other people of the same groups would have answered otherwise."""
    female = BIAS.model_copy(update={"at": {"sex": "female", "profile": "all", "base_rate": "corrected"}})
    claim = Comparison(left=female, operator=">", right=Number(value=-100.0), each=("population",))
    findings, _ = _concluded(_survey(prefers=1.0), claim, first=0.9, estimand="these items")
    [spoken] = findings.claims
    assert spoken.verdict == "undecided" and "own sampling" in spoken.why


def test_an_item_that_a_refusal_may_bring_in_or_take_out_counts_in_the_worst_way() -> None:
    """Hardly anybody chose the first option of Q0 to Q4: where it is the model's answer the item has no value. Every
    allocation of what is missing is tried."""
    items = audits.items(12, 4, sizes=(2,), nominal=0)
    rare = {f"Q{n}" for n in range(5)}
    people = {item.id: _of_two(0.002 if item.id in rare else 0.3, 2500) for item in items}
    told = {name: _of_two(0.002 if name in rare else 0.2, 560) for name in people}
    country = "United States"
    survey = Survey(
        items=items, people={country: people}, groups={country: (Group(of={"sex": "female"}, people=told),)}, digests={}
    )
    stage = audits.converse_stage("a", tuple(people), draws=20, populations=("us",))
    choices = np.zeros((20, 12), dtype=np.int64)
    choices[:9, 1::2] = 1
    choices[16:, [0, 1, 6, 7]] = REFUSED
    measure_stage = audits.measure_stage("citizens", "preference_bias", (stage.name,))
    measure_stage = measure_stage.model_copy(update={"params": {"by": ["sex"]}})
    taken = metrics.take("preference_bias")
    made = measure(measure_stage, taken, audits.drawn(stage, survey, "us", choices), None, survey, country, "values")
    own = next(each for each in made if each.part.axes["profile"] == "all")
    part = slice_of(own, None, {f"d{n}": n for n in range(4)})
    found = part.bounded(part.spread(), *bounds(own))

    means = []
    for filled in itertools.product(range(5), repeat=4):
        counts = np.stack([(choices == k).sum(0) for k in range(2)], axis=-1).astype(float)
        for column, first in zip([0, 1, 6, 7], filled, strict=True):
            counts[column] += first, 4 - first
        values = own.from_counts(counts)
        means.append(np.nanmean(values))
    assert (found.least, found.most) == pytest.approx((min(means), max(means)))
    assert found.least < found.point <= found.most
    low, high, loose = bounds(own)
    assert np.flatnonzero(loose).tolist() == [1], "Q0 has no value however its four missing answers fall"
    assert part.bounded(part.spread(), low, high, ~loose & loose).least > found.least + 0.001


def _of_two(first: float, n: int) -> People:
    return People(n=n, nominal=False, shares=(first, 1 - first))
