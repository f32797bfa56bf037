"""Diversity-Enhanced Framework: simulated participants who answer the whole questionnaire, each with own settings.

One draw is one participant: a place by population weights, a group by quotas, a memory length, a number of beams,
sampling on or off, fixed for the draw. It answers all items in order and remembers at most so many earlier turns that
had a parsed answer.
Source: Liu et al. (2025), the Diversity-Enhanced Framework, section 4 and its algorithm; `beams = 0`, which the paper's
formula allows, is out of range here, and forgetting is without replacement. `beams` and `sampling` default to what
every engine can do; the paper's settings (`beams = 1..5`, `sampling = [on, off]`) need an engine with beam sampling.

Place and group, beams and sampling, and memory are what varies between participants: `vary` names which of them do,
`ablations` which conditions are asked beside, each without one of them, without all, or in the other language.
How well its parser reads answers is measured on answers labelled one by one: docs/parser.md.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from annotated_types import Ge, Gt, Le

from auditc.ir.audit import SurveyUse
from auditc.ir.lists import ListWording
from auditc.ir.plan import Converse, Wording
from auditc.ir.questions import on_scale
from auditc.ir.reading import Choices, Reading
from auditc.ir.values import Form, Range, RefTo, Tokens, Unit, Within
from auditc.methods._contract import Method
from auditc.reading import read_choice, read_choices

from .second import rereads

INTRODUCTION = {
    "en": "I want you to act as a citizen of {{ country }}{% if place %} who lives in {{ place }}{% endif %}."
    "{% if group %} You are one of this group of people: {{ group }}.{% endif %}",
    "zh": "请你扮演一位{{ country }}公民{% if place %}，家住{{ place }}{% endif %}。"
    "{% if group %}你属于以下人群：{{ group }}。{% endif %}",
}
"""What the model is told to be, where the spec names no persona."""

QUESTION = {
    "en": """

Choose exactly one of the {{ count }} options below. First write "Answer:" and the number of the option, then write \
"Explanation:" and one sentence that explains the choice.

Request: {{ question }}
{% for option in options %}{{ option.label }}. {{ option.text }}
{% endfor %}""",
    "zh": """

请从下面{{ count }}个选项中只选一个。先写“答案：”和选项的编号，再写“解释：”并用一句话说明理由。

问题：{{ question }}
{% for option in options %}{{ option.label }}. {{ option.text }}
{% endfor %}""",
}

SCALE = {
    "en": """

Choose one number from {{ (options | first).text }} to {{ (options | last).text }}. First write "Answer:" and the \
number, then write "Explanation:" and one sentence that explains the choice.

Request: {{ question }}""",
    "zh": """

请从{{ (options | first).text }}到{{ (options | last).text }}中只选一个数字。先写“答案：”和数字，再写“解释：”并用一句话\
说明理由。

问题：{{ question }}""",
}
"""An item whose options are numbers with words at the ends alone: a list of bare numbers says nothing."""

LIST = {
    "en": """

Choose {% if not at_least %}up to {{ at_most }}, or none,{% elif at_least == at_most %}exactly {{ at_most }}\
{% else %}from {{ at_least }} to {{ at_most }}{% endif %} of the {{ count }} options below. First write "Answer:" and \
the numbers of the options with commas between them, then write "Explanation:" and one sentence that explains the \
choice.

Request: {{ question }}
{% for option in options %}{{ option.label }}. {{ option.text }}
{% endfor %}""",
    "zh": """

请从下面{{ count }}个选项中{% if not at_least %}选出最多{{ at_most }}个，也可以都不选{% elif at_least == at_most %}选出\
{{ at_most }}个{% else %}选出{{ at_least }}到{{ at_most }}个{% endif %}。先写“答案：”和所选选项的编号，\
编号之间用逗号隔开，再写“解释：”并用一句话说明理由。

问题：{{ question }}
{% for option in options %}{{ option.label }}. {{ option.text }}
{% endfor %}""",
}
"""Items that are asked together."""

NOTHING = {"en": "none of these", "zh": "都不选"}
COMMA = {"en": ", ", "zh": "、"}
"""How an answer to a list is remembered."""

OPENING = {"en": "Answer:", "zh": "答案："}
"""Put in the model's mouth: without it small chat models hardly ever answer in the format."""

Varied = Literal["prompt", "config", "memory"]
Ablation = Literal["prompt", "config", "memory", "all", "language"]

CONDITIONS: Final[dict[str, str]] = {
    "prompt": "without_prompt",
    "config": "without_config",
    "memory": "without_memory",
    "all": "nothing_varied",
    "language": "other_language",
}
"""What the condition is called that an ablation adds."""

STOP = ("\nRequest:", "\n问题：")
"""A base model would go on and ask itself the next item."""


class Params(Form):
    """What the author of a `def_survey` block may set."""

    draws: Annotated[int, Unit("count"), Gt(0), Le(1_000_000)] = 50
    """Simulated participants for each model and population."""
    memory: Annotated[Range, Within(0)] = Range(low=0, high=15)
    """How many earlier turns a participant remembers, drawn uniformly for each."""
    beams: Annotated[Range, Within(1)] = Range(low=1, high=1)
    """Beams of the search, drawn uniformly for each participant."""
    sampling: tuple[bool, ...] = (True,)
    """Whether a participant samples, drawn uniformly out of the list for each."""
    item_order: Literal["fixed", "shuffled", "blocked"] = "fixed"
    """`fixed` is the survey's order. `shuffled` gives each participant the items in an order of its own, `blocked` the
    value dimensions: the items of one stay together, in the survey's order."""
    vary: tuple[Varied, ...] = ("prompt", "config", "memory")
    """What varies between participants: `prompt`, place and group; `config`, beams and sampling; `memory`. Without
    `prompt` no place and no group is named, without `config` everyone samples with one beam, without `memory` nobody
    remembers."""
    ablations: tuple[Ablation, ...] = ()
    """Conditions that are asked beside: without one of what varies, without `all` of it, or in the other `language`."""
    second_reading: Annotated[str, RefTo("model")] | None = None
    """A model to which answers are put that the parser cannot read, to say which option they choose, or none. What
    comes of it are figures of a condition of its own, `second_reading`; nothing else changes."""
    max_new_tokens: Tokens = 512
    """The longest answer to one item."""
    temperature: Annotated[float, Unit("number"), Ge(0.01)] = 1.0
    """How evenly a participant that samples draws: below 1 favours likely words."""


def _stages(use: SurveyUse) -> tuple[Converse, ...]:
    params: Params = use.params
    own = use.languages
    stages: list[Converse] = []
    for model in use.models:
        stages.append(_stage(use, model, "asked", frozenset(params.vary), own))
        for ablation in params.ablations:
            varied = frozenset(() if ablation == "all" else params.vary) - {ablation}
            spoken = other_languages(use) if ablation == "language" else own
            stages.append(_stage(use, model, CONDITIONS[ablation], varied, spoken))
    return tuple(stages)


def other_languages(use: SurveyUse) -> dict[str, str]:
    """For each population the other one of the two languages that the items are worded in. Raises ValueError where
    there are not two, which the compiler has ruled out."""
    one, other = sorted(use.survey.items[0].text)
    return {name: other if language == one else one for name, language in use.languages.items()}


def _stage(use: SurveyUse, model: str, condition: str, varied: frozenset[str], spoken: dict[str, str]) -> Converse:
    params: Params = use.params
    asked: dict[str, Any] = {**use.asked_of(model), "language": spoken}
    return Converse(
        name=f"{use.name}/{model}" if condition == "asked" else f"{use.name}/{model}/{condition}",
        **asked,
        items=use.items,
        wording={language: _wording(use, language) for language in sorted(set(spoken.values()))},
        labels="numbers",
        condition=condition,
        draws=params.draws,
        told="prompt" in varied,
        memory=params.memory if "memory" in varied else Range(low=0, high=0),
        beams=params.beams if "config" in varied else Range(low=1, high=1),
        sampling=params.sampling if "config" in varied else (True,),
        item_order=params.item_order,
        max_new_tokens=params.max_new_tokens,
        temperature=params.temperature,
        stop=STOP,
        lists=_lists(use, spoken),
        scales=_scales(use, spoken),
    )


def _wording(use: SurveyUse, language: str, question: dict[str, str] = QUESTION) -> Wording:
    return Wording(text=_introduced(use, language, question), opening=OPENING[language])


def _introduced(use: SurveyUse, language: str, question: dict[str, str]) -> str:
    introduction = use.persona.wording(language) if use.persona else INTRODUCTION[language]
    return introduction.strip() + question[language].rstrip()


def _scales(use: SurveyUse, spoken: dict[str, str]) -> dict[str, Wording]:
    """How scales are asked, where there are any."""
    asked = set(use.items)
    if not any(on_scale(item) for item in use.survey.items if item.id in asked):
        return {}
    return {language: _wording(use, language, SCALE) for language in sorted(set(spoken.values()))}


def _lists(use: SurveyUse, spoken: dict[str, str]) -> dict[str, ListWording]:
    """How lists are asked, where at least two items of one are."""
    asked = set(use.items)
    listed = [item.listed.id for item in use.survey.items if item.listed and item.id in asked]
    if len(set(listed)) == len(listed):
        return {}
    return {
        language: ListWording(
            text=_introduced(use, language, LIST),
            opening=OPENING[language],
            comma=COMMA[language],
            nothing=NOTHING[language],
        )
        for language in sorted(set(spoken.values()))
    }


def _read(text: str, options: tuple[str, ...], language: str) -> Reading:
    return read_choice(text, options, language, "numbers")


def _read_list(text: str, options: tuple[str, ...], language: str, at_least: int, at_most: int) -> Choices:
    return read_choices(text, options, language, "numbers", at_least, at_most)


def_survey = Method(
    title="Diversity-Enhanced Framework (simulated participants)",
    params=Params,
    gives=frozenset({"draws"}),
    languages=frozenset(QUESTION),
    variables=frozenset({"country", "place", "group"}),
    stages=_stages,
    read=_read,
    read_list=_read_list,
    rereads=rereads,
    always=("answer_rate",),
)
