"""What trainings left in a workspace, who uses it, and what nobody can miss.

A plan uses what it would find there if it were run now: a result or a checkpoint of the recipe that one of its
trainings has, and a folder of a result that one of its models names. A recipe hangs on the machine and on versions of
libraries as well, so what no plan uses now is kept all the same wherever somebody may miss it: where a run names it,
where a plan that is here could mean it elsewhere, and where it is not just what auditc wrote. Where it cannot be told
what a plan uses, or what a run rests on, nothing is taken for unused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from auditc.diagnostics.cells import clean
from auditc.ir.plan import Plan, Train

from .. import runs
from ..bind import located
from ..faults import Problem, WorldFailed
from ..prompts import WordingRejected
from ..store import within
from . import results
from .card import Card
from .examples import examples, settings
from .resolve import resolve

RECIPE: Final = re.compile(r"[0-9a-f]{64}")
PART: Final = re.compile(r"\.([0-9a-f]{64})\.part(-\w+)?")
"""What a killed run or a killed clearing was making or taking away; nothing ever reads it."""
_NAMING: Final = ("plan.json", "run.json", "findings.json")
"""Files of a run that may name a recipe."""
WRITTEN: Final = frozenset({"model", "card.json", "README.md"})
"""What auditc writes into the folder of a result."""


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
    `damaged` is not what was written; `part` is of a making or a clearing that was killed. `size` is in bytes, `at` in
    UTC; `run` is the newest run that had it, empty where none is here. `names` and `bases` are those of the plans that
    use it, or else of that run. `kept` says why it stays although no plan uses it now."""

    recipe: str
    kind: Literal["made", "begun", "damaged", "part"]
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
    kept: str = ""
    place: str = ""
    """In the workspace."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that is there, the oldest first. `untold` says why nobody can tell what is in use."""

    left: tuple[Left, ...]
    untold: tuple[Problem, ...] = ()

    @property
    def unused(self) -> tuple[Left, ...]:
        """What nobody can miss; nothing where that cannot be told."""
        return () if self.untold else tuple(one for one in self.left if not one.uses and not one.kept)

    @property
    def kept(self) -> tuple[Left, ...]:
        """What no plan uses now, and stays until somebody names it."""
        return tuple(one for one in self.left if not one.uses and one.kept)


@dataclass(slots=True)
class _Known:
    """By recipe, who uses it, what the newest run that had it said, and which runs name it. `plans` are those that may
    be run: of the workspace's folder, and of runs that did not end."""

    uses: dict[str, list[Use]] = field(default_factory=dict)
    runs: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    named: dict[str, list[str]] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)


def inventory(workspace: Path, plans: Callable[[], Mapping[str, Plan | None]]) -> Inventory:
    """What is in a workspace, and which of these plans use it; they are by the name of their file, None for one that
    cannot be read. Opens no model. Raises WorldFailed where a link leads out of the workspace."""
    within(workspace, workspace / results.TRAINED, workspace / results.TRAINING)
    recipes, parts = list(_recipes(workspace)), list(_parts(workspace))
    if not recipes and not parts:
        return Inventory(())
    known, untold = _Known(), list(_linked(workspace))
    for name, plan in plans().items():
        untold += _note(known, workspace, name, plan)
    untold += _note_runs(known, workspace, set(recipes))
    found = [*(_left(workspace, recipe, known) for recipe in recipes), *parts]
    return Inventory(tuple(sorted(found, key=lambda one: (one.at, one.recipe, one.place))), tuple(untold))


def _linked(workspace: Path) -> Iterator[Problem]:
    """Links may lead to what is no training's."""
    for place in (workspace, workspace / results.TRAINED, workspace / results.TRAINING):
        if place.is_symlink():
            help = "put a folder in its place, or delete by hand what is not needed any more"
            yield Problem(
                f"`{place.relative_to(workspace.parent)}` is a link, and may lead to what is no training's", help, None
            )


def _folders(workspace: Path, folder: str) -> Iterator[Path]:
    """Links among them lead elsewhere, and are left alone."""
    for place in sorted((workspace / folder).glob("*")):
        if place.is_dir() and not place.is_symlink():
            yield place


def _recipes(workspace: Path) -> Iterator[str]:
    for folder in (results.TRAINED, results.TRAINING):
        for place in _folders(workspace, folder):
            there = folder == results.TRAINING and os.path.lexists(results.place(workspace, place.name))
            if RECIPE.fullmatch(place.name) and not there:
                yield place.name


def _parts(workspace: Path) -> Iterator[Left]:
    for place in _folders(workspace, results.TRAINED):
        if found := PART.fullmatch(place.name):
            said = f"{results.TRAINED}/{place.name}"
            yield Left(found[1], "part", _size(place), _changed(place), (), (), place=said)


def _note(known: _Known, workspace: Path, name: str, plan: Plan | None) -> Iterator[Problem]:
    """What a plan uses; gives why that cannot be told, where it cannot."""
    if plan is None:
        said = f"{clean(name)} is not one that this auditc wrote"
        yield Problem(said, "compile its spec again, or delete it and its lock", None)
        return
    known.plans[clean(name)] = plan
    trainings = {stage.name: stage for stage in plan.stages if isinstance(stage, Train)}
    if trainings:
        found = resolve(plan, workspace, located(plan))
        recipes = {stage: job.recipe for stage, job in found.ready.items()}
        recipes |= {stage: card.recipe for stage, card in found.cards.items()}
        for stage, recipe in recipes.items():
            one = trainings[stage]
            known.uses.setdefault(recipe, []).append(Use(clean(name), stage, one.model, one.base))
        # One that begins with what is still to be trained has no recipe yet, and so nothing that it would find.
        if lost := sorted(trainings.keys() - recipes.keys() - {stage.name for stage in found.lacking}):
            why = [(each.message, each.help) for each in found.problems] or [(f"`{lost[0]}` cannot be looked up", "")]
            yield from (Problem(f"{clean(name)}: {message}", help, None) for message, help in why)
    for title, model in plan.models.items():
        for thing in (model.weights, model.adapter):
            recipe = _named(workspace, thing.params.get("path")) if thing and thing.kind == "folder" else ""
            if recipe:
                known.uses.setdefault(recipe, []).append(Use(clean(name), "", title, ""))


def _named(workspace: Path, path: object) -> str:
    """The recipe in whose folder a path leads; empty for any other. Paths are relative to where auditc runs."""
    for home in (Path.cwd(), workspace.parent):
        place, trained = (home / str(path)).resolve(), (workspace / results.TRAINED).resolve()
        if place.is_relative_to(trained) and place != trained:
            return place.relative_to(trained).parts[0]
    return ""


def _note_runs(known: _Known, workspace: Path, wanted: set[str]) -> Iterator[Problem]:
    """Which runs name a recipe in any of their files, whatever auditc wrote them, and what runs that did not end were
    to do; gives why that cannot be told, where it cannot. Raises OSError."""
    home = workspace / "runs"
    for folder in sorted(home.iterdir(), reverse=True) if wanted and home.exists() else ():
        run = runs.Run(folder)
        try:
            said = b"\n".join((folder / name).read_bytes() for name in _NAMING if (folder / name).is_file())
        except OSError as fault:
            yield Problem(f"run {clean(run.id)} cannot be read: {fault.strerror or fault}", "let it be read", None)
            continue
        for recipe in wanted:
            if recipe.encode() in said:
                known.named.setdefault(recipe, []).append(clean(run.id))
        if (folder / "run.json").exists():
            _note_record(known, run, wanted)
        elif (folder / "plan.json").exists():
            try:
                known.plans[f"run {clean(run.id)}, which did not end"] = run.plan()
            except WorldFailed as damaged:
                yield Problem(clean(damaged.message), f"delete the folder of run {clean(run.id)}", None)


def _note_record(known: _Known, run: runs.Run, wanted: set[str]) -> None:
    try:
        stages = run.record().stages
    except WorldFailed:
        return
    for stage in stages:
        if stage.get("recipe") in wanted:
            model, base = (clean(str(stage.get(key, ""))) for key in ("model", "base"))
            known.runs.setdefault(str(stage["recipe"]), (run.id, model, base))


def _left(workspace: Path, recipe: str, known: _Known) -> Left:
    uses = tuple(known.uses.get(recipe, ()))
    run, model, base = known.runs.get(recipe, ("", "", ""))
    names = tuple(dict.fromkeys(use.model for use in uses)) or ((model,) if model else ())
    bases = tuple(dict.fromkeys(use.base for use in uses if use.base)) or ((base,) if base else ())
    place, folder, named = results.place(workspace, recipe), results.TRAINED, names
    kind: Literal["made", "begun", "damaged"] = "damaged"
    card: Card | None = None
    steps = 0
    if not place.exists():
        kind, place, folder = "begun", results.checkpoints(workspace, recipe), results.TRAINING
        steps, named = results.begun(workspace, recipe), names or results.named(workspace, recipe)
    else:
        try:
            card = results.read(workspace, recipe)
        except WorldFailed:
            card = None
        if card is not None:
            kind, steps = "made", card.done
    return Left(
        recipe,
        kind,
        _size(place),
        _changed(place),
        named,
        bases,
        objective=clean(str(card.inputs["objective"])) if card else "",
        digest=card.weights if card else "",
        form=card.form if card else "",
        steps=steps,
        run=run,
        uses=uses,
        kept=_why(workspace, recipe, kind, card, known),
        place=f"{folder}/{recipe}",
    )


def _why(workspace: Path, recipe: str, kind: str, card: Card | None, known: _Known) -> str:
    """Why somebody may miss what no plan uses now; empty where nobody can."""
    if naming := known.named.get(recipe):
        more = f" and {len(naming) - 1:,} more" if len(naming) > 1 else ""
        return f"run {naming[0]}{more} names it"
    if kind == "damaged":
        return "it is damaged, or another auditc wrote it"
    place = results.place(workspace, recipe) if kind == "made" else results.checkpoints(workspace, recipe)
    strange = sorted(clean(file.name) for file in place.iterdir() if not _ours(kind, file))
    if strange:
        return f"it holds what auditc did not write: {strange[0]}"
    begun = results.whose(workspace, recipe)
    for name, plan in known.plans.items():
        for stage in (stage for stage in plan.stages if isinstance(stage, Train)):
            if _alike(plan, stage, card) if card else begun in (None, (plan.name, stage.name)):
                return f"{name}: {stage.name} could find it on another machine, with other libraries or settings"
    return ""


def _ours(kind: str, file: Path) -> bool:
    if file.is_symlink():
        return False
    return file.name in WRITTEN if kind == "made" else re.fullmatch(r"checkpoint-\d+", file.name) is not None


def _alike(plan: Plan, stage: Train, card: Card) -> bool:
    """Whether a training would make such a result of the right base, on some machine. In doubt it would."""
    try:
        if (stage.objective.kind, settings(stage)) != (card.inputs["objective"], card.settings):
            return False
        return examples(plan, stage).digest == card.data
    except (WordingRejected, LookupError, ValueError):
        return True


def _size(place: Path) -> int:
    return sum(file.lstat().st_size for file in place.rglob("*") if file.is_file() and not file.is_symlink())


def _changed(place: Path) -> str:
    return f"{datetime.fromtimestamp(place.stat().st_mtime, UTC):%Y-%m-%dT%H:%M:%SZ}"
