"""What every objective on the shelf must hold to; a new one is tested here without a line being added."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from auditc.backends._contract import Adapter, ModelSource
from auditc.backends.transformers import open_engine
from auditc.backends.transformers.params import Params as EngineParams
from auditc.ir.training import NotTrained, Progress
from auditc.ir.values import Columns, ItemSet, Table
from auditc.objectives import objectives
from auditc.objectives._contract import Objective
from tests.objectives import small


@pytest.fixture(params=objectives.names())
def objective(request: pytest.FixtureRequest) -> Objective[Any]:
    return objectives.take(str(request.param))


def test_it_says_what_it_is_and_where_it_is_from(objective: Objective[Any]) -> None:
    assert objective.title and objective.source and objective.params.__doc__


def test_its_parameters_are_a_closed_frozen_form(objective: Objective[Any]) -> None:
    assert objective.params.model_config.get("frozen")
    with pytest.raises(ValidationError):
        objective.params.model_validate({"no_such_key": 1})


def given(objective: Objective[Any]) -> list[tuple[str, dict[str, Any]]]:
    """Each way in which it can be told what it learns from: a survey's items, or a table's rows."""
    found: list[tuple[str, dict[str, Any]]] = []
    for name, info in objective.params.model_fields.items():
        if any(isinstance(mark, ItemSet) for mark in info.metadata):
            found.append(("shares", {name: "values.train"}))
        for mark in info.metadata + [mark for part in get_args(info.annotation) for mark in get_args(part)]:
            if isinstance(mark, Columns):
                rows = tuple(tuple(f"{column} {number}" for column in mark.names) for number in range(6))
                found.append(("texts", {name: Table(path="t.csv", digest="d", columns=mark.names, rows=rows)}))
    return found


def test_it_says_from_its_parameters_what_it_learns_from(objective: Objective[Any]) -> None:
    ways = given(objective)
    assert ways
    for learns, params in ways:
        assert objective.learns(objective.params.model_validate(params)) == learns
    with pytest.raises(ValidationError):
        objective.params.model_validate({})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelSource:
    return small.model(tmp_path_factory.mktemp("model") / "model")


def test_it_trains_and_leaves_an_adapter_that_an_engine_puts_on(
    objective: Objective[Any], model: ModelSource, tmp_path: Path
) -> None:
    for learns, params in given(objective):
        shares = learns == "shares"
        plain = {key: value.model_dump(mode="json") for key, value in params.items() if isinstance(value, Table)}
        numbers = {"examples": 6, "valid": 2} if shares else {"examples": 0, "valid": 0}
        name = objective.train.__module__.rpartition(".")[2]
        job = small.job(tmp_path / learns, name, params=plain, epochs=1, **numbers)
        told: list[Progress] = []
        done = small.train(model, job, told)
        assert 0 < done.trainable < done.parameters and done.kept == done.curve[-1].step == told[-1].step > 0
        assert {*objective.packages, "engine"} == {*done.versions}
        assert [point.step for point in done.curve if point.valid is not None] == ([0, done.kept] if shares else [])
        adapter = Adapter(job.result, "d")
        open_engine(ModelSource("m", model.folder, "x", adapter=adapter), EngineParams(threads=1)).close()


def test_it_trains_on_nothing_that_it_cannot_put_to_the_model(
    objective: Objective[Any], model: ModelSource, tmp_path: Path
) -> None:
    learnt = (small.example(0), small.example(1, 2, (("A",), ("A",))))
    for learns, _ in given(objective):
        if learns == "shares":
            job = small.job(tmp_path, objective.train.__module__.rpartition(".")[2], learnt=learnt)
            with pytest.raises(NotTrained) as caught:
                small.train(model, job)
            assert caught.value.reason == "spelling" and "q1" in caught.value.message
            assert not list(Path(job.result).iterdir())
