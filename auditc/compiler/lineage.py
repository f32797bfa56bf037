"""What a model has been trained on, all its bases included, and what must then not be used to test it.

Items and people are told by what they are, and not by what they are called: the same question under another name, in
another survey or in another block is the same question, and so are people of one country in two populations, or those
who gave the same answers.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from auditc.diagnostics import Label, Span
from auditc.ir.audit import SurveyUse
from auditc.ir.plan import Item, People, Survey, Train
from auditc.ir.values import Table
from auditc.objectives import objectives

from .bound import Bound
from .mistakes import Poison, listing, report
from .scope import Scope
from .surveys import CheckedSurvey

SHORT: Final = 10
"""Columns on a terminal: a text that is narrower, `Family`, stands in other texts by chance."""

FEW: Final = 3
"""On fewer different items than so many two peoples may give the same answers by chance."""

EQUAL: Final = 1e-6
"""Shares that differ by less were the same before they were written down."""

Question = tuple[str, frozenset[str]]
"""The text of an item and its options, in one of its languages."""


def plain(text: str) -> str:
    """A text without what does not tell it from another: case, spacing, punctuation, how characters are composed or
    how wide they are. One that is nothing but punctuation is left as it is."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    bare = "".join(_letter(sign) for sign in folded)
    return " ".join(bare.split()) or " ".join(folded.split())


def _letter(sign: str) -> str:
    """A character of a word; a blank for one between words; nothing for one within a word that may be left out."""
    kind = unicodedata.category(sign)
    if sign in "'\u2019\u02bc" or kind == "Cf":
        return ""
    return " " if kind[0] in "PZC" else sign


def asks(item: Item) -> frozenset[Question]:
    """What an item asks, in each language. Two that share one are the same question."""
    return frozenset((plain(item.text[tongue]), frozenset(map(plain, item.options[tongue]))) for tongue in item.text)


def called_plainly(name: str) -> str:
    """The name of a country or a people, without an article: `the United States` are the `United States`."""
    return plain(name).removeprefix("the ")


_Answered = dict[Question, tuple[str, tuple[tuple[str, float], ...]]]
"""Questions, with the item's id and the share of each option, in an order that does not depend on how they stood."""


def _shares(item: Item, people: People) -> Iterator[tuple[Question, tuple[str, tuple[tuple[str, float], ...]]]]:
    for tongue, text in item.text.items():
        options = tuple(map(plain, item.options[tongue]))
        shares = tuple(sorted(zip(options, people.shares, strict=True)))
        yield (plain(text), frozenset(options)), (item.id, shares)


def _equal(mine: _Answered, theirs: _Answered) -> bool:
    """Whether two peoples gave the same answers to all that both were asked, and that is more than a few items."""
    both = mine.keys() & theirs.keys()
    if len({mine[question][0] for question in both}) < FEW:
        return False
    pairs = (zip(mine[question][1], theirs[question][1], strict=True) for question in both)
    return all(abs(share - other) <= EQUAL for pair in pairs for (_, share), (_, other) in pair)


@dataclass(frozen=True, slots=True, eq=False)
class Lineage:
    """The trainings of a spec by the models that they make; more are added while they are checked."""

    bound: Bound
    made: dict[str, Train | Poison] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)

    def of(self, model: str) -> Iterator[Train]:
        """The trainings that made a model, the last one first."""
        stage = self.made.get(model)
        while isinstance(stage, Train):
            yield stage
            stage = self.made.get(stage.base)

    def among(self, items: Iterable[Item], stage: Train, ids: Sequence[str]) -> list[Item]:
        """Those of `items` that are the same questions as items `ids` of the training's survey."""
        checked = self.bound.surveys.get(stage.survey)
        if not isinstance(checked, CheckedSurvey):
            return []
        wanted = set(ids)
        known = frozenset[Question]().union(*(asks(item) for item in checked.survey.items if item.id in wanted))
        return [item for item in items if asks(item) & known]

    def same(self, populations: Iterable[str], stage: Train, survey: Survey) -> dict[str, str]:
        """Those of `populations` whose people the training learnt from: by a name that both go by (with nothing beside
        theirs), or by the answers that `survey` says they gave (with the population that was learnt)."""
        learnt = self.learnt(stage)
        return {name: twin for name in populations if (twin := self._twin(name, stage, survey, learnt)) is not None}

    def learnt(self, stage: Train) -> set[str]:
        """What the people are called whose answers a training learnt, in any language."""
        return set[str]().union(*(self._called(name) for name in stage.populations))

    def _called(self, name: str) -> set[str]:
        people = self.bound.populations.get(name)
        if people is None or isinstance(people, Poison):  # texts are read as nobody
            return set()
        return set(map(called_plainly, (people.country, *people.named.values())))

    def _twin(self, name: str, stage: Train, survey: Survey, learnt: set[str]) -> str | None:
        if self._called(name) & learnt:
            return ""
        checked = self.bound.surveys.get(stage.survey)
        if not isinstance(checked, CheckedSurvey):
            return None
        mine = self._answered(name, survey, None)
        ids = {*stage.items, *stage.valid}
        return next((n for n in stage.populations if _equal(mine, self._answered(n, checked.survey, ids))), None)

    def _answered(self, name: str, survey: Survey, ids: Collection[str] | None) -> _Answered:
        """What the people of a population answered, by question; to items `ids` alone where they are given."""
        people = self.bound.populations.get(name)
        if people is None or isinstance(people, Poison):
            return {}
        said = survey.people.get(people.country, {})
        wanted = [item for item in survey.items if item.id in said and (ids is None or item.id in ids)]
        return {question: shares for item in wanted for question, shares in _shares(item, said[item.id])}

    def read(self, items: Iterable[Item], stage: Train) -> list[Item]:
        """Those of `items` whose words stand in the texts that the training learnt."""
        texts = self._texts.get(stage.name)
        if texts is None:
            texts = self._texts[stage.name] = _texts(stage)
        return [item for item in items if any(_stands(plain(text), texts) for text in item.text.values())]


def _texts(stage: Train) -> str:
    """All cells of the tables that a training learns, each on a line."""
    objective = objectives.take(stage.objective.kind)
    if stage.survey:
        return ""
    params = objective.params.model_validate(stage.objective.params)
    tables = [part for _, part in params if isinstance(part, Table)]
    return "\n".join(["", *(plain(cell) for table in tables for row in table.rows for cell in row), ""])


def _stands(text: str, texts: str) -> bool:
    """Whether a text stands in others; a short one stands there alone."""
    wide = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
    return (text if wide >= SHORT else f"\n{text}\n") in texts


def leaks(use: SurveyUse, at: Sequence[Span], lineage: Lineage, scope: Scope) -> bool:
    """Report models that are asked, as the very people that they learnt from, the very items that they learnt; warn of
    those that were shown an item's words. `at` is where each model is named, or the place of the whole list.

    The same items of other people, and other items of the same people, are what a training is tested by.
    """
    asked = set(use.items)
    items = [item for item in use.survey.items if item.id in asked]
    clean = True
    for index, model in enumerate(use.models):
        place = at[min(index, len(at) - 1)]
        for stage in lineage.of(model):
            both = lineage.among(items, stage, (*stage.items, *stage.valid))
            same = lineage.same(use.populations, stage, use.survey)
            related = trained_here(stage, scope)
            if both and same:
                where = f" in `{stage.survey}`" if stage.survey != use.survey_name else ""
                which = listing((item.id for item in both), 3)
                label = f"{len(both)} of {len(items)} items ({which}) were used to train it{where}, as {listing(same)}"
                twins = ((name, of) for name, of in same.items() if of)
                label += "".join(f"; the people of `{name}` answered just as those of `{of}`" for name, of in twins)
                remedy = f"Ask another part of `{use.survey_name}`, unseen by trainings, or other populations."
                named = {*stage.items, *stage.valid} if stage.survey == use.survey_name else set()
                if not named & {item.id for item in both}:
                    remedy = "Leave these out here, or there: they are questions that it learnt, by other names."
                report(scope.sink, "AC430", place, label, remedy=remedy, related=related)
                clean = False
                break
            shown = lineage.read(items, stage)
            if shown:
                label = f"the words of {listing(item.id for item in shown)} stand in what it was trained on"
                remedy = "Leave these items out, or take their words out of the training data."
                report(scope.sink, "AC440", place, label, remedy=remedy, related=related)
    return clean


def trained_here(stage: Train, scope: Scope) -> tuple[Label, ...]:
    """The place of a training, to be shown beside a mistake elsewhere."""
    learnt = scope.names.declared.get(stage.origin.file, {}).get(stage.model)
    return (Label(learnt.name.span, "trained here"),) if learnt else ()
