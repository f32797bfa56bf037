"""Jobs: many requests handed to a provider at once, answered within a day.

A job is paid for once it is handed over, so its name is noted before anybody waits for it: a run that is killed
meanwhile leaves the note, and the next one that would ask the very same takes the job up again. So does one that could
not reach the server while it waited: it stops, and the note stays. The note lies in a
folder of the model's identity, the window of its answers in it; it is found by what was asked, and for which cells:
other draws of one question are put in the very same words, and are another job.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from auditc.backends._contract import EngineStopped
from auditc.ir.canonical import digest
from auditc.ir.exchange import Request

from .answers import json_in
from .engine import Body, within
from .pacing import Pacer, backoff
from .trouble import Trouble

T = TypeVar("T")

SOON, LATE = 0.25, 60.0
"""Seconds between two looks at a job: at first, and after a while."""

MANY = 30.0

LOST = frozenset({"404"})
"""What a server says of a job that it does not know any more."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is; `files` hold what it brought."""

    ended: bool
    status: str
    files: tuple[str, ...] = ()


class Office(Protocol):
    """Where a provider takes jobs. All raise Trouble."""

    def begin(self, bodies: dict[str, Body]) -> str: ...
    def look(self, job: str) -> Progress: ...
    def collect(self, job: str, progress: Progress) -> dict[str, Any | Trouble]: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Hands jobs over and waits for them. `notes` is the folder of the notes; None where nothing can be noted."""

    office: Office
    notes: str | None
    retries: int
    timeout: float
    """Seconds that an answer may take, and a look at a job; many requests and many answers get `MANY` times as long."""

    def run(self, requests: Sequence[Request], bodies: Sequence[Body], pacer: Pacer) -> list[Any | Trouble]:
        """An answer or a Trouble for each request; what is too much for one job is put as two. Raises Trouble where
        there is no job, Closed."""
        named = {str(index): body for index, body in enumerate(bodies)}
        note = None if self.notes is None else Path(self.notes) / f"{_mark(requests, bodies)}.json"
        job = _noted(note)
        if job is None:
            try:
                job = self._begun(named, pacer)
            except Trouble as trouble:
                if trouble.reason != "too_long" or len(bodies) < 2:
                    raise
                middle = len(bodies) // 2
                halves = slice(None, middle), slice(middle, None)
                return [answer for half in halves for answer in self.run(requests[half], bodies[half], pacer)]
            _note(note, job)
        try:
            progress = self._ended(job, pacer)
            found = self._patiently(lambda: self.office.collect(job, progress), pacer, MANY)
        except Trouble as trouble:
            if trouble.detail[:3] in LOST:
                _forget(note)
            elif trouble.again:
                told = f"the job {job[:80]} was handed over, and cannot be seen to: {trouble.detail or trouble.reason}"
                raise EngineStopped(told, "run again within a day: the job is taken up where it is") from trouble
            raise
        left = Trouble("server", f"the job ended ({progress.status}) without an answer to this")
        answers = [found.get(name, left) for name in named]
        if all(isinstance(answer, Trouble) for answer in answers):
            _forget(note)  # taken up again, it would fail again
        return answers

    def _begun(self, named: dict[str, Body], pacer: Pacer) -> str:
        """Repeated only where the server says that it did not take the job: of one whose answer was lost nobody knows,
        and it would be paid for twice."""

        def begin() -> str:
            # Not left when the run is stopped: once the job is handed over, its name must be noted.
            return within(self.timeout * MANY, lambda: self.office.begin(named), lambda: False)

        for repeat in range(self.retries):
            try:
                return begin()
            except Trouble as trouble:
                if not (trouble.slower and trouble.again):
                    raise
                pacer.rest(max(backoff(repeat), trouble.wait or 0.0))
        return begin()

    def _ended(self, job: str, pacer: Pacer) -> Progress:
        pause = SOON
        while not (progress := self._patiently(lambda: self.office.look(job), pacer)).ended:
            pacer.rest(pause)
            pause = min(LATE, pause * 2)
        return progress

    def _patiently(self, call: Callable[[], T], pacer: Pacer, times: float = 1.0) -> T:
        for repeat in range(self.retries):
            try:
                return within(self.timeout * times, call, pacer.closed)
            except Trouble as trouble:
                if not trouble.again:
                    raise
                pacer.rest(max(backoff(repeat), trouble.wait or 0.0))
        return within(self.timeout * times, call, pacer.closed)


def rows(content: bytes, read: Callable[[Any], tuple[str, Any | Trouble]]) -> dict[str, Any | Trouble]:
    """The lines of what a job brought, by the names of its requests. A line that cannot be read is left out: its
    request has no answer, and those of the others are paid for."""
    found: dict[str, Any | Trouble] = {}
    for line in content.splitlines():
        with suppress(Trouble):
            name, answer = read(json_in(line))
            found[name] = answer
    return found


def _mark(requests: Sequence[Request], bodies: Sequence[Body]) -> str:
    """What is asked, for which cells, and whether for the second time."""
    return digest([[asdict(request) for request in requests], list(bodies)])[:32]


def _noted(note: Path | None) -> str | None:
    if note is None:
        return None
    try:
        job = json.loads(note.read_bytes())["job"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return job if isinstance(job, str) else None


def _note(note: Path | None, job: str) -> None:
    """Written aside, forced to disk, renamed. Raises EngineStopped where that cannot be."""
    if note is None:
        return
    aside = note.with_suffix(".tmp")
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            file.write(json.dumps({"job": job}).encode())
            file.flush()
            os.fsync(file.fileno())
        aside.replace(note)
    except OSError as error:
        told = f"the job {job} was handed over and cannot be noted: {error.strerror or error}"
        raise EngineStopped(told, "make room or give access to `.auditc`") from error


def _forget(note: Path | None) -> None:
    if note is not None:
        with suppress(OSError):
            note.unlink(missing_ok=True)
