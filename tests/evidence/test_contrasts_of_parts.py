"""What is compared is of the same items, of the part that was meant, and says what its figures say."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from auditc.evidence.conclude import conclude
from auditc.ir.answers import REFUSED
from auditc.ir.finding import Contrast, Findings
from auditc.ir.plan import Compare, Figure, Survey
from auditc.metrics import metrics as shelf

from . import audits
from .test_parts import _survey

MODELS = tuple(f"m{n}" for n in range(10))
TOLD_APART = _survey(prefers=1.0)


def measured(metric: str, needs: tuple[str, ...], params: dict[str, Any] | None = None) -> Any:
    return audits.measure_stage("citizens", metric, needs).model_copy(update={"params": params or {}})


def drawn_as_people(survey: Survey, population: str, draws: int, generator: np.random.Generator) -> np.ndarray:
    people = survey.people[audits.COUNTRIES[population]]
    shares = {item.id: np.array(people[item.id].shares) for item in survey.items}
    return audits.choices_from(shares, survey.items, draws, generator)


def ablated(*measures: tuple[str, dict[str, Any]], refused: slice, asked: slice = slice(0)) -> dict[str, Contrast]:
    """One model, whose answers without memory are those it gave with it, but for items that it refuses."""
    ids = tuple(item.id for item in TOLD_APART.items)
    stages = [
        audits.converse_stage("m0", ids, name=f"citizens/m0/{name}", condition=name, draws=30, populations=("us",))
        for name in ("asked", "without_memory")
    ]
    choices = drawn_as_people(TOLD_APART, "us", 30, np.random.default_rng(5))
    answers = []
    for stage, away in zip(stages, (asked, refused), strict=True):
        own = choices.copy()
        own[:, away] = REFUSED
        answers.append(audits.drawn(stage, TOLD_APART, "us", own))
    needs = tuple(stage.name for stage in stages)
    plan = audits.plan(TOLD_APART, (*stages, *(measured(name, needs, p) for name, p in measures)), models=("m0",))
    found = conclude(plan, tuple(answers), models=())[0].contrasts
    return {row.id.removeprefix("ablation/citizens."): row for row in found}


@cache
def without_memory() -> dict[str, Contrast]:
    bias = {"by": ["sex"], "base_rate": "both"}
    every = ("kl", "matching", "culture_map", "kl_def2025")
    return ablated(("preference_bias", bias), *((name, {}) for name in every), refused=slice(28, 40))


def test_a_condition_that_lacks_items_is_compared_on_those_of_both() -> None:
    row = without_memory()["kl/m0/us/without_memory"]
    assert row.estimate == 0 and row.n == {"items": 28}
    assert row.low is None or row.low <= 0 <= (row.high or 0)
    assert "12 of 40 items are left out: not both sides have a value for them" in row.notes


def test_conditions_that_share_no_item_have_a_row_that_says_so() -> None:
    [row] = ablated(("kl", {}), asked=slice(20), refused=slice(20, 40)).values()
    assert (row.estimate, row.low, row.test, row.n) == (None, None, "none", {"items": 0})
    assert "no item has a value on both sides" in row.notes


def test_parts_whose_items_hang_on_the_answers_are_not_held_against_each_other() -> None:
    parts = [row for row in without_memory().values() if row.metric == "preference_bias"]
    assert {row.axes["profile"] for row in parts} == {"all"} and len(parts) == 4
    assert {row.unit for row in parts if row.axes["base_rate"] == "raw"} == {"share of items"}


@pytest.mark.parametrize("metric", ["matching", "preference_bias"])
def test_draws_that_were_drawn_again_are_called_so(metric: str) -> None:
    rows = [row for row in without_memory().values() if row.metric == metric and row.low is not None]
    assert rows and all(row.test.startswith("draws drawn again") for row in rows)


def test_a_distance_under_a_condition_is_of_these_items() -> None:
    row = without_memory()["culture_map/m0/us/without_memory"]
    assert row.n["items"] > 10 and not any("of at least" in note for note in row.notes)
    assert "a distance is one of these items: it does not speak for others" in row.notes


@cache
def panel(
    metric: str, params: tuple[tuple[str, Any], ...] = (), at: tuple[tuple[str, str], ...] = (), *tests: str
) -> Findings:
    """Ten models who answer as people do; half of the draws of the first five are the first option throughout."""
    ids = tuple(item.id for item in TOLD_APART.items)
    stages: list[Any] = [audits.converse_stage(m, ids, draws=20, populations=("us",)) for m in MODELS]
    generator = np.random.default_rng(1)
    answers = []
    for stage in stages:
        choices = drawn_as_people(TOLD_APART, "us", 20, generator)
        if stage.model < "m5":
            choices[generator.random(20) < 0.5] = 0
        answers.append(audits.drawn(stage, TOLD_APART, "us", choices))
    measure = measured(metric, tuple(stage.name for stage in stages), dict(params))
    compare = Compare(
        name="compare.places",
        needs=(measure.name,),
        origin=audits.HERE,
        compare="places",
        by="origin",
        tests=tests or ("clustered",),
        figure=Figure(measure=measure.name, at=dict(at)),
        groups={"a": MODELS[:5], "b": MODELS[5:]},
        confounded={},
        level=0.95,
    )
    return conclude(audits.plan(TOLD_APART, (*stages, measure, compare), models=MODELS), tuple(answers), models=())[0]


@pytest.mark.parametrize(
    ("params", "at", "axes", "unit"),
    [
        ({"by": ("sex", "age"), "base_rate": "corrected"}, {}, {"base_rate": "corrected"}, "log ratio"),
        ({"by": ("sex",), "base_rate": "raw"}, {}, {"base_rate": "raw"}, "share of items"),
        ({"by": ("sex",), "base_rate": "both"}, {"base_rate": "raw"}, {"base_rate": "raw"}, "share of items"),
    ],
)
def test_the_part_that_is_meant_is_the_one_that_is_compared(
    params: dict[str, Any], at: dict[str, str], axes: dict[str, str], unit: str
) -> None:
    wanted = {"sex": "female", "profile": "all"} | axes
    found = panel("preference_bias", tuple(params.items()), tuple({"sex": "female", **at}.items()))
    [row] = found.contrasts
    assert row.axes == wanted and row.unit == unit
    own = {f.model: f.estimate or 0.0 for f in found.findings if f.axes == wanted}
    assert row.estimate == pytest.approx(np.mean([own[m] for m in MODELS[:5]]) - np.mean([own[m] for m in MODELS[5:]]))


def test_a_figure_that_names_no_group_of_people_is_of_none() -> None:
    assert panel("preference_bias", (("by", ("sex",)), ("base_rate", "corrected"))).contrasts == ()


def test_what_has_no_interval_is_described_and_says_what_is_wrong_with_it() -> None:
    metric = shelf.take("kl_def2025")
    described, published = panel("kl_def2025", (), (), "clustered", "welch").contrasts
    assert (described.low, described.p, described.test) == (None, None, "none: described")
    assert described.estimate is not None and metric.no_interval in described.notes
    assert published.published and described.notes[0] == published.notes[0] == metric.caution
    row = without_memory()["kl_def2025/m0/us/without_memory"]
    assert row.low is None and row.notes[0] == metric.caution and metric.no_interval in row.notes


def test_distances_of_groups_of_models_are_of_these_items() -> None:
    [row] = panel("culture_map").contrasts
    assert row.n["items"] > 10 and row.test == "models clustered, t" and row.p is not None
    assert row.notes == ("a distance is one of these items: it does not speak for others",)
    [row] = panel("culture_map", (), (("dimension", "d1"),)).contrasts
    assert row.unit == "difference of mean scores"
