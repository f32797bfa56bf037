"""Ablations: whether a block can be asked in the other language and without naming places, and whether each condition
asks anything that is not asked already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from jinja2 import nodes
from jinja2.sandbox import SandboxedEnvironment

from auditc.diagnostics import Label, Span
from auditc.ir.audit import SurveyUse
from auditc.ir.plan import Converse, Escalate, Place, Population, Score
from auditc.ir.values import Range
from auditc.methods._contract import Method
from auditc.methods.def_survey import CONDITIONS, other_languages

from .mistakes import listing, report
from .prompts import CheckedPersona, suits
from .sound import Asking

Stage = Score | Converse | Escalate

TOLD: Final = ("place", "group")
"""What a prompt says of a participant alone, and not of all who are asked."""


def askable(use: SurveyUse, method: Method[Any], persona: CheckedPersona | None, asking: Asking) -> bool:
    """Whether all that a block's ablations ask can be put into words."""
    good = True
    for index, ablation in enumerate(getattr(use.params, "ablations", ())):
        at = asking.entry("ablations", index)
        if ablation == "language":
            good = _other_language(use, method, persona, at, asking) and good
        if ablation in ("prompt", "all") and persona:
            good = _without(use, persona, at, asking) and good
    if persona and "prompt" not in getattr(use.params, "vary", ("prompt",)):
        good = _without(use, persona, asking.filled.place("vary"), asking) and good
    return good


def _other_language(
    use: SurveyUse, method: Method[Any], persona: CheckedPersona | None, at: Span, asking: Asking
) -> bool:
    """Whether everything has words in the other one of two languages; what has none is named, all at once."""
    sink = asking.scope.sink
    worded = sorted(use.survey.items[0].text)
    if len(worded) != 2:
        label = f"the items are worded in {listing(worded)}: which language is the other one?"
        remedy = "Give the items the columns `text.` and `options.` in two languages, or leave `language` out."
        report(sink, "AC460", at, label, remedy=remedy)
        return False
    unknown = [language for language in worded if language not in method.languages]
    if unknown:
        remedy = f"`{use.method}` asks in {listing(sorted(method.languages))}."
        report(sink, "AC408", at, f"somebody would be asked in {listing(unknown)}", remedy=remedy)
        return False
    others = other_languages(use)
    good = True
    for name, language in others.items():
        for label, remedy in _wordless(name, use.populations[name], language):
            report(sink, "AC460", at, label, remedy=remedy)
            good = False
    if persona:
        without = {"place", "group"} - {kind for kind in TOLD if all(_of(p, kind) for p in use.populations.values())}
        good = suits(persona, use.method, method.variables, others.values(), without, at, asking.scope) and good
    return good


def _wordless(name: str, population: Population, language: str) -> Iterator[tuple[str, str]]:
    """What of a population has no name in a language, and what to do about it."""
    if language not in population.named:
        label = f"how is `{population.country}` called in `{language}`? `{name}` does not say"
        yield label, f'Add `named {{ {language} = "…" }}` to `{name}`.'
    for kind, key in (("place", "places"), ("group", "quotas")):
        if any(language not in entry.name for entry in _of(population, kind)):
            label = f"the {kind}s of `{name}` have no names in `{language}`"
            yield label, f"Add the column `{kind}.{language}` to the table under `{key}`, or leave `language` out."


def _of(population: Population, kind: str) -> tuple[Place, ...]:
    return population.places if kind == "place" else population.groups


def _without(use: SurveyUse, persona: CheckedPersona, at: Span, asking: Asking) -> bool:
    """Whether a prompt reads well where no place and no group is named."""
    good = True
    for language in sorted(set(use.languages.values())):
        key = language if language in persona.places else "*"
        if key not in persona.places:
            continue  # AC323 says it
        for name in sorted(bare(persona.persona.prompt[key]) & persona.variables[key]):
            label = f"`{name}` is empty where the prompt is not varied, and the sentence has a gap"
            remedy = f"Write `{{% if {name} %}} … {{% endif %}}` around what is said of it."
            related = (Label(at, "it is not varied here"),)
            report(asking.scope.sink, "AC462", persona.places[key], label, remedy=remedy, related=related)
            good = False
    return good


def bare(prompt: str) -> set[str]:
    """Which of `TOLD` a well-formed template shows without asking first whether it is there."""
    return set(_bare(SandboxedEnvironment(optimized=False).parse(prompt), frozenset()))


def _bare(node: nodes.Node, asked: frozenset[str]) -> Iterator[str]:
    """Names under `node` that are shown outside of any choice by them; `asked` are those that one was made by."""
    if isinstance(node, nodes.Name):
        if node.name in TOLD and node.name not in asked:
            yield node.name
    elif isinstance(node, nodes.If | nodes.CondExpr):
        tested = asked | {name.name for name in _names(node.test)}
        for child in node.iter_child_nodes(exclude=("test",)):
            yield from _bare(child, tested)
    else:
        for child in node.iter_child_nodes():
            yield from _bare(child, asked)


def _names(test: nodes.Node) -> Iterable[nodes.Name]:
    return (test,) if isinstance(test, nodes.Name) else test.find_all(nodes.Name)


def warn_of_idle(use: SurveyUse, stages: Iterable[Stage], asking: Asking) -> None:
    """Warn of an ablation whose condition asks nothing that another one does not."""
    ablations = getattr(use.params, "ablations", ())
    first = next(iter(use.models))
    by_condition = {s.condition: s for s in stages if isinstance(s, Converse) and s.model == first}
    if not ablations or "asked" not in by_condition:
        return
    known = {_asks(by_condition["asked"], use): "what is asked anyway"}
    for index, ablation in enumerate(ablations):
        if ablation in ablations[:index]:
            continue  # AC308 says it
        asks = _asks(by_condition[CONDITIONS[ablation]], use)
        if asks in known:
            label = f"`{ablation}` asks the very same as {known[asks]}"
            report(asking.scope.sink, "AC461", asking.entry("ablations", index), label, remedy=_REMEDIES[ablation])
        known.setdefault(asks, f"`{ablation}`")


_REMEDIES: Final = {
    "prompt": "Give the populations places or groups that the prompt names, or leave `prompt` out.",
    "config": "Vary the settings, with `beams = 1..5` or `sampling = [on, off]`, or leave `config` out.",
    "memory": "Let participants remember, with `memory = 0..15`, or leave `memory` out.",
    "all": "Leave `all` out.",
    "language": "Leave `language` out.",
}


def _asks(stage: Converse, use: SurveyUse) -> tuple[object, ...]:
    """Equal for two stages of a block exactly when all their prompts and settings are bound to be equal."""
    told = stage.told and any(
        _of(use.populations[name], kind) and _mentions(stage.wording[language].text, kind)
        for name, language in stage.language.items()
        for kind in TOLD
    )
    memory = stage.memory if len(stage.items) > 1 else Range(low=0, high=0)
    settings = (memory.low, memory.high, stage.beams.low, stage.beams.high, sorted(stage.sampling))
    return (told, repr(settings), tuple(sorted(stage.language.items())))


def _mentions(wording: str, name: str) -> bool:
    return re.search(rf"\{{[{{%][^}}]*\b{name}\b", wording) is not None
