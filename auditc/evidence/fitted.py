"""What did not fit into a model's window, and what a model read in the parser's place: said of every figure of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from auditc.ir.answers import Answers
from auditc.ir.finding import Contrast, CultureMap, Finding, MapPlace
from auditc.ir.plan import Assess, Compare, Plan
from auditc.ir.reread import ASKED, SECOND_READING, second_readers

from .trained import BEYOND, TRAINED

Said = TypeVar("Said", Finding, Contrast, MapPlace)


def fitted(findings: Sequence[Finding], answers: Sequence[Answers]) -> tuple[Finding, ...]:
    """The findings; those of answers that lack some for want of room say how many, and what they rest on."""
    return tuple(_told(each, each.notes, [own for own in answers if _rests_on(each, own)]) for each in findings)


def fitted_contrasts(plan: Plan, contrasts: Sequence[Contrast], answers: Sequence[Answers]) -> tuple[Contrast, ...]:
    """The same of differences: of all the answers of both sides."""
    return tuple(_told(each, each.notes, [own for own in answers if _compared(plan, each, own)]) for each in contrasts)


def fitted_maps(maps: Sequence[CultureMap], answers: Sequence[Answers]) -> tuple[CultureMap, ...]:
    """The same of places on maps."""
    found = []
    for each in maps:
        there = [own for own in answers if own.block == each.block]
        places = [_told(place, place.notes, [own for own in there if _placed(place, own)]) for place in each.places]
        found.append(each.model_copy(update={"places": tuple(places)}))
    return tuple(found)


def _placed(place: MapPlace, answers: Answers) -> bool:
    at = place.model, place.population, place.condition
    return at == (answers.model, answers.population, answers.condition)


def _compared(plan: Plan, contrast: Contrast, answers: Answers) -> bool:
    """Whether a difference rests on these answers. Groups of models are those of the block that compares them."""
    asked = contrast.axes.get("condition", ASKED)
    if contrast.model:  # Two conditions of one model.
        models, conditions = {contrast.model}, {contrast.left, contrast.right}
    elif contrast.of in TRAINED:
        models, conditions = {contrast.left, contrast.right}, {asked, *([ASKED] if contrast.of == BEYOND else [])}
    else:
        stage = plan.stage(contrast.id.split("/")[0])
        groups = stage.groups if isinstance(stage, Compare) else {}
        models, conditions = {*groups.get(contrast.left, ()), *groups.get(contrast.right, ())}, {asked}
    return (
        answers.block == contrast.block
        and answers.model in models
        and answers.condition in conditions
        and contrast.population in ("", answers.population)
    )


def _told(said: Said, notes: tuple[str, ...], mine: Sequence[Answers]) -> Said:
    """With a note on how many of its answers are missing for want of room."""
    short = [each for each in mine if each.unfit]
    if not short:
        return said
    count = sum(each.unfit for each in short)
    asked = sum(each.tally.asked for each in mine)
    note = f"{count} of {asked} cells are missing because the prompt did not fit into the model's window"
    if any(each.choices is not None for each in short):
        note += ": what was found rests on participants with shorter memories"
    return said.model_copy(update={"notes": (*notes, note)})


def second_read(plan: Plan, findings: Sequence[Finding], answers: Sequence[Answers]) -> tuple[Finding, ...]:
    """The findings; those of answers that were read a second time say by whom, how many of them, and that nobody knows
    how often it errs."""
    readers = second_readers(plan)
    again = [each for each in answers if each.condition == SECOND_READING]
    return tuple(_read(finding, [each for each in again if _rests_on(finding, each)], readers) for finding in findings)


def _read(finding: Finding, again: Sequence[Answers], readers: Mapping[str, Assess]) -> Finding:
    if not again:
        return finding
    count, answered = sum(each.reread for each in again), sum(each.tally.answered for each in again)
    by = ", ".join(dict.fromkeys(readers[each.stage].model for each in again))
    note = (
        f"second reading: of {answered} answers {count} were read by {by}, a model, because the parser could not; "
        "nobody knows how often it errs"
    )
    return finding.model_copy(update={"notes": (*finding.notes, note)})


def _rests_on(finding: Finding, answers: Answers) -> bool:
    """A part of a claim may rest on several blocks, models, populations or conditions: their names stand in a row. A
    figure without a population is of all."""
    return all(
        name in said.split(", ")
        for name, said in (
            (answers.block, finding.block),
            (answers.model, finding.model),
            (answers.population, finding.population or answers.population),
            (answers.condition, finding.condition),
        )
    )
