"""What is wanted at a place: the body it stands in, the types that fit, and what part of an expression it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from auditc.compiler.datafiles import READERS
from auditc.compiler.declarations import Grid, Holds, OneFigure
from auditc.compiler.itemsets import FUNCTIONS
from auditc.compiler.wants import Want
from auditc.ir.values import ItemSet, Table

from .cursor import Cursor, Frame
from .shapes import Shape, shape_of, shape_of_call, shape_of_value

Role = Literal["plain", "items", "figure", "columns", "condition", "field", "ids", "axes", "axis", "index"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """`shape` is the innermost body, `call` the arguments of a thing from a shelf; `options` is what fits as a value.

    `role` says what part of an expression is meant: a set of items, a figure of a claim, a column of a data file, a
    condition on items, a field of theirs, their ids, a list of axes, an axis in an index or its value. `about` is what
    the role is about: the path of the items or the figure, or the name of the data file.
    """

    shape: Shape | None = None
    call: Shape | None = None
    options: tuple[Want, ...] = ()
    role: Role = "plain"
    about: tuple[str, ...] = ()


def wanted(cursor: Cursor) -> Wanted:
    """What is wanted where a cursor stands, as far as can be told."""
    here = Wanted()
    for depth, frame in enumerate(cursor.frames):
        if depth:
            here = _entered(_at(here, cursor.frames[depth - 1], frame.slot), frame, depth)
    if cursor.place in ("value", "member", "after", "text", "number", "argument"):
        here = _at(here, cursor.frame, cursor.slot, cursor.commas)
    return here


def kinds_around(cursor: Cursor) -> tuple[str, ...]:
    """The kinds of the blocks around a place, from the outermost."""
    return tuple(frame.head[0] for frame in cursor.frames if frame.sign == "{" and frame.head)


def _at(here: Wanted, frame: Frame, slot: str, commas: int = 0) -> Wanted:
    """In the value of a key or an argument."""
    if frame.is_body:
        options = here.shape.options(slot) if here.shape else ()
        return replace(here, options=options, role=_role(options), about=(), call=None)
    if frame.sign == "(" and here.call:
        fields = tuple(here.call.fields)
        name = slot or (fields[commas] if commas < len(fields) else "")
        return replace(here, options=here.call.options(name), role="plain")
    if here.role == "columns" or not frame.head:
        return here
    if frame.sign == "[" and here.role == "axis":
        return replace(here, role="index") if slot else here
    if frame.sign == "(" and slot == "over":
        return replace(here, role="axes")
    if frame.sign == "(" and here.role == "items" and frame.head[-1] == "sample" and slot:
        return replace(here, role="field")
    return here


def _role(options: tuple[Want, ...]) -> Role:
    if any(want.mark(ItemSet) for want in options):
        return "items"
    return "figure" if any(want.mark(Holds) or want.mark(OneFigure) for want in options) else "plain"


def _entered(here: Wanted, frame: Frame, depth: int) -> Wanted:
    """Inside a bracket that stands in such a place."""
    if frame.sign == "{":
        return Wanted(_body(here, frame, depth))
    if not frame.head:
        return _in_list(here) if frame.sign == "[" else here
    if frame.sign == "[":
        return replace(here, role="axis", about=frame.head) if here.role == "figure" else here
    name = frame.head[-1]
    if here.role == "items" and name in FUNCTIONS:
        roles: dict[str, Role] = {"where": "condition", "items": "ids"}
        return replace(here, role=roles.get(name, "items"), about=frame.head)
    if name in READERS and any(want.mark(Grid) or want.type is Table for want in here.options):
        return replace(here, role="columns", about=tuple(frame.texts[:1]))
    return replace(here, call=shape_of_call(name, here.options))


def _body(here: Wanted, frame: Frame, depth: int) -> Shape | None:
    if not frame.head:
        return None
    if frame.slot:
        return shape_of_value(frame.head[0], here.options)
    if depth == 1:
        return shape_of(frame.head[0])
    return here.shape.within(frame.head[0]) if here.shape else None


def _in_list(here: Wanted) -> Wanted:
    if here.role != "plain":
        return here
    options = tuple(element for want in here.options if want.is_list for element in want.element)
    return replace(here, options=options)
