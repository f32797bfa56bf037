"""The second reading: answers as the parser read them, and as a model read those of which the parser made nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from auditc.ir.answers import ANSWERED, NOT_RUN, UNPARSABLE, Answers
from auditc.ir.reread import SECOND_READING

from .sheets import AssessSheet, ConverseSheet


def reread(
    sheet: AssessSheet, said: NDArray[np.int64], read: Callable[[ConverseSheet], list[Answers]]
) -> list[Answers]:
    """The answers of every stage that a second reader went over, as the condition `second_reading`. `said` is what was
    read of each look, `read` gives a stage's answers as its parser reads them.

    Where the reader names one option, that is the answer. Where it names none, says nothing that can be read, or fails,
    the answer stays unparsable; where it was not asked yet, the answer counts as not run.
    """
    found = []
    for name, own in sheet.before.items():
        for answers in read(own):
            mine = [
                (look.draw, look.item, int(option))
                for look, option in zip(sheet.looks, said, strict=True)
                if (look.of, look.population) == (name, answers.population) and look.text
            ]
            found.append(_merged(answers, own, mine))
    return found


def _merged(answers: Answers, own: ConverseSheet, said: list[tuple[int, str, int]]) -> Answers:
    assert answers.choices is not None
    choices = answers.choices.copy()
    row = {person.draw: place for place, person in enumerate(own.participants[answers.population])}
    column = {item.id: place for place, item in enumerate(answers.items)}
    for draw, item, option in said:
        at = row[draw], column[item]
        assert choices[at] == UNPARSABLE
        if 0 <= option < answers.items[at[1]].size:
            choices[at] = option
        elif option == NOT_RUN:
            choices[at] = NOT_RUN
    turns = list(own.turns)
    status = np.where(choices >= 0, ANSWERED, choices)[:, turns]
    changed = (choices != answers.choices)[:, turns]
    gained = int((changed & (status == ANSWERED)).sum())
    left = int((changed & (status == NOT_RUN)).sum())
    tally = replace(
        answers.tally,
        answered=answers.tally.answered + gained,
        unparsable=answers.tally.unparsable - gained - left,
        not_run=answers.tally.not_run + left,
    )
    return replace(answers, condition=SECOND_READING, choices=choices, tally=tally, reread=gained)
