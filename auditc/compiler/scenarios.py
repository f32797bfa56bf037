"""Scenarios out of a data file: a row for each step, with the situation and the choices in every language."""

from __future__ import annotations

from dataclasses import dataclass

from auditc.diagnostics import Label, Span
from auditc.ir.framework import Framework
from auditc.ir.script import Scenarios, ScenarioStep, Script

from .datafiles import DataFile
from .mistakes import POISON, Poison, close, listing, report
from .scope import Scope
from .tables import MANY, Grid, refuse_others, require


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What a script needs of its scenarios: numbered steps, names of choices, a language, and a framework's values."""

    script: Script
    language: str
    framework: Framework | None

    @property
    def steps(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.script.steps if step.name.isdigit())

    @property
    def choices(self) -> tuple[str, ...]:
        """All names of choices, in the order in which they come up."""
        return tuple(dict.fromkeys(choice for step in self.script.steps for choice in step.choices))


def scenarios(file: DataFile, wanted: Wanted, scope: Scope) -> Scenarios | Poison:
    """The scenarios of a file with the columns `scenario`, `step`, `text.en`, and for each choice `choice.a.en` and
    `value.a`; the language is any that the file has."""
    grid, sink = file.grid, scope.sink
    languages = grid.languages("text") or (wanted.language,)
    words = [f"text.{language}" for language in languages]
    words += [f"choice.{choice}.{language}" for choice in wanted.choices for language in languages]
    values = [f"value.{choice}" for choice in wanted.choices]
    needed = ("scenario", "step", *words, *(values if wanted.framework else ()))
    good = require(grid, needed, sink)
    refuse_others(grid, ("scenario", "step", "source", *words, *values), sink)
    if wanted.language not in languages:
        label = f"the scenarios are told in {listing(languages)}, and not in `{wanted.language}`"
        remedy = f"Add the column `text.{wanted.language}`, or write `language = {languages[0]}`."
        return report(sink, "AC407", file.span, label, remedy=remedy)
    if not good:
        return POISON
    found: dict[str, dict[str, ScenarioStep]] = {}
    places: dict[tuple[str, str], Span] = {}
    bad = 0
    for row in range(len(grid.rows)):
        key = (grid.cell(row, "scenario"), grid.cell(row, "step"))
        step = _step(grid, row, languages, wanted, scope)
        if key in places:
            related = (Label(places[key], "here first"),)
            label = f"step {key[1]} of `{key[0]}` is there already"
            step = report(sink, "AC377", grid.row(row), label, related=related)
        places.setdefault(key, grid.row(row))
        if isinstance(step, Poison):
            bad += 1
            if bad > MANY:
                break
        else:
            found.setdefault(key[0], {})[key[1]] = step
    if bad or not _whole(found, places, wanted, scope):
        return POISON
    digest = scope.files.digests[file.path]
    told = {name: tuple(steps[number] for number in wanted.steps) for name, steps in found.items()}
    return Scenarios(scenarios=told, digest=digest)


def _step(grid: Grid, row: int, languages: tuple[str, ...], wanted: Wanted, scope: Scope) -> ScenarioStep | Poison:
    good = True
    stems = ("text", *(f"choice.{choice}" for choice in wanted.choices))
    for column in ("scenario", "step", *(f"{stem}.{language}" for language in languages for stem in stems)):
        if not grid.cell(row, column):
            report(scope.sink, "AC025", grid.row(row), f"`{column}` is empty")
            good = False
    values = {choice: grid.cell(row, f"value.{choice}") for choice in wanted.choices}
    if wanted.framework is not None:
        known = [value.id for value in wanted.framework.values]
        for choice, named in values.items():
            if named not in known:
                remedy = close(named, known) or f"Its values are {listing(known)}."
                place = grid.place(row, f"value.{choice}")
                report(scope.sink, "AC378", place, f"the framework has no value `{named}`", remedy=remedy)
                good = False
    if not good:
        return POISON
    return ScenarioStep(
        text={language: grid.cell(row, f"text.{language}") for language in languages},
        choices={c: {lang: grid.cell(row, f"choice.{c}.{lang}") for lang in languages} for c in wanted.choices},
        values={choice: named for choice, named in values.items() if named},
    )


def _whole(
    found: dict[str, dict[str, ScenarioStep]], places: dict[tuple[str, str], Span], wanted: Wanted, scope: Scope
) -> bool:
    """Whether each scenario has every step that is asked; warns of those that none is asked of."""
    good = True
    for name, steps in found.items():
        at = next(place for (scenario, _), place in places.items() if scenario == name)
        missing = [number for number in wanted.steps if number not in steps]
        if missing:
            label = f"`{name}` has no step {', '.join(missing)}"
            report(scope.sink, "AC375", at, label, remedy="Add the steps, or ask fewer: `step 1..3 { … }`.")
            good = False
    unasked = sorted({number for steps in found.values() for number in steps} - set(wanted.steps))
    if good and unasked:
        name, number = next(key for key in places if key[1] in unasked)
        label = f"nothing asks step {', '.join(unasked)}"
        remedy = f"Ask it: `step 1..{unasked[-1]} {{ … }}`, or leave it out of the file."
        report(scope.sink, "AC379", places[name, number], label, remedy=remedy)
    return good
