"""What trainings left in a workspace, who uses it, and clearing away what nobody does.

A plan uses what it would find there if it were run now: a result or a checkpoint of the recipe that one of its
trainings has, and a folder of a result that one of its models names. So this hangs on what a recipe hangs on, versions
of libraries among it. Where that cannot be told of a plan, nothing is taken for unused.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from auditc.diagnostics.cells import clean
from auditc.ir.plan import Plan, Train

from .. import runs
from ..bind import located
from ..faults import Problem, WorldFailed
from ..store import alone, within
from . import results
from .resolve import resolve


@dataclass(frozen=True, slots=True)
class Use:
    """A training of a plan, by the name of the plan's file, that would find it; or a model that names its folder."""

    plan: str
    stage: str
    model: str
    base: str


@dataclass(frozen=True, slots=True)
class Left:
    """What one training left. `made` is a model; `begun` are checkpoints, the last of them after so many `steps`;
    `damaged` is not what was written. `size` is in bytes, `at` in UTC; `run` is the newest run that had it, empty where
    none is here. `names` and `bases` are those of the plans that use it, or else of that run."""

    recipe: str
    kind: Literal["made", "begun", "damaged"]
    size: int
    at: str
    names: tuple[str, ...]
    bases: tuple[str, ...]
    objective: str = ""
    digest: str = ""
    form: str = ""
    steps: int = 0
    run: str = ""
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that is there, the oldest first. `untold` says of plans why nobody can tell what they use."""

    left: tuple[Left, ...]
    untold: tuple[Problem, ...] = ()

    @property
    def unused(self) -> tuple[Left, ...]:
        """What no plan uses; none where that cannot be told."""
        return () if self.untold else tuple(one for one in self.left if not one.uses)


@dataclass(slots=True)
class _Known:
    """By recipe, who uses it, and what the newest run that had it said."""

    uses: dict[str, list[Use]] = field(default_factory=dict)
    runs: dict[str, tuple[str, str, str]] = field(default_factory=dict)


def inventory(workspace: Path, plans: Callable[[], Mapping[str, Plan | None]]) -> Inventory:
    """What is in a workspace, and which of these plans use it; they are by the name of their file, None for one that
    cannot be read. Opens no model. Raises WorldFailed where a link leads out of the workspace."""
    within(workspace, workspace / results.TRAINED, workspace / results.TRAINING)
    recipes = list(_recipes(workspace))
    if not recipes:
        return Inventory(())
    known, untold = _Known(), list[Problem]()
    for name, plan in plans().items():
        untold += _note(known, workspace, name, plan)
    _note_runs(known, workspace, set(recipes) - set(known.uses))
    found = [_left(workspace, recipe, known) for recipe in recipes]
    return Inventory(tuple(sorted(found, key=lambda one: (one.at, one.recipe))), tuple(untold))


def clear(workspace: Path, left: Sequence[Left]) -> None:
    """Take away what trainings left. Raises StoreBusy where a run is under way, OSError."""
    with alone(workspace / "store"):
        within(workspace, workspace / results.TRAINED, workspace / results.TRAINING)
        for one in left:
            place = results.place(workspace, one.recipe)
            if place.exists():
                aside = place.with_name(f".{one.recipe}.part")
                shutil.rmtree(aside, ignore_errors=True)
                os.rename(place, aside)  # at once: nobody meets a half of it
                shutil.rmtree(aside)
            results.forget(workspace, one.recipe)


def _recipes(workspace: Path) -> Iterator[str]:
    for folder in (results.TRAINED, results.TRAINING):
        for place in sorted((workspace / folder).glob("[!.]*")):
            if place.is_dir() and not (folder == results.TRAINING and results.place(workspace, place.name).exists()):
                yield place.name


def _note(known: _Known, workspace: Path, name: str, plan: Plan | None) -> Iterator[Problem]:
    """What a plan uses; gives why that cannot be told, where it cannot."""
    if plan is None:
        yield Problem(f"{name} is not one that this auditc wrote", "compile its spec again, or delete it", None)
        return
    trainings = {stage.name: stage for stage in plan.stages if isinstance(stage, Train)}
    if trainings:
        found = resolve(plan, workspace, located(plan))
        recipes = {stage: job.recipe for stage, job in found.ready.items()}
        recipes |= {stage: card.recipe for stage, card in found.cards.items()}
        for stage, recipe in recipes.items():
            one = trainings[stage]
            known.uses.setdefault(recipe, []).append(Use(name, stage, one.model, one.base))
        # One that begins with what is still to be trained has no recipe yet, and so nothing that it would find.
        if trainings.keys() - recipes.keys() - {stage.name for stage in found.lacking}:
            yield from (Problem(f"{name}: {each.message}", each.help, None) for each in found.problems)
    for title, model in plan.models.items():
        for thing in (model.weights, model.adapter):
            recipe = _named(workspace, thing.params.get("path")) if thing and thing.kind == "folder" else ""
            if recipe:
                known.uses.setdefault(recipe, []).append(Use(name, "", title, ""))


def _named(workspace: Path, path: object) -> str:
    """The recipe in whose folder a path leads; empty for any other. Paths are relative to where auditc runs."""
    for home in (Path.cwd(), workspace.parent):
        place, trained = (home / str(path)).resolve(), (workspace / results.TRAINED).resolve()
        if place.is_relative_to(trained) and place != trained:
            return place.relative_to(trained).parts[0]
    return ""


def _note_runs(known: _Known, workspace: Path, wanted: set[str]) -> None:
    for run in runs.ended(workspace) if wanted else ():
        try:
            stages = run.record().stages
        except WorldFailed:
            continue
        for stage in stages:
            if stage.get("recipe") in wanted:
                model, base = (clean(str(stage.get(key, ""))) for key in ("model", "base"))
                known.runs.setdefault(str(stage["recipe"]), (run.id, model, base))


def _left(workspace: Path, recipe: str, known: _Known) -> Left:
    uses = tuple(known.uses.get(recipe, ()))
    run, model, base = known.runs.get(recipe, ("", "", ""))
    names = tuple(dict.fromkeys(use.model for use in uses)) or ((model,) if model else ())
    bases = tuple(dict.fromkeys(use.base for use in uses if use.base)) or ((base,) if base else ())
    place = results.place(workspace, recipe)
    if not place.exists():
        place = results.checkpoints(workspace, recipe)
        named = names or results.named(workspace, recipe)
        steps = results.begun(workspace, recipe)
        return Left(recipe, "begun", _size(place), _changed(place), named, bases, steps=steps, run=run, uses=uses)
    try:
        card = results.read(workspace, recipe)
    except WorldFailed:
        card = None
    if card is None:
        return Left(recipe, "damaged", _size(place), _changed(place), names, bases, run=run, uses=uses)
    return Left(
        recipe,
        "made",
        _size(place),
        card.made,
        names,
        bases,
        objective=str(card.inputs["objective"]),
        digest=card.weights,
        form=card.form,
        steps=card.done,
        run=run,
        uses=uses,
    )


def _size(place: Path) -> int:
    return sum(file.lstat().st_size for file in place.rglob("*") if file.is_file() and not file.is_symlink())


def _changed(place: Path) -> str:
    return f"{datetime.fromtimestamp(place.stat().st_mtime, UTC):%Y-%m-%dT%H:%M:%SZ}"
