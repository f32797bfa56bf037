"""How each group of people answered each item: counts, weighted shares, and small groups left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditc.sources._contract import Answer, Code, Count

SEXES = ("male", "female")
AGES = ("under 30", "30-49", "50 and over")

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Respondents:
    """N persons: `country[N]` into `countries`; `sex[N]` 0 unknown, 1 male, 2 female; `age[N]` 0 unknown, then the
    groups of AGES; `weight[N]`, None where they count the same. `by` is what they are told apart by."""

    countries: tuple[str, ...]
    country: Whole
    sex: Whole
    age: Whole
    weight: Array | None
    by: tuple[str, ...]

    def shape(self, codes: int) -> tuple[int, int, int, int]:
        return len(self.countries), len(SEXES) + 1, len(AGES) + 1, codes


@dataclass(frozen=True, slots=True)
class Tallied:
    """Answers to one item; `groups` counts the groups that there are, and why some are left out."""

    answers: tuple[Answer, ...]
    groups: Count


def tally(item: str, option: Whole, options: int, who: Respondents, min_n: int) -> Tallied:
    """Shares of `options` options; `option[N]` is which one a respondent chose, -1 for none.

    share_k = Σ weight of those who chose k / Σ weight of those who chose any; n counts persons, never weights.
    """
    answered = option >= 0
    cell = ((who.country * 3 + who.sex) * 4 + who.age) * options + option
    shape = who.shape(options)
    size = int(np.prod(shape))
    counts: Array = np.bincount(cell[answered], minlength=size).astype(np.float64).reshape(shape)
    weights = counts
    if who.weight is not None:
        summed = np.bincount(cell[answered], weights=who.weight[answered], minlength=size)
        weights = summed.astype(np.float64).reshape(shape)
    answers: list[Answer] = []
    groups = Count()
    for place, country in enumerate(who.countries):
        for sex, age in _groups(who.by):
            part = (place, _slice(sex), _slice(age))
            persons = int(counts[part].sum())
            if not persons:
                continue
            heavy = weights[part].reshape(-1, options).sum(axis=0)
            groups.read += 1
            if persons < min_n:
                groups.left_out[f"fewer than {min_n} persons"] += 1
                continue
            if not heavy.sum() > 0:
                groups.left_out["every weight is 0"] += 1
                continue
            groups.used += 1
            shares = tuple(float(share) for share in heavy / heavy.sum())
            answers.append(Answer(item, country, persons, False, shares, _name(SEXES, sex), _name(AGES, age)))
    return Tallied(tuple(answers), groups)


def _groups(by: tuple[str, ...]) -> list[tuple[int, int]]:
    """The whole country first; 0 stands for everybody."""
    sexes = range(len(SEXES) + 1) if "sex" in by else range(1)
    ages = range(len(AGES) + 1) if "age" in by else range(1)
    return [(sex, age) for sex in sexes for age in ages]


def _slice(group: int) -> slice:
    return slice(group, group + 1) if group else slice(None)


def _name(names: tuple[str, ...], group: int) -> str:
    return names[group - 1] if group else ""


def listed(
    item: str, persons: Counter[int], codes: tuple[int, ...], labels: dict[int, str], min_n: int
) -> tuple[Code, ...]:
    """Every code that was given or is labelled, and what became of it."""
    return tuple(
        Code(
            item,
            str(code),
            labels.get(code, ""),
            codes.index(code) + 1 if code in codes else None,
            persons[code] if persons[code] >= min_n or not persons[code] else None,
        )
        for code in sorted({*persons, *labels, *codes})
    )
