"""What did not fit into a model's window, and what a model read in the parser's place: said of every figure of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from auditc.ir.answers import Answers
from auditc.ir.finding import Finding
from auditc.ir.plan import Assess, Plan
from auditc.ir.reread import SECOND_READING, second_readers


def fitted(findings: Sequence[Finding], answers: Sequence[Answers]) -> tuple[Finding, ...]:
    """The findings; those of answers that lack some for want of room say how many, and what they rest on."""
    short = [each for each in answers if each.unfit]
    return tuple(_told(finding, [each for each in short if _rests_on(finding, each)], answers) for finding in findings)


def _told(finding: Finding, short: Sequence[Answers], answers: Sequence[Answers]) -> Finding:
    if not short:
        return finding
    count = sum(each.unfit for each in short)
    asked = sum(each.tally.asked for each in answers if _rests_on(finding, each))
    note = f"{count} of {asked} cells are missing because the prompt did not fit into the model's window"
    if any(each.choices is not None for each in short):
        note += ": what was found rests on participants with shorter memories"
    return finding.model_copy(update={"notes": (*finding.notes, note)})


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
    """A part of a claim may rest on several blocks, models, populations or conditions: their names stand in a row."""
    return all(
        name in said.split(", ")
        for name, said in (
            (answers.block, finding.block),
            (answers.model, finding.model),
            (answers.population, finding.population),
            (answers.condition, finding.condition),
        )
    )
