"""Pages of reference, made from the things themselves: codes, methods, metrics, backends, weights, controls."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from auditc.backends import backends
from auditc.diagnostics import codes
from auditc.methods import methods
from auditc.metrics import metrics
from auditc.shelf import Shelf
from auditc.weights import weights

from .controls import control

_SHELVES: tuple[tuple[str, Shelf[Any]], ...] = (
    ("method", methods),
    ("metric", metrics),
    ("backend", backends),
    ("source of weights", weights),
)


def page_of(name: str) -> str | None:
    """The page of a diagnostic's code, a thing on a shelf or a control; None when there is none of that name."""
    if name.upper() in codes.codes():
        return codes.page(name.upper())
    for kind, shelf in _SHELVES:
        if name in shelf.names():
            return _thing(kind, name, shelf)
    found = control(name)
    if found is None:
        return None
    head = f"# {found.body}: {found.id} (control)"
    return "\n".join([head, "", f"{found.title}. (Our words, not the source's.)", "", f"Source: {found.source}"])


def names() -> tuple[str, ...]:
    """All that has a page."""
    return codes.codes() + tuple(name for _, shelf in _SHELVES for name in shelf.names())


def _thing(kind: str, name: str, shelf: Shelf[Any]) -> str:
    thing = shelf.take(name)
    module = sys.modules[f"{shelf.package}.{name}"]
    lines = [f"# {name} ({kind})", "", (module.__doc__ or "").strip()]
    if isinstance(source := getattr(thing, "source", None), str):
        lines += ["", f"Source: {source}"]
    if isinstance(unit := getattr(thing, "unit", None), str):
        lines += ["", f"Unit: {unit}. Better: {thing.better}. Scales: {', '.join(sorted(thing.scales))}."]
    lines += ["", "## What may be set", ""]
    fields = thing.params.model_fields
    lines += [line for field, info in fields.items() for line in _field(thing.params, field, info)] or ["Nothing."]
    return "\n".join(lines)


def _field(params: type[BaseModel], name: str, info: FieldInfo) -> list[str]:
    default = "required" if info.is_required() else f"default {shown(info.default)}"
    said = info.description or docstring_under(params, name)
    return [f"- `{name}`: {_type(info.annotation)}; {default}." + (f" {said}" if said else "")]


def shown(value: Any) -> str:
    """A value as an author writes it."""
    if value is PydanticUndefined or value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(shown(one) for one in value) + "]"
    if isinstance(value, BaseModel) and {"low", "high"} == set(type(value).model_fields):
        return f"{value.low}..{value.high}"  # type: ignore[attr-defined]
    return str(value)


def _type(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return " or ".join(_type(part) for part in get_args(annotation) if part is not type(None))
    if origin is tuple:
        return f"list of {_type(get_args(annotation)[0])}"
    if origin is not None and "Literal" in str(origin):
        return " | ".join(str(word) for word in get_args(annotation))
    words = {bool: "on | off", int: "count", float: "number", str: "text"}
    return (
        words.get(annotation) or getattr(annotation, "word", None) or getattr(annotation, "__name__", "value").lower()
    )


def docstring_under(params: type[BaseModel], name: str) -> str:
    """The string literal under a field, which is how fields are documented here."""
    for owner in params.__mro__:
        if name in inspect.get_annotations(owner):
            [tree] = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
            assert isinstance(tree, ast.ClassDef)
            for field, below in zip(tree.body, tree.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and ast.unparse(field.target) == name:
                    is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
                    return " ".join(str(below.value.value).split()) if is_text else ""  # type: ignore[attr-defined]
    return ""
