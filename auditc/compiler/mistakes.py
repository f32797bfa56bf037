"""The compiler's diagnostics: one fixed sentence for each code, and the function that reports it."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from auditc.diagnostics import Diagnostic, Label, Severity, Sink, Span
from auditc.diagnostics.suggest import suggest

ERRORS: Final = {
    # files
    "AC010": "The file cannot be read",
    "AC011": "The path leaves the workspace",
    "AC012": "The file is not UTF-8 text",
    "AC013": "Files import each other in a circle",
    "AC014": "An imported file cannot hold this block",
    "AC015": "A name is taken out of a file that is not imported",
    "AC016": "The package is not named by an exact version",
    "AC017": "There is no such package",
    "AC018": "The package is not there in this version",
    "AC019": "Two versions of one package are used",
    # data files
    "AC020": "The CSV is malformed",
    "AC021": "The JSON lines are malformed",
    "AC022": "The table lacks a column",
    "AC023": "The table has a column that nothing reads",
    "AC024": "The table has no rows",
    "AC025": "A cell is empty",
    "AC026": "A weight is not a number of at least 0",
    "AC027": "The recording is not as it was written",
    "AC030": "An item is there twice",
    "AC031": "The scale is unknown",
    "AC032": "The languages do not have the same number of options",
    "AC033": "An option is there twice",
    "AC034": "An item has too few or too many options",
    "AC035": "There is not one share for each option",
    "AC036": "A share is not a number of at least 0",
    "AC037": "The shares do not add up to 1",
    "AC038": "The shares belong to no item",
    "AC039": "The number of people is missing or below 1",
    "AC040": "The status of the number of people is unknown",
    "AC041": "The shares of a group are there twice",
    "AC042": "The data file is too large",
    "AC043": "An item has no such direction",
    "AC501": "A text is there twice",
    "AC050": "The list has too few or too many items",
    "AC051": "The rows of a list do not agree",
    "AC052": "An item of a list has other than two options",
    "AC053": "So many items of the list cannot be chosen",
    # names
    "AC201": "Unknown kind of block",
    "AC202": "The name is declared twice",
    "AC203": "The spec has no audit block",
    "AC204": "The spec has more than one audit block",
    "AC205": "Unknown key",
    "AC206": "The key is there twice",
    "AC207": "A required key is missing",
    "AC208": "Unknown name",
    "AC209": "The name stands for something else",
    "AC210": "The block needs a name",
    "AC211": "The block takes no name",
    "AC212": "An attribute is written as a block, or a block as an attribute",
    "AC213": "Unknown word",
    "AC214": "Unknown function",
    "AC215": "The constant is defined by itself",
    "AC216": "The name is a word of the language",
    # types
    "AC301": "The value is of another type",
    "AC302": "Unknown unit",
    "AC303": "The unit does not fit",
    "AC304": "The number is outside what is allowed",
    "AC305": "A whole number is needed",
    "AC306": "The range begins with its larger end",
    "AC307": "The list is too short or too long",
    "AC308": "The list holds a value twice",
    "AC309": "The arguments do not fit the function",
    "AC310": "An environment variable has no place here",
    "AC311": "The arithmetic cannot be done",
    "AC312": "The text does not have the form that is needed",
    "AC313": "The values do not fit together",
    "AC320": "The prompt is not a well-formed template",
    "AC321": "The prompt uses an unknown variable",
    "AC322": "The prompt does what a prompt may not do",
    "AC323": "The prompt is missing in a language",
    "AC330": "The items are chosen by an ill-formed condition",
    "AC331": "No items are left to ask",
    "AC332": "More items are sampled than there are",
    "AC340": "The claim is not one comparison",
    "AC341": "The comparison cannot be decided by an interval",
    "AC342": "The claim reads a metric that is not measured",
    "AC343": "The claim leaves an axis open",
    "AC344": "An axis has no such value",
    "AC345": "The axis is not free here",
    "AC346": "The claim holds an expression that has no place in it",
    "AC370": "The steps do not follow each other",
    "AC372": "The script has no end",
    "AC374": "The condition is not one on choices",
    "AC375": "A scenario lacks a step",
    "AC376": "The script has too many paths",
    "AC377": "The step of a scenario is there twice",
    "AC378": "The framework has no such value",
    "AC380": "The training goes round in a circle",
    "AC381": "There are no weights to train",
    "AC382": "The training has nobody to learn from",
    "AC383": "There are no groups to compare",
    "AC384": "The model's card does not say its group",
    "AC385": "The survey has no such part",
    # tests of a spec
    "AC350": "The test expects nothing",
    "AC351": "The stand-in is not a simulated model",
    "AC352": "The test stands in for a model that is not asked",
    "AC353": "The survey has no people of the country",
    "AC354": "The stand-in could answer from several surveys",
    "AC355": "The claim says nothing of this one alone",
    # frameworks, controls and house rules
    "AC360": "The framework lists a value twice",
    "AC361": "The framework has fewer than two values",
    "AC362": "The value's identifier is not a name",
    "AC363": "The control is listed twice",
    "AC366": "There is no such code",
    "AC367": "The level of the code is fixed",
    "AC369": "The claim rests on a figure that no claim can name",
    "AC510": "The claim rests on a figure without an interval",
    "AC511": "The claim puts what a judge says together with something else",
    # sense
    "AC401": "The metric applies to none of the items",
    "AC403": "The metric needs answers of another kind",
    "AC404": "The metric compares with people, and the survey has none",
    "AC405": "The reference lacks a country that is asked",
    "AC406": "The reference lacks items that are asked",
    "AC407": "The items are not worded in the population's language",
    "AC408": "The language is not spoken",
    "AC411": "The model is not pinned",
    "AC412": "A secret stands in the spec",
    "AC413": "The control draws from too few countries",
    "AC449": "The control changes nothing",
    "AC417": "The country has no name in the language it is asked in",
    "AC418": "The weights and the backend do not go together",
    "AC424": "Observations that share something are treated as independent",
    "AC427": "A judge that is not calibrated decides the claim",
    "AC432": "The reference does not tell the groups apart",
    "AC433": "Code that comes with weights is not run",
    "AC438": "The budget in money cannot be kept",
    "AC437": "The metric needs several models",
    "AC419": "The prompt names what the population does not have",
    "AC430": "The model is tested on what it was trained on",
    "AC445": "What is compared shares no items",
    "AC481": "A case that people judged cannot be read",
    "AC448": "The judge judges itself",
    "AC460": "The block cannot be asked in the other language",
    "AC462": "The prompt cannot do without what it is not told",
    "AC371": "A column of groups is called like an axis",
    "AC494": "The network has no such module",
    "AC495": "The item is in a part that no split has",
    "AC508": "Nothing is left to learn",
}
"""What stops the compiler."""

WARNINGS: Final = {
    "AC373": "No path comes to the step",
    "AC379": "The scenarios have steps that are not asked",
    "AC364": "The claim maps to an unknown control",
    "AC365": "The control is not written as body and identifier",
    "AC402": "The metric leaves items out",
    "AC450": "The metric leaves items out whose people are not told apart",
    "AC368": "The rule has no effect here",
    "AC409": "Few draws",
    "AC410": "Several claims are made without correction",
    "AC414": "Few people stand behind the human shares",
    "AC415": "The block is never used",
    "AC416": "One prompt serves several languages",
    "AC420": "The claim cannot come out both ways",
    "AC421": "The spec asks nothing",
    "AC422": "Too few draws for the claim",
    "AC425": "The judge is of the family that it judges",
    "AC426": "The judge is not calibrated",
    "AC428": "The figure depends on who else is asked",
    "AC429": "An option has a share of nothing",
    "AC470": "What is compared cannot be told apart from something else",
    "AC471": "Too few models to test",
    "AC472": "What is tested takes one model for many",
    "AC473": "There is nothing to read a second time",
    "AC434": "What is compared differs in more than one thing",
    "AC435": "Too few items for the claim",
    "AC436": "Nothing in the claim is left to chance",
    "AC423": "The provider can change the model",
    "AC431": "The test cannot fail",
    "AC440": "The model has seen an item in its training",
    "AC490": "The model is asked in other words than it learnt in",
    "AC491": "An item may be one that was learnt, in other words",
    "AC492": "A trained model is asked without a control",
    "AC493": "The learning rate is very high",
    "AC496": "The control names people whose answers were learnt",
    "AC497": "Nothing will be compared between peoples",
    "AC498": "The adapter is set as none in use is",
    "AC499": "The last epochs teach hardly anything",
    "AC504": "The batch is larger than all that is learnt",
    "AC505": "The training cannot end early",
    "AC506": "There are not so many orders",
    "AC507": "Both answers of a pair are the same",
    "AC509": "The learning rate is very low",
    "AC455": "There will be no map",
    "AC456": "The figure is one of these items",
    "AC446": "What is compared rests on different items",
    "AC447": "What is compared are different quantities",
    "AC463": "A list is asked in part",
    "AC461": "The ablation changes nothing",
    "AC500": "Perplexities of different tokenizers are compared",
    "AC480": "The languages seem to give the options in another order",
    "AC439": "The prompt does not name the participant's group",
}
"""What does not."""


T = TypeVar("T")


class Poison(enum.Enum):
    """In place of a value whose mistake has been reported: whoever meets it says nothing more about it."""

    POISON = "poison"


POISON: Final = Poison.POISON


def unpoisoned(found: Mapping[str, T | Poison]) -> dict[str, T]:
    """What is there without what is poison, in its order."""
    return {key: worth for key, worth in found.items() if not isinstance(worth, Poison)}


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
    return f"Did you mean `{found}`?" if found else ""


def listing(words: Iterable[str], limit: int = 12) -> str:
    """Words for a sentence: in backquotes, with commas, cut when there are many."""
    quoted = [f"`{word}`" for word in words]
    shown = ", ".join(quoted[:limit])
    return f"{shown} and {len(quoted) - limit} more" if len(quoted) > limit else shown


def remedies(*sentences: str) -> str:
    """The remedies that are not empty, in one line."""
    return " ".join(sentence for sentence in sentences if sentence)
