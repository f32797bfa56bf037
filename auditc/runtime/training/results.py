"""Where trained models lie: each under its recipe, whole or not at all.

.auditc/trained/RECIPE/model/      an adapter in the form of PEFT, or all weights with the tokenizer
.auditc/trained/RECIPE/card.json   what it is and what it came from
.auditc/trained/RECIPE/README.md   the same for people who look there; auditc never reads it
.auditc/training/RECIPE/           checkpoints of a training that has not ended; they go when its result is there
.auditc/training/RECIPE.json       which training of which audit that is: once it ends, those of its older settings go

A result is made aside and put in place by one rename. What is read must be what was written, or it is not used: a
card has a digest of itself and of every file of its model, and the inputs in it are those of the recipe.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

from auditc.diagnostics.cells import clean
from auditc.ir.finding import TrainingRow
from auditc.ir.training import NotTrained
from auditc.objectives._whole import whole
from auditc.weights._adapter import CONFIG, adapter_digest
from auditc.weights._contract import Fetched, WeightsUnavailable
from auditc.weights._place import publish
from auditc.weights._safetensors import content_digest

from .. import journal
from ..faults import WorldFailed
from ..models import Ready, home
from ..store import within
from .card import Card, readme
from .recipe import recipe as recipe_of

TRAINED: Final = "trained"
TRAINING: Final = "training"
_RECIPE: Final = re.compile(r"[0-9a-f]{64}")


class Damaged(WorldFailed):
    """What lies in the place of a result is not what was written."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a training left: what it is, told from its files."""

    form: str
    weights: str
    tensors: str
    files: dict[str, str]


def place(workspace: Path, recipe: str) -> Path:
    """Where the result of a recipe lies, or will."""
    return workspace / TRAINED / recipe


def checkpoints(workspace: Path, recipe: str) -> Path:
    """Where a training of that recipe keeps what it would go on from."""
    return workspace / TRAINING / recipe


def begun(workspace: Path, recipe: str) -> int:
    """The step after which a training of that recipe goes on; 0 where no whole checkpoint of it is there. A recipe
    decides on all that a checkpoint has to be of."""
    within(workspace, workspace / TRAINING, checkpoints(workspace, recipe))
    return max(whole(checkpoints(workspace, recipe)), default=0)


def read(workspace: Path, recipe: str) -> Card | None:
    """The result of a recipe, or None where there is none. Raises Damaged where it is not what was written."""
    folder = place(workspace, recipe)
    within(workspace, workspace / TRAINED, folder)
    if not folder.exists():
        return None
    try:
        written = (folder / "card.json").read_bytes()
        _refuse_other_forms(folder, written)
        card = Card.model_validate_json(written)
        if not card.recipe == recipe == recipe_of(card.inputs) or card.sealed() != card:
            raise ValueError("another card")
        made = told(folder / "model")
    except (OSError, ValueError, RecursionError, WeightsUnavailable):
        raise _damaged(folder) from None
    if (made.tensors, made.files, made.form, made.weights) != (card.tensors, card.files, card.form, card.weights):
        raise _damaged(folder)
    return card


def shown(workspace: Path, named: TrainingRow) -> tuple[str, dict[str, Any]]:
    """The card of a result, for people in the names of the audit that asks, and as JSON. Raises Damaged, or WorldFailed
    where there is none any more."""
    card = read(workspace, named.recipe)
    if card is None:
        raise WorldFailed(f"the trained model .auditc/{TRAINED}/{named.recipe} is gone", "run the audit again")
    return readme(card, named), card.model_dump(mode="json")


def _refuse_other_forms(folder: Path, written: bytes) -> None:
    """Raises Damaged for a card in a form that this auditc does not know, and ValueError where it is none."""
    found = json.loads(written)
    form = found.get("format") if isinstance(found, dict) else None
    known = get_args(Card.model_fields["format"].annotation)
    if isinstance(form, str) and re.fullmatch(r"auditc\.trained\.v\d{1,4}", form) and form not in known:
        name = f".auditc/{TRAINED}/{folder.name}"
        raise Damaged(
            f"the trained model in {name} is in the form {form}, which this auditc does not know",
            f"run the audit with the auditc that wrote it, or delete {name}: then the training is carried out again",
        )


def _damaged(folder: Path) -> Damaged:
    name = f".auditc/{TRAINED}/{folder.name}"
    return Damaged(
        f"the trained model in {name} is not what was written, and is not used",
        f"put it back as it was, or delete {name}: then the training is carried out again",
    )


def told(model: Path) -> Made:
    """What a folder holds. Raises WeightsUnavailable, OSError or ValueError where it is no model."""
    files = {}
    for file in sorted(model.rglob("*")):
        if file.is_symlink() or not (file.is_file() or file.is_dir()):
            raise ValueError(f"{file.name} is no plain file")
        if file.is_file() and file.suffix != ".safetensors":
            files[file.relative_to(model).as_posix()] = hashlib.sha256(file.read_bytes()).hexdigest()
    tensors = content_digest(model, home() / "weights" / TRAINED)
    if CONFIG in files:
        weights = adapter_digest(Fetched(model, "safetensors", tensors, ""))
        return Made("adapter", weights, tensors, files)
    return Made("weights", tensors, tensors, files)


@contextmanager
def aside(workspace: Path, recipe: str, name: tuple[str, str]) -> Iterator[Path]:
    """A folder with an empty folder `model` in it, on the disk of the result; gone at the end whatever happens. `name`
    is that of the audit and of the stage. What the disk refuses is raised as NotTrained."""
    work = workspace / TRAINED / f".{recipe}.part"
    try:
        within(workspace, workspace / TRAINED, work)
        shutil.rmtree(work, ignore_errors=True)  # a killed run leaves its own behind; only one writes at a time
        (work / "model").mkdir(parents=True)
        within(workspace, workspace / TRAINING, checkpoints(workspace, recipe))
        checkpoints(workspace, recipe).mkdir(parents=True, exist_ok=True)
        journal.write_aside(_named(workspace, recipe), json.dumps(name).encode())
        yield work
    except OSError as fault:
        raise unwritable(fault) from fault
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _named(workspace: Path, recipe: str) -> Path:
    return workspace / TRAINING / f"{recipe}.json"


def finish(workspace: Path, work: Path, card: Card, name: tuple[str, str]) -> None:
    """Put a result in place. The checkpoints that it was made from go, and those of the same training with settings
    that nobody went on with. Raises OSError."""
    journal.write_aside(work / "README.md", readme(card).encode())
    journal.write_aside(work / "card.json", card.model_dump_json(indent=1).encode() + b"\n")
    publish(work, place(workspace, card.recipe))
    for other in (workspace / TRAINING).glob("*.json"):
        if other.stem == card.recipe or (_RECIPE.fullmatch(other.stem) and _read(other) == list(name)):
            forget(workspace, other.stem)


def forget(workspace: Path, recipe: str) -> None:
    """Take the checkpoints of a recipe away."""
    shutil.rmtree(checkpoints(workspace, recipe), ignore_errors=True)
    _named(workspace, recipe).unlink(missing_ok=True)


def whose(workspace: Path, recipe: str) -> tuple[str, str] | None:
    """The audit and the stage whose checkpoints those of a recipe are, if that is known."""
    said = _read(_named(workspace, recipe))
    if isinstance(said, list) and len(said) == 2 and all(isinstance(word, str) for word in said):
        return said[0], said[1]
    return None


def named(workspace: Path, recipe: str) -> tuple[str, ...]:
    """The stage whose checkpoints those of a recipe are, if that is known."""
    found = whose(workspace, recipe)
    return (clean(found[1]),) if found else ()


def _read(file: Path) -> object:
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def unwritable(fault: OSError) -> NotTrained:
    """What the disk said of a result."""
    if fault.errno in (errno.ENOSPC, errno.EDQUOT):
        return NotTrained("disk_full", "the disk is full", "free some space")
    return NotTrained("engine", f"its result cannot be written ({fault.strerror or fault})", "look at `.auditc`")


def ready(workspace: Path, card: Card, base: Ready) -> Ready:
    """The trained model, as a backend is told of it: on the weights of its base, or in place of them."""
    model = place(workspace, card.recipe) / "model"
    lineage = card.lineage
    if card.form == "adapter":
        adapter = Ready(model, card.weights, "")
        return Ready(base.folder, base.weights_digest, base.licence, adapter, lineage=lineage)
    return Ready(model, card.weights, base.licence, lineage=lineage)
