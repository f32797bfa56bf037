"""Small audits with known answers: plans and answers for the tests of evidence, made by hand and seeded."""

from __future__ import annotations

from typing import Any

import numpy as np

from auditc.ir.answers import ANSWERED, FAILED, NO_CELL, NOT_RUN, REFUSED, UNPARSABLE, Answers, Tally
from auditc.ir.finding import ModelRow
from auditc.ir.plan import (
    Comparison,
    Condition,
    Converse,
    Figure,
    Item,
    Judge,
    Measure,
    Model,
    Number,
    Origin,
    People,
    Plan,
    Population,
    Score,
    Survey,
    Thing,
    Wording,
)
from auditc.ir.values import Range

HERE = Origin(file="a.audit", line=1, column=1)
COUNTRIES = {"us": "United States", "cn": "China"}


def items(count: int, dimensions: int, sizes: tuple[int, ...] = (2, 4, 5, 10), nominal: int = 4) -> tuple[Item, ...]:
    """Items of changing size; each `nominal`-th is nominal, the others are ordinal."""
    made = []
    for number in range(count):
        words = tuple(f"option {k}" for k in range(sizes[number % len(sizes)]))
        made.append(
            Item(
                id=f"Q{number}",
                scale="nominal" if nominal and number % nominal == 0 else "ordinal",
                dimension=f"d{number % dimensions}" if dimensions else "",
                text={"en": f"Question {number}?"},
                options={"en": words},
            )
        )
    return tuple(made)


def human(items: tuple[Item, ...], seed: int, n: int = 2500, concentration: float = 1.5) -> dict[str, People]:
    """Shares of n people, as the counts they are."""
    generator = np.random.default_rng(seed)
    people = {}
    for item in items:
        counts = generator.multinomial(n, generator.dirichlet(np.full(item.size, concentration)))
        people[item.id] = People(n=n, nominal=False, shares=tuple(float(c) / n for c in counts))
    return people


def survey(items: tuple[Item, ...], n: int = 2500) -> Survey:
    people = {country: human(items, seed, n) for seed, country in enumerate(COUNTRIES.values())}
    return Survey(items=items, people=people, digests={"shares.csv": "0" * 64})


def score_stage(model: str, ids: tuple[str, ...], **more: Any) -> Score:
    settings: dict[str, Any] = {
        "name": f"opinions/{model}",
        "origin": HERE,
        "block": "opinions",
        "method": "first_token",
        "model": model,
        "survey": "values",
        "populations": ("us", "cn"),
        "language": {"us": "en", "cn": "en"},
        "items": ids,
        "wording": {"en": Wording(text="{{ question }}")},
        "labels": "letters",
        "seed": 1,
        "conditions": (Condition(), Condition(name="shuffled")),
        "orders": 5,
        "low_mass": 0.1,
    }
    return Score(**(settings | more))


def converse_stage(model: str, ids: tuple[str, ...], **more: Any) -> Converse:
    settings: dict[str, Any] = {
        "name": f"citizens/{model}",
        "origin": HERE,
        "block": "citizens",
        "method": "def_survey",
        "model": model,
        "survey": "values",
        "populations": ("us", "cn"),
        "language": {"us": "en", "cn": "en"},
        "items": ids,
        "wording": {"en": Wording(text="{{ question }}")},
        "labels": "letters",
        "seed": 1,
        "draws": 10,
        "memory": Range(low=0, high=0),
        "beams": Range(low=1, high=1),
        "sampling": (True,),
        "item_order": "fixed",
        "max_new_tokens": 8,
    }
    return Converse(**(settings | more))


def measure_stage(block: str, metric: str, needs: tuple[str, ...]) -> Measure:
    return Measure(name=f"{block}.{metric}", needs=needs, origin=HERE, block=block, metric=metric)


def judge_stage(name: str, holds: Comparison, estimand: str = "items like these", level: float = 0.95) -> Judge:
    return Judge(
        name=f"claim {name}",
        origin=HERE,
        claim=name,
        says=name,
        holds=holds,
        text=name,
        level=level,
        estimand=estimand,  # type: ignore[arg-type]
    )


def plan(survey: Survey, stages: tuple[Any, ...], models: tuple[str, ...] = ("a", "b"), **more: Any) -> Plan:
    card = Model(title="A", family="", origin="", stage="", weights=None, backend=Thing(kind="simulated"))
    return Plan(
        name="test",
        title="Test",
        version="1",
        seed=7,
        models=dict.fromkeys(models, card),
        populations={
            name: Population(country=country, named={"en": country}, language="en")
            for name, country in COUNTRIES.items()
        },
        surveys={"values": survey},
        stages=stages,
        **more,
    )


def exact(
    stage: Score, survey: Survey, population: str, condition: str, shares: dict[str, Any], seed: int = 0, **more: Any
) -> Answers:
    """Answers of a score stage; `shares[item]` are `[k]` or `[orders, k]`, None where every order has low mass."""
    chosen = tuple(item for item in survey.items if item.id in stage.items)
    width = max(item.size for item in chosen)
    array = np.full((len(chosen), stage.orders, width), np.nan)
    mass = np.full((len(chosen), stage.orders), np.nan)
    offsets = np.full((len(chosen), stage.orders), -1)
    for row, item in enumerate(chosen):
        orders = min(stage.orders, item.size)
        offsets[row, :orders] = np.arange(orders)
        mass[row, :orders] = 0.05
        if shares[item.id] is not None:
            array[row, :orders, : item.size] = shares[item.id]
            mass[row, :orders] = 0.9
    answered = int((~np.isnan(array[..., 0])).sum())
    unparsable = int((offsets >= 0).sum()) - answered
    settings: dict[str, Any] = {
        "tally": Tally(answered=answered, unparsable=unparsable),
        "cells": np.where(offsets >= 0, "c", ""),
        "shares": array,
        "mass": mass,
        "status": np.where(offsets < 0, NO_CELL, np.where(np.isnan(array[..., 0]), UNPARSABLE, ANSWERED)),
        "offsets": offsets,
    }
    return _answers(stage, population, condition, chosen, settings | more)


def drawn(stage: Converse, survey: Survey, population: str, choices: Any, **more: Any) -> Answers:
    """Answers of a converse stage; `choices[D, I]` over the stage's items."""
    chosen = tuple(item for item in survey.items if item.id in stage.items)
    choices = np.asarray(choices, dtype=np.int64)
    tally = Tally(
        answered=int((choices >= 0).sum()),
        refused=int((choices == REFUSED).sum()),
        unparsable=int((choices == UNPARSABLE).sum()),
        failed=int((choices == FAILED).sum()),
        not_run=int((choices == NOT_RUN).sum()),
    )
    keys = np.array([f"{stage.name} {population} {place}" for place in range(choices.size)]).reshape(choices.shape)
    settings: dict[str, Any] = {
        "tally": tally,
        "cells": np.where(choices == NOT_RUN, "", keys),
        "choices": choices,
        "weights": np.ones(len(choices)),
    }
    return _answers(stage, population, stage.condition, chosen, settings | more)


def _answers(stage: Any, population: str, condition: str, chosen: tuple[Item, ...], more: dict[str, Any]) -> Answers:
    return Answers(
        stage=stage.name,
        block=stage.block,
        method=stage.method,
        model=stage.model,
        population=population,
        condition=condition,
        language="en",
        items=chosen,
        **more,
    )


def choices_from(
    shares: dict[str, Any], chosen: tuple[Item, ...], draws: int, generator: np.random.Generator
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Independent draws from shares, `[D, I]`."""
    columns = [generator.choice(item.size, size=draws, p=np.asarray(shares[item.id])) for item in chosen]
    return np.stack(columns, axis=1).astype(np.int64)


def row(model: str) -> ModelRow:
    return ModelRow(
        name=model, title=model, family="", origin="", stage="", quantisation="", licence="", weights="", identity={}
    )


def example(count: int = 64, dimensions: int = 8, claims: tuple[Any, ...] = ()) -> tuple[Plan, tuple[Answers, ...]]:
    """Two models, two populations: exact probabilities under two conditions, and ten draws of eight items."""
    asked = items(count, dimensions)
    values = survey(asked)
    generator = np.random.default_rng(3)
    stages: list[Any] = []
    answers: list[Answers] = []
    few = tuple(item.id for item in asked[:8])
    for model in ("a", "b"):
        score = score_stage(model, tuple(item.id for item in asked))
        written = converse_stage(
            model, few, name=f"opinions/{model}/written", block="opinions", condition="written", draws=1
        )
        converse = converse_stage(model, few)
        stages += [score, written, converse]
        for population, country in COUNTRIES.items():
            people = values.people[country]
            for condition in ("asked", "shuffled"):
                shares = {
                    i.id: _near(
                        np.array(people[i.id].shares), generator, min(5, i.size), 8 if condition == "asked" else 3
                    )
                    for i in asked
                }
                answers.append(exact(score, values, population, condition, shares))
            own = {i: np.array(people[i].shares) for i in few}
            answers.append(drawn(written, values, population, choices_from(own, asked[:8], 1, generator)))
            choices = choices_from(own, asked[:8], 10, generator)
            choices[generator.random(choices.shape) < 0.1] = UNPARSABLE
            answers.append(drawn(converse, values, population, choices))
    names = [stage.name for stage in stages]
    first = tuple(name for name in names if name.startswith("opinions"))
    then = tuple(name for name in names if name.startswith("citizens"))
    for metric in ("kl", "jsd", "emd", "option_mass", "position_bias", "answer_rate", "written_agreement"):
        stages.append(measure_stage("opinions", metric, first))
    for metric in ("kl", "diversity", "answer_rate"):
        stages.append(measure_stage("citizens", metric, then))
    default = judge_stage(
        "fidelity",
        Comparison(
            left=Figure(measure="opinions.jsd"), operator=">", right=Number(value=0.8), each=("model", "population")
        ),
    )
    stages += claims or [default]
    return plan(values, tuple(stages)), tuple(answers)


def _near(shares: Any, generator: np.random.Generator, orders: int, strength: float) -> Any:
    drawn = generator.dirichlet(shares * strength + 0.3, size=orders)
    return drawn
