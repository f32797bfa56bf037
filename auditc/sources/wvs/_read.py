"""From respondents' files to shares: what each said to every item, and what was left out and why."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from auditc.sources._contract import Answer, BadData, Code, Count, Fault, Imported, Question, SurveyRows
from auditc.sources._files import shortened

from ._codebook import Wanted, wanted, with_codes
from ._columns import Column, Labels, Opened
from ._data import codes, read_all
from ._tally import Whole, listed, tally
from ._who import groups, respondents

if TYPE_CHECKING:
    from . import Params


def imported(files: tuple[Path, ...], params: Params) -> Imported:
    """Items, shares, counts and notes. Raises BadData, Unreadable."""
    book = Path(params.codebook) if params.codebook else None
    asked = wanted(params.items, book, params.languages, files[0].name)
    data = read_all(files, asked, params)
    by = groups(data, params)
    who, keep, persons, notes = respondents(data, by, params)
    counts = {"respondents": persons, "answers": Count(), "groups": Count()}
    items: list[Question] = []
    answers: list[Answer] = []
    listing: list[Code] = []
    for one in asked:
        labels = _labels(data.files, one.item.id)
        column = data.columns[one.item.id]
        said = codes(data, one.item.id)
        seen = {code for code in said if code is not None}
        item, options = with_codes(one, seen, labels, data.files[0].name)
        option = _options(column, said, options, keep, counts["answers"])
        tallied = tally(item.id, option, len(options), who, params.min_n)
        _add(counts["groups"], tallied.groups)
        given = np.bincount(column.index[keep], minlength=len(said))
        total = Counter[int]()
        for code, times in zip(said, given, strict=True):
            if code is not None and times:
                total[code] += int(times)
        listing += listed(item.id, total, options, labels.codes, params.min_n)
        items.append(item)
        answers += tallied.answers
        notes += _apart(one, options, labels)
    if not answers:
        message = f"no group has {params.min_n} persons who answered one of the items"
        raise BadData(Fault(data.files[0].name, message, "Take other items or countries, or a smaller `--min-n`."))
    notes += _lacking(items)
    return Imported(SurveyRows(tuple(items), tuple(answers), by, tuple(listing)), counts, notes=tuple(notes))


def _add(total: Count, one: Count) -> None:
    total.read += one.read
    total.used += one.used
    total.left_out.update(one.left_out)


def _options(column: Column, said: list[int | None], codes: tuple[int, ...], keep: Whole, count: Count) -> Whole:
    """Which option each respondent who is kept chose, -1 for none; counts why not."""
    place = {code: number for number, code in enumerate(codes)}
    which = np.array([place.get(code, -1) if code is not None else -1 for code in said] or [-1], dtype=np.int64)
    index = column.index[keep]
    times = np.bincount(index, minlength=len(said))
    count.read += len(index)
    for code, option, number in zip(said, which, times, strict=False):
        if option >= 0:
            count.used += int(number)
        elif number:
            count.left_out[_why(code)] += int(number)
    chosen: Whole = which[index]
    return chosen


def _why(code: int | None) -> str:
    if code is None:
        return "no code"
    return f"negative code {code}" if code < 0 else f"code {code} is no option"


def _labels(files: tuple[Opened, ...], name: str) -> Labels:
    """What the files say of a column; refuses files that label a code differently."""
    first = files[0].labels.get(name, Labels())
    for file in files[1:]:
        other = file.labels.get(name, Labels())
        for code, label in other.codes.items():
            if first.codes.get(code, label) != label:
                message = (
                    f"code {code} is `{shortened(label)}` here and `{shortened(first.codes[code])}` in {files[0].name}"
                )
                raise BadData(Fault(file.name, message, "Import the files one by one.", None, name))
        first = Labels(first.title or other.title, {**other.codes, **first.codes}, first.missing | other.missing)
    return first


def _apart(one: Wanted, options: tuple[int, ...], labels: Labels) -> list[str]:
    """Options that nobody labels and that stand alone behind the others: codes for no answer often do."""
    alone = [code for code in options[1:] if code not in labels.codes and code - 1 not in options]
    if one.codes is not None or not alone:
        return []
    codes = ", ".join(str(code) for code in alone)
    remedy = "Where it is a code for no answer, say which codes are options in a codebook."
    return [f"{codes} of {shortened(one.item.id)} is taken for an option. {remedy}"]


def _lacking(items: list[Question]) -> list[str]:
    """Which words the author has to write."""
    notes = []
    for stem in ("text", "options"):
        for language in items[0].text:
            empty = [item.id for item in items if not getattr(item, stem).get(language)]
            if empty:
                shown = ", ".join(empty[:6]) + (f" and {len(empty) - 6} more" if len(empty) > 6 else "")
                notes.append(f"`{stem}.{language}` is empty, for you to write, for {shown}.")
    if all(item.scale == "nominal" for item in items):
        notes.append("The scale of an item is not in the data: it is `nominal` until you say otherwise.")
    return notes
