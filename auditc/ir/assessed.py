"""What a judge said of the answers of one population, and of the cases by which its errors are measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .answers import Tally

THERE, NOT_THERE = 0, 1
"""Codes of what was read: it is so, it is not. A cell without either has a code of `ir.answers`."""


@dataclass(frozen=True, slots=True, eq=False)
class Assessed:
    """A answers of one model, population and condition, Q questions, C cases; the cases are the same for all
    populations of a stage.

    `said[A, Q]` is what was read of each, in the codes above; `items[A]` and `draws[A]` say of which item and by which
    participant each answer is, and `texts[A]` are equal for two that were shown to the judge in the same words.
    `weights[A]` are the draws that the participant stands for. `asks[C]`, `present[C]` and `spoken[C]` say of each case
    what is asked, the truth and the language, `of_cases[C]` what was read; `language` is that of the answers. `of` is
    the stage that brought the answers, `model` the model that is judged; `axis` what the questions are called in
    findings.
    """

    stage: str
    block: str
    method: str
    judge: str
    of: str
    model: str
    population: str
    condition: str
    axis: str
    questions: tuple[str, ...]
    said: NDArray[np.int64]
    items: NDArray[np.str_]
    draws: NDArray[np.int64]
    texts: NDArray[np.str_]
    weights: NDArray[np.int64]
    language: str
    asks: NDArray[np.str_]
    present: NDArray[np.bool_]
    spoken: NDArray[np.str_]
    of_cases: NDArray[np.int64]
    tally: Tally
    tally_of_cases: Tally
