"""What a person sees of two audits compared: the verdict, then figures, claims, and every change with its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
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
_STYLES: Final = {"": "", "caution: ": "yellow", "note: ": "dim"}
"""How what is said of a figure begins, and how it looks: why it cannot be compared, what may move it, what else."""
Said = tuple[str, str]
"""How it begins, and the rest of it."""


def comparison(found: Comparison) -> None:
    """A comparison, the conclusion first."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=140)
    console.print(_headline(found))
    if not found.changes:
        return
    told = _told(found)
    shared = {said for said, rows in told.items() if len(rows) > 1}
    _part(console, "Figures", found.figures, lambda row: _figure(console, row, shared))
    _part(console, "Claims", found.claims, lambda row: _claim(console, row, shared))
    _shared(console, found, told)
    for where, names in (("first", found.only_before), ("second", found.only_after)):
        if names:
            console.print(_text(f"\nOnly in the {where}: {', '.join(names)}"), soft_wrap=True)
    console.print(_text(f"\nChanges ({len(found.changes)})", style="bold"))
    for change in found.changes:
        _change(console, change)


def _headline(found: Comparison) -> Text:
    if not found.changes:
        return _text("") + _coloured("comparable") + _text(": the two audits say the same")
    counts = {word: sum(figure.verdict == word for figure in found.figures) for word in _COLOURS}
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    careful = sum(bool(figure.cautions) and figure.verdict != "not comparable" for figure in found.figures)
    said += f" ({careful} with a caution)" if careful else ""
    return (
        _text("")
        + _coloured(found.verdict)
        + _text(f": of {len(found.figures)} figures that both have, {said or 'none'}")
    )


def _part(console: Console, title: str, rows: tuple[Any, ...], show: Callable[[Any], None]) -> None:
    if rows:
        console.print(_text(f"\n{title}", style="bold"))
        for row in rows:
            show(row)


def _figure(console: Console, figure: FigureOutcome, shared: Collection[Said]) -> None:
    name = f"{figure.block}.{figure.metric}" + (f" (was {figure.was}.{figure.metric})" if figure.was else "")
    console.print(_text(f"{name:<32} ") + _coloured(figure.verdict) + _text(_on_items(figure)))
    _notes(console, [said for said in _said(figure) if said not in shared])
    if len(set(figure.populations.values())) > 1:
        for name, verdict in figure.populations.items():
            _indented(console, _text(f"as {name}: ") + _coloured(verdict))


def _on_items(figure: FigureOutcome) -> str:
    """The items that a comparison can rest on, or those that it cannot, whichever are fewer."""
    if figure.verdict == "not comparable" or not figure.left_out:
        return ""
    most = len(figure.common) > len(figure.left_out)
    which = f"all but {_listed(figure.left_out)}" if most else _listed(figure.common)
    return f", on {len(figure.common)} common items of {figure.items_before} and {figure.items_after}: {which}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:_MOST]) + (f" and {len(names) - _MOST} more" if len(names) > _MOST else "")


def _claim(console: Console, claim: ClaimOutcome, shared: Collection[Said]) -> None:
    name = claim.claim + (f" (was {claim.was})" if claim.was else "")
    console.print(
        _text(f"{name:<32} verdict ") + _coloured(claim.verdict) + _text(", figures ") + _coloured(claim.figures)
    )
    _notes(console, [said for said in _said(claim) if said not in shared])


def _said(row: FigureOutcome | ClaimOutcome) -> Iterator[Said]:
    yield from (("", text) for text in row.reasons)
    yield from (("caution: ", text) for text in row.cautions)
    yield from (("note: ", text) for text in row.notes)


def _told(found: Comparison) -> dict[Said, list[FigureOutcome | ClaimOutcome]]:
    """Everything that is said of figures and claims, each with those that it is said of."""
    told: dict[Said, list[FigureOutcome | ClaimOutcome]] = {}
    rows: list[FigureOutcome | ClaimOutcome] = [*found.figures, *found.claims]
    for row in rows:
        for said in _said(row):
            told.setdefault(said, []).append(row)
    return told


def _shared(console: Console, found: Comparison, told: dict[Said, list[FigureOutcome | ClaimOutcome]]) -> None:
    """What is said of several, once, with whom it is said of."""
    groups: dict[str, list[Said]] = {}
    for said, rows in told.items():
        if len(rows) > 1:
            groups.setdefault(_of(found, rows), []).append(said)
    if groups:
        console.print(_text("\nReasons and cautions that several share", style="bold"))
    for whom, notes in groups.items():
        console.print(_text(f"of {whom}"), soft_wrap=True)
        _notes(console, notes)


def _of(found: Comparison, rows: list[FigureOutcome | ClaimOutcome]) -> str:
    """`all 8 figures, and of claim close`; of most of them those that it is not said of."""
    whom = []
    for word, every in (("figure", found.figures), ("claim", found.claims)):
        names = [_name(row) for row in every if row in rows]
        others = [_name(row) for row in every if row not in rows]
        if names and not others and len(names) > 1:
            whom.append(f"all {len(names)} {word}s")
        elif names and len(others) < min(len(names), _MOST) and len(names) > 2:
            whom.append(f"all {word}s but {', '.join(others)}")
        elif names:
            whom.append(", ".join(f"claim {name}" if word == "claim" else name for name in names))
    return ", and of ".join(whom)


def _name(row: Any) -> str:
    return str(row.claim) if hasattr(row, "claim") else f"{row.block}.{row.metric}"


def _notes(console: Console, notes: Sequence[Said]) -> None:
    for mark, style in _STYLES.items():
        texts = [text for one, text in notes if one == mark]
        for text in texts[:_MOST]:
            _indented(console, _text(mark + text, style=style))
        if len(texts) > _MOST:
            _indented(console, _text(f"{mark}and {len(texts) - _MOST} more of the changes below", style=style))


def _indented(console: Console, text: Text) -> None:
    if console.is_terminal:
        console.print(Padding(text, (0, 0, 0, 4), expand=False))
    else:
        console.print(_text("    ") + text, soft_wrap=True)


def _change(console: Console, change: Change) -> None:
    what = " ".join(word for word in (change.section, change.name, change.key) if word)
    was = f", was {change.was}" if change.was else ""
    console.print(_text(f"{_SIGNS[change.kind]} {what} {change.kind}{was}") + _text(_places(change), style="dim"))
    if change.key and change.kind != "renamed":
        for sign, text in zip("-+", _short(change.before, change.after), strict=True):
            if text:
                _indented(console, _text(f"{sign} {text}"))
    _indented(console, _text(f"{change.consequence.value}: {change.reason}"))


def _places(change: Change) -> str:
    def place(origin: Origin | None) -> str:
        return f"{origin.file}:{origin.line}" if origin else ""

    before, after = place(change.origin_before), place(change.origin_after)
    said = " -> ".join(word for word in (before, after) if word)
    return f"  {said}" if said else ""


def _short(before: Any, after: Any) -> tuple[str, str]:
    """Two values on a line each; of long ones, what stands around the first difference."""
    old, new = _line(before), _line(after)
    if max(len(old), len(new)) <= _LONGEST:
        return old, new
    alike = next((at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), 0)
    start = max(alike - _LONGEST // 2, 0)
    return _cut(old, start), _cut(new, start)


def _line(value: Any) -> str:
    if value is None:
        return ""
    return " ".join((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).split())


def _cut(text: str, start: int) -> str:
    end = start + _LONGEST
    return ("…" if start and text else "") + text[start:end] + ("…" if end < len(text) else "")


def _coloured(word: Comparability) -> Text:
    return _text(word, style=_COLOURS[word])


def _text(said: str, style: str = "") -> Text:
    """What plans say is text: never markup, and never a command to the terminal."""
    return Text("".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in said), style=style)
