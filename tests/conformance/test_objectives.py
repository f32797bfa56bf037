"""What every objective on the shelf must hold to; a new one is tested here without a line being added."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from auditc.ir.values import ItemSet, Table
from auditc.objectives import objectives
from auditc.objectives._contract import Objective


@pytest.fixture(params=objectives.names())
def objective(request: pytest.FixtureRequest) -> Objective[Any]:
    return objectives.take(str(request.param))


def test_it_says_what_it_is_and_where_it_is_from(objective: Objective[Any]) -> None:
    assert objective.title and objective.source and objective.params.__doc__


def test_its_parameters_are_a_closed_frozen_form(objective: Objective[Any]) -> None:
    assert objective.params.model_config.get("frozen")
    with pytest.raises(ValidationError):
        objective.params.model_validate({"no_such_key": 1})


def test_what_it_learns_from_is_the_one_thing_that_it_must_be_told(objective: Objective[Any]) -> None:
    """Shares are those of a survey's items, texts are rows of a table."""
    (needed,) = [info for info in objective.params.model_fields.values() if info.is_required()]
    if objective.learns == "shares":
        assert any(isinstance(mark, ItemSet) for mark in needed.metadata)
    else:
        assert needed.annotation is Table
