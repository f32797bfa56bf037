"""What every method on the shelf must hold to; a new method is tested here without a line being added."""

from __future__ import annotations

import pytest

from auditc.ir.audit import MethodUse, Persona
from auditc.ir.plan import Converse, Item, Model, Origin, People, Population, Score, Survey, Thing
from auditc.ir.values import Table
from auditc.methods import methods
from auditc.metrics import metrics

ORIGIN = Origin(file="s.audit", line=1, column=1)
ITEMS = tuple(
    Item(
        id=f"q{n}",
        scale="ordinal",
        dimension="trust",
        text={"en": f"How much do you trust group {n}?", "zh": f"您有多信任第{n}个群体？"},
        options={"en": ("A lot", "Some", "None"), "zh": ("很多", "一些", "没有")},
    )
    for n in range(4)
)
PEOPLE = {item.id: People(n=1000, nominal=False, shares=(0.2, 0.5, 0.3)) for item in ITEMS}
SURVEY = Survey(items=ITEMS, people={"A": PEOPLE, "B": PEOPLE}, digests={})
MODEL = Model(title="m", family="f", origin="west", stage="base", weights=None, backend=Thing(kind="simulated"))


def _use(name: str, **changes: object) -> MethodUse:
    settings: dict[str, object] = {
        "name": "block",
        "method": name,
        "params": methods.take(name).params(),
        "survey_name": "values",
        "survey": SURVEY,
        "items": tuple(item.id for item in ITEMS),
        "models": {"one": MODEL, "two": MODEL},
        "populations": {
            "a": Population(country="A", named={"en": "A", "zh": "甲"}, language="en"),
            "b": Population(country="B", named={"en": "B", "zh": "乙"}, language="zh"),
        },
        "persona": None,
        "metrics": (),
        "seed": 7,
        "origin": ORIGIN,
    }
    return MethodUse(**(settings | changes))  # type: ignore[arg-type]


@pytest.fixture(params=methods.names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_its_defaults_are_valid_and_documented(name: str) -> None:
    method = methods.take(name)
    method.params()
    assert method.title and method.params.__doc__


def test_its_stages_ask_every_model_and_are_named_after_the_block(name: str) -> None:
    stages = methods.take(name).stages(_use(name))
    assert {stage.model for stage in stages} == {"one", "two"}
    assert len({stage.name for stage in stages}) == len(stages)
    for stage in stages:
        assert stage.name.startswith("block/") and stage.block == "block" and stage.method == name
        assert stage.origin == ORIGIN and stage.seed == 7
        assert set(stage.items) <= {item.id for item in ITEMS}
        assert set(stage.wording) == {"en", "zh"}


def test_its_stages_are_a_pure_function_of_the_use(name: str) -> None:
    assert methods.take(name).stages(_use(name)) == methods.take(name).stages(_use(name))


def test_it_gives_what_it_says(name: str) -> None:
    stages = methods.take(name).stages(_use(name))
    main = [stage for stage in stages if not (isinstance(stage, Converse) and stage.condition == "written")]
    kinds = {"probabilities" if isinstance(stage, Score) else "draws" for stage in main}
    assert kinds == methods.take(name).gives


def test_a_persona_takes_the_place_of_the_introduction_in_each_language(name: str) -> None:
    persona = Persona("p", {"en": "You are {{ country }}.", "zh": "你是{{ country }}。"}, ORIGIN)
    for stage in methods.take(name).stages(_use(name, persona=persona)):
        assert stage.wording["en"].text.startswith("You are {{ country }}.")
        assert stage.wording["zh"].text.startswith("你是{{ country }}。")


@pytest.mark.parametrize("text", ["", " 1.", "???", "\x00", "A" * 10_000, "抱歉，我不能回答"])
def test_its_reader_is_total(name: str, text: str) -> None:
    for language, options in ITEMS[0].options.items():
        reading = methods.take(name).read(text, options, language)
        assert (reading.option is not None) == (reading.reason == "answered")


def test_what_it_always_measures_is_on_the_shelf(name: str) -> None:
    assert set(methods.take(name).always) <= set(metrics.names())


def test_the_control_names_other_countries_in_every_language() -> None:
    first_token = methods.take("first_token")
    table = Table(path="c.csv", digest="", columns=("name.en", "name.zh"), rows=(("X", "子"), ("Y", "丑")))
    params = first_token.params(control={"among": table})
    score = first_token.stages(_use("first_token", params=params))[0]
    assert isinstance(score, Score)
    assert [condition.name for condition in score.conditions] == ["asked", "shuffled_countries"]
    assert score.conditions[1].countries == ({"en": "X", "zh": "子"}, {"en": "Y", "zh": "丑"})


def test_items_answered_in_words_do_not_depend_on_the_order_of_items() -> None:
    first_token = methods.take("first_token")
    params = first_token.params(in_words=0.5)
    forward = first_token.stages(_use("first_token", params=params))[1]
    ids = tuple(reversed([item.id for item in ITEMS]))
    backward = first_token.stages(_use("first_token", params=params, items=ids))[1]
    assert isinstance(forward, Converse) and isinstance(backward, Converse)
    assert set(forward.items) == set(backward.items) and len(forward.items) == 2
