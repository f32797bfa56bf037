"""Comparisons of groups of models, and of conditions with what was asked: on audits with known answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from auditc.evidence.clustered import clustered
from auditc.evidence.conclude import conclude
from auditc.evidence.estimate import Uncertainty
from auditc.evidence.spread import spread_of, weigh
from auditc.ir.answers import UNPARSABLE
from auditc.ir.finding import Contrast, Findings
from auditc.ir.plan import Compare, Figure

from . import audits

EAST, WEST = tuple(f"e{n}" for n in range(5)), tuple(f"w{n}" for n in range(6))
MODELS = EAST + WEST


def spreads(values: np.ndarray) -> list[Any]:
    """Models × items, one stratum."""
    return [spread_of(row, *weigh(row, np.zeros(len(row), dtype=np.int64), False)) for row in values]


def made(seed: int = 0, models: int = 6, items: int = 40, apart: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    shared = generator.normal(0, 1, items)
    groups = []
    for shift in (apart, 0.0):
        own = generator.normal(shift, 0.2, (models, 1))
        groups.append(own + shared + generator.normal(0, 0.3, (models, items)))
    return groups[0], groups[1]


def test_what_an_item_does_to_all_models_alike_cancels() -> None:
    left, right = made()
    found = clustered(spreads(left), spreads(right))
    harder = np.linspace(-9, 9, left.shape[1])
    again = clustered(spreads(left + harder), spreads(right + harder))
    assert again.estimate == pytest.approx(found.estimate)
    assert again.error == pytest.approx(found.error) and again.freedom == pytest.approx(found.freedom)


def test_where_items_say_nothing_of_their_own_it_is_welchs_test_on_the_models() -> None:
    generator = np.random.default_rng(4)
    left, right = (np.repeat(generator.normal(0, 1, (n, 1)), 30, axis=1) for n in (5, 8))
    found = clustered(spreads(left), spreads(right))
    wanted = stats.ttest_ind(left[:, 0], right[:, 0], equal_var=False)
    assert (found.statistic, found.p, found.freedom) == pytest.approx((wanted.statistic, wanted.pvalue, wanted.df))


def test_with_few_items_the_items_are_taken_as_they_are() -> None:
    left, right = made(items=8)
    found = clustered(spreads(left), spreads(right))
    wanted = stats.ttest_ind(left.mean(1), right.mean(1), equal_var=False)
    assert found.p == pytest.approx(wanted.pvalue) and found.test == "models clustered, t"
    assert "about these alone" in found.notes[0]


def test_fewer_than_five_models_a_side_are_described() -> None:
    left, right = made(models=4)
    found = clustered(spreads(left), spreads(right))
    assert found.estimate == pytest.approx(left.mean() - right.mean())
    assert (found.p, found.interval(0.95), found.test) == (None, None, "none: described")
    assert found.notes == ("4 models against 4: fewer than 5 a side are described, not tested",)


def test_models_that_are_all_alike_are_not_tested() -> None:
    same = np.ones((5, 30))
    assert clustered(spreads(same), spreads(same)).p is None


def panel(tests: tuple[str, ...] = ("clustered",), apart: float = 3.0, **more: Any) -> Findings:
    """Eleven models, ten draws of 24 items in four dimensions: those of the west are drawn to people's favourite."""
    asked = audits.items(24, 4)
    survey = audits.survey(asked)
    ids = tuple(item.id for item in asked)
    generator = np.random.default_rng(11)
    stages: list[Any] = [audits.converse_stage(model, ids) for model in MODELS]
    answers = []
    for stage in stages:
        power = 1 + generator.uniform(0, 0.5) + (apart if stage.model in WEST else 0)
        for population, country in audits.COUNTRIES.items():
            people = {i: np.array(p.shares) ** power for i, p in survey.people[country].items()}
            shares = {i: s / s.sum() for i, s in people.items()}
            choices = audits.choices_from(shares, asked, 10, generator)
            answers.append(audits.drawn(stage, survey, population, choices))
    answers = more.pop("answers", lambda found: found)(answers)
    settings = {
        "figure": Figure(measure="citizens.kl"),
        "groups": {"east": EAST, "west": WEST},
        "confounded": {},
        "level": 0.95,
    }
    compare = Compare(
        name="compare.places",
        needs=("citizens.kl",),
        origin=audits.HERE,
        compare="places",
        by="origin",
        tests=tests,
        **(settings | more),
    )
    measures = [audits.measure_stage("citizens", name, tuple(s.name for s in stages)) for name in ("kl", "diversity")]
    plan = audits.plan(survey, (*stages, *measures, compare), models=MODELS)
    return conclude(plan, tuple(answers), models=tuple(audits.row(name) for name in MODELS))[0]


def rows(findings: Findings) -> dict[str, Contrast]:
    assert len({row.id for row in findings.contrasts}) == len(findings.contrasts)
    return {row.id.removeprefix("compare.places/"): row for row in findings.contrasts}


def test_a_difference_between_groups_is_that_of_the_models_figures() -> None:
    findings = panel(("clustered", "welch", "pooled", "wilcoxon"))
    found = rows(findings)
    assert list(found) == [
        f"{population}/east - west/{test}"
        for population in ("us", "cn")
        for test in ("clustered", "welch", "pooled", "wilcoxon")
    ]
    own = {f.model: f.estimate for f in findings.findings if f.metric == "kl" and f.population == "us" and not f.axes}
    row = found["us/east - west/clustered"]
    wanted = np.mean([own[name] for name in EAST]) - np.mean([own[name] for name in WEST])
    assert row.estimate == pytest.approx(wanted, abs=1e-5) and row.estimate < 0
    assert (row.of, row.left, row.right, row.metric, row.block) == ("origin", "east", "west", "kl", "citizens")
    assert row.n == {"items": 24, "left": 5, "right": 6} and row.unit == "nats" and not row.published
    assert row.low is not None and row.high is not None and row.low < row.estimate < row.high < 0


def test_several_populations_are_corrected_together() -> None:
    found = rows(panel())
    pair = sorted((found[f"{p}/east - west/clustered"] for p in ("us", "cn")), key=lambda row: row.p)
    assert pair[0].adjusted == pytest.approx(min(1, 2 * pair[0].p))
    assert pair[1].adjusted == pytest.approx(max(pair[1].p, pair[0].adjusted))
    assert pair[0].level == pytest.approx(0.975) and pair[1].level == pytest.approx(0.95)
    assert all(any("Holm over 2 tests" in note for note in row.notes) for row in pair)
    alone = rows(panel(figure=Figure(measure="citizens.kl", at={"population": "us"})))["us/east - west/clustered"]
    assert alone.adjusted is None and alone.level == 0.95


def test_a_published_test_is_what_scipy_computes_on_models_and_dimensions() -> None:
    findings = panel(("clustered", "welch", "pooled", "wilcoxon"))
    found = rows(findings)
    kl = [f for f in findings.findings if f.metric == "kl" and f.population == "us" and "dimension" in f.axes]
    east, west = ([f.estimate for f in kl if f.model in side] for side in (EAST, WEST))
    assert (len(east), len(west)) == (20, 24)
    for word, equal in (("welch", False), ("pooled", True)):
        row, wanted = found[f"us/east - west/{word}"], stats.ttest_ind(east, west, equal_var=equal)
        assert (row.statistic, row.freedom) == pytest.approx((wanted.statistic, wanted.df), rel=1e-3)
        assert row.p == pytest.approx(wanted.pvalue, rel=1e-2)
    row, wanted = found["us/east - west/wilcoxon"], stats.mannwhitneyu(east, west)
    assert (row.statistic, row.p) == pytest.approx((wanted.statistic, wanted.pvalue), rel=1e-3)
    for word in ("welch", "pooled", "wilcoxon"):
        row = found[f"us/east - west/{word}"]
        assert row.published and row.n["values"] == 44 and "taken as independent" in row.notes[0]
        assert row.adjusted is None and row.level == 0.95


def test_in_one_dimension_a_published_test_takes_models_and_items() -> None:
    figure = Figure(measure="citizens.kl", at={"dimension": "d1", "population": "cn"})
    found = rows(panel(("clustered", "welch"), figure=figure))
    assert list(found) == ["cn/east - west/d1/clustered", "cn/east - west/d1/welch"]
    assert found["cn/east - west/d1/welch"].n == {"items": 6, "left": 5, "right": 6, "values": 66}
    assert found["cn/east - west/d1/clustered"].test == "models clustered, t"
    assert found["cn/east - west/d1/clustered"].axes == {"dimension": "d1"}


def test_only_items_that_every_model_answered_count() -> None:
    def without(answers: list[Any]) -> list[Any]:
        choices = answers[0].choices.copy()
        choices[:, :3] = UNPARSABLE
        return [replace(answers[0], choices=choices), *answers[1:]]

    found = rows(panel(answers=without))
    assert found["us/east - west/clustered"].n["items"] == 21 and found["cn/east - west/clustered"].n["items"] == 24
    assert "3 of 24 items are left out" in found["us/east - west/clustered"].notes[0]


def test_a_model_that_hardly_answers_is_left_out_and_counted() -> None:
    def silent(answers: list[Any]) -> list[Any]:
        choices = np.full_like(answers[0].choices, UNPARSABLE)
        return [replace(answers[0], choices=choices), *answers[1:]]

    row = rows(panel(answers=silent))["us/east - west/clustered"]
    assert row.n["left"] == 4 and row.p is None and row.estimate is not None
    assert row.notes[0] == "1 of 5 models of east have too few answers and are left out"
    assert row.test == "none: described"


def test_a_group_without_answers_has_a_row_that_says_so() -> None:
    found = rows(panel(("clustered", "welch"), answers=lambda answers: answers[2 * len(EAST) :]))
    assert list(found) == ["us/east - west/clustered", "cn/east - west/clustered"]
    row = found["us/east - west/clustered"]
    assert (row.estimate, row.p, row.n["left"]) == (None, None, 0)
    assert row.notes == ("5 of 5 models of east have too few answers and are left out",)


def test_what_cannot_be_told_apart_is_said_in_the_row() -> None:
    found = rows(panel(confounded={"east / west": ("family", "stage")}))
    notes = found["us/east - west/clustered"].notes
    assert "family differs between the groups too: it cannot be told apart" in notes
    assert "stage differs between the groups too: it cannot be told apart" in notes


def test_a_condition_that_the_figure_names_is_the_one_that_is_compared() -> None:
    asked = rows(panel(figure=Figure(measure="citizens.kl", at={"condition": "asked", "population": "us"})))
    assert list(asked) == ["us/east - west/asked/clustered"]
    assert rows(panel(figure=Figure(measure="citizens.kl", at={"condition": "without_memory"}))) == {}


def test_three_groups_are_compared_in_pairs() -> None:
    groups = {"a": EAST, "b": WEST[:3], "c": WEST[3:]}
    found = rows(panel(groups=groups, figure=Figure(measure="citizens.kl", at={"population": "us"})))
    assert list(found) == ["us/a - b/clustered", "us/a - c/clustered", "us/b - c/clustered"]
    assert {row.test for row in found.values()} == {"none: described"}


def conditions(**share: float) -> Findings:
    """One model asked as it is, and under a condition in which each answer is exchanged by the first option."""
    asked = audits.items(24, 4)
    survey = audits.survey(asked)
    ids = tuple(item.id for item in asked)
    generator = np.random.default_rng(5)
    stages: list[Any] = []
    answers = []
    for name, exchanged in ({"asked": 0.0} | share).items():
        stage = audits.converse_stage("a", ids, name=f"citizens/a/{name}", condition=name, draws=30)
        stages.append(stage)
        for population, country in audits.COUNTRIES.items():
            shares = {i: np.array(p.shares) for i, p in survey.people[country].items()}
            choices = audits.choices_from(shares, asked, 30, generator)
            choices[generator.random(choices.shape) < exchanged] = 0
            answers.append(audits.drawn(stage, survey, population, choices))
    names = tuple(stage.name for stage in stages)
    measures = [audits.measure_stage("citizens", metric, names) for metric in ("kl", "diversity", "answer_rate")]
    plan = audits.plan(survey, (*stages, *measures), models=("a",))
    return conclude(plan, tuple(answers), models=(audits.row("a"),))[0]


def test_every_condition_is_held_against_what_was_asked() -> None:
    findings = conditions(without_memory=0.6, nothing_varied=0.0)
    found = {row.id: row for row in findings.contrasts}
    wanted = {
        f"ablation/citizens.{metric}/a/{population}/{condition}"
        for metric in ("kl", "diversity", "answer_rate")
        for population in ("us", "cn")
        for condition in ("without_memory", "nothing_varied")
    }
    assert set(found) == wanted and len(findings.contrasts) == len(wanted)
    own = {f.id: f.estimate for f in findings.findings}
    row = found["ablation/citizens.kl/a/us/without_memory"]
    assert (row.of, row.left, row.right, row.model, row.population) == (
        "ablation",
        "without_memory",
        "asked",
        "a",
        "us",
    )
    assert row.estimate == pytest.approx(
        own["citizens.kl/a/us/without_memory"] - own["citizens.kl/a/us/asked"], abs=1e-5
    )
    assert row.low is not None and row.low > 0 and (row.p, row.statistic) == (None, None)
    same = found["ablation/citizens.kl/a/us/nothing_varied"]
    assert same.low is not None and same.high is not None and same.low < 0 < same.high
    assert "jackknife" in row.test and row.n == {"items": 24}


def test_no_condition_lies_further_off_than_figures_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer rate lies between 0 and 1; a distance that is corrected for bias has no such ends."""
    wide = Uncertainty(0.1, 5.0, "t", "items like these", freedom=5)
    monkeypatch.setattr("auditc.evidence.conditions.uncertainty", lambda *given: wide)
    found = conditions(without_memory=0.6).contrasts
    ends = {metric: {(row.low, row.high) for row in found if row.metric == metric} for metric in ("answer_rate", "kl")}
    assert ends["answer_rate"] == {(-1.0, 1.0)} and all(low < -10 for low, _ in ends["kl"])


def test_a_control_is_a_contrast_and_answers_in_words_are_none() -> None:
    plan, answers = audits.example()
    findings, _ = conclude(plan, answers, models=(audits.row("a"), audits.row("b")))
    assert {(row.of, row.left, row.right) for row in findings.contrasts} == {("control", "shuffled", "asked")}
    assert {row.metric for row in findings.contrasts} == {
        "kl",
        "jsd",
        "emd",
        "option_mass",
        "position_bias",
        "answer_rate",
    }
    row = next(row for row in findings.contrasts if row.id == "control/opinions.jsd/a/us/shuffled")
    assert row.estimate is not None and row.low is not None and row.low < row.estimate


def test_an_audit_without_either_has_none() -> None:
    assert conditions().contrasts == ()
    assert "contrasts" not in conditions().model_dump(mode="json")
