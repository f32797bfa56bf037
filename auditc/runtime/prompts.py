"""Wordings become prompts: sandboxed templates over a fixed set of variables, bounded in what they may do and write.

A template comes from a spec, and a spec from anyone. The sandbox keeps it from Python; two further bounds keep it
from running away. Only a few kinds of syntax are allowed: text, holes, conditions, and loops over `options`. There
is no assignment, no arithmetic on text and no method call, so that no text can double itself; and loops cannot nest
deeper than two. What is rendered may not be longer than `LONGEST`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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


_MARKS = {"country": "\ue000", "place": "\ue001", "group": "\ue002"}
"""Stands for a variable whose text is put in afterwards. No language has these characters, but some fonts have, and so
texts may: what holds one is rendered whole."""

_NAMED = {mark: name for name, mark in _MARKS.items()}
_CUT = re.compile("([\ue000-\ue002])")


class WordingRejected(Exception):
    """A template that is not allowed, or that failed on the values it was given. The message is for its author."""


@dataclass(slots=True)
class Renderer:
    """Renders templates, each compiled once for the life of this object."""

    _environment: ImmutableSandboxedEnvironment = field(default_factory=lambda: _environment())
    _templates: dict[str, Template] = field(default_factory=dict)
    _plain: dict[str, dict[str, str]] = field(default_factory=dict)
    _frames: dict[tuple[object, ...], tuple[Any, list[str]]] = field(default_factory=dict)
    """What was rendered for one question with marks for the plain variables, cut at the marks, beside the options that
    it was rendered with: they are told by their identity, and kept so that nothing else takes it."""

    def render(self, text: str, values: Mapping[str, Any], *, once: bool = False) -> str:
        """The template's text with its holes filled. Raises WordingRejected.

        A variable of `_MARKS` that a template only writes out is put in afterwards: then one rendering of a question
        serves all countries. What is rendered `once`, with values that hardly come again, is not kept.
        """
        template = self._templates.get(text)
        if template is None:
            self._templates[text] = template = self._compile(text)
        plain = self._plain[text]
        if once or not plain:
            return self._filled(template, values)
        others = tuple([values[name] for name in _MARKS if name not in plain and name in values])
        counts = values.get("count"), values.get("at_least"), values.get("at_most")
        key = (text, values.get("question"), id(values.get("options")), counts, others)
        found = self._frames.get(key)
        if found is None:
            marked = {**values, **{name: mark for name, mark in plain.items() if name in values}}
            if _marked(values.get("question"), others, values.get("options")):
                return self._filled(template, values)
            found = values.get("options"), _CUT.split(self._filled(template, marked))
            self._frames[key] = found
        whole = "".join([values[_NAMED[part]] if part in _NAMED else part for part in found[1]])
        return whole if len(whole) <= LONGEST else self._filled(template, values)

    def _filled(self, template: Template, values: Mapping[str, object]) -> str:
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
            constants = [constant.value for constant in tree.find_all(nodes.Const)]
            self._plain[text] = {} if _marked(text, constants) else _only_written(tree)
            return self._environment.from_string(tree)
        except TemplateError as error:
            raise WordingRejected(f"the prompt's template is not one: {error}") from error
        except (RecursionError, SyntaxError, MemoryError) as error:
            raise WordingRejected("the prompt's template is nested too deeply") from error


def _marked(*held: object) -> bool:
    """Whether a character of `_MARKS` stands in a text, or in the texts of lists and records of texts."""
    for one in held:
        if isinstance(one, str):
            if _CUT.search(one):
                return True
        elif isinstance(one, Mapping):
            if _marked(*one.values()):
                return True
        elif isinstance(one, Sequence) and _marked(*one):
            return True
    return False


def _only_written(tree: nodes.Template) -> dict[str, str]:
    """The variables of `_MARKS` with which a template does nothing but write them out, and their marks."""
    written = {id(child) for output in tree.find_all(nodes.Output) for child in output.nodes}
    held = {name.name for name in tree.find_all(nodes.Name) if id(name) not in written}
    return {name: mark for name, mark in _MARKS.items() if name not in held}


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
