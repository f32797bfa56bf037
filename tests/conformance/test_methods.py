"""What every method on the shelf must hold to; a new method is tested here without a line being added."""

from __future__ import annotations

import pytest

from auditc.ir.audit import MethodUse, Persona, ScriptUse, SurveyUse
from auditc.ir.plan import Converse, Escalate, Item, Model, Origin, People, Population, Predict, Score, Survey, Thing
from auditc.ir.script import Scenarios, ScenarioStep, Script
from auditc.ir.script import Step as PlannedStep
from auditc.ir.values import Table
from auditc.methods import methods
from auditc.methods.escalation import Step
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
DILEMMA = ScenarioStep(text={"en": "?", "zh": "？"}, choices={name: {"en": name, "zh": name} for name in "ab"})
SCENARIOS = Scenarios(scenarios={"one": (DILEMMA, DILEMMA)}, digest="0")
SCRIPT = Script(
    steps=(PlannedStep(name="1", choices=("a", "b"), then="2"), PlannedStep(name="2", choices=("a", "b"), then="end")),
    least=2,
    most=2,
    paths=1,
)
NEEDED: dict[str, dict[str, object]] = {"escalation": {"step": (Step(label=None, choices=("a", "b")),)}}
"""What a method cannot do without."""
MODEL = Model(title="m", family="f", origin="west", stage="base", weights=None, backend=Thing(kind="simulated"))


def _use(name: str, **changes: object) -> MethodUse:
    settings: dict[str, object] = {
        "name": "block",
        "method": name,
        "params": methods.take(name).params(**NEEDED.get(name, {})),
        "models": {"one": MODEL, "two": MODEL},
        "persona": None,
        "metrics": (),
        "seed": 7,
        "origin": ORIGIN,
    }
    if methods.take(name).asks == "scenarios":
        led: dict[str, object] = {"scenarios_name": "block", "scenarios": SCENARIOS, "script": SCRIPT, "language": "zh"}
        led |= {"populations": {}, "framework_name": "", "framework": None}
        return ScriptUse(**(settings | led | changes))  # type: ignore[arg-type]
    surveyed: dict[str, object] = {
        "survey_name": "values",
        "survey": SURVEY,
        "items": tuple(item.id for item in ITEMS),
        "populations": {
            "a": Population(country="A", named={"en": "A", "zh": "甲"}, language="en"),
            "b": Population(country="B", named={"en": "B", "zh": "乙"}, language="zh"),
        },
    }
    return SurveyUse(**(settings | surveyed | changes))  # type: ignore[arg-type]


SURVEYING = [name for name in methods.names() if methods.take(name).asks == "survey"]
READING = [name for name in methods.names() if methods.take(name).asks == "texts"]
LEADING = [name for name in methods.names() if methods.take(name).asks == "scenarios"]


@pytest.fixture(params=methods.names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_its_defaults_are_valid_and_documented(name: str) -> None:
    method = methods.take(name)
    method.params(**NEEDED.get(name, {}))
    required = {key for key, info in method.params.model_fields.items() if info.is_required()}
    assert required == NEEDED.get(name, {}).keys()
    assert method.title and method.params.__doc__


def test_its_stages_ask_every_model_and_are_named_after_the_block(name: str) -> None:
    stages = methods.take(name).stages(_use(name))
    assert {stage.model for stage in stages} == {"one", "two"}
    assert len({stage.name for stage in stages}) == len(stages)
    for stage in stages:
        assert stage.name.startswith("block/") and stage.block == "block" and stage.method == name
        assert stage.origin == ORIGIN and stage.seed == 7


@pytest.mark.parametrize("name", SURVEYING)
def test_the_stages_of_a_survey_ask_its_items_in_every_language(name: str) -> None:
    for stage in methods.take(name).stages(_use(name)):
        assert isinstance(stage, Score | Converse)
        assert set(stage.items) <= {item.id for item in ITEMS}
        assert set(stage.wording) == {"en", "zh"}


@pytest.mark.parametrize("name", READING)
def test_the_stages_of_texts_give_all_of_them_and_ask_nothing(name: str) -> None:
    for stage in methods.take(name).stages(_use(name)):
        assert isinstance(stage, Predict)
        assert stage.items == tuple(item.id for item in ITEMS) and not stage.wording


@pytest.mark.parametrize("name", LEADING)
def test_the_stages_of_scenarios_follow_the_script_in_the_language_of_the_block(name: str) -> None:
    for stage in methods.take(name).stages(_use(name)):
        assert isinstance(stage, Escalate)
        assert (stage.script, stage.scenarios, stage.framework, stage.language) == (SCRIPT, "block", "", "zh")


def test_its_stages_are_a_pure_function_of_the_use(name: str) -> None:
    assert methods.take(name).stages(_use(name)) == methods.take(name).stages(_use(name))


def test_it_gives_what_it_says(name: str) -> None:
    stages = methods.take(name).stages(_use(name))
    main = [stage for stage in stages if not (isinstance(stage, Converse) and stage.condition == "written")]
    gives = {Score: "probabilities", Converse: "draws", Escalate: "choices", Predict: "likelihoods"}
    kinds = {gives[type(stage)] for stage in main}
    assert kinds == methods.take(name).gives


@pytest.mark.parametrize("name", SURVEYING)
def test_a_persona_takes_the_place_of_the_introduction_in_each_language(name: str) -> None:
    persona = Persona("p", {"en": "You are {{ country }}.", "zh": "你是{{ country }}。"}, ORIGIN)
    for stage in methods.take(name).stages(_use(name, persona=persona)):
        assert isinstance(stage, Score | Converse)
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
