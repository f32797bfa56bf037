"""What differs between two views: blocks that were added, removed or renamed, and what the others say otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from auditc.ir.plan import Origin

from .consequences import Rules
from .outcome import Kind
from .params import apart_by
from .reach import Reach
from .view import Entry, Key, Part

_ORDER = (
    *("settings", "model", "train", "population", "survey", "item", "people", "method", "metric", "claim"),
    *("compare", "report", "stage"),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs, before what follows from it is known. `was` is the first audit's name where it is
    another, `at` the block by the name that both views have for it."""

    at: Key
    name: str
    was: str
    key: str
    kind: Kind
    before: Any
    after: Any
    origin_before: Origin | None
    origin_after: Origin | None
    rules: Rules
    reach: Reach

    @property
    def section(self) -> str:
        return self.at[0]


def differences(first: dict[Key, Part], second: dict[Key, Part]) -> list[Difference]:
    """In the order of the sections, then by name and key."""
    found: list[Difference] = []
    for key in sorted({*first, *second}, key=lambda key: (_ORDER.index(key[0]), key[1])):
        before, after = first.get(key), second.get(key)
        if before is not None and after is not None:
            if before.own != after.own and _shown(key, before, first, second):
                found.append(_whole(key, before, after, "renamed"))
            found.extend(_inside(key, before, after))
        elif _asked_for(before or after, second if after is None else first):
            found.append(_whole(key, before, after, "removed" if after is None else "added"))
    return _once(found)


def _asked_for(part: Part | None, other: dict[Key, Part]) -> bool:
    """Whether an audit without a part could have it: a plan has groups of people where a metric tells them apart."""
    by = part.reach.by if part else frozenset()
    return not by or any(by <= _columns(metric) for (section, _), metric in other.items() if section == "metric")


def _columns(metric: Part) -> set[str]:
    """The columns of the reference by which a metric tells people apart."""
    entry = metric.entries.get("params.by")
    return set(apart_by({"by": entry.value})) if entry else set()


_RENAMED = ("model", "population", "survey", "item", "method", "claim", "compare", "report")
"""Sections whose renamed blocks are shown; what stands inside a renamed block follows it in silence."""


def _shown(key: Key, part: Part, first: dict[Key, Part], second: dict[Key, Part]) -> bool:
    if key[0] != "item":
        return key[0] in _RENAMED
    survey = ("survey", part.reach.survey or "")
    return first[survey].own == second[survey].own


def _whole(key: Key, before: Part | None, after: Part | None, kind: Kind) -> Difference:
    part = after or before
    assert part is not None
    return Difference(
        at=key,
        name=part.own,
        was=before.own if before and after and before.own != after.own else "",
        key="",
        kind=kind,
        before=_summary(before, kind),
        after=_summary(after, kind),
        origin_before=before.origin if before else None,
        origin_after=after.origin if after else None,
        rules=() if kind == "renamed" else part.rules,
        reach=part.reach,
    )


def _summary(part: Part | None, kind: Kind) -> Any:
    """A whole block as JSON: its name and, unless only that differs, what it says."""
    if part is None or kind == "renamed":
        return part and {"name": part.own}
    return {"name": part.own, **{key: entry.value for key, entry in part.entries.items()}}


def _inside(key: Key, before: Part, after: Part) -> Iterator[Difference]:
    for called in sorted({*before.entries, *after.entries}):
        old, new = before.entries.get(called), after.entries.get(called)
        if _agree(old, new):
            continue
        entry = new or old
        assert entry is not None
        kind: Kind = "changed" if old and new else "added" if new else "removed"
        yield Difference(
            at=key,
            name=after.own,
            was=before.own if before.own != after.own else "",
            key=called,
            kind=kind,
            before=old.value if old else None,
            after=new.value if new else None,
            origin_before=before.place(called) if old else None,
            origin_after=after.place(called) if new else None,
            rules=entry.rules,
            reach=entry.reach,
        )


def _agree(old: Entry | None, new: Entry | None) -> bool:
    """Whether two entries say the same. An order that only one audit has is none: it is there where it matters."""
    if old is None or new is None:
        return (old or new) is None or bool((old or new).order)  # type: ignore[union-attr]
    if old.order and new.order:
        shared = set(old.same) & set(new.same)
        return [x for x in old.same if x in shared] == [x for x in new.same if x in shared]
    return bool(old.same == new.same)


def _once(found: list[Difference]) -> list[Difference]:
    """Without what only repeats another difference, so that one edit is one change."""
    whole = {d.at for d in found if not d.key and d.kind != "renamed"}
    methods: dict[tuple[Key, str], Difference] = {}
    other = {d.at for d in found if d.section == "method" and d.key == "method"}
    kept = []
    for difference in found:
        if difference.at in other and not difference.key.startswith(_SHARED):
            continue  # another method has other settings
        if _follows(difference, whole, methods):
            continue
        if difference.section == "method" and difference.key:
            methods[difference.at, difference.key] = difference
        kept.append(difference)
    return [_widened(difference, found) for difference in kept]


_SHARED = ("method", "survey", "of.", "as.", "ask.")
"""What every method's block says, whichever the method."""


def _follows(difference: Difference, whole: set[Key], methods: dict[tuple[Key, str], Difference]) -> bool:
    """Whether a difference follows from one that is told already."""
    reach, (section, _) = difference.reach, difference.at
    if section == "item":
        return not difference.key and ("survey", reach.survey) in whole
    if section == "people":
        item = difference.key and ("item", f"{reach.survey}.{reach.item}") in whole
        return bool(item) or (not difference.key and ("survey", reach.survey) in whole)
    if section == "metric":
        return not difference.key and ("method", reach.block) in whole
    if section != "method" or not difference.key:
        return False
    if reach.item is not None and ("item", f"{reach.survey}.{reach.item}") in whole:
        return True
    plain = _without_role(difference)
    if plain.startswith("wording.") and difference.kind != "changed":
        return True  # who is asked in that language, or no longer is, is told
    if not reach.role:
        return False
    same = methods.get((difference.at, plain))
    told = same is not None and (same.before, same.after) == (difference.before, difference.after)
    return told or (difference.at, reach.role) in methods


def _widened(difference: Difference, found: list[Difference]) -> Difference:
    """A difference of a block's main questions that its other questions share reaches them too."""
    if difference.section != "method" or difference.reach.role != "":
        return difference
    said = (difference.at, difference.key, difference.before, difference.after)
    shared = any(d.reach.role and (d.at, _without_role(d), d.before, d.after) == said for d in found)
    return replace(difference, reach=replace(difference.reach, role=None)) if shared else difference


def _without_role(difference: Difference) -> str:
    return difference.key.removeprefix(f"{difference.reach.role}.") if difference.reach.role else difference.key
