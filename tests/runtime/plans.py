"""Small plans built by hand, so that the runtime is tested without the compiler."""

from __future__ import annotations

from typing import Any

from auditc.ir.plan import (
    Assess,
    Budget,
    Condition,
    Converse,
    Item,
    Model,
    Origin,
    People,
    Place,
    Plan,
    Population,
    Score,
    Survey,
    Thing,
    Wording,
)
from auditc.ir.questions import questions
from auditc.ir.values import Range
from auditc.runtime.cells import Participant, participants

ORIGIN = Origin(file="test.audit", line=1, column=1)

SCORE_WORDING = {
    "en": Wording(
        text="{{ country }}: {{ question }}\n{% for option in options %}({{ option.label }}) {{ option.text }}\n"
        "{% endfor %}Give one letter of {{ count }}.",
        opening="Answer: (",
    ),
    "zh": Wording(
        text="{{ country }}：{{ question }}\n{% for option in options %}({{ option.label }}) {{ option.text }}\n"
        "{% endfor %}请给出{{ count }}个字母之一。",
        opening="答案：(",
    ),
}
TURN_WORDING = {
    "en": Wording(
        text="You live in {{ place }}, {{ country }}. {{ question }}\n{% for option in options %}"
        "{{ option.label }}. {{ option.text }}\n{% endfor %}",
        opening="Answer:",
    ),
    "zh": Wording(
        text="你住在{{ country }}{{ place }}。{{ question }}\n{% for option in options %}"
        "{{ option.label }}. {{ option.text }}\n{% endfor %}",
        opening="答案：",
    ),
}


def item(number: int, size: int = 4, text: str = "") -> Item:
    """An item with words of its own."""
    return Item(
        id=f"q{number}",
        scale="ordinal",
        dimension=f"d{number % 3}",
        text={"en": text or f"How about matter {number}?", "zh": text or f"你怎么看第{number}件事？"},
        options={
            "en": tuple(f"view {number} {chr(97 + k)}" for k in range(size)),
            "zh": tuple(f"看法{number}之{chr(97 + k)}" for k in range(size)),
        },
    )


def survey(items: int = 6, sizes: tuple[int, ...] = (4, 3, 5), texts: dict[int, str] | None = None) -> Survey:
    """Items, and made-up people of two countries."""
    asked = tuple(item(n, sizes[n % len(sizes)], (texts or {}).get(n, "")) for n in range(items))
    people = {}
    for shift, country in enumerate(("USA", "CHN")):
        people[country] = {
            one.id: People(n=1000, nominal=False, shares=_shares(one.size, int(one.id[1:]) + shift)) for one in asked
        }
    return Survey(items=asked, people=people, digests={})


def _shares(size: int, shift: int) -> tuple[float, ...]:
    raw = [1 + (k + shift) % size for k in range(size)]
    return tuple(value / sum(raw) for value in raw)


POPULATIONS = {
    "us": Population(
        country="USA",
        named={"en": "the United States", "zh": "美国"},
        language="en",
        places=tuple(Place(name={"en": name, "zh": name}, weight=w) for name, w in (("Ohio", 1), ("Texas", 3))),
    ),
    "cn": Population(
        country="CHN",
        named={"en": "China", "zh": "中国"},
        language="zh",
        places=tuple(Place(name={"en": name, "zh": name}, weight=w) for name, w in (("河南", 2), ("四川", 1))),
    ),
}

OTHERS = tuple({"en": name, "zh": zh} for name, zh in (("Chile", "智利"), ("Kenya", "肯尼亚"), ("China", "中国")))


def model(**params: Any) -> Model:
    """A simulated model."""
    return Model(
        title="Simulated",
        family="none",
        origin="none",
        stage="none",
        weights=None,
        backend=Thing(kind="simulated", params={"like": "values", **params}),
        like="values",
    )


def score(name: str = "ft/sim", model: str = "sim", items: int = 6, **changes: Any) -> Score:
    """A Score stage over both populations, with the control."""
    fields: dict[str, Any] = {
        "name": name,
        "origin": ORIGIN,
        "block": name.split("/")[0],
        "method": "first_token",
        "model": model,
        "survey": "values",
        "populations": ("us", "cn"),
        "language": {"us": "en", "cn": "zh"},
        "items": tuple(f"q{n}" for n in range(items)),
        "wording": SCORE_WORDING,
        "labels": "letters",
        "seed": 7,
        "conditions": (Condition(), Condition(name="control", countries=OTHERS)),
        "orders": 4,
        "low_mass": 0.1,
    }
    return Score(**{**fields, **changes})


def converse(name: str = "def/sim", model: str = "sim", items: int = 6, **changes: Any) -> Converse:
    """A Converse stage over both populations."""
    fields: dict[str, Any] = {
        "name": name,
        "origin": ORIGIN,
        "block": name.split("/")[0],
        "method": "def_survey",
        "model": model,
        "survey": "values",
        "populations": ("us", "cn"),
        "language": {"us": "en", "cn": "zh"},
        "items": tuple(f"q{n}" for n in range(items)),
        "wording": TURN_WORDING,
        "labels": "numbers",
        "seed": 7,
        "draws": 10,
        "memory": Range(low=0, high=3),
        "beams": Range(low=1, high=1),
        "sampling": (True,),
        "item_order": "fixed",
        "max_new_tokens": 32,
    }
    return Converse(**{**fields, **changes})


def drawn(stage: Converse, population: Population) -> tuple[Participant, ...]:
    """The participants of a stage that asks items of the made-up survey, one by one."""
    return participants(stage, population, questions(stage, survey(len(stage.items))))


def plan(*stages: Score | Converse | Assess, budget: Budget | None = None, **changes: Any) -> Plan:
    """A plan over the made-up survey; a Score and a Converse stage unless others are given."""
    fields: dict[str, Any] = {
        "name": "test",
        "title": "Test",
        "version": "1",
        "seed": 7,
        "budget": budget or Budget(),
        "models": {"sim": model()},
        "populations": POPULATIONS,
        "surveys": {"values": survey()},
        "stages": stages or (score(), converse()),
    }
    return Plan(**{**fields, **changes})
