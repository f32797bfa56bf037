"""House rules: how strict a spec, or a body in a file that all its specs import, is about what auditc warns of.

`lint { AC409 = error   AC415 = off }`. Of several rules for one code the strictest wins. Only warnings can be switched:
behind an error there is no plan, or one whose results would be false. A file switches something off only if it is the
spec itself or a house file, which holds nothing but rules and controls: whoever imports data wants no rules with it.
"""

from __future__ import annotations

from typing import Final

from auditc.diagnostics import Severity, Sink, Span
from auditc.diagnostics.codes import codes
from auditc.spec.syntax import Attribute, Block, Expression, Switch, Word

from .load import Module, every
from .mistakes import WARNINGS, Poison, close, listing, report
from .wants import called

LEVELS: Final[dict[str, Severity | None]] = {"off": None, "warning": Severity.WARNING, "error": Severity.ERROR}
"""From the mildest to the strictest."""

NEVER_OFF: Final = frozenset({"AC410", "AC425", "AC426", "AC428", "AC429"})
"""Warnings without which a reader would take a result for more than it is: whoever knows better still says so."""

_HOUSE: Final = frozenset({"lint", "controls"})
"""The blocks of a house file."""

_EXAMPLE: Final = "Write `off`, `warning` or `error`."


def house_rules(entry: Module, sink: Sink) -> None:
    """Give the sink the levels that the `lint` blocks of all files set; what is wrong in them is reported."""
    strictness = list(LEVELS.values())
    for module in every(entry):
        blocks = [block for block in module.file.statements if isinstance(block, Block)]
        may_silence = module is entry or all(block.kind.text in _HOUSE for block in blocks)
        for block in blocks:
            if block.kind.text != "lint":
                continue
            for code, level in _levels(block, sink, may_silence).items():
                former = sink.levels.get(code)
                sink.levels[code] = max(level, former, key=strictness.index) if code in sink.levels else level
                if level is None:
                    sink.silencers.setdefault(code, module.name)


def _levels(block: Block, sink: Sink, may_silence: bool) -> dict[str, Severity | None]:
    found: dict[str, Severity | None] = {}
    if block.label is not None:
        report(sink, "AC211", block.label.span, "", remedy="Write `lint { AC415 = off }`.")
    for part in block.body:
        if not isinstance(part, Attribute):
            report(sink, "AC212", part.kind.span, "a `lint` block holds codes", remedy="Write `lint { AC415 = off }`.")
            continue
        code = part.name.text
        level = _level(part.value, sink)
        if code in found:
            report(sink, "AC206", part.name.span, f"`{code}` is given already")
        elif not _switchable(code, part.name.span, sink) or isinstance(level, Poison):
            continue
        elif level is not None or _silenceable(code, part.span, sink, may_silence):
            found[code] = level
    return found


def _silenceable(code: str, at: Span, sink: Sink, may_silence: bool) -> bool:
    if code in NEVER_OFF:
        label = f"`{code}` cannot be switched off: without it a result looks like more than it is"
        report(sink, "AC367", at, label, remedy="Write `warning` or `error`.")
        return False
    if not may_silence:
        label = "this file is imported for what else it holds, and switches nothing off"
        remedy = "Write it into the spec, or into a file that holds nothing but `lint` and `controls`."
        report(sink, "AC368", at, label, remedy=remedy)
    return may_silence


def _switchable(code: str, at: Span, sink: Sink) -> bool:
    if code in WARNINGS:
        return True
    if code not in codes():
        remedy = close(code, codes()) or f"What can be switched is {listing(WARNINGS, 20)}."
        report(sink, "AC366", at, f"no diagnostic has the code `{code}`", remedy=remedy)
        return False
    remedy = f"What can be switched is {listing(WARNINGS, 20)}."
    report(sink, "AC367", at, f"`{code}` is always an error: {_why_fixed(code)}", remedy=remedy)
    return False


def _why_fixed(code: str) -> str:
    if code < "AC010" or code.startswith("AC1"):
        return "a text that cannot be read says nothing"
    if not code.startswith(("AC4", "AC5")):
        return "without it some name or value means nothing, and there is no plan"
    return "there would be no plan, or one whose results are false or cannot be had again"


def _level(value: Expression, sink: Sink) -> Severity | Poison | None:
    if isinstance(value, Switch):
        return None if not value.on else report(sink, "AC213", value.span, "`on` is no level", remedy=_EXAMPLE)
    if not isinstance(value, Word):
        label = f"a level is expected, and this is {called(value)}"
        return report(sink, "AC301", value.span, label, remedy=_EXAMPLE)
    word = value.name.text
    if word not in LEVELS:
        label = f"`{word}` is no level"
        return report(sink, "AC213", value.span, label, remedy=close(word, LEVELS) or _EXAMPLE)
    return LEVELS[word]
