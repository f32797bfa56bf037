"""Every way in which one thing's answer could be passed off as another's, and every edit that must ask nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditc.ir.exchange import Hint, Prompt, Sampling, Turn
from auditc.ir.plan import Origin, Plan
from auditc.ir.values import Range
from auditc.runtime.identity import decoding, score_key, settings, stream, text_key
from tests.runtime.plans import POPULATIONS, TURN_WORDING, converse, model, plan, score, survey
from tests.runtime.workspace import Asked, ask, asked

__all__ = ["asked"]

PROMPT = Prompt((Turn("user", "Why?"),), "Answer:")
HINT = Hint("q1", "USA", (0, 1))
ENGINE: dict[str, Any] = {"engine": "x", "weights": "aa", "dtype": "float32", "template": "t1", "version": "1.0"}
SPELLINGS = (("A", " A"), ("B", " B"))


@pytest.mark.parametrize("field", ["weights", "dtype", "template", "version", "engine", "threads"])
def test_another_answerer_has_other_keys(field: str) -> None:
    other = settings("score", {**ENGINE, field: "other"})
    assert score_key(other, PROMPT, SPELLINGS, HINT) != score_key(settings("score", ENGINE), PROMPT, SPELLINGS, HINT)


@pytest.mark.parametrize(
    "changed",
    [
        {"temperature": 0.7},
        {"top_p": 0.9},
        {"top_k": 50},
        {"beams": 2},
        {"max_new_tokens": 7},
        {"stop": ("\n",)},
        {"sample": False},
    ],
)
def test_another_way_of_sampling_has_other_keys(changed: dict[str, Any]) -> None:
    draw = (7, "USA", 0, "q1")
    one = text_key(settings("converse", ENGINE, Sampling()), PROMPT, draw, HINT)
    assert text_key(settings("converse", ENGINE, Sampling(**changed)), PROMPT, draw, HINT) != one


def test_what_an_engine_says_of_its_beams_is_in_the_keys_of_those_alone() -> None:
    newer = {**ENGINE, "beams_revision": 2}
    assert settings("score", newer) == settings("score", ENGINE)
    assert settings("converse", newer, Sampling()) == settings("converse", ENGINE, Sampling())
    search = Sampling(sample=False, beams=2)
    assert settings("converse", newer, search).digest != settings("converse", ENGINE, search).digest


def test_deterministic_decoding_has_no_temperature() -> None:
    one, other = Sampling(sample=False, temperature=0.3, top_k=9), Sampling(sample=False, temperature=2.0)
    assert decoding(one) == decoding(other) and decoding(Sampling(top_k=9)) == Sampling(top_k=9)


@pytest.mark.parametrize(
    "prompt",
    [
        Prompt((Turn("user", "Why"),), "?Answer:"),
        Prompt((Turn("user", "Why?"), Turn("user", "")), "Answer:"),
        Prompt((Turn("user", "Why?"),), "Answer: "),
        Prompt((Turn("user", "Why?Answer:"),), ""),
        Prompt((Turn("system", "Why?"),), "Answer:"),
        Prompt((Turn("user", "W"), Turn("user", "hy?")), "Answer:"),
    ],
)
def test_other_words_have_other_keys(prompt: Prompt) -> None:
    how = settings("score", ENGINE)
    assert score_key(how, prompt, SPELLINGS, HINT) != score_key(how, PROMPT, SPELLINGS, HINT)


def test_other_spellings_have_other_keys_and_kinds_never_meet() -> None:
    how = settings("score", ENGINE)
    assert score_key(how, PROMPT, (("A",), (" A", "B", " B")), HINT) != score_key(how, PROMPT, SPELLINGS, HINT)
    assert settings("score", ENGINE).digest != settings("converse", ENGINE).digest


def test_a_draw_is_in_the_key_of_a_sampled_text_alone() -> None:
    how = settings("converse", ENGINE, Sampling())
    keys = {
        text_key(how, PROMPT, draw, HINT)
        for draw in [None, (7, "USA", 0, "q1"), (8, "USA", 0, "q1"), (7, "USA", 1, "q1"), (7, "USA", 0, "q2")]
    }
    assert len(keys) == 5
    assert len({stream(key) for key in keys}) == 5 and all(0 <= stream(key) < 2**64 for key in keys)


def test_the_hint_is_in_the_key_only_for_engines_that_answer_by_it() -> None:
    other = Hint("q2", "USA", (0, 1))
    real, told = settings("score", ENGINE), settings("score", {**ENGINE, "answers_by": "hint"})
    assert score_key(real, PROMPT, SPELLINGS, HINT) == score_key(real, PROMPT, SPELLINGS, other)
    assert score_key(told, PROMPT, SPELLINGS, HINT) != score_key(told, PROMPT, SPELLINGS, other)


def _moved(one: Plan) -> Plan:
    stages = [stage.model_copy(update={"origin": Origin(file="b.audit", line=9, column=3)}) for stage in one.stages]
    return one.model_copy(update={"stages": tuple(reversed(stages)), "name": "other", "title": "Other", "version": "2"})


def _renamed(one: Plan) -> Plan:
    names = {"us": "states", "cn": "china"}
    stages = tuple(
        stage.model_copy(
            update={
                "name": f"x{number}",
                "block": "x",
                "model": "m",
                "survey": "s",
                "populations": tuple(names[name] for name in stage.populations),  # type: ignore[union-attr]
                "language": {names[name]: language for name, language in stage.language.items()},  # type: ignore[union-attr]
            }
        )
        for number, stage in enumerate(one.stages)
    )
    return one.model_copy(
        update={
            "stages": stages,
            "models": {"m": model(latency=0.001).model_copy(update={"like": "s", "title": "Other"})},
            "surveys": {"s": one.surveys["values"]},
            "populations": {names[name]: population for name, population in POPULATIONS.items()},
        }
    )


@pytest.mark.parametrize("edit", [_moved, _renamed])
def test_moving_and_renaming_ask_nothing(tmp_path: Path, asked: Asked, edit: Callable[[Plan], Plan]) -> None:
    first = ask(plan(), tmp_path)
    asked.forget()
    second = ask(edit(plan()), tmp_path)
    assert not asked and second.cells["reused"] == first.cells["planned"]


@pytest.mark.parametrize(
    "changed",
    [
        {"models": {"sim": model(tilt=0.5)}},
        {"models": {"sim": model(seed=1)}},
        {"surveys": {"values": survey(6, (4,))}},
        {"stages": (converse(wording={**TURN_WORDING, "en": TURN_WORDING["zh"]}, populations=("us",)),)},
        {"stages": (converse(temperature=0.5),)},
        {"stages": (converse(seed=8),)},
        {"stages": (converse(max_new_tokens=5),)},
    ],
)
def test_what_can_change_an_answer_is_asked_again(tmp_path: Path, asked: Asked, changed: dict[str, Any]) -> None:
    ask(plan(converse()), tmp_path)
    asked.forget()
    again = ask(plan(**{"stages": (converse(),), **changed}), tmp_path)
    assert again.cells["reused"] == 0 and asked


def test_an_edited_item_is_asked_again_and_no_other_score(tmp_path: Path, asked: Asked) -> None:
    ask(plan(score()), tmp_path)
    asked.forget()
    edited = ask(plan(score(), surveys={"values": survey(texts={2: "What now?"})}), tmp_path)
    assert asked.items == {"q2"} and edited.cells["asked"] == edited.cells["planned"] * 4 // 22


def test_an_edited_item_is_asked_again_and_the_turns_that_remember_it(tmp_path: Path, asked: Asked) -> None:
    stage = converse(draws=12, memory=Range(low=0, high=2))
    ask(plan(stage), tmp_path)
    before = set(asked)
    asked.forget()
    after = ask(plan(stage, surveys={"values": survey(texts={2: "What now?"})}), tmp_path)
    # A turn may be asked again without the edited item in sight, where it remembers an answer that came out otherwise.
    assert asked.items == {"q2", "q3", "q4", "q5"} and not before & set(asked)
    q3 = [request for request in asked if request.hint.item == "q3"]
    assert q3 and all(any("What now?" in turn.text for turn in request.prompt.turns) for request in q3)
    assert after.cells["reused"] > after.cells["asked"] > 0


def test_an_edited_item_is_asked_again_alone_where_nobody_remembers_it(tmp_path: Path, asked: Asked) -> None:
    stage = converse(memory=Range(low=0, high=0))
    ask(plan(stage), tmp_path)
    asked.forget()
    ask(plan(stage, surveys={"values": survey(texts={2: "What now?"})}), tmp_path)
    assert asked.items == {"q2"}


def test_more_draws_reuse_the_earlier_ones(tmp_path: Path, asked: Asked) -> None:
    first = ask(plan(converse(draws=10)), tmp_path)
    asked.forget()
    second = ask(plan(converse(draws=25)), tmp_path)
    assert second.cells["reused"] == first.cells["planned"] == 120 and second.cells["asked"] == 180
    for one, more in zip(first.answers, second.answers, strict=True):
        assert one.choices is not None and more.choices is not None
        assert (more.choices[:10] == one.choices).all()


def test_an_added_item_at_the_end_asks_itself_alone(tmp_path: Path, asked: Asked) -> None:
    people = survey(7)
    ask(plan(converse(items=6), surveys={"values": people}), tmp_path)
    asked.forget()
    ask(plan(converse(items=7), surveys={"values": people}), tmp_path)
    assert asked.items == {"q6"}
