"""What the word under the cursor means, out of the same pages as `auditc explain`."""

from __future__ import annotations

import re

from lsprotocol.types import Hover, MarkupContent, MarkupKind

from auditc.compiler.claims import AXES, CALLS
from auditc.compiler.datafiles import READERS
from auditc.compiler.declarations import LanguageWord
from auditc.compiler.itemsets import FUNCTIONS
from auditc.compiler.recorded import EXCHANGES
from auditc.compiler.secrets import without_secrets
from auditc.diagnostics import Diagnostic
from auditc.spec.syntax import Block, Import

from . import describe
from .cursor import Cursor
from .known import Known
from .names import Meant, occurrence_at
from .positions import Lines
from .shapes import shape_of_call
from .wanted import wanted
from .words import languages

_CODE = re.compile(r"AC\d{3}")
_CALLED = {
    "each": "`each(figure, over = [model, population])`: the comparison holds for every value of these axes.",
    "mean": "`mean(figure, over = population)`: the figure averaged over these axes.",
    "where": "`survey.where(scale != nominal)`: the items that meet a condition.",
    "sample": "`survey.sample(8, by = dimension)`: items drawn by hash, in turn from each group.",
    "items": "`survey.items(Q1, Q2)`: the items with these ids.",
    "csv": '`csv("table.csv")`: a data file in the folder of the spec, UTF-8, with a head.',
    "exchanges": '`exchanges("exchanges.jsonl.gz")`: a recording that `auditc record` wrote.',
    "jsonl": '`jsonl("table.jsonl")`: a data file with a flat JSON object on each line.',
}
"""Functions that have no page of their own."""


def hover(known: Known, cursor: Cursor, lines: Lines, offset: int, said: tuple[Diagnostic, ...]) -> Hover | None:
    """The page of what stands at a place; of a mistake there, also the page of its code."""
    pages = [_page(known, cursor, offset), *_codes(known, lines, offset, said)]
    text = "\n\n---\n\n".join(page for page in pages if page)
    if not text:
        return None
    return Hover(MarkupContent(MarkupKind.Markdown, text), lines.range(cursor.start, cursor.end))


def _codes(known: Known, lines: Lines, offset: int, said: tuple[Diagnostic, ...]) -> list[str]:
    """Pages of the codes of mistakes that a place is part of, and of a code that is written there."""
    codes = [
        found.code
        for found in said
        if found.primary.span.source.name == known.module.name
        and found.primary.span.start <= offset <= max(found.primary.span.end, found.primary.span.start + 1)
    ]
    codes += [found[0] for found in _CODE.finditer(lines.text) if found.start() <= offset <= found.end()]
    return [describe.code(code) for code in dict.fromkeys(codes)]


def _page(known: Known, cursor: Cursor, offset: int) -> str:
    here = wanted(cursor)
    word = cursor.text
    match cursor.place:
        case "kind":
            return describe.kind(word) or _named(known, offset)
        case "number":
            return describe.unit(word.lstrip("0123456789."))
        case "label" | "comment" | "text" | "after":
            return _named(known, offset)
        case "key" if here.shape is not None:
            return describe.key(here.shape, word) or (describe.thing(word) if word in here.shape.inner else "")
        case "argument":
            call = here.call or shape_of_call(word, here.options)
            return describe.key(call, word) if call else _axis(word)
    return _named(known, offset) or _value(word, cursor)


def _value(word: str, cursor: Cursor) -> str:
    """A word of the language that stands in a value."""
    if word in (*CALLS, *FUNCTIONS, *READERS, EXCHANGES) and word in _CALLED:
        return _CALLED[word]
    here = wanted(cursor)
    if here.role in ("axes", "axis"):
        return _axis(word)
    fitting = [want.words for want in here.options if word in want.words]
    if fitting:
        return f"**`{word}`**: one of {', '.join(f'`{other}`' for other in fitting[0])}."
    if here.role == "columns":
        return f"**`{word}`**: a column of `{here.about[0]}`." if here.about else ""
    if any(want.mark(LanguageWord) for want in here.options):
        return f"**`{word}`**: a language. {', '.join(f'`{other}`' for other in languages())} are spoken so far."
    bodies = [want.type for want in here.options if want.is_body and want.type.word == word]
    return describe.body(bodies[0]) if bodies else describe.thing(word)


def _axis(word: str) -> str:
    return (
        f"**`{word}`**: one of the axes of a figure: {', '.join(f'`{axis}`' for axis in AXES)}." if word in AXES else ""
    )


def _named(known: Known, offset: int) -> str:
    """The declaration of the name at a place."""
    found = occurrence_at(known.view, known.module, offset)
    if found is None:
        return ""
    written = next((m.file.source.text for m in known.view.modules() if m.name == found.meant.module), "")
    return without_secrets(_declaration(known, found.meant), written)


def _declaration(known: Known, meant: Meant) -> str:
    names = known.view.names
    if names is None:
        return ""
    if meant.name in (declared := names.declared.get(meant.module, {})):
        return describe.declaration(declared[meant.name].block, meant.module)
    if meant.name in (constants := names.constants.get(meant.module, {})):
        constant = constants[meant.name]
        line = constant.name.span.source.line_text(constant.name.span.line).strip()
        return f"**constant** `{meant.name}`, declared in `{meant.module}`\n\n```audit\n{line}\n```"
    for statement in _statements(known, meant.module):
        if isinstance(statement, Import) and statement.alias.text == meant.name:
            return f"**import** `{meant.name}`: the file `{statement.path.value}`"
    return ""


def _statements(known: Known, name: str) -> tuple[Block | Import, ...]:
    return next((m.file.statements for m in known.view.modules() if m.name == name), ())
