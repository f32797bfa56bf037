"""The blocks of a file as an outline, and the file in canonical form."""

from __future__ import annotations

from lsprotocol.types import DocumentSymbol, SymbolKind, TextEdit

from auditc.diagnostics import Sink, Source, Span
from auditc.spec.format import format_file
from auditc.spec.parse import parse
from auditc.spec.syntax import Attribute, Block, File, Import, Name

from .positions import Lines


def symbols(file: File, lines: Lines) -> list[DocumentSymbol]:
    """Every import and block with the blocks inside it, in the order written."""
    return [_symbol(statement, lines) for statement in file.statements]


def _symbol(node: Import | Block | Attribute, lines: Lines) -> DocumentSymbol:
    if isinstance(node, Import):
        return _made(node.alias.text, "import", SymbolKind.Module, node.span, node.alias.span, lines)
    if isinstance(node, Attribute):
        return _made(node.name.text, "constant", SymbolKind.Constant, node.span, node.name.span, lines)
    inside = [part for part in node.body if isinstance(part, Block) or node.kind.text == "let"]
    label = node.label
    name = label.text if isinstance(label, Name) else label.span.text if label else node.kind.text
    at = label.span if label else node.kind.span
    made = _made(name, node.kind.text if label else "", SymbolKind.Class, node.span, at, lines)
    made.children = [_symbol(part, lines) for part in inside]
    return made


def _made(name: str, detail: str, kind: SymbolKind, whole: Span, at: Span, lines: Lines) -> DocumentSymbol:
    return DocumentSymbol(
        name=name,
        kind=kind,
        range=lines.range(whole.start, whole.end),
        selection_range=lines.range(at.start, at.end),
        detail=detail or None,
    )


def formatted(text: str, lines: Lines) -> list[TextEdit] | None:
    """The edit that brings a text into canonical form; None for one with mistakes of syntax, which is left alone."""
    sink = Sink()
    tree = parse(Source("", text), sink)
    if sink.diagnostics:
        return None
    canonical = format_file(tree)
    return [] if canonical == text else [TextEdit(lines.range(0, len(text)), canonical)]
