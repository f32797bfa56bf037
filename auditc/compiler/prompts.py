"""Personas: templates that are looked through before a run, so that none can fail or reach out while it goes on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from auditc.diagnostics import Label, Span
from auditc.ir.audit import Persona
from auditc.spec.syntax import Attribute, Block

from .bodies import read
from .declarations import Persona as PersonaForm
from .mistakes import POISON, Poison, close, listing, report
from .places import origin
from .resolve import Declaration
from .scope import Scope

ALLOWED: Final = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Filter, nodes.Test, nodes.Concat),
    *(nodes.Add, nodes.Sub),
)
"""A prompt says things; it reads no files, calls nothing and does not go round. What is let through here is what the
runtime's sandbox lets through, but for what needs a loop."""

FILTERS: Final = ("capitalize", "first", "join", "last", "length", "lower", "title", "trim", "upper")
"""The runtime's, too."""

DEEPEST: Final = 50
"""Levels of syntax within a template; the sandbox compiles what it renders, and Python compiles no deeper."""

_TABLES: Final = {
    "place": 'Give the population places: `places = csv("places.csv", weight = residents)`.',
    "group": 'Give the population groups: `quotas = csv("groups.csv", weight = adults)`.',
}
"""What a prompt can say of a participant that not every population has, and how to give it to one."""


@dataclass(frozen=True, slots=True, eq=False)
class CheckedPersona:
    """A persona, where its texts stand, and the variables that each of them uses."""

    persona: Persona
    places: dict[str, Span]
    variables: dict[str, frozenset[str]]


def persona(declaration: Declaration, scope: Scope) -> CheckedPersona | Poison:
    """A persona block, its templates parsed."""
    made = read(PersonaForm, declaration.block, scope)
    if isinstance(made, Poison):
        return POISON
    places = {language: place for language, place in _places(declaration.block) if language in made.prompt}
    variables: dict[str, frozenset[str]] = {}
    good = True
    for language, text in made.prompt.items():
        used = _parsed(text, places[language], scope)
        if isinstance(used, Poison):
            good = False
        else:
            variables[language] = used
    if not good:
        return POISON
    return CheckedPersona(Persona(declaration.key, made.prompt, origin(declaration.name.span)), places, variables)


def suits(
    checked: CheckedPersona,
    method: str,
    variables: Iterable[str],
    languages: Iterable[str],
    without: Collection[str],
    at: Span,
    scope: Scope,
) -> bool:
    """Whether a persona can be used by a method in these languages; `without` is what a population cannot tell it."""
    known = tuple(sorted(variables))
    good = True
    for language in sorted(set(languages)):
        key = language if language in checked.places else "*"
        if key not in checked.places:
            label = f"`{checked.persona.name}` has no text in `{language}`"
            remedy = f'Add `prompt {{ {language} = """…""" }}`.'
            report(scope.sink, "AC323", at, label, remedy=remedy)
            good = False
            continue
        text = checked.places[key]
        used = _variables(text)
        for name in sorted(checked.variables[key]):
            place = used.get(name, text)
            if name not in known:
                remedy = close(name, known) or f"What is known here is {listing(known)}."
                related = (Label(at, f"used here, by `{method}`"),)
                label = f"`{method}` tells a prompt of no `{name}`"
                report(scope.sink, "AC321", place, label, remedy=remedy, related=related)
                good = False
            elif name in without:
                related = (Label(at, "used here"),)
                report(scope.sink, "AC419", place, f"no `{name}` is known", remedy=_TABLES[name], related=related)
                good = False
    if "*" in checked.places and len(set(languages)) > 1:
        label = f"asked in {listing(sorted(set(languages)))}"
        remedy = 'Word it in each language: `prompt { en = """…"""  zh = """…""" }`.'
        report(scope.sink, "AC416", checked.places["*"], label, remedy=remedy, related=(Label(at, "used here"),))
    return good


def names_country(checked: CheckedPersona, languages: Iterable[str], at: Span, scope: Scope) -> bool:
    """Whether a prompt names the country in each language: it is all that a control with other countries changes."""
    good = True
    for language in sorted(set(languages)):
        key = language if language in checked.places else "*"
        if "country" not in checked.variables.get(key, ("country",)):
            label = "the prompt names no country, so the control asks the very same"
            remedy = "Say `{{ country }}` in the prompt, with two braces on each side."
            report(scope.sink, "AC449", checked.places[key], label, remedy=remedy, related=(Label(at, "the control"),))
            good = False
    return good


def heeds_groups(checked: CheckedPersona, languages: Iterable[str], at: Span, scope: Scope) -> None:
    """Warn of a prompt that does not tell a participant of a population with groups which of them is theirs."""
    for language in sorted(set(languages)):
        key = language if language in checked.places else "*"
        if "group" not in checked.variables.get(key, ("group",)):
            label = "participants are shared out over groups, and no model is told of them"
            remedy = "Say `{{ group }}` in the prompt, or use a population without `quotas`."
            report(scope.sink, "AC439", checked.places[key], label, remedy=remedy, related=(Label(at, "used here"),))


def _places(block: Block) -> Iterator[tuple[str, Span]]:
    """Where the text of each language stands."""
    for part in block.body:
        if isinstance(part, Attribute):
            yield "*", part.value.span
        else:
            for entry in part.body:
                if isinstance(entry, Attribute):
                    yield entry.name.text, entry.value.span


def _parsed(text: str, place: Span, scope: Scope) -> frozenset[str] | Poison:
    """The variables that a template uses. Nothing in it is worked out here: `10 ** 10 ** 10` would take for ever."""
    environment = SandboxedEnvironment(optimized=False)
    try:
        tree = environment.parse(text)
    except TemplateSyntaxError as error:
        span = _line(text, error.lineno, place)
        remedy = "A variable is `{{ country }}`, a choice `{% if place %} … {% endif %}`."
        return report(scope.sink, "AC320", span, "the template breaks off or is unbalanced here", remedy=remedy)
    except RecursionError:
        return report(scope.sink, "AC320", place, "the template is nested too deeply", remedy=_SHALLOW)
    except ValueError:  # Python's own limit to the digits of a number
        return report(scope.sink, "AC320", place, "a number in the template has too many digits", remedy=_ALLOWED)
    used: set[str] = set()
    level: list[nodes.Node] = [tree]
    for _ in range(DEEPEST):
        for node in level:
            refused = _refused(node, environment)
            if refused:
                return report(scope.sink, "AC322", _line(text, node.lineno, place), refused, remedy=_ALLOWED)
            if isinstance(node, nodes.Name):
                used.add(node.name)
        level = [child for node in level for child in node.iter_child_nodes()]
    if level:
        return report(scope.sink, "AC320", place, "the template is nested too deeply", remedy=_SHALLOW)
    return frozenset(used)


_ALLOWED: Final = f"A prompt holds text, variables and `{{% if %}}`; filters are {listing(FILTERS)}."
_SHALLOW: Final = "Use fewer levels, or several variables."


def _refused(node: nodes.Node, environment: SandboxedEnvironment) -> str:
    """What to say of a piece of syntax that has no place in a prompt; nothing of any other."""
    if not isinstance(node, ALLOWED):
        return f"`{type(node).__name__.lower()}` has no place in a prompt"
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        return f"there is no filter `{node.name}` here"
    if isinstance(node, nodes.Test) and node.name not in environment.tests:
        return f"there is no test `{node.name}`"
    return ""


def _line(text: str, line: int, place: Span) -> Span:
    """The line of a template in the file; the whole text where it cannot be found again."""
    lines = text.split("\n")
    wanted = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    start = place.text.find(wanted) if wanted else -1
    if start < 0:
        return place
    return Span(place.source, place.start + start, place.start + start + len(wanted))


def _variables(place: Span) -> dict[str, Span]:
    """Where each word in the tags of a template stands for the first time."""
    found: dict[str, Span] = {}
    for tag in re.finditer(r"\{[{%].*?[%}]\}", place.text, re.DOTALL):
        for word in re.finditer(r"\w+", tag[0]):
            start = place.start + tag.start() + word.start()
            found.setdefault(word[0], Span(place.source, start, start + len(word[0])))
    return found
