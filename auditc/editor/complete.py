"""What can be written at a place: kinds, keys, words, names, columns, items; also where the text does not parse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lsprotocol.types import (
    CompletionItem,
    CompletionItemKind,
    InsertTextFormat,
    MarkupContent,
    MarkupKind,
    TextEdit,
)

from auditc.compiler.claims import AXES, CALLS
from auditc.compiler.datafiles import READERS
from auditc.compiler.declarations import FromShelf, Grid, Holds, LanguageWord, OneFigure, ReportWord
from auditc.compiler.itemsets import FIELDS, FUNCTIONS
from auditc.compiler.quantities import FITTING, UNITS
from auditc.compiler.recorded import EXCHANGES
from auditc.compiler.splits import PARTS
from auditc.compiler.wants import Want, noun
from auditc.ir.values import ItemSet, RecordingFile, RefTo, Table
from auditc.reports import reports

from . import describe
from .cursor import Cursor
from .known import Known
from .positions import Lines
from .shapes import Shape, shape_of, shape_of_call, shelf_of
from .wanted import Wanted, wanted
from .words import languages, words

Kind = CompletionItemKind


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can be written: the word, what it becomes (`$` marks where the author goes on), and what it is."""

    word: str
    kind: CompletionItemKind
    snippet: str = ""
    detail: str = ""
    page: str = ""
    first: bool = False


def complete(known: Known, cursor: Cursor, lines: Lines, offset: int, *, snippets: bool) -> list[CompletionItem]:
    """What fits at a place, most needed first. Without `snippets` a word is inserted and nothing else."""
    edit = lines.range(cursor.start, max(offset, cursor.start))
    seen: dict[str, CompletionItem] = {}
    for place, offer in enumerate(_offers(known, cursor)):
        rich = snippets and bool(offer.snippet)
        seen.setdefault(
            offer.word,
            CompletionItem(
                label=offer.word,
                kind=offer.kind,
                detail=offer.detail or None,
                documentation=MarkupContent(MarkupKind.Markdown, offer.page) if offer.page else None,
                sort_text=f"{0 if offer.first else 1}{place:04}",
                filter_text=offer.word,
                insert_text_format=InsertTextFormat.Snippet if rich else InsertTextFormat.PlainText,
                text_edit=TextEdit(edit, offer.snippet if rich else offer.word),
            ),
        )
    return list(seen.values())


def _offers(known: Known, cursor: Cursor) -> Iterator[Offer]:
    here = wanted(cursor)
    if cursor.place == "kind":
        yield from _kinds()
    elif cursor.place == "key" and here.shape is not None:
        yield from _keys(here.shape, set(cursor.frame.given) - {cursor.text})
    elif cursor.place == "member":
        yield from _members(known, cursor, here)
    elif cursor.place in ("value", "argument"):
        yield from _values(known, cursor, here)
    elif cursor.place == "number":
        yield from _units(cursor, here)


def _kinds() -> Iterator[Offer]:
    yield Offer("import", Kind.Keyword, 'import "${1:file}.audit" as ${2:alias}', "another file")
    for name in sorted(words().kinds):
        shape = shape_of(name)
        detail = "a method" if shape and shape.inner else "a block"
        yield Offer(name, Kind.Class, _block(name, shape) if shape else "", detail, describe.kind(name))


def _block(kind: str, shape: Shape) -> str:
    """A block with its required keys, to be filled in."""
    if shape.own_names:
        return f"{kind} {{\n  ${{1:name}} = ${{2:3}}\n}}"
    lines = [f"{kind} ${{1:name}} {{"]
    needed = (name for name, info in shape.fields.items() if info.is_required())
    lines += [f"  {_entry(name, shape, place)}" for place, name in enumerate(needed, 2)]
    return "\n".join([*lines, "  $0", "}"])


def _entry(name: str, shape: Shape, place: int) -> str:
    if shape.is_block(name):
        return f"{name} {{ ${place} }}"
    return f"{name} = ${{{place}:{_escaped(describe.takes(shape.fields[name])[1])}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("$", "\\$").replace("}", "\\}")


def _keys(shape: Shape, given: set[str]) -> Iterator[Offer]:
    if shape.by_language:
        for name in languages():
            if name not in given:
                yield Offer(name, Kind.Property, f'{name} = "$0"', "a language")
    for name, info in shape.fields.items():
        repeated = shape.is_block(name) and any(want.is_list for want in shape.options(name))
        if name in given and not repeated:
            continue
        page = describe.key(shape, name)
        kind = Kind.Struct if shape.is_block(name) else Kind.Property
        detail = f"{describe.takes(info)[0]}; {describe.default(info)}"
        yield Offer(name, kind, _entry(name, shape, 1), detail, page, info.is_required())
    for name in shape.inner:
        if name not in given and name not in shape.fields:
            yield Offer(name, Kind.Function, f"{name} {{ $0 }}", "a metric", describe.thing(name))


def _members(known: Known, cursor: Cursor, here: Wanted) -> Iterator[Offer]:
    """What can stand behind a dot."""
    path = cursor.path
    if len(path) == 1 and path[0] in known.aliases():
        for kind in _kinds_wanted(here):
            yield from _plain(known.blocks(kind, path[0]), Kind.Variable, f"a {kind}")
    elif here.role == "items":
        for name in FUNCTIONS:
            yield Offer(name, Kind.Method, f"{name}($0)", "which items")
        yield from _plain(PARTS, Kind.Field, "a part of the survey")
    elif here.role in ("figure", "axes"):
        for name in known.measured(path):
            yield Offer(name, Kind.Field, "", "a metric", describe.thing(name))


def _kinds_wanted(here: Wanted) -> tuple[str, ...]:
    """The kinds of block that a name can stand for here."""
    if here.role == "items":
        return ("survey",)
    if here.role == "figure":
        return ("method",)
    if here.role == "index":
        return ("model", "population")
    return tuple(mark.kind for want in here.options if (mark := want.mark(RefTo)))


def _values(known: Known, cursor: Cursor, here: Wanted) -> Iterator[Offer]:
    match here.role:
        case "columns":
            yield from _in_data_file(known, cursor, here)
        case "field":
            yield from _plain(FIELDS, Kind.Field, "a column of the items")
        case "condition":
            yield from _in_condition(known, cursor, here)
        case "ids":
            yield from _plain(known.cells(here.about, "id"), Kind.Value, "an item")
        case "axes":
            yield from _plain(
                (a for a in AXES if a not in cursor.frame.words or a == cursor.text), Kind.Enum, "an axis"
            )
        case "axis":
            for name in AXES:
                yield Offer(name, Kind.Enum, f"{name} = $0", "an axis")
        case "index":
            yield from _plain(known.along(here.about, cursor.slot), Kind.Value, f"a {cursor.slot}")
        case "figure" if cursor.frame.sign == "(" and cursor.frame.head and cursor.frame.commas:
            yield Offer("over", Kind.Property, "over = [$0]", "the axes")
        case _:
            if here.call is not None and cursor.frame.sign == "(" and not cursor.slot:
                yield from _arguments(here.call, cursor)
            for want in here.options:
                yield from _fitting(want, known, cursor)


def _arguments(call: Shape, cursor: Cursor) -> Iterator[Offer]:
    for name, info in call.fields.items():
        if name not in cursor.frame.given:
            yield Offer(name, Kind.Property, f"{name} = $0", describe.takes(info)[0], describe.key(call, name))


def _in_data_file(known: Known, cursor: Cursor, here: Wanted) -> Iterator[Offer]:
    if cursor.slot or (cursor.frame.sign == "[" and cursor.frame.slot):
        there = known.columns(here.about[0]) if here.about else ()
        yield from _plain(
            (c for c in there if c.isidentifier() and c not in cursor.frame.words), Kind.Field, "a column"
        )
        return
    is_grid = any(want.mark(Grid) for want in here.options)
    for name, snippet in (("by", "by = [$0]"), *(() if is_grid else (("weight", "weight = $0"),))):
        if name not in cursor.frame.given and cursor.frame.texts:
            yield Offer(name, Kind.Property, snippet, "columns" if name == "by" else "the column that weights rows")


def _in_condition(known: Known, cursor: Cursor, here: Wanted) -> Iterator[Offer]:
    """`scale != nominal`: a column, then one of its values."""
    before = known.tokens.text[: cursor.start].rstrip()
    column = before[:-2].rstrip().rpartition(" ")[2].rpartition("(")[2] if before.endswith(("==", "!=")) else ""
    if column:
        cells = known.cells(here.about, column)
        for cell in cells:
            plain = cell.isidentifier() and cell not in words().keywords
            yield Offer(cell if plain else f'"{cell}"', Kind.Value, "", f"a {column}")
        return
    for name in FIELDS:
        yield Offer(name, Kind.Field, f"{name} == $0", "a column of the items")
    yield Offer("not", Kind.Keyword)


def _fitting(want: Want, known: Known, cursor: Cursor) -> Iterator[Offer]:
    """What one of the things wanted can be written as."""
    used = set(cursor.frame.words) - {cursor.text} if cursor.frame.sign == "[" else set()
    mark: FromShelf | None = want.mark(FromShelf)
    reference: RefTo | None = want.mark(RefTo)
    if mark and mark.called:
        yield from (_called(name, want) for name in shelf_of(mark).names())
    elif mark:
        for name in shelf_of(mark).names():
            yield Offer(name, Kind.Module, f"{name} {{ $0 }}", noun(want)[0], describe.thing(name))
    elif reference:
        names = (name for name in known.reachable(reference.kind) if name not in used)
        yield from _plain(names, Kind.Variable, f"a {reference.kind}")
    elif want.mark(LanguageWord):
        yield from _plain((name for name in languages() if name not in used), Kind.EnumMember, "a language")
    elif want.mark(ReportWord):
        yield from _plain((name for name in reports.names() if name not in used), Kind.EnumMember, "a form of report")
    elif want.mark(ItemSet):
        yield from _plain(known.reachable("survey"), Kind.Variable, "a survey")
    elif want.mark(OneFigure):
        yield from _plain(known.reachable("method"), Kind.Variable, "a block whose figure is compared")
    elif want.mark(Holds):
        for name in CALLS:
            yield Offer(name, Kind.Function, f"{name}($1, over = [$2])$0", "over axes")
        yield from _plain(known.reachable("method"), Kind.Variable, "a block whose figures are compared")
    elif want.mark(Grid) or want.type is Table:
        for name in READERS:
            yield Offer(name, Kind.File, f'{name}("$1"$2)', "a data file")
    elif want.type is RecordingFile:
        yield Offer(EXCHANGES, Kind.File, f'{EXCHANGES}("$1")$0', "a recording")
    else:
        yield from _plain_fitting(want, known, cursor)


def _plain_fitting(want: Want, known: Known, cursor: Cursor) -> Iterator[Offer]:
    if want.words:
        yield from _plain(want.words, Kind.EnumMember, "")
    elif want.is_list and cursor.frame.sign != "[":
        inner = [offer for element in want.element for offer in _fitting(element, known, cursor)]
        for offer in inner:
            yield Offer(f"[{offer.word}]", offer.kind, "", f"a list of {offer.detail}" if offer.detail else "a list")
    elif want.is_body:
        yield Offer(want.type.word, Kind.Struct, f"{want.type.word} {{ $0 }}", "", "")
    elif want.type is bool:
        yield from _plain(("on", "off"), Kind.Keyword, "")
    elif want.type in (int, float, str):
        yield from _plain(known.constants(), Kind.Constant, "a constant")


def _called(name: str, want: Want) -> Offer:
    shape = shape_of_call(name, (want,))
    needed = [key for key, info in shape.fields.items() if info.is_required()] if shape else []
    arguments = ", ".join(f'"${place}"' for place, _ in enumerate(needed, 1)) or "$0"
    return Offer(name, Kind.Function, f"{name}({arguments})", noun(want)[0], describe.thing(name))


def _units(cursor: Cursor, here: Wanted) -> Iterator[Offer]:
    """Units for the number that is being written."""
    digits = cursor.text.rstrip("%ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    for want in here.options:
        if want.type in (int, float) or want.unit != "number":
            for unit, (of, _) in UNITS.items():
                if unit and of in FITTING.get(want.unit, ()):
                    yield Offer(f"{digits}{unit}", Kind.Unit, "", f"a {of}", describe.unit(unit))


def _plain(names: Iterable[str], kind: CompletionItemKind, detail: str) -> Iterator[Offer]:
    for name in names:
        yield Offer(name, kind, "", detail)
