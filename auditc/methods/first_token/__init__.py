"""First-token probabilities: how likely the model makes each option's letter at the place where the answer begins.

P(option) is the softmax over the whole vocabulary at the answer position, summed over the declared spellings of the
option's letter, exact, without a top-k cut; then averaged over rotations of the options' order. What the options hold
together before normalising is the mass on the options, a figure of its own: where it is low, these are not the model's
answers. On a sample of the items the model is also asked to answer in words, and the two are compared.
Source: Cao et al. (2025), Specializing LLMs to simulate survey response distributions; own wording, own rotations.
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

from auditc.ir.audit import SurveyUse
from auditc.ir.canonical import seeded
from auditc.ir.plan import Condition, Converse, Score, Wording
from auditc.ir.reading import Reading
from auditc.ir.values import Body, Columns, Form, Positive, Range, Share, Table, Tokens
from auditc.methods._contract import Method
from auditc.reading import read_choice

INTRODUCTION = {
    "en": "How would an adult who lives in {{ country }} answer the survey question below?",
    "zh": "一位生活在{{ country }}的成年人会怎样回答下面的调查问题？",
}
"""Whose answer is asked for, where the spec names no persona."""

QUESTION = {
    "en": """

Question: {{ question }}
{% for option in options %}({{ option.label }}) {{ option.text }}
{% endfor %}
Give the letter of one option.""",
    "zh": """

问题：{{ question }}
{% for option in options %}({{ option.label }}) {{ option.text }}
{% endfor %}
请给出一个选项的字母。""",
}

OPENING = {"en": "Answer: (", "zh": "答案：("}
"""The next token is the option's letter."""

OPENING_IN_WORDS = {"en": "Answer:", "zh": "答案："}


class ShuffledCountries(Body):
    """Control: each item names a country drawn from `among` in place of the population's own."""

    word: ClassVar[str] = "shuffled_countries"
    among: Annotated[Table, Columns(("name.*",))]
    """The countries, by their names in each language that is asked in."""


class Params(Form):
    """What the author of a `first_token` block may set."""

    orders: Positive = 5
    """Rotations of the options' order that each item is asked in, at most as many as it has options."""
    control: ShuffledCountries | None = None
    """A second condition, asked of the same items."""
    low_mass: Share = 0.1
    """A cell whose options hold less of the probability than this is unparsable."""
    in_words: Share = 0.1
    """The share of items that are also asked to be answered in words, for comparison; 0 for none."""
    max_new_tokens: Tokens = 24
    """For answers in words."""


def _stages(use: SurveyUse) -> tuple[Score | Converse, ...]:
    params: Params = use.params
    stages: list[Score | Converse] = []
    for model in use.models:
        stages.append(_score(use, params, model))
        if params.in_words > 0:
            stages.append(_in_words(use, params, model))
    return tuple(stages)


def _score(use: SurveyUse, params: Params, model: str) -> Score:
    return Score(
        name=f"{use.name}/{model}",
        **use.asked_of(model),
        items=use.items,
        wording={language: _wording(use, language, OPENING) for language in sorted(set(use.languages.values()))},
        labels="letters",
        conditions=_conditions(params),
        orders=params.orders,
        low_mass=params.low_mass,
    )


def _in_words(use: SurveyUse, params: Params, model: str) -> Converse:
    """The same question with the answer left open, asked once of each sampled item and decoded deterministically."""
    count = math.ceil(params.in_words * len(use.items))
    chosen = sorted(use.items, key=lambda item: seeded(use.seed, use.name, "in words", item))[:count]
    return Converse(
        name=f"{use.name}/{model}/written",
        **use.asked_of(model),
        items=tuple(item for item in use.items if item in set(chosen)),
        wording={
            language: _wording(use, language, OPENING_IN_WORDS) for language in sorted(set(use.languages.values()))
        },
        labels="letters",
        condition="written",
        draws=1,
        memory=Range(low=0, high=0),
        beams=Range(low=1, high=1),
        sampling=(False,),
        item_order="fixed",
        max_new_tokens=params.max_new_tokens,
        stop=("\nQuestion:", "\n问题："),
    )


def _conditions(params: Params) -> tuple[Condition, ...]:
    if params.control is None:
        return (Condition(),)
    table = params.control.among
    languages = [column.removeprefix("name.") for column in table.columns if column.startswith("name.")]
    countries = tuple(
        dict(zip(languages, names, strict=True))
        for names in zip(*(table.column(f"name.{language}") for language in languages), strict=True)
    )
    return (Condition(), Condition(name=ShuffledCountries.word, countries=countries))


def _wording(use: SurveyUse, language: str, opening: dict[str, str]) -> Wording:
    introduction = use.persona.wording(language) if use.persona else INTRODUCTION[language]
    return Wording(text=introduction.strip() + QUESTION[language], opening=opening[language])


def _read(text: str, options: tuple[str, ...], language: str) -> Reading:
    return read_choice(text, options, language, "letters")


first_token = Method(
    title="First-token probabilities",
    params=Params,
    gives=frozenset({"probabilities"}),
    languages=frozenset(QUESTION),
    variables=frozenset({"country"}),
    stages=_stages,
    read=_read,
    always=("option_mass", "position_bias", "written_agreement", "answer_rate"),
)
