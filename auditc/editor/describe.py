"""What a word of the language means, as Markdown for a hover or a completion: the same pages as `auditc explain`."""

from __future__ import annotations

import inspect
import re
from functools import cache

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from auditc.compiler.described import docstring_under, shown
from auditc.compiler.pages import page_of
from auditc.compiler.quantities import FITTING, UNITS
from auditc.compiler.wants import expected, wants
from auditc.diagnostics import codes
from auditc.ir.values import Body, Range
from auditc.methods import methods
from auditc.spec.syntax import Attribute, Block, Name, Number, Switch, Text, Word

from .shapes import Shape, shape_of

_TITLE = re.compile(r"^# (.*)$", re.MULTILINE)
_LINES = 14
"""Of a declaration, what is shown of it in a hover."""


def takes(info: FieldInfo) -> tuple[str, str]:
    """What a key takes, in words, and an example of it."""
    return expected(wants(info.annotation, tuple(info.metadata)))


def default(info: FieldInfo) -> str:
    """What stands when a key is left out."""
    if info.is_required():
        return "required"
    told = info.default not in (None, "") and info.default_factory is None
    if isinstance(info.default, BaseModel) and type(info.default) is not Range:
        told = False
    return f"default {shown(info.default)}" if told else "optional"


@cache
def _said(form: type[BaseModel], name: str) -> str:
    info = form.model_fields[name]
    try:
        return info.description or docstring_under(form, name)
    except (OSError, TypeError, ValueError, SyntaxError):  # the source is not there to be read
        return ""


def key(shape: Shape, name: str) -> str:
    """A key of a body: what it takes, what it is when it is left out, what it does."""
    owner = shape.owner(name)
    if owner is None:
        return ""
    info = shape.fields[name]
    said, example = takes(info)
    form = shape.within(name)
    written = f"{name} {{ … }}" if form else f"{name} = {example}"
    what = "a block" if form else said
    lines = [f"**`{name}`**: {what}; {default(info)}.", "", f"For example: `{written}`."]
    if meaning := _said(*owner):
        lines += ["", meaning]
    return "\n".join(lines)


def kind(name: str) -> str:
    """A kind of block: what it is, and its keys."""
    if name == "let":
        return "**`let`**: constants, `let { fewest = 20 }`. A constant is a number, a text, `on` or `off`."
    shape = shape_of(name)
    if shape is None:
        return ""
    if name in methods.names():
        return f"{page_of(name) or ''}\n\n## What every such block says\n\n{_keys(Shape(shape.forms[:1]))}"
    return f"**`{name}`**: {inspect.getdoc(shape.forms[0]) or ''}\n\n{_keys(shape)}"


def body(form: type[Body]) -> str:
    """A value in braces, `word { … }`: what it is, and its keys."""
    return f"**`{form.word}`**: {inspect.getdoc(form) or ''}\n\n{_keys(Shape((form,)))}"


def _keys(shape: Shape) -> str:
    return "\n".join(f"- `{name}`: {takes(info)[0]}; {default(info)}." for name, info in shape.fields.items())


def thing(name: str) -> str:
    """A method, metric, backend or source of weights, as `auditc explain` prints it."""
    return page_of(name) or ""


def code(name: str) -> str:
    """A diagnostic's code: its page without the title's sign."""
    return _TITLE.sub(r"**\1**", codes.page(name), count=1) if name in codes.codes() else ""


def unit(name: str) -> str:
    """A unit: what it counts and by how much it multiplies."""
    if name not in UNITS or not name:
        return ""
    of, factor = UNITS[name]
    fitting = sorted(wanted for wanted, kinds in FITTING.items() if of in kinds)
    worth = f"{factor:f}{' seconds' if of == 'duration' else ''}"
    return f"**`{name}`**: a {of}; 1{name} is {worth}. It fits where this is wanted: {', '.join(fitting)}."


def declaration(block: Block, where: str) -> str:
    """A block that has a name: its kind, what it says of itself, and how it is written."""
    label = block.label.text if isinstance(block.label, Name) else ""
    lines = [f"**{block.kind.text}** `{label}`, declared in `{where}`"]
    for part in block.body:
        if isinstance(part, Attribute) and isinstance(part.value, Text | Word | Number | Switch):
            worth = part.value.value if isinstance(part.value, Text) else part.value.span.text
            lines.append(f"- {part.name.text}: {_short(str(worth))}")
    written = block.span.text.splitlines()
    cut = [*written[:_LINES], "  …", "}"] if len(written) > _LINES else written
    return "\n".join([*lines, "", "```audit", *cut, "```"])


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:79]}…"
