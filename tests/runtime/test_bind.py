"""Refusals before anything is spent."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from auditc.backends import simulated as module
from auditc.ir.plan import Thing, Wording
from auditc.ir.values import Range
from auditc.runtime.bind import bind, needed
from auditc.runtime.faults import CannotBind
from tests.runtime.plans import ORIGIN, converse, model, plan, score
from tests.runtime.workspace import Asked, ask, asked

__all__ = ["asked"]


def test_what_stages_need() -> None:
    assert needed(score()) == {"score"}
    assert needed(converse()) == {"generate"}
    assert needed(converse(sampling=(False,))) == {"generate"}
    assert needed(converse(sampling=(True, False), beams=Range(low=1, high=3))) == {
        "generate",
        "beams",
        "beam_sampling",
    }


def test_a_backend_that_lacks_something_is_refused_by_name(
    tmp_path: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    poor = dataclasses.replace(module.simulated, can=lambda params: frozenset({"score", "generate", "streams"}))
    monkeypatch.setattr(module, "simulated", poor)
    with pytest.raises(CannotBind) as refused:
        ask(plan(score(), converse(beams=Range(low=1, high=5))), tmp_path)
    (problem,) = refused.value.problems
    assert "sample with beams" in problem.message and "`def`" in problem.message and problem.origin == ORIGIN
    assert not asked and not (tmp_path / "store").exists()


def test_missing_weights_are_named_with_the_remedy() -> None:
    real = model().model_copy(update={"backend": Thing(kind="transformers"), "like": ""})
    with pytest.raises(CannotBind) as refused:
        bind(plan(models={"sim": real}), {})
    assert "`sim`" in refused.value.message and "auditc models fetch" in refused.value.help


def test_every_problem_is_named_at_once() -> None:
    wrong = {"en": Wording(text="{{ nobody }}"), "zh": Wording(text="{% set a = 1 %}")}
    unknown = model().model_copy(update={"backend": Thing(kind="nothing")})
    with pytest.raises(CannotBind) as refused:
        bind(plan(score(wording=wording_(wrong)), converse("b/x", "x"), models={"sim": model(), "x": unknown}), {})
    words = [problem.message for problem in refused.value.problems]
    assert len(words) == 3 and "and 2 more" in refused.value.message
    assert any("nobody" in word for word in words) and any("`nothing`" in word for word in words)


def wording_(wording: dict[str, Wording]) -> dict[str, Wording]:
    return wording


def test_words_that_a_language_lacks_are_named() -> None:
    with pytest.raises(CannotBind, match="lacks words for `cn`"):
        bind(plan(score(wording={"en": Wording(text="{{ question }}")})), {})


@pytest.mark.parametrize("name", ["../out", "a/b", "", "a..b", "a\0b", "a b"])
def test_a_models_name_is_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="a name is made of"):
        plan(models={name: model()})
    assert plan(models={"people.模型_2": model()}).models
