"""What a person sees of two audits compared: the verdict, then figures, claims, and every change with its place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

if TYPE_CHECKING:
    from auditc.compiler.compare.outcome import Change, ClaimOutcome, Comparability, Comparison, FigureOutcome
    from auditc.ir.plan import Origin

_COLOURS: Final = {"comparable": "green", "comparable in part": "yellow", "not comparable": "red"}
_SIGNS: Final = {"added": "+", "removed": "-", "changed": "~", "renamed": "="}
_LONGEST = 160
"""Characters of a value that are shown; the whole of it is in the JSON."""
_MOST = 5
"""Reasons and items that are listed one by one."""


def comparison(found: Comparison) -> None:
    """A comparison, the conclusion first."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=140)
    console.print(_headline(found))
    if not found.changes:
        return
    _part(console, "Figures", found.figures, _figure)
    _part(console, "Claims", found.claims, _claim)
    for where, names in (("first", found.only_before), ("second", found.only_after)):
        if names:
            console.print(Text(f"\nOnly in the {where}: {', '.join(names)}"))
    console.print(Text(f"\nChanges ({len(found.changes)})", style="bold"))
    for change in found.changes:
        _change(console, change)


def _headline(found: Comparison) -> Text:
    if not found.changes:
        return _coloured("comparable") + Text(": the two audits say the same")
    counts = {word: sum(figure.verdict == word for figure in found.figures) for word in _COLOURS}
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return _coloured(found.verdict) + Text(f": of {len(found.figures)} figures that both have, {said or 'none'}")


def _part(console: Console, title: str, rows: tuple[Any, ...], show: Any) -> None:
    if rows:
        console.print(Text(f"\n{title}", style="bold"))
        for row in rows:
            show(console, row)


def _figure(console: Console, figure: FigureOutcome) -> None:
    name = f"{figure.block}.{figure.metric}" + (f" (was {figure.was}.{figure.metric})" if figure.was else "")
    console.print(Text(f"{name:<32} ") + _coloured(figure.verdict) + Text(_on_items(figure)))
    _notes(console, figure.reasons, figure.cautions)
    if len(set(figure.populations.values())) > 1:
        _notes(console, tuple(f"as {name}: {verdict}" for name, verdict in figure.populations.items()), ())


def _on_items(figure: FigureOutcome) -> str:
    """The items that a comparison rests on, by those that it can or those that it cannot rest on, whichever are fewer."""
    if figure.verdict == "not comparable" or not figure.left_out:
        return ""
    most = len(figure.common) > len(figure.left_out)
    which = f"all but {_listed(figure.left_out)}" if most else _listed(figure.common)
    return f", on {len(figure.common)} common items of {figure.items_before} and {figure.items_after}: {which}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:_MOST]) + (f" and {len(names) - _MOST} more" if len(names) > _MOST else "")


def _claim(console: Console, claim: ClaimOutcome) -> None:
    name = claim.claim + (f" (was {claim.was})" if claim.was else "")
    console.print(
        Text(f"{name:<32} verdict ") + _coloured(claim.verdict) + Text(", figures ") + _coloured(claim.figures)
    )
    _notes(console, claim.reasons, claim.cautions)


def _notes(console: Console, reasons: tuple[str, ...], cautions: tuple[str, ...]) -> None:
    for mark, style, said in (("", "", reasons), ("note: ", "dim", cautions)):
        for text in said[:_MOST]:
            _indented(console, Text(mark + text, style=style))
        if len(said) > _MOST:
            _indented(console, Text(f"{mark}and {len(said) - _MOST} more of the changes below", style=style))


def _indented(console: Console, text: Text) -> None:
    console.print(Padding(text, (0, 0, 0, 4), expand=False))


def _change(console: Console, change: Change) -> None:
    what = " ".join(word for word in (change.section, change.name, change.key) if word)
    was = f", was {change.was}" if change.was else ""
    console.print(Text(f"{_SIGNS[change.kind]} {what} {change.kind}{was}") + Text(_places(change), style="dim"))
    if change.key and change.kind != "renamed":
        for sign, value in (("-", change.before), ("+", change.after)):
            if value is not None:
                _indented(console, Text(f"{sign} {_short(value)}"))
    _indented(console, Text(f"{change.consequence.value}: {change.reason}"))


def _places(change: Change) -> str:
    def place(origin: Origin | None) -> str:
        return f"{origin.file}:{origin.line}" if origin else ""

    before, after = place(change.origin_before), place(change.origin_after)
    said = " -> ".join(word for word in (before, after) if word)
    return f"  {said}" if said else ""


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _coloured(word: Comparability) -> Text:
    return Text(word, style=_COLOURS[word])
