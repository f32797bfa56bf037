"""A survey out of its data files: the items in every language, and how people of each country answered them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Final, get_args

from auditc.diagnostics import Label, Sink, Span
from auditc.ir.plan import Direction, Group, Item, People, Survey
from auditc.ir.values import Scale
from auditc.spec.syntax import Word

from .bodies import fill, form, keys
from .datafiles import NUMBER, DataFile
from .declarations import Split
from .declarations import Survey as SurveyForm
from .lists import columns, with_lists
from .mistakes import POISON, Poison, close, listing, report
from .poles import turned_round
from .resolve import Declaration
from .scope import Scope
from .splits import assigned, column_of
from .tables import MANY, Grid, refuse_others, require

SCALES: Final = get_args(Scale)
DIRECTIONS: Final = tuple(word for word in get_args(Direction) if word)
OPTIONS: Final = range(2, 27)
"""How many options an item may have: they are shown under letters."""

_COUNT: Final = re.compile(r"0*[1-9][0-9]{0,11}")

TOLERANCE: Final = 0.005
"""By how much published shares may miss 1 through rounding; then they are made to add up."""


@dataclass(frozen=True, slots=True, eq=False)
class CheckedSurvey:
    """A survey, and where its human shares stand: by country and item; how it is split; and the groups that it tells
    apart, the values of each by country, column and item."""

    survey: Survey
    places: dict[tuple[str, str], Span] = field(default_factory=dict)
    split: Split | None = None
    groups: dict[str, dict[str, dict[str, frozenset[str]]]] = field(default_factory=dict)
    dimensions: str = ""
    """The framework that the survey names for them."""
    items: dict[str, Span] = field(default_factory=dict)
    """Where each item's dimension stands."""
    assigned: dict[str, str] = field(default_factory=dict)
    """The part of each item by its id, where a column of the items says it."""


def survey(declaration: Declaration, scope: Scope) -> CheckedSurvey | Poison:
    """A survey block with its files."""
    filled = fill(declaration.block, keys(SurveyForm), scope)
    made = form(SurveyForm, filled, scope)
    file: DataFile | None = filled.values.get("items")
    if file is None:
        return POISON
    written = filled.places.get("split")
    items = _items(file.grid, column_of(written), scope.sink)
    parts = assigned(file.grid, filled.values.get("split"), written, scope.sink)
    if isinstance(items, Poison) or isinstance(made, Poison) or isinstance(parts, Poison):
        return POISON
    digests = {file.path: scope.files.digests[file.path]}
    dimensions = made.dimensions or ""
    rows = {file.grid.cell(row, "id"): file.grid.place(row, "dimension") for row in range(len(file.grid.rows))}
    if made.reference is None:
        bare = Survey(items=items, people={}, digests=digests)
        return CheckedSurvey(bare, split=made.split, dimensions=dimensions, items=rows, assigned=parts)
    people = _people(made.reference, {item.id: item for item in items}, scope.sink)
    if isinstance(people, Poison):
        return POISON
    digests[made.reference.path] = scope.files.digests[made.reference.path]
    values = _groups(made.reference)
    whole = Survey(items=items, people=people.countries, groups=people.told_apart(), digests=digests)
    return CheckedSurvey(whole, people.places, made.split, values, dimensions, rows, parts)


@dataclass(frozen=True, slots=True)
class _Reference:
    """How people answered, by country and item; how groups of them did, by country and the values of the columns that
    tell the group apart; and where each country's answer to an item stands."""

    countries: dict[str, dict[str, People]] = field(default_factory=dict)
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, People]] = field(default_factory=dict)
    places: dict[tuple[str, str], Span] = field(default_factory=dict)

    def told_apart(self) -> dict[str, tuple[Group, ...]]:
        """The groups of each country, in an order that does not depend on that of the rows."""
        found: dict[str, tuple[Group, ...]] = {}
        for (country, of), people in sorted(self.groups.items(), key=lambda entry: entry[0]):
            found[country] = (*found.get(country, ()), Group(of=dict(of), people=people))
        return found


def _groups(file: DataFile) -> dict[str, dict[str, dict[str, frozenset[str]]]]:
    """The groups of people that a reference tells apart: by country and column, its values for each item."""
    columns = [word.name.text for word in file.by or () if word.name.text != "country"]
    found: dict[str, dict[str, dict[str, frozenset[str]]]] = {}
    for row in range(len(file.grid.rows)):
        country = found.setdefault(file.grid.cell(row, "country"), {column: {} for column in columns})
        for column in columns:
            known, item = country[column], file.grid.cell(row, "item")
            known[item] = known.get(item, frozenset()) | ({file.grid.cell(row, column)} - {""})
    return found


def _items(grid: Grid, part: Word | None, sink: Sink) -> tuple[Item, ...] | Poison:
    languages = sorted({*grid.languages("text"), *grid.languages("options")}) or ["en"]
    worded = [f"{stem}.{language}" for stem in ("text", "options") for language in languages]
    together = columns(grid, languages)
    good = require(grid, ("id", "scale", *worded, *together), sink)
    known = (
        "id",
        "dimension",
        "direction",
        "reason",
        "scale",
        "source",
        *worded,
        *together,
        *([part.name.text] if part else []),
    )
    refuse_others(grid, known, sink)
    if not good:
        return POISON
    items: list[Item] = []
    first: dict[str, Span] = {}
    for row in range(len(grid.rows)):
        name = grid.cell(row, "id")
        if name in first:
            related = (Label(first[name], "here first"),)
            report(sink, "AC030", grid.place(row, "id"), f"`{name}` is there already", related=related)
            good = False
        first.setdefault(name, grid.place(row, "id"))
        item = _item(grid, row, languages, sink)
        if isinstance(item, Poison):
            good = False
        else:
            items.append(item)
        if row - len(items) > MANY:
            break
    return with_lists(grid, tuple(items), languages, sink) if good and together else tuple(items) if good else POISON


def _item(grid: Grid, row: int, languages: list[str], sink: Sink) -> Item | Poison:
    good = True
    needed = ("id", "scale", *(f"{stem}.{language}" for language in languages for stem in ("text", "options")))
    for column in needed:
        if not grid.cell(row, column):
            report(sink, "AC025", grid.row(row), f"`{column}` is empty")
            good = False
    scale = grid.cell(row, "scale")
    if scale and scale not in SCALES:
        remedy = close(scale, SCALES) or f"The scales are {listing(SCALES)}."
        report(sink, "AC031", grid.place(row, "scale"), f"`{scale}` is no scale", remedy=remedy)
        good = False
    direction = grid.cell(row, "direction")
    if direction and direction not in DIRECTIONS:
        remedy = close(direction, DIRECTIONS) or f"It is {listing(DIRECTIONS)}, or empty."
        report(sink, "AC043", grid.place(row, "direction"), f"`{direction}` is no direction", remedy=remedy)
        good = False
    options = {
        language: tuple(option.strip() for option in grid.cell(row, f"options.{language}").split("|"))
        for language in languages
    }
    if not good or not _options(grid, row, options, sink):
        return POISON
    if scale == "nominal" and direction not in ("", "none") and len(next(iter(options.values()))) > 2:
        label = "more than two options without an order: neither end is the high one"
        remedy = "Write `none`, or give the item the scale `ordinal` if its options are in order."
        report(sink, "AC043", grid.place(row, "direction"), label, remedy=remedy)
        return POISON
    return Item(
        id=grid.cell(row, "id"),
        scale=scale,  # type: ignore[arg-type]  # one of SCALES, as was looked up above
        dimension=grid.cell(row, "dimension"),
        direction=direction,  # type: ignore[arg-type]  # one of DIRECTIONS, or empty
        source=grid.cell(row, "source"),
        text={language: grid.cell(row, f"text.{language}") for language in languages},
        options=options,
    )


def _options(grid: Grid, row: int, options: dict[str, tuple[str, ...]], sink: Sink) -> bool:
    """Whether the options of an item can be asked in every language."""
    good = True
    for language, words in options.items():
        place = grid.place(row, f"options.{language}")
        if len(words) not in OPTIONS:
            label = f"{len(words)} options; an item has {OPTIONS.start} to {OPTIONS.stop - 1}"
            report(sink, "AC034", place, label, remedy="Put `|` between the options: `Yes|No`.")
            good = False
        elif "" in words:
            report(sink, "AC025", place, "an option is empty", remedy="Put one `|` between options: `Yes|No`.")
            good = False
        elif len({word.casefold() for word in words}) < len(words):
            folded = [word.casefold() for word in words]  # whoever reads an answer cannot tell them apart
            twice = sorted({word for word, plain in zip(words, folded, strict=True) if folded.count(plain) > 1})
            report(sink, "AC033", place, f"{listing(twice)} stands twice")
            good = False
    counts = {language: len(words) for language, words in options.items()}
    if good and len(set(counts.values())) > 1:
        label = ", ".join(f"{count} in `{language}`" for language, count in counts.items())
        report(sink, "AC032", grid.row(row), label, remedy="Give the same options in the same order in every language.")
        good = False
    elif good and (ends := turned_round({language: tuple(words) for language, words in options.items()})):
        label = f"in `{ends[1]}` the options begin at the other end than in `{ends[0]}`"
        report(sink, "AC480", grid.row(row), label, remedy="Give the same options in the same order in every language.")
    return good


def _people(file: DataFile, items: dict[str, Item], sink: Sink) -> _Reference | Poison:
    grid = file.grid
    by = tuple(word.name.text for word in file.by) if file.by is not None else ("country",)
    if file.by is not None and "country" not in by:
        remedy = f"Write `by = [{', '.join(('country', *by))}]`."
        return report(sink, "AC313", file.span, "shares are told apart by country at least", remedy=remedy)
    good = require(grid, ("item", "n", "shares", *by), sink)
    hint = f"To tell shares apart by it, write `by = [{', '.join(by)}, …]`."
    refuse_others(grid, ("item", "n", "n_status", "shares", *by), sink, hint)
    if not good:
        return POISON
    found = _Reference()
    unread = set(grid.columns) - {"item", "n", "n_status", "shares", *by}
    first: dict[tuple[str, ...], Span] = {}
    bad = 0
    for row in range(len(grid.rows)):
        key = (grid.cell(row, "item"), *(grid.cell(row, column) for column in by))
        if key in first and unread:
            good = False  # rows that a column tells apart which nothing reads: that has been said
        elif key in first:
            related = (Label(first[key], "here first"),)
            report(sink, "AC041", grid.row(row), f"{listing(k for k in key if k)} is there already", related=related)
            good = False
        first.setdefault(key, grid.row(row))
        people = _row(grid, row, items, sink)
        bad += isinstance(people, Poison)
        if bad > MANY:
            break
        if isinstance(people, Poison):
            good = False
            continue
        country, item = grid.cell(row, "country"), grid.cell(row, "item")
        of = tuple(sorted((c, grid.cell(row, c)) for c in by if c != "country" and grid.cell(row, c)))
        if of:
            found.groups.setdefault((country, of), {})[item] = people
        else:
            found.countries.setdefault(country, {})[item] = people
            found.places[country, item] = grid.row(row)
    return found if good else POISON


def _row(grid: Grid, row: int, items: dict[str, Item], sink: Sink) -> People | Poison:
    name = grid.cell(row, "item")
    item = items.get(name)
    good = True
    for column in ("item", "country"):
        if not grid.cell(row, column):
            report(sink, "AC025", grid.row(row), f"`{column}` is empty")
            good = False
    if name and item is None:
        remedy = close(name, items) or "Leave the row out, or add the item."
        report(sink, "AC038", grid.place(row, "item"), f"there is no item `{name}`", remedy=remedy)
        good = False
    count = grid.cell(row, "n")
    if not _COUNT.fullmatch(count):
        label = "how many people stand behind the shares, a whole number of at least 1"
        remedy = "Where only the survey's own number is known, give it and set `n_status` to `nominal`."
        report(sink, "AC039", grid.place(row, "n"), label, remedy=remedy)
        good = False
    status = grid.cell(row, "n_status") or "counted"
    if status not in ("counted", "nominal"):
        label = "`counted`: who answered this item; `nominal`: whom the survey interviewed"
        remedy = close(status, ("counted", "nominal"))
        report(sink, "AC040", grid.place(row, "n_status"), label, remedy=remedy)
        good = False
    shares = _shares(grid, row, item, sink)
    if not good or isinstance(shares, Poison):
        return POISON
    return People(n=int(count), nominal=status == "nominal", shares=shares)


def _shares(grid: Grid, row: int, item: Item | None, sink: Sink) -> tuple[float, ...] | Poison:
    place = grid.place(row, "shares")
    words = [word.strip() for word in grid.cell(row, "shares").split("|")]
    bad = [word for word in words if not NUMBER.fullmatch(word)]
    if bad:
        remedy = "Put `|` between shares: `0.25|0.75`."
        return report(sink, "AC036", place, f"{listing(bad)} is no share", remedy=remedy)
    if item is not None and len(words) != item.size:
        remedy = f"The options of `{item.id}` are {listing(next(iter(item.options.values())))}."
        return report(sink, "AC035", place, f"{len(words)} shares for {item.size} options", remedy=remedy)
    shares = [float(word) for word in words]
    total = math.fsum(shares)
    if abs(total - 1) > TOLERANCE:
        of = " of ".join(f"`{name}`" for name in (grid.cell(row, "item"), grid.cell(row, "country")) if name)
        label = f"those for {of} add up to {total:g}" if of else f"they add up to {total:g}"
        remedy = (
            "Divide percentages by 100."
            if abs(total - 100) < 1
            else "Give one share for every option that was offered."
        )
        return report(sink, "AC037", place, label, remedy=remedy)
    return tuple(share / total for share in shares)
