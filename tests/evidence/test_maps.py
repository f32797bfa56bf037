"""Maps, distances between mean scores, and the paper's variants, on audits with known answers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from auditc.evidence.conclude import conclude
from auditc.evidence.findings import finding
from auditc.evidence.maps import maps_of
from auditc.evidence.measure import measure
from auditc.evidence.slice import slice_of
from auditc.ir.answers import UNPARSABLE
from auditc.ir.finding import CultureMap, Finding, Findings
from auditc.ir.plan import Comparison, Condition, Figure, Item, Measure, Number, Plan, Survey
from auditc.metrics import metrics

from . import audits

COUNTRIES = tuple(audits.COUNTRIES.items())


def asked(count: int = 24, dimensions: int = 4, **more: Any) -> tuple[Item, ...]:
    """Items with a direction each: the first of a dimension with the high end first, the others with it last."""
    return tuple(
        item.model_copy(update={"direction": "first_high" if number < dimensions else "last_high"})
        for number, item in enumerate(audits.items(count, dimensions, nominal=0, **more))
    )


def scored(survey: Survey, metric: str, make: Any, models: str = "ab", claims: tuple[Any, ...] = ()) -> Findings:
    """Findings of exact probabilities; `make(model, population)` gives shares by item, None for no answer."""
    ids = tuple(item.id for item in survey.items)
    stages = [audits.score_stage(model, ids, conditions=(Condition(),)) for model in models]
    answers = tuple(
        audits.exact(stage, survey, population, "asked", make(stage.model, population))
        for stage in stages
        for population, _ in COUNTRIES
    )
    measured = audits.measure_stage("opinions", metric, tuple(stage.name for stage in stages))
    plan = audits.plan(survey, (*stages, measured, *claims), tuple(models))
    return conclude(plan, answers, models=tuple(map(audits.row, models)))[0]


def spoken(survey: Survey, metric: str, make: Any, draws: int, models: str = "ab", **more: Any) -> tuple[Plan, Any]:
    """A plan and drawn answers; `make(model, population)` gives `[D, I]` choices."""
    ids = tuple(item.id for item in survey.items)
    stages = [audits.converse_stage(model, ids, draws=draws) for model in models]
    answers = tuple(
        audits.drawn(stage, survey, population, make(stage.model, population), **more)
        for stage in stages
        for population, _ in COUNTRIES
    )
    measured = audits.measure_stage("citizens", metric, tuple(stage.name for stage in stages))
    return audits.plan(survey, (*stages, measured), tuple(models)), answers


def by_id(findings: Findings) -> dict[str, Finding]:
    return {finding.id: finding for finding in findings.findings}


def dirichlet(survey: Survey, seed: int = 1) -> Any:
    generator = np.random.default_rng(seed)
    made = {
        (model, population): {item.id: generator.dirichlet(np.ones(item.size)) for item in survey.items}
        for model in "abcd"
        for population, _ in COUNTRIES
    }
    return lambda model, population: made[model, population]


def places(found: CultureMap) -> dict[tuple[str, str], Any]:
    return {(place.model, place.population): place for place in found.places}


def score(item: Item, shares: Any) -> float:
    place = np.arange(item.size) / (item.size - 1)
    return float(np.dot(shares, 1 - place if item.rises < 0 else place))


def test_a_map_is_the_principal_components_of_mean_scores() -> None:
    survey = audits.survey(asked())
    make = dirichlet(survey)
    [found] = scored(survey, "culture_map", make).maps
    assert [(p.model, p.population) for p in found.places] == [
        *((model, population) for model in "ab" for population in ("us", "cn")),
        ("", "us"),
        ("", "cn"),
    ]
    rows = []
    for place in found.places:
        shares = make(place.model, place.population) if place.model else None
        people = survey.people[audits.COUNTRIES[place.population]]
        for name, value in place.scores.items():
            own = [i for i in survey.items if i.dimension == name]
            expected = np.mean([score(i, shares[i.id] if shares else people[i.id].shares) for i in own])
            assert value == pytest.approx(expected, abs=1e-5)
        rows.append(list(place.scores.values()))
    table = np.array(rows)
    centred = table - table.mean(0)
    sizes, vectors = np.linalg.eigh(centred.T @ centred)
    for axis in (0, 1):
        vector = vectors[:, -1 - axis]
        vector = vector * np.sign(vector[np.argmax(np.abs(vector))])
        assert [pair[axis] for pair in found.loadings.values()] == pytest.approx(list(vector), abs=1e-4)
        assert [place.at[axis] for place in found.places] == pytest.approx(list(centred @ vector), abs=1e-4)
        assert found.explained[axis] == pytest.approx(sizes[-1 - axis] / sizes.sum(), abs=1e-4)
    for place in found.places:
        assert (place.ellipse is None) == bool(place.model)
        assert not place.model or any("exact" in note for note in place.notes)
    assert "welzel" not in found.model_dump_json().lower()


def test_the_distance_is_the_models_own_whoever_else_is_on_the_map() -> None:
    survey = audits.survey(asked())
    make = dirichlet(survey)
    pair, four = (scored(survey, "culture_map", make, models) for models in ("ab", "abcd"))
    for name, one in by_id(pair).items():
        assert by_id(four)[name].estimate == one.estimate
    assert places(pair.maps[0])["a", "us"].at != places(four.maps[0])["a", "us"].at
    own = by_id(pair)["opinions.culture_map/a/us/asked"]
    parts = [by_id(pair)[f"opinions.culture_map/a/us/asked/d{d}"] for d in range(4)]
    assert own.estimate == pytest.approx(math.hypot(*(part.estimate or 0.0 for part in parts)), rel=1e-4)
    assert any((part.estimate or 0.0) < 0 for part in parts), "in a dimension the difference has a sign"
    assert own.better == "lower" and {part.better for part in parts} == {"neither"}
    assert own.estimand == "these items" and own.low is None and "exact" in own.notes[-1]
    assert own.floor is not None and own.floor.high < own.lines["uniform"]


def test_a_model_that_answers_like_people_is_at_their_place() -> None:
    survey = audits.survey(asked())

    def make(model: str, population: str) -> Any:
        people = survey.people[audits.COUNTRIES[population]]
        like_people = {item: np.array(found.shares) for item, found in people.items()}
        return like_people if model == "a" else others(model, population)

    others = dirichlet(survey)
    found = scored(survey, "culture_map", make)
    for population, _ in COUNTRIES:
        assert by_id(found)[f"opinions.culture_map/a/{population}/asked"].estimate == 0
        there = places(found.maps[0])
        assert there["a", population].at == there["", population].at


@pytest.mark.parametrize(("dimensions", "said"), [(2, "dimensions: 2"), (1, "dimensions: 1")])
def test_with_too_few_dimensions_there_is_no_map(dimensions: int, said: str) -> None:
    survey = audits.survey(asked(12, dimensions))
    found = scored(survey, "culture_map", dirichlet(survey))
    [none] = found.maps
    assert none.places == () and none.loadings == {} and said in none.notes[-1]
    assert by_id(found)["opinions.culture_map/a/us/asked"].estimate is not None


def test_items_without_a_direction_are_left_out_and_counted() -> None:
    items = [item.model_copy(update={"direction": "none"}) if n % 6 == 0 else item for n, item in enumerate(asked())]
    items[1] = items[1].model_copy(update={"direction": ""})
    survey = audits.survey(tuple(items))
    found = scored(survey, "culture_map", dirichlet(survey))
    notes = " / ".join(found.maps[0].notes)
    assert "made of 20 of 24 items" in notes and "want of a direction: 4" in notes and "counts as it: 1" in notes
    own = by_id(found)["opinions.culture_map/a/us/asked"]
    assert own.n.items == 20 and any("20 of 24 items, those with a direction" in note for note in own.notes)


def test_what_a_model_or_a_people_lacks_is_left_out_and_counted() -> None:
    survey = audits.survey(asked())
    people = {country: dict(rows) for country, rows in survey.people.items()}
    del people["China"]["Q5"]
    survey = survey.model_copy(update={"people": people})
    shares = dirichlet(survey)

    def make(model: str, population: str) -> Any:
        found = dict(shares(model, population))
        if model == "a":
            found |= dict.fromkeys(("Q6", "Q7"))
        return found if model != "c" else dict.fromkeys(found)

    found = scored(survey, "culture_map", make, "abc").maps[0]
    notes = " / ".join(found.notes)
    assert "made of 23 of 24 items" in notes and "not all subjects and peoples were asked them: 1" in notes
    assert "not on the map" in notes and "c as us" in notes
    there = places(found)
    assert {model for model, _ in there} == {"a", "b", ""}
    assert any(
        note == "items without an answer, on which this place does not rest: 2" for note in there["a", "us"].notes
    )
    assert not any("without an answer" in note for note in there["b", "us"].notes)


@pytest.mark.parametrize("models", ["abc", "ac"])
def test_a_model_that_hardly_answers_has_a_place_and_makes_no_axes(models: str) -> None:
    """Nine of ten of its cells are unreadable: the axes, and all other places, are those of a map without it."""
    survey = audits.survey(asked())
    whole = _drawing(survey, dirichlet(survey), 30, 1)
    drawn = {(model, population): whole(model, population) for model in "abc" for population, _ in COUNTRIES}
    garbled = np.random.default_rng(5).random((30, len(survey.items))) < 0.9

    def make(model: str, population: str) -> Any:
        own = drawn[model, population]
        return np.where(garbled, UNPARSABLE, 0) if model == "c" else own

    [found], [without] = (
        conclude(*spoken(survey, "culture_map", make, 30, used), models=tuple(map(audits.row, used)))[0].maps
        for used in (models, models[:-1])
    )
    assert found.loadings == without.loadings and found.explained == without.explained
    for key, place in places(without).items():
        assert places(found)[key].at == place.at
    assert any("not interpretable" in note for note in places(found)["c", "us"].notes)
    assert "placed on axes that are made without it: c as cn" in " / ".join(found.notes)


def test_a_claim_on_the_distance_is_one_of_these_items() -> None:
    survey = audits.survey(asked())
    shares = dirichlet(survey)
    figure = Figure(measure="citizens.culture_map", at={"model": "a", "population": "us"})
    far = Comparison(left=figure, operator=">", right=Number(value=0.05))
    plan, answers = spoken(survey, "culture_map", _drawing(survey, shares, 60, 0), 60)
    judges = (audits.judge_stage("here", far, "these items"), audits.judge_stage("anywhere", far))
    plan = plan.model_copy(update={"stages": (*plan.stages, *judges)})
    found, _ = conclude(plan, answers, models=(audits.row("a"), audits.row("b")))
    verdicts = {claim.claim: (claim.verdict, claim.why) for claim in found.claims}
    assert verdicts["here"][0] == "holds", verdicts
    assert verdicts["anywhere"][0] == "undecided" and "distance on these items" in verdicts["anywhere"][1]


def _drawing(survey: Survey, shares: Any, draws: int, seed: int, person: float = 0.0) -> Any:
    generator = np.random.default_rng([7, seed])

    def make(model: str, population: str) -> Any:
        own = shares(model, population)
        mood = generator.standard_normal((draws, 1)) * np.sqrt(person)
        latent = mood + generator.standard_normal((draws, len(survey.items))) * np.sqrt(1 - person)
        chance = ndtr(latent)
        columns = [np.searchsorted(np.cumsum(own[i.id])[:-1], chance[:, n]) for n, i in enumerate(survey.items)]
        return np.stack(columns, axis=1)

    return make


SLOW = [pytest.param(draws, like, 1000, marks=pytest.mark.slow) for draws, like in ((20, 0.0), (50, 0.0), (50, 0.8))]


@pytest.mark.parametrize(("draws", "like", "runs"), [(25, 0.0, 150), *SLOW])
def test_true_places_lie_in_ellipses_and_true_distances_in_intervals(draws: int, like: float, runs: int) -> None:
    """Participants with something in common over all items, who answer more or less `like` people; axes are those of
    each run."""
    survey = audits.survey(asked(16))
    strange = dirichlet(survey)

    def shares(model: str, population: str) -> Any:
        people = survey.people[audits.COUNTRIES[population]]
        own = strange(model, population)
        return {name: (1 - like) * own[name] + like * np.array(people[name].shares) for name in own}

    names = [f"d{d}" for d in range(4)]

    def means(shares: Any) -> Any:
        """Mean scores by dimension."""
        own = {name: [i for i in survey.items if i.dimension == name] for name in names}
        return np.array([np.mean([score(i, shares[i.id]) for i in own[name]]) for name in names])

    truth = {(model, p): means(shares(model, p)) for model in "ab" for p, _ in COUNTRIES}
    human = {p: means({i: people.shares for i, people in survey.people[c].items()}) for p, c in COUNTRIES}
    inside: list[bool] = []
    held: list[bool] = []
    metric, numbers = metrics.take("culture_map"), {name: number for number, name in enumerate(names)}
    for seed in range(runs):
        plan, answers = spoken(survey, "culture_map", _drawing(survey, shares, draws, seed, 0.2), draws)
        stage = plan.stages[-1]
        assert isinstance(stage, Measure)
        countries = [audits.COUNTRIES[a.population] for a in answers]
        pairs = zip(answers, countries, strict=True)
        measured = [each for a, of in pairs for each in measure(stage, metric, a, None, survey, of, "values")]
        [drawn] = maps_of(plan, [(stage, each) for each in measured])
        loadings = np.array([drawn.loadings[name] for name in names])
        for each in measured:
            key = each.measurement.model, each.measurement.population
            place = places(drawn)[key]
            assert place.ellipse is not None
            off = (truth[key] - np.array(list(place.scores.values()))) @ loadings
            across = complex(*off) * np.exp(-1j * place.ellipse.angle)
            inside.append((across.real / place.ellipse.long) ** 2 + (across.imag / place.ellipse.short) ** 2 <= 1)
            found = finding(slice_of(each, None, numbers), None, 1, audits.HERE)
            assert found.low is not None and found.high is not None
            held.append(bool(found.low <= np.linalg.norm(truth[key] - human[key[1]]) <= found.high))
    assert 0.91 <= np.mean(inside) <= 0.98, np.mean(inside)
    assert 0.92 <= np.mean(held) <= 0.99, np.mean(held)
