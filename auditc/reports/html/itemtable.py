"""The way from a figure to stored answers: items with people's shares beside models', values, and keys of cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from auditc.ir.finding import ItemRow
from auditc.ir.plan import Item

from . import numbers
from .clean import anchor
from .figures import bar, symbol
from .names import Names, questionings

ROWS = 2000
"""Rows of items (an item of one model, population and condition) that a page shows: what goes beyond is in items.json,
and would take megabytes here that nobody scrolls through."""
LEAST = 5
"""Items that each table shows all the same."""
KEYS = 3
"""How many keys of cells an item shows for each model and condition."""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer option: people's share and each model's, as bar and number, in cells of the table: there are so many
    that the template would take long to write them."""

    text: str
    shares: Markup


@dataclass(frozen=True, slots=True)
class Source:
    """One model under one condition: values of this item, and the cells they come from."""

    model: str
    condition: str
    values: str
    answered: str
    cells: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Question:
    """One item of one block and population."""

    anchor: str
    id: str
    text: str
    language: str
    dimension: str
    scale: str
    people: str
    heads: tuple[str, ...]
    options: tuple[Option, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """All items of one block and population."""

    anchor: str
    block: str
    population: str
    symbol: Markup
    questions: tuple[Question, ...]
    items: int
    """How many there are, shown or not."""


def tables(names: Names) -> list[Table]:
    """One for each block and population, items in the survey's order."""
    known = {(s.block, item.id): item for s in questionings(names.material) for item in _items(names, s.survey)}
    order = {key: place for place, key in enumerate(known)}
    grouped: dict[tuple[str, str], dict[str, list[ItemRow]]] = {}
    for row in names.material.items:
        grouped.setdefault((row.block, row.population), {}).setdefault(row.item, []).append(row)
    shown = []
    share = min(ROWS / max(len(names.material.items), 1), 1.0)
    for block, population in sorted(grouped, key=lambda pair: (_at(names.blocks, pair[0]), names.place(pair[1]), pair)):
        where = f"{_at(names.blocks, block)}-{names.place(population)}"
        own = grouped[block, population]
        items = sorted(own, key=lambda i: (order.get((block, i), len(order)), i))
        kept = items[: max(math.floor(share * len(items)), LEAST)]
        shown.append(
            Table(
                anchor=f"items-{where}",
                block=names.block(block),
                population=names.heading(population),
                symbol=symbol(names.place(population)),
                questions=tuple(question(names, known.get((block, i)), own[i], anchor(f"i-{where}", i)) for i in kept),
                items=len(items),
            )
        )
    return shown


def _items(names: Names, survey: str) -> Sequence[Item]:
    found = names.material.plan.surveys.get(survey)
    return found.items if found else ()


def _at(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def question(names: Names, item: Item | None, rows: Sequence[ItemRow], where: str) -> Question:
    words = names.words
    rows = sorted(rows, key=lambda r: (_at(names.models, r.model), names.variant(r.condition)))
    asked = [r for r in rows if r.condition == "asked"] or list(rows)
    people = next((r for r in rows if r.people_shares is not None), None)
    size = max((len(s) for r in rows for s in (r.model_shares, r.people_shares) if s is not None), default=0)
    texts = item.options.get(names.language) or next(iter(item.options.values())) if item else ()
    labels = [texts[k] if k < len(texts) else str(k + 1) for k in range(max(size, len(texts)))]
    sides = [("people", people.people_shares if people else None)] + [("model", r.model_shares) for r in asked]
    behind = ""
    if people and people.people_n is not None:
        key = "item.people_nominal" if people.people_nominal else "item.people"
        behind = words(key, n=numbers.count(people.people_n))
    language = names.language if item and names.language in item.text else next(iter(item.text), "") if item else ""
    return Question(
        anchor=where,
        id=rows[0].item,
        text=names.of(item.text) if item else rows[0].item,
        language=language,
        dimension=names.dimension(item.dimension) if item and item.dimension else "",
        scale=words(f"scale.{item.scale}") if item and item.size else "",
        people=behind,
        heads=(words("item.people_head"), *(names.short(r.model) for r in asked)),
        options=tuple(Option(text, _shares(sides, k)) for k, text in enumerate(labels)),
        sources=tuple(_source(names, r) for r in rows),
    )


def _shares(sides: Sequence[tuple[str, Sequence[float] | None]], place: int) -> Markup:
    cells = []
    for style, shares in sides:
        value = shares[place] if shares is not None and place < len(shares) else None
        number = escape(numbers.figure(value, "share"))
        cells.append(f'<td><span class="bars">{bar(value, style)}<span>{number}</span></span></td>')
    return Markup("".join(cells))


def _source(names: Names, row: ItemRow) -> Source:
    whole = {m: v for m, v in row.values.items() if "/" not in m}  # not its parts: a list of forty says nothing
    values = [f"{names.words.known(f'metric.{m}.short', m)} {numbers.figure(v)}" for m, v in whole.items()]
    return Source(
        model=names.short(row.model),
        condition=names.condition(row.condition),
        values=names.words("list.semicolon").join(values) or numbers.NONE,
        answered=names.words("item.answered", answered=numbers.count(row.answered), asked=numbers.count(row.asked)),
        cells=tuple(key[:12] for key in row.cells[:KEYS]),
        more=max(len(row.cells) - KEYS, 0),
    )
