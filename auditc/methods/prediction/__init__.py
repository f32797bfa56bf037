"""Prediction of texts: how well a model predicts plain prose, as a measure of what a training cost.

Nothing is asked. Each text is given to the model as it stands, the same for every model: as plain text without a chat
template, after the token for the beginning of a text where the tokenizer puts one. Of each token the model says how
likely it was after those before it, exact, out of the full softmax; a text's first token is not predicted where nothing
stands before it. A text longer than the model's window is a failure, and counted as one.
A token is the model's own: perplexities compare a model with what it was trained into, and not models with different
tokenizers; bits per byte do that.
Source: Jelinek, Mercer, Bahl and Baker (1977), Perplexity: a measure of the difficulty of speech recognition tasks.
"""

from __future__ import annotations

from auditc.ir.audit import SurveyUse
from auditc.ir.plan import Predict
from auditc.ir.reading import Reading
from auditc.ir.values import Form
from auditc.methods._contract import Method


class Params(Form):
    """Nothing to set."""


def _stages(use: SurveyUse) -> tuple[Predict, ...]:
    return tuple(Predict(name=f"{use.name}/{model}", **use.asked_of(model), items=use.items) for model in use.models)


def _read(text: str, options: tuple[str, ...], language: str) -> Reading:
    """No text is written, so that there is none to be read."""
    return Reading(None, "unparsable", "nothing is asked")


prediction = Method(
    title="Prediction of texts",
    params=Params,
    gives=frozenset({"likelihoods"}),
    languages=frozenset({"en", "zh"}),
    variables=frozenset(),
    stages=_stages,
    read=_read,
    always=("answer_rate", "bits_per_byte"),
    asks="texts",
)
