"""Finds what has only another name: blocks and items that one audit alone has, and whose content is the same.

Surveys come first, then what names them, so that a renamed survey does not make a renamed model look like another.
A name that both audits have is never matched with a different one.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditc.ir.canonical import digest
from auditc.ir.plan import Plan

from .names import Names
from .places import Places
from .view import Key, Part, view

_ORDER = ("survey", "item", "population", "model", "method", "claim", "compare", "report")


def renames(before: Plan, after: Plan) -> Names:
    """The first plan's names as the second one has them, where only the name differs."""
    names = Names()
    nowhere = Places()
    first, second = (view(plan, names, nowhere) for plan in (before, after))
    for section in _ORDER:
        # Once a model is known by its other name, so are those that were trained from it.
        while found := _matched(section, first, second):
            named = {first[section, old].own: second[section, new] for old, new in found.items()}
            names = names.adding(section, {own: part.reach.item or part.own for own, part in named.items()})
            first = view(before, names, nowhere)
    return names


def _matched(section: str, first: dict[Key, Part], second: dict[Key, Part]) -> dict[str, str]:
    """Names of the first view with those of the second that have the same content; equal ones in alphabetical order."""
    ours, theirs = ({name for part, name in parts if part == section} for parts in (first, second))
    free: dict[str, list[str]] = {}
    for name in sorted(theirs - ours):
        free.setdefault(_content(section, name, second), []).append(name)
    found = {}
    for name in sorted(ours - theirs):
        alike = free.get(_content(section, name, first))
        if alike:
            found[name] = alike.pop(0)
    return found


def _content(section: str, name: str, parts: dict[Key, Part]) -> str:
    """A digest of all that a block says, without its name and its place."""
    # Items of different surveys are never one another; within a survey an item's answers by people are part of it.
    owner = parts[section, name].reach.survey if section == "item" else ""
    return digest([owner, sorted((list(said) for said in _said(section, name, parts)), key=lambda said: said[:2])])


def _said(section: str, name: str, parts: dict[Key, Part]) -> Iterator[tuple[str, str, object]]:
    """Everything in a block: the part inside it, the key, and what it says."""
    own = parts[section, name].reach
    yield from (("", key, entry.same) for key, entry in parts[section, name].entries.items())
    for (inner, called), part in parts.items():
        at = part.reach
        if section == "item" and inner == "people" and at.survey == own.survey and own.item in part.entries:
            yield f"people {_after(called, own.survey)}", "", part.entries[own.item].same
        elif section == "survey" and inner in ("item", "people") and at.survey == own.survey:
            yield from ((f"{inner} {_after(called, own.survey)}", key, e.same) for key, e in part.entries.items())
        elif section == "model" and inner == "train" and at.model == own.model:
            yield from (("train", key, entry.same) for key, entry in part.entries.items())
        elif section == "method" and inner == "metric" and at.block == own.block:
            yield f"metric {at.metric}", "", ""
            yield from ((f"metric {at.metric}", key, entry.same) for key, entry in part.entries.items())


def _after(name: str, survey: str | None) -> str:
    """The name of an item, of a country or of a group, without the survey's."""
    return name.removeprefix(f"{survey}.")
