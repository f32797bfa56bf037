"""Wordings become prompts: sandboxed templates over a fixed set of variables, bounded in what they may do and write.

A template comes from a spec, and a spec from anyone. The sandbox keeps it from Python; two further bounds keep it
from running away. Only a few kinds of syntax are allowed: text, holes, conditions, and loops over `options`. There
is no assignment, no arithmetic on text and no method call, so that no text can double itself; and loops cannot nest
deeper than two. What is rendered may not be longer than `LONGEST`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST = 100_000
"""Characters a rendered text may have; more is a fault of the template, not a question."""

_AT_ONCE = 256
"""Pieces of a rendered text between two looks at its length."""

_FILTERS = ("capitalize", "first", "join", "last", "length", "lower", "title", "trim", "upper")
_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem),
    *(nodes.If, nodes.For, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
    *(nodes.Filter, nodes.Test, nodes.Concat, nodes.Add, nodes.Sub),
)


class WordingRejected(Exception):
    """A template that is not allowed, or that failed on the values it was given. The message is for its author."""


@dataclass(slots=True)
class Renderer:
    """Renders templates, each compiled once for the life of this object."""

    _environment: ImmutableSandboxedEnvironment = field(default_factory=lambda: _environment())
    _templates: dict[str, Template] = field(default_factory=dict)

    def render(self, text: str, values: Mapping[str, object]) -> str:
        """The template's text with its holes filled. Raises WordingRejected."""
        template = self._templates.get(text)
        if template is None:
            template = self._templates[text] = self._compile(text)
        try:
            return _bounded(template.generate(values))
        except (TemplateError, TypeError, ValueError, LookupError) as error:
            raise WordingRejected(f"the prompt's template failed: {error}") from error

    def _compile(self, text: str) -> Template:
        if len(text) > LONGEST:
            raise WordingRejected(f"the prompt's template is longer than {LONGEST:,} characters")
        try:
            tree = self._environment.parse(text)
            _check(tree, loops=0)
            return self._environment.from_string(tree)
        except TemplateError as error:
            raise WordingRejected(f"the prompt's template is not one: {error}") from error
        except (RecursionError, SyntaxError, MemoryError) as error:
            raise WordingRejected("the prompt's template is nested too deeply") from error


def _environment() -> ImmutableSandboxedEnvironment:
    environment = _Sandbox(undefined=StrictUndefined, autoescape=False, loader=None, keep_trailing_newline=False)
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    return environment


class _Sandbox(ImmutableSandboxedEnvironment):
    """Templates may look things up; they may not call methods of what they find."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        # An option's label and text are most of what a template looks up; they need no search for attributes.
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return not callable(value) and super().is_safe_attribute(obj, attr, value)


def _check(node: nodes.Node, loops: int) -> None:
    """Raises WordingRejected at the first syntax that a wording may not use."""
    if not isinstance(node, _NODES):
        kind = type(node).__name__.lower()
        raise WordingRejected(
            f"line {node.lineno} of the prompt's template uses `{kind}`; a prompt has text, {{{{ variables }}}}, "
            "conditions and loops over `options`"
        )
    if isinstance(node, nodes.For):
        loops += 1
        if not (isinstance(node.iter, nodes.Name) and node.iter.name == "options") or node.recursive or loops > 2:
            raise WordingRejected(f"line {node.lineno} of the prompt's template may only loop over `options`")
    if isinstance(node, nodes.Name) and node.name == "self":
        raise WordingRejected(f"line {node.lineno} of the prompt's template may not use `self`")
    if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
        raise WordingRejected(f"line {node.lineno} of the prompt's template uses a filter other than {_FILTERS}")
    for child in node.iter_child_nodes():
        _check(child, loops)


def _bounded(pieces: Iterator[str]) -> str:
    written: list[str] = []
    length = 0
    while some := "".join(islice(pieces, _AT_ONCE)):
        length += len(some)
        if length > LONGEST:
            raise WordingRejected(f"the rendered prompt is longer than {LONGEST:,} characters")
        written.append(some)
    return "".join(written)
