"""GlobalOpinionQA: questions of cross-national surveys, with the shares of the answers in each country.

Two forms are read, as `.json`, `.jsonl` or `.csv`, compressed with gzip or not: the published one, with the columns
`question`, `selections` (shares by country, also as the text of a Python dictionary), `options` and `source`; and one
row for each country, with `question`, `options`, `country`, `distribution` and, if it is known, `quality_flag`.

What is done to it: options that are no answer (`DK/Refused`, `No answer`, `Missing; …`) are left out and the other
shares divided by their sum. Shares that miss 1 by more than rounding are left out. Some country keys were shown to hold
other people's answers, by comparison with respondents' own data: these are left out, and so are samples that the key
itself calls no national ones, unless `--keep-flagged` asks for them. Each list of options makes an item of its own, for
shares over different options cannot be compared. No number of respondents is published: `--nominal-n` says what stands
for it. The scale is not published either: it is `nominal` until you say otherwise.
"""

from __future__ import annotations

import ast
import hashlib
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from annotated_types import Ge, Le

from auditc.diagnostics.suggest import suggest
from auditc.ir.values import Form

from ._contract import (
    LISTED,
    Answer,
    BadData,
    Count,
    DataSource,
    Dropped,
    Fault,
    Faults,
    Imported,
    Question,
    SurveyRows,
)
from ._files import Row, know_columns, rows_of, shortened, words
from ._unanswered import says_nothing

SHIFTED: Final = frozenset({"Andorra", "Argentina", "Armenia", "Australia"})
"""Keys whose shares, of items of the World Values Survey, are in no case those of that country's respondents."""

POOLED: Final = frozenset({"Bangladesh", "Czechia", "Germany", "Romania", "Russia", "Serbia", "Slovakia", "Ukraine"})
"""Keys whose shares are, for about half of these items."""

_NOT_NATIONAL: Final = "the key says that it is no national sample"
_SURVEYS: Final = {"WVS": "World Values Survey", "GAS": "Global Attitudes Survey"}
_OPTIONS: Final = range(2, 27)
_LONGEST: Final = 1_000_000
_PUBLISHED: Final = ("question", "selections", "options", "source")
_BY_COUNTRY: Final = ("question", "options", "country", "distribution")


class Params(Form):
    """What is taken of the file."""

    nominal_n: Annotated[int, Ge(1), Le(10_000_000)] | None = None
    """How many persons stand for the unpublished number of respondents, in each country and for each item; shown as
    nominal."""
    keep_flagged: bool = False
    """Keep countries whose shares were shown or are said not to be those of the country's people."""
    countries: tuple[str, ...] = ()
    """Only these countries, by their keys."""
    items: tuple[str, ...] = ()
    """Only these items, by the ids that an import of all gives them."""


@dataclass(slots=True)
class _Found:
    """What has been read so far: items by id, and shares by item and country."""

    params: Params
    faults: Faults = field(default_factory=Faults)
    count: Count = field(default_factory=Count)
    dropped: list[Dropped] = field(default_factory=list)
    items: dict[str, Question] = field(default_factory=dict)
    shares: dict[tuple[str, str], tuple[float, ...]] = field(default_factory=dict)
    contradicted: set[tuple[str, str]] = field(default_factory=set)
    lists: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    countries: set[str] = field(default_factory=set)
    no_answers: Counter[str] = field(default_factory=Counter)
    """How often each option was taken for no answer."""
    most_taken: tuple[float, str, str] = (0.0, "", "")
    """The largest share that went with them, its country and its item."""

    def leave_out(self, row: Row, country: str, why: str) -> None:
        self.count.left_out[why] += 1
        if len(self.dropped) < LISTED:
            self.dropped.append(Dropped(row.file, row.number, country, why))


def read(files: tuple[Path, ...], params: Params) -> Imported:
    """The items and shares of all files."""
    if params.nominal_n is None:
        message = "the data have no number of respondents, and a reference needs one"
        remedy = "Say how many persons stand for it in each country: `--nominal-n 1000` is about what such surveys ask."
        raise BadData(Fault(files[0].name, message, remedy))
    found = _Found(params)
    for file in files:
        for row in rows_of(file):
            _row(row, found)
    found.faults.checkpoint()
    _unknown(found, files[0].name)
    for key in sorted(found.contradicted):
        found.shares.pop(key)
        found.count.used -= 1
        found.count.left_out["a country has other shares for the same item elsewhere"] += 1
    answers = [
        Answer(item, country, params.nominal_n, True, shares)
        for (item, country), shares in sorted(found.shares.items())
    ]
    used = {answer.item for answer in answers}
    if not answers:
        raise BadData(Fault(files[0].name, _nothing(found.count), "Take more countries or items."))
    items = tuple(found.items[name] for name in sorted(used))
    return Imported(SurveyRows(items, tuple(answers)), {"shares": found.count}, tuple(found.dropped), _notes(found))


def _nothing(count: Count) -> str:
    why = ", ".join(f"{times:,}: {reason}" for reason, times in count.left_out.most_common(4))
    return f"nothing is left to import ({why})"


def _notes(found: _Found) -> tuple[str, ...]:
    notes = [
        f"No number of respondents is published: n is {found.params.nominal_n:,} everywhere, marked `nominal`.",
        "The scale of an item is not published: it is `nominal` until you say otherwise in items.csv.",
        "`text.zh` and `options.zh` are not published: add the columns to ask in Chinese.",
    ]
    several = sum(len(lists) > 1 for lists in found.lists.values())
    if several:
        notes.append(f"{several:,} questions come with several lists of options: each list is an item of its own.")
    if found.no_answers:
        share, country, item = found.most_taken
        taken = ", ".join(f"`{shortened(option)}` {times:,}" for option, times in found.no_answers.most_common(8))
        notes.append(
            f"Options taken for no answer are left out, the other shares divided by their sum ({taken}). "
            f"The most that went with them is {share:.0%} ({shortened(country)}, {item})."
        )
    return tuple(notes)


def _unknown(found: _Found, file: str) -> None:
    """Refuse a country or an item that is asked for and is not there."""
    for wanted, there, what in (
        (found.params.countries, found.countries, "country"),
        (found.params.items, set(found.items), "item"),
    ):
        for name in wanted:
            if name not in there:
                near = suggest(name, there)
                remedy = f"Did you mean `{near}`?" if near else f"The file has {len(there):,}, such as {_some(there)}."
                raise BadData(Fault(file, f"there is no {what} `{shortened(name)}`", remedy))


def _some(names: set[str]) -> str:
    return ", ".join(sorted(names)[:5])


def _row(row: Row, found: _Found) -> None:
    """Take up the shares of one row, of one country or of many."""
    published = "selections" in row.cells
    if published:
        know_columns(row, _PUBLISHED)
    else:
        know_columns(row, _BY_COUNTRY, ("quality_flag", "wvs_like", "sources", "source"))
    question = words(row.cells["question"])
    options = _options(row, found.faults)
    if not question:
        found.faults.add(row.fault("question", "there is no question", "Leave the row out."))
    if not question or options is None:
        return
    survey = words(row.cells.get("source")) or ("WVS" if row.cells.get("wvs_like") is True else "")
    for country, values in _by_country(row, published, found.faults):
        found.count.read += 1
        found.countries.add(country)
        why = _flagged(row, country, survey) if not found.params.keep_flagged else ""
        if found.params.countries and country not in found.params.countries:
            why = "another country"
        if why:
            found.leave_out(row, country, why)
        else:
            _shares(row, country, _Asked(question, options, survey), values, found)


@dataclass(frozen=True, slots=True)
class _Asked:
    question: str
    options: tuple[str, ...]
    survey: str


def _flagged(row: Row, country: str, survey: str) -> str:
    """Why the shares of a country are not to be trusted; empty where nothing speaks against them."""
    flag = words(row.cells.get("quality_flag"))
    if flag:
        return f"flagged in the file: {shortened(flag)}"
    if survey == "WVS" and "quality_flag" not in row.cells:
        if country in SHIFTED:
            return "the key was shown to hold another country's answers"
        if country in POOLED:
            return "the key was shown to hold other answers for about half of the items"
    return _NOT_NATIONAL if "non-national" in country.casefold() else ""


def _options(row: Row, faults: Faults) -> tuple[str, ...] | None:
    found = _literal(row.cells["options"])
    if not isinstance(found, list | tuple) or not all(isinstance(one, str | int | float) for one in found):
        faults.add(row.fault("options", "this is no list of options", 'For example `["Yes", "No"]`.'))
        return None
    return tuple(words(one) for one in found)


def _by_country(row: Row, published: bool, faults: Faults) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Countries with what their people chose; reports what is no such thing."""
    shares: object = {words(row.cells.get("country")): row.cells.get("distribution")}
    column = "selections" if published else "distribution"
    if published:
        shares = _literal(row.cells["selections"])
    if not isinstance(shares, dict) or "" in shares:
        faults.add(row.fault(column, "these are no shares by country", 'For example `{"Japan": [0.25, 0.75]}`.'))
        return
    for key, values in shares.items():
        country, listed = words(key), _literal(values)
        if not country or not isinstance(listed, list | tuple) or not all(_is_share(value) for value in listed):
            message = f"the shares of `{shortened(key)}` are no list of numbers of at least 0"
            faults.add(row.fault(column, message, "Leave the country out."))
        else:
            yield country, tuple(float(value) for value in listed)


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9


def _literal(cell: object) -> object:
    """A cell that may hold its value as the text of a Python or JSON literal; nothing is ever evaluated."""
    if not isinstance(cell, str):
        return cell
    wrapped = re.fullmatch(r"\s*defaultdict\(<class 'list'>,\s*(\{.*\})\)\s*", cell, re.DOTALL)
    said = wrapped[1] if wrapped else cell
    if len(said) > _LONGEST:
        return None
    for parser in (json.loads, ast.literal_eval):
        try:
            return parser(said)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return None


def _shares(row: Row, country: str, asked: _Asked, values: tuple[float, ...], found: _Found) -> None:
    """Shares over the options that are answers, or a reason why there are none."""
    if len(values) != len(asked.options):
        message = f"`{shortened(country)}` has {len(values)} shares for {len(asked.options)} options"
        found.faults.add(row.fault("options", message, "Give one share for each option."))
        return
    total = math.fsum(values)
    kept = [place for place, option in enumerate(asked.options) if option and not says_nothing(option)]
    options = tuple(asked.options[place] for place in kept)
    answered = math.fsum(values[place] for place in kept)
    why = ""
    if len(options) not in _OPTIONS:
        why = f"{len(options)} options are left, and an item has {_OPTIONS.start} to {_OPTIONS.stop - 1}"
    elif len(set(options)) < len(options):
        why = "an option stands twice"
    elif any(value and not option for option, value in zip(asked.options, values, strict=True)):
        why = "people chose an option without words"
    elif any("|" in option for option in options):
        why = "an option holds `|`, which stands between options"
    elif not total:
        why = "every share is 0"
    elif abs(total - 1) > 0.005 * len(values) + 1e-9:
        why = "the shares do not add up to 1"
    elif answered <= 0.005 * len(options):
        why = "nobody gave an answer"
    if why:
        found.leave_out(row, country, why)
        return
    item = _item(asked, options)
    if _take(row, country, item, tuple(values[place] / answered for place in kept), found):
        found.no_answers.update(option for option in asked.options if option and option not in options)
        found.most_taken = max(found.most_taken, (1 - answered / total, country, item.id))


def _item(asked: _Asked, options: tuple[str, ...]) -> Question:
    """The item of a question with a list of options: its id is the same wherever the two are the same."""
    said = json.dumps([asked.question, options], ensure_ascii=False).encode()
    source = f"GlobalOpinionQA, {_SURVEYS.get(asked.survey, asked.survey)}".removesuffix(", ")
    name = f"g{hashlib.sha256(said).hexdigest()[:12]}"
    return Question(name, "nominal", source, {"en": asked.question}, {"en": options})


def _take(row: Row, country: str, item: Question, shares: tuple[float, ...], found: _Found) -> bool:
    """Whether these shares are used."""
    found.items.setdefault(item.id, item)
    found.lists[item.text["en"]].add(item.id)
    if found.params.items and item.id not in found.params.items:
        found.leave_out(row, country, "another item")
        return False
    before = found.shares.get((item.id, country))
    if before is None:
        found.shares[item.id, country] = shares
        found.count.used += 1
        return True
    same = all(abs(a - b) < 1e-6 for a, b in zip(before, shares, strict=True))
    if not same:
        found.contradicted.add((item.id, country))
    why = "stands in an earlier row" if same else "a country has other shares for the same item elsewhere"
    found.leave_out(row, country, why)
    return False


goqa = DataSource(
    title="GlobalOpinionQA",
    params=Params,
    endings=(".json", ".jsonl", ".csv", ".json.gz", ".jsonl.gz", ".csv.gz"),
    licence="CC BY-NC-SA 4.0, as its page says: not for commercial use. The surveys have terms of their own.",
    cite="Durmus et al. (2023), Towards Measuring the Representation of Subjective Global Opinions in Language Models. "
    "https://huggingface.co/datasets/Anthropic/llm_global_opinions",
    read=read,
)
