"""The compiler's diagnostics: one fixed sentence for each code, and the function that reports it."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Final

from auditc.diagnostics import Diagnostic, Label, Severity, Sink, Span
from auditc.diagnostics.suggest import suggest

ERRORS: Final = {
    # files
    "AC010": "the file cannot be read",
    "AC011": "the path leaves the workspace",
    "AC012": "the file is not UTF-8 text",
    "AC013": "files import each other in a circle",
    "AC014": "an imported file cannot hold this block",
    "AC015": "a name is taken out of a file that is not imported",
    # data files
    "AC020": "the CSV is malformed",
    "AC021": "the JSON lines are malformed",
    "AC022": "the table lacks a column",
    "AC023": "the table has a column that nothing reads",
    "AC024": "the table has no rows",
    "AC025": "a cell is empty",
    "AC026": "a weight is not a number of at least 0",
    "AC030": "an item is there twice",
    "AC031": "the scale is unknown",
    "AC032": "the languages do not have the same number of options",
    "AC033": "an option is there twice",
    "AC034": "an item has too few or too many options",
    "AC035": "there is not one share for each option",
    "AC036": "a share is not a number of at least 0",
    "AC037": "the shares do not add up to 1",
    "AC038": "the shares belong to no item",
    "AC039": "the number of people is missing or below 1",
    "AC040": "the status of the number of people is unknown",
    "AC041": "the shares of a group are there twice",
    # names
    "AC201": "unknown kind of block",
    "AC202": "the name is declared twice",
    "AC203": "the spec has no audit block",
    "AC204": "the spec has more than one audit block",
    "AC205": "unknown key",
    "AC206": "the key is there twice",
    "AC207": "a required key is missing",
    "AC208": "unknown name",
    "AC209": "the name stands for something else",
    "AC210": "the block needs a name",
    "AC211": "the block takes no name",
    "AC212": "an attribute is written as a block, or a block as an attribute",
    "AC213": "unknown word",
    "AC214": "unknown function",
    "AC215": "the constant is defined by itself",
    "AC216": "the name is a word of the language",
    # types
    "AC301": "the value is of another type",
    "AC302": "unknown unit",
    "AC303": "the unit does not fit",
    "AC304": "the number is outside what is allowed",
    "AC305": "a whole number is needed",
    "AC306": "the range begins with its larger end",
    "AC307": "the list is too short or too long",
    "AC308": "the list holds a value twice",
    "AC309": "the arguments do not fit the function",
    "AC310": "an environment variable has no place here",
    "AC311": "the arithmetic cannot be done",
    "AC312": "the text does not have the form that is needed",
    "AC313": "the values do not fit together",
    "AC320": "the prompt is not a well-formed template",
    "AC321": "the prompt uses an unknown variable",
    "AC322": "the prompt does what a prompt may not do",
    "AC323": "the prompt is missing in a language",
    "AC330": "the items are chosen by an ill-formed condition",
    "AC331": "no items are left to ask",
    "AC332": "more items are sampled than there are",
    "AC340": "the claim is not one comparison",
    "AC341": "the comparison cannot be decided by an interval",
    "AC342": "the claim reads a metric that is not measured",
    "AC343": "the claim leaves an axis open",
    "AC344": "an axis has no such value",
    "AC345": "the axis is not free here",
    "AC346": "the claim holds an expression that has no place in it",
    # sense
    "AC401": "the metric applies to none of the items",
    "AC403": "the metric needs answers of another kind",
    "AC404": "the metric compares with people, and the survey has none",
    "AC405": "the reference lacks a country that is asked",
    "AC406": "the reference lacks items that are asked",
    "AC407": "the items are not worded in the population's language",
    "AC408": "the language is not spoken",
    "AC411": "the model is not pinned",
    "AC412": "a secret stands in the spec",
    "AC413": "the control draws from too few countries",
    "AC417": "the country has no name in the language it is asked in",
    "AC418": "the weights and the backend do not go together",
    "AC419": "the prompt names a place, and the population has none",
}
"""What stops the compiler."""

WARNINGS: Final = {
    "AC402": "the metric leaves items out",
    "AC409": "few draws",
    "AC410": "several claims are made without correction",
    "AC414": "few people stand behind the human shares",
    "AC415": "the block is never used",
    "AC416": "one prompt serves several languages",
    "AC420": "the claim cannot come out both ways",
    "AC421": "the spec asks nothing",
}
"""What does not."""


class Poison(enum.Enum):
    """In place of a value whose mistake has been reported: whoever meets it says nothing more about it."""

    POISON = "poison"


POISON: Final = Poison.POISON


def report(
    sink: Sink, code: str, span: Span, label: str = "", *, remedy: str = "", related: Iterable[Label] = ()
) -> Poison:
    """Report a mistake under its code; gives POISON, so that a caller can return what it gives."""
    severity, message = (Severity.ERROR, ERRORS[code]) if code in ERRORS else (Severity.WARNING, WARNINGS[code])
    sink.report(Diagnostic(code, message, Label(span, label), remedy, tuple(related), severity))
    return POISON


def close(word: str, candidates: Iterable[str]) -> str:
    """`did you mean …?` when something close exists, else nothing."""
    found = suggest(word, candidates)
    return f"did you mean `{found}`?" if found else ""


def listing(words: Iterable[str], limit: int = 12) -> str:
    """Words for a sentence: in backquotes, with commas, cut when there are many."""
    quoted = [f"`{word}`" for word in words]
    shown = ", ".join(quoted[:limit])
    return f"{shown} and {len(quoted) - limit} more" if len(quoted) > limit else shown


def remedies(*sentences: str) -> str:
    """The remedies that are not empty, in one line."""
    return "; ".join(sentence for sentence in sentences if sentence)
