"""What a training changed, and which of several trainings differ: on audits with known answers."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from auditc.evidence.conclude import conclude
from auditc.evidence.estimate import Uncertainty
from auditc.ir.answers import UNPARSABLE
from auditc.ir.controls import country_named
from auditc.ir.finding import Contrast, Findings
from auditc.ir.plan import Condition, Model, Population, Thing, Train
from auditc.reports.html.words import words

from . import audits

ITEMS = audits.items(24, 4, nominal=0)
SURVEY = audits.survey(ITEMS)
IDS = tuple(item.id for item in ITEMS)
NAMED = ({"en": "United States"}, {"en": "China"}, {"en": "Kenya"})
CONDITIONS = (Condition(), Condition(name="shuffled", countries=NAMED))
LINES = {"near": "root", "nearer": "near", "other": "root", "apart": "alone"}
"""What each trained model is made of."""
PULL = {"root": 0.2, "alone": 0.2, "near": 0.6, "nearer": 0.8, "other": 0.4, "apart": 0.4}
"""How far each model's answers are people's; the rest is uniform. As somebody else they are asked, half of it."""


def training(model: str, base: str, **more: Any) -> Train:
    settings: dict[str, Any] = {
        "name": f"train/{model}",
        "origin": audits.HERE,
        "model": model,
        "base": base,
        "objective": Thing(kind="first_token_kl"),
        "adapter": Thing(kind="lora"),
        "survey": "values",
        "items": IDS[:6],
        "valid": IDS[6:8],
        "populations": ("us",),
        "epochs": 1,
        "batch": 1,
        "learning_rate": 0.1,
        "decay": 1.0,
        "keep": "last",
        "seed": 1,
    }
    return Train(**(settings | more))


def planned(stages: tuple[Any, ...], lines: dict[str, str]) -> Any:
    trained = {model: training(model, base) for model, base in lines.items()}
    names = dict.fromkeys([*lines.values(), *lines])
    made = audits.plan(SURVEY, (*trained.values(), *stages), models=tuple(names))
    card = Model(title="A", family="", origin="", stage="", weights=None, backend=Thing(kind="simulated"))
    models = {n: card.model_copy(update={"trained": trained[n].name if n in trained else ""}) for n in names}
    return made.model_copy(update={"models": models})


def mixed(people: Any, pull: float, generator: Any) -> Any:
    own = pull * np.array(people) + (1 - pull) / len(people)
    near = generator.dirichlet(400 * own)
    return near / near.sum()


@cache
def audit(lines: tuple[str, ...] = tuple(LINES), metric: str = "jsd", same: bool = False) -> Findings:
    chosen = {model: LINES[model] for model in lines}
    names = dict.fromkeys([*chosen.values(), *chosen])
    generator = np.random.default_rng(5)
    stages, given = [], []
    for model in names:
        stage = audits.score_stage(model, IDS, conditions=CONDITIONS, orders=1)
        stages.append(stage)
        own = np.random.default_rng(5) if same else generator
        for population, country in audits.COUNTRIES.items():
            for condition, share in (("asked", 1.0), ("shuffled", 0.5)):
                pull = 0.5 if same else share * PULL[model]
                shares = {i: mixed(SURVEY.people[country][i].shares, pull, own) for i in IDS}
                given.append(audits.exact(stage, SURVEY, population, condition, shares))
    measure = audits.measure_stage("opinions", metric, tuple(stage.name for stage in stages))
    plan = planned((*stages, measure), chosen)
    return conclude(plan, tuple(given), models=tuple(map(audits.row, names)))[0]


def rows(findings: Findings, of: str, mean: bool = False) -> dict[str, Contrast]:
    """Of single populations, or the means over them."""
    assert len({row.id for row in findings.contrasts}) == len(findings.contrasts)
    start = f"{of}/opinions.jsd/"
    return {row.id.removeprefix(start): row for row in findings.contrasts if row.of == of and bool(row.over) == mean}


def figures(findings: Findings, population: str = "us") -> dict[tuple[str, str], float]:
    return {
        (f.model, f.condition): f.estimate
        for f in findings.findings
        if f.population == population and not f.axes and f.estimate is not None
    }


def test_a_trained_model_is_held_against_all_that_it_was_made_of() -> None:
    found, own = rows(audit(), "training"), figures(audit())
    pairs = {(row.left, row.right) for row in found.values()}
    assert pairs == {("near", "root"), ("nearer", "near"), ("nearer", "root"), ("other", "root"), ("apart", "alone")}
    assert len(found) == len(pairs) * 2 * 2
    for condition, axes in (("asked", ""), ("shuffled", "/shuffled")):
        row = found[f"nearer - root/us{axes}"]
        assert row.estimate == pytest.approx(own["nearer", condition] - own["root", condition], abs=1e-5)
        assert row.low is not None and row.high is not None and row.low < row.estimate < row.high
        assert row.axes == ({"condition": "shuffled"} if axes else {})
    row = found["nearer - root/us"]
    assert row.estimate > 0 and row.low > 0 and row.p < 0.01 and row.test == "studentised bootstrap over items"
    assert (row.block, row.metric, row.model, row.unit) == ("opinions", "jsd", "", "1 − √JSD, base e")


def test_what_is_beyond_the_control_is_a_difference_of_differences() -> None:
    found, before = rows(audit(), "beyond"), rows(audit(), "training")
    row = found["near - root/us/shuffled"]
    wanted = before["near - root/us"].estimate - before["near - root/us/shuffled"].estimate
    assert row.estimate == pytest.approx(wanted, abs=1e-5) and row.axes == {"condition": "shuffled"}
    assert row.low > 0
    assert len(found) == len(before) / 2


@pytest.mark.parametrize("of", ["training", "beyond", "trainings"])
def test_several_populations_have_a_mean_that_is_corrected_apart_from_them(of: str) -> None:
    found, means = rows(audit(), of), rows(audit(), of, mean=True)
    assert means and len(means) == len(found) / 2
    for key, row in means.items():
        each = [found[key.replace("/mean", f"/{people}")] for people in ("us", "cn")]
        assert row.over == ("us", "cn") and row.population == ""
        assert row.estimate == pytest.approx(sum(one.estimate for one in each) / 2, abs=2e-6)
        assert row.low < row.estimate < row.high
        # Two populations tell more than one, but of the same items: not less than half as wide.
        widths = [(one.high - one.low) for one in each]
        assert 0.4 * min(widths) < row.high - row.low < 1.05 * max(widths)
        assert row.n["items"] == 24 and row.n.get("learnt", 0) == 6
    tests = {row.axes.get("condition", ""): row.notes[-1] for row in means.values()}
    count = len([row for row in means.values() if not row.axes]) or len(means)
    assert all(f"Holm over {count} tests" in note for note in tests.values())


@pytest.mark.parametrize("silent", [("ke",), ("cn", "ke")])
def test_a_mean_names_the_populations_that_it_is_of(silent: tuple[str, ...]) -> None:
    """A people with no item on both sides has no difference, and is not named; of one alone there is no mean."""
    stages, given = [], []
    generator = np.random.default_rng(4)
    for model, pull in (("root", 0.2), ("near", 0.6)):
        stage = audits.score_stage(model, IDS, conditions=(Condition(),), orders=1, populations=("us", "cn", "ke"))
        stage = stage.model_copy(update={"language": dict.fromkeys(("us", "cn", "ke"), "en")})
        stages.append(stage)
        for population in ("us", "cn", "ke"):
            people = SURVEY.people[audits.COUNTRIES.get(population, "China")]
            none = population in silent and model == "near"
            shares = {i: None if none else mixed(people[i].shares, pull, generator) for i in IDS}
            given.append(audits.exact(stage, SURVEY, population, "asked", shares))
    measure = audits.measure_stage("opinions", "jsd", tuple(stage.name for stage in stages))
    plan = planned((*stages, measure), {"near": "root"})
    kenya = Population(country="China", named={"en": "Kenya"}, language="en")
    plan = plan.model_copy(update={"populations": {**plan.populations, "ke": kenya}})
    findings = conclude(plan, tuple(given), models=(audits.row("root"), audits.row("near")))[0]
    assert [row.over for row in rows(findings, "training", mean=True).values()] == (
        [("us", "cn")] if len(silent) < 2 else []
    )


def test_trainings_of_one_root_are_compared_where_neither_is_made_of_the_other() -> None:
    found = rows(audit(), "trainings")
    assert {(row.left, row.right) for row in found.values()} == {("near", "other"), ("nearer", "other")}
    assert found["nearer - other/cn"].low > 0


def test_all_tests_of_a_measure_and_condition_are_corrected_together() -> None:
    asked = [row for row in rows(audit(), "training").values() if not row.axes]
    assert len(asked) == 10
    order = sorted(asked, key=lambda row: row.p)
    assert order[0].adjusted == pytest.approx(min(1, 10 * order[0].p)) and order[0].level == pytest.approx(0.995)
    assert all("Holm over 10 tests" in row.notes[-1] for row in asked)
    assert all(row.adjusted <= 0.05 for row in asked if row.low > 0 or row.high < 0)
    assert all(row.low > 0 or row.high < 0 for row in asked if row.adjusted <= 0.049)


def test_a_training_that_changed_nothing_is_not_tested_and_says_so() -> None:
    found = audit(("near",), same=True)
    for of in ("training", "beyond"):
        for row in rows(found, of).values():
            assert (row.estimate, row.low, row.p) == (0.0, None, None)
            assert "every item has the same value: their variation cannot be measured" in row.notes


def test_what_was_learnt_is_counted_and_told() -> None:
    found = rows(audit(), "training")
    seen = {key: found[key].n for key in ("near - root/us", "near - root/cn")}
    assert seen["near - root/us"] == {"items": 24, "learnt": 6, "others": 0, "valid": 2}
    assert seen["near - root/cn"] == {"items": 24, "learnt": 0, "others": 6, "valid": 0}
    said = "6 of 24 items were learnt as these people answer them: a gain on these is no test"
    assert said in found["near - root/us"].notes and said not in found["near - root/cn"].notes
    assert "2 of 24 items decided which state of the training was kept" in found["near - root/us"].notes


def test_items_whose_control_named_people_that_were_learnt_from_are_counted_and_told() -> None:
    """The training learnt from people of the United States: asked as Chinese, a control may name these, or Kenya."""
    found = rows(audit(), "beyond")
    stage = audits.score_stage("near", IDS, conditions=CONDITIONS)
    people = audits.plan(SURVEY, (stage,)).populations["cn"]
    named = [country_named(stage.seed, people, CONDITIONS[1], item, "en") for item in IDS].count("United States")
    row = found["near - root/cn/shuffled"]
    assert 0 < named < len(IDS) and row.n["named"] == named
    told = (
        f"for {named} of 24 items the control named people whom the training learnt from: "
        "it knows these too, and what is beyond the control may be smaller for it"
    )
    assert told in row.notes and words("zh").said(told)[1] == "zh-CN"
    other = found["near - root/us/shuffled"]
    assert other.n["named"] == 0 and not any("the control named" in note for note in other.notes)
    assert "named" not in rows(audit(), "training")["near - root/cn/shuffled"].n


def test_without_a_training_nothing_is_compared() -> None:
    plan, answers = audits.example()
    found = conclude(plan, answers, models=tuple(map(audits.row, plan.models)))[0]
    assert not {row.of for row in found.contrasts} & {"training", "beyond", "trainings"}


def spoken(silent: bool = False, draws: int = 30, unfit: int = 0) -> dict[str, Contrast]:
    """Drawn answers of a base and what was trained from it, with an ablation beside."""
    generator = np.random.default_rng(8)
    stages, given = [], []
    for model, pull in (("root", 0.0), ("near", 1.0)):
        for condition in ("asked", "without_memory"):
            name = f"citizens/{model}/{condition}"
            stage = audits.converse_stage(model, IDS, name=name, draws=draws, condition=condition)
            stages.append(stage)
            for population, country in audits.COUNTRIES.items():
                shares = {i: mixed(SURVEY.people[country][i].shares, pull, generator) for i in IDS}
                choices = audits.choices_from(shares, ITEMS, draws, generator)
                if silent and model == "near":
                    choices[: draws - 4] = UNPARSABLE
                room = {"unfit": unfit} if model == "root" and population == "us" and condition == "asked" else {}
                given.append(audits.drawn(stage, SURVEY, population, choices, **room))
    needs = tuple(stage.name for stage in stages)
    measures = [audits.measure_stage("citizens", metric, needs) for metric in ("jsd", "kl", "diversity", "answer_rate")]
    plan = planned((*stages, *measures), {"near": "root"})
    found = conclude(plan, tuple(given), models=tuple(map(audits.row, plan.models)))[0]
    return {row.id: row for row in found.contrasts if row.of == "training"}


def test_what_draws_do_to_both_sides_counts_and_ablations_are_left_out() -> None:
    found = spoken()
    assert len(found) == (2 + 1) * 4
    row = found["training/citizens.jsd/near - root/us"]
    assert row.test.startswith("two-way jackknife over draws and items") and row.low > 0
    assert not any("without_memory" in id_ for id_ in found)
    assert found["training/citizens.answer_rate/near - root/us"].estimate == 0.0


def test_a_model_that_hardly_answers_is_not_tested() -> None:
    row = spoken(silent=True)["training/citizens.kl/near - root/us"]
    assert row.estimate is not None and row.p is None and row.adjusted is None
    assert "not interpretable: of one of the two too few cells were answered" in row.notes


def test_turns_that_did_not_fit_on_either_side_are_told() -> None:
    found = spoken(unfit=7, draws=10)
    note = "7 of 480 cells are missing because the prompt did not fit into the model's window: "
    told = {id_ for id_, row in found.items() if any(said.startswith(note) for said in row.notes)}
    assert told == {id_ for id_ in found if id_.endswith("/us")} and told


def kept(asked: tuple[str, ...], lacking: dict[str, dict[str, tuple[str, ...]]]) -> Findings:
    """The share of variation kept before and after a training; `lacking` are the items, by model and population, for
    which no order has enough mass. Three peoples, one of whom answers as the other two together."""
    us, cn = (SURVEY.people[country] for country in audits.COUNTRIES.values())
    third = {
        i: us[i].model_copy(update={"shares": tuple((np.array(us[i].shares) + np.array(cn[i].shares)) / 2)})
        for i in IDS
    }
    survey = SURVEY.model_copy(update={"people": {**SURVEY.people, "Kenya": third}})
    country = {**audits.COUNTRIES, "ke": "Kenya"}
    stages, given = [], []
    for number, model in enumerate(("root", "near")):
        stage = audits.score_stage(model, asked, conditions=(Condition(),), orders=1, populations=tuple(country))
        stages.append(stage)
        generator = np.random.default_rng(number)
        pull = {i: generator.uniform(0.2, 0.9) for i in IDS}
        for name in country:
            none = lacking.get(model, {}).get(name, ())
            people = {i: np.array(survey.people[country[name]][i].shares) for i in asked}
            shares = {i: None if i in none else pull[i] * own + (1 - pull[i]) / len(own) for i, own in people.items()}
            given.append(audits.exact(stage, survey, name, "asked", shares))
    measure = audits.measure_stage("opinions", "variation_kept", tuple(stage.name for stage in stages))
    plan = planned((*stages, measure), {"near": "root"})
    there = {name: Population(country=own, named={"en": own}, language="en") for name, own in country.items()}
    plan = plan.model_copy(update={"populations": there, "surveys": {"values": survey}})
    return conclude(plan, tuple(given), models=(audits.row("root"), audits.row("near")))[0]


def changed(findings: Findings) -> Contrast:
    [row] = [row for row in findings.contrasts if row.of == "training" and not row.axes]
    return row


def test_a_quotient_is_compared_on_the_items_of_both_sides_alone() -> None:
    """The quotient of some items is another one: of all, and on fewer, its numerator and its denominator change."""
    us, cn = (SURVEY.people[country] for country in audits.COUNTRIES.values())
    far = sorted(IDS, key=lambda i: -np.abs(np.array(us[i].shares) - np.array(cn[i].shares)).sum())
    shared = tuple(i for i in IDS if i not in far[:10])
    everywhere = dict.fromkeys(("us", "cn", "ke"), tuple(far[:10]))
    row, alone = changed(kept(IDS, {"near": everywhere})), kept(shared, {})
    own = {f.model: f.estimate for f in alone.findings if not f.axes}
    assert row.estimate == pytest.approx(own["near"] - own["root"], abs=2e-6) and row.n["items"] == len(shared)
    assert (row.low, row.high) == pytest.approx((changed(alone).low, changed(alone).high), abs=0.02)
    whole = {f.model: f.estimate for f in kept(IDS, {"near": everywhere}).findings if not f.axes}
    assert abs(row.estimate - (whole["near"] - whole["root"])) > 0.005


def test_an_item_is_compared_by_the_pairs_of_populations_of_both_sides_alone() -> None:
    """Where one model lacks a people's answer to an item, the other's pairs with these people do not count either."""
    few, others = IDS[:12], IDS[12:18]
    row = changed(kept(IDS, {"near": {"ke": few}, "root": {"ke": others}}))
    both = kept(IDS, {model: {"ke": (*few, *others)} for model in ("near", "root")})
    assert row == changed(both)
    own = {f.model: f.estimate for f in both.findings if not f.axes}
    assert row.estimate == pytest.approx(own["near"] - own["root"], abs=2e-6) and row.n["items"] == len(IDS)
    nothing = kept(IDS, {"near": {"ke": IDS, "us": IDS}, "root": {"cn": IDS}})
    assert not [row for row in nothing.contrasts if row.estimate is not None]


def test_no_interval_reaches_further_than_figures_can_lie_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """1 − √JSD lies between 0 and 1: a difference within one of it, and a difference of differences within two."""
    wide = Uncertainty(0.1, 5.0, "t", "items like these", freedom=5)
    monkeypatch.setattr("auditc.evidence.trained.uncertainty", lambda *given: wide)
    findings = audit.__wrapped__(("near",))
    assert {(row.low, row.high) for row in rows(findings, "training").values()} == {(-1.0, 1.0)}
    assert {(row.low, row.high) for row in rows(findings, "beyond").values()} == {(-2.0, 2.0)}
