"""Lists in a file of items: rows that are asked together, as one question of which several may be chosen.

    id,scale,list,list.choose,list.text.en,list.label.en,text.en,options.en
    Q7,nominal,qualities,1..2,Which of these matter to you?,Good manners,Do good manners matter to you?,Yes|No
    Q8,nominal,qualities,1..2,Which of these matter to you?,Thrift,Does thrift matter to you?,Yes|No

The columns are read where `list` is there; a row without a list is an item like all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from auditc.diagnostics import Label, Sink, Span
from auditc.ir.lists import Listed
from auditc.ir.plan import Item

from .mistakes import POISON, Poison, listing, report
from .tables import Grid

LONGEST: Final = 26
"""Items of a list: they are shown under labels, as the options of an item are."""

_CHOOSE: Final = re.compile(r"(?:([0-9]{1,3})\.\.)?([0-9]{1,3})")


def columns(grid: Grid, languages: list[str]) -> tuple[str, ...]:
    """The columns that say which items are asked together; none in a table without lists."""
    if not grid.has("list"):
        return ()
    return "list", "list.choose", *(f"list.{stem}.{language}" for stem in ("text", "label") for language in languages)


def with_lists(grid: Grid, items: tuple[Item, ...], languages: list[str], sink: Sink) -> tuple[Item, ...] | Poison:
    """The items, each with its place in its list. `items` are those of the rows, in their order."""
    rows: dict[str, list[int]] = {}
    for row in range(len(grid.rows)):
        if grid.cell(row, "list"):
            rows.setdefault(grid.cell(row, "list"), []).append(row)
    found: dict[int, Listed] = {}
    good = not _stray(grid, languages, sink)
    ids = {item.id for item in items}
    for name, mine in rows.items():
        if name in ids:
            label = f"`{name}` is the id of an item already"
            report(sink, "AC030", grid.place(mine[0], "list"), label, remedy="Give the list another id.")
            good = False
        listed = _list(grid, name, mine, items, languages, sink)
        if isinstance(listed, Poison):
            good = False
        else:
            found |= dict(zip(mine, listed, strict=True))
    if not good:
        return POISON
    return tuple(item.model_copy(update={"listed": found.get(row)}) for row, item in enumerate(items))


def _stray(grid: Grid, languages: list[str], sink: Sink) -> bool:
    """Whether a row says something of a list that it does not name."""
    stray = False
    for row in range(len(grid.rows)):
        said = [column for column in columns(grid, languages)[1:] if grid.cell(row, column)]
        if said and not grid.cell(row, "list"):
            label = f"{listing(said)} of a list, and `list` is empty"
            report(sink, "AC025", grid.place(row, said[0]), label, remedy="Name the list, or empty these cells.")
            stray = True
    return stray


def _list(
    grid: Grid, name: str, rows: list[int], items: tuple[Item, ...], languages: list[str], sink: Sink
) -> list[Listed] | Poison:
    """What each row of a list says of it, unless some do not go together."""
    at = grid.place(rows[0], "list")
    if not 2 <= len(rows) <= LONGEST:
        label = f"`{name}` has {len(rows)} items" if len(rows) > 1 else f"`{name}` has one item"
        remedy = "Give the other items of the list the same id, or leave this one without." if len(rows) == 1 else ""
        return report(sink, "AC050", at, f"{label}; a list has 2 to {LONGEST}", remedy=remedy)
    good = all([_full(grid, row, languages, sink) for row in rows])
    good = all([_yes_or_no(grid, row, items[row], sink) for row in rows]) and good
    good = all([_agree(grid, rows, column, sink) for column in _shared(languages)]) and good
    good = all([_apart(grid, rows, language, sink) for language in languages]) and good
    choose = _choose(grid, rows, sink) if good else POISON
    if isinstance(choose, Poison):
        return POISON
    text = {language: grid.cell(rows[0], f"list.text.{language}") for language in languages}
    return [
        Listed(
            id=name,
            text=text,
            label={language: grid.cell(row, f"list.label.{language}") for language in languages},
            at_least=choose[0],
            at_most=choose[1],
        )
        for row in rows
    ]


def _shared(languages: list[str]) -> Iterator[str]:
    yield "list.choose"
    yield from (f"list.text.{language}" for language in languages)


def _full(grid: Grid, row: int, languages: list[str], sink: Sink) -> bool:
    """Whether a row of a list says all that is said of lists."""
    empty = [column for column in columns(grid, languages) if not grid.cell(row, column)]
    for column in empty:
        report(sink, "AC025", grid.row(row), f"`{column}` is empty")
    return not empty


def _yes_or_no(grid: Grid, row: int, item: Item, sink: Sink) -> bool:
    if item.size == 2:
        return True
    label = f"{item.size} options; of an item of a list there are two, chosen and not chosen, in this order"
    column = next(iter(grid.languages("options")))
    remedy = "For example: `Would choose it|Would not choose it`."
    report(sink, "AC052", grid.place(row, f"options.{column}"), label, remedy=remedy)
    return False


def _agree(grid: Grid, rows: list[int], column: str, sink: Sink) -> bool:
    """Whether all rows of a list say the same of it."""
    said = grid.cell(rows[0], column)
    others = [row for row in rows if grid.cell(row, column) not in ("", said)]
    if not others or not said:
        return True
    related = (Label(grid.place(rows[0], column), "the first of the list"),)
    label = f"`{column}` is another one than in the first row of `{grid.cell(rows[0], 'list')}`"
    report(
        sink, "AC051", grid.place(others[0], column), label, remedy="Write the same in all its rows.", related=related
    )
    return False


def _apart(grid: Grid, rows: list[int], language: str, sink: Sink) -> bool:
    """Whether the items of a list can be told apart by their words."""
    column, first = f"list.label.{language}", dict[str, int]()
    for row in rows:
        word = grid.cell(row, column)
        if word and word in first:
            related = (Label(grid.place(first[word], column), "here first"),)
            report(
                sink, "AC033", grid.place(row, column), f"{listing([word])} stands twice in the list", related=related
            )
            return False
        first[word] = row
    return True


def _choose(grid: Grid, rows: list[int], sink: Sink) -> tuple[int, int] | Poison:
    """At least and at most how many items may be chosen: `1..5`, or `5` for exactly so many."""
    said = _CHOOSE.fullmatch(grid.cell(rows[0], "list.choose"))
    most = int(said[2]) if said else 0
    least = int(said[1]) if said and said[1] else most
    if said and 1 <= most <= len(rows) and least <= most:
        return least, most
    label = f"of {len(rows)} items"
    remedy = f"Write how many may be chosen: `1..{min(5, len(rows))}`, or `{min(5, len(rows))}` for exactly so many."
    return report(sink, "AC053", grid.place(rows[0], "list.choose"), label, remedy=remedy)


def warn_of_parts(asked: Iterable[Item], survey: Iterable[Item], at: Span, sink: Sink) -> None:
    """Warn of lists that a block asks in part: people chose out of all their items."""
    whole: dict[str, int] = {}
    mine: dict[str, int] = {}
    for items, counts in ((survey, whole), (asked, mine)):
        for item in items:
            if item.listed:
                counts[item.listed.id] = counts.get(item.listed.id, 0) + 1
    cut = [f"{count} of the {whole[name]} items of `{name}`" for name, count in mine.items() if count < whole[name]]
    if cut:
        label = ", ".join(cut[:3]) + (f" and {len(cut) - 3} lists more" if len(cut) > 3 else "")
        remedy = "Ask all items of a list, or none: who may choose from fewer chooses each of them more often."
        report(sink, "AC463", at, label, remedy=remedy)
