"""The probe: a sample of the cells of a model is put to it a second time, to see how far it repeats itself.

A cell is in the sample if a hash of the plan's seed and of its key falls below the share that the author declared; of
each stage at least the cell with the least hash is. So who is in it hangs on nothing but the cell. The request is the
very one that was asked before, its seed and its stream with it, and a mark that it is put `again`; only its neighbours
in the batch are others, composed by the plan like those of every batch. The second answer is stored under a key made of
the cell's own, so that an unchanged plan asks neither again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from auditc.ir.answers import FAILED, UNPARSABLE
from auditc.ir.exchange import Failure, GenerateReply, Reply, ScoreReply
from auditc.ir.plan import Asked, Plan
from auditc.ir.probed import Probed
from auditc.ir.questions import questions
from auditc.methods import methods

from .asking import Ask
from .schedule import turn_groups
from .segment import KEY_BYTES
from .sheets import AssessSheet, ConverseSheet, Sheet, choice_of
from .understood import Reader, choices, chosen

Known = Callable[[bytes], Reply | None]
NAME = "probe of {}"
"""What a probe is called while it runs: stages have no spaces in their names."""


def second(key: bytes) -> bytes:
    """The key under which the second answer to a cell is kept."""
    return hashlib.sha256(b"again" + key).digest()[:KEY_BYTES]


def probed_at_all(stage: Asked) -> bool:
    """Whether cells of a stage are put to their model again: of texts nothing is asked that could be answered
    otherwise."""
    return stage.kind != "predict"


@dataclass(slots=True, eq=False)
class Sample:
    """The cells of one stage that are probed, as the walk over it comes by them."""

    stage: Asked
    share: float
    seed: int
    _chosen: dict[bytes, Ask] = field(default_factory=dict)
    _least: tuple[int, Ask] | None = None

    def meet(self, ask: Ask) -> None:
        """Take a cell of the stage into the sample, if it falls into it."""
        rank = int.from_bytes(hashlib.sha256(f"probe {self.seed} ".encode() + ask.key).digest()[:8], "big")
        if rank < round(self.share * 2**64):
            self._chosen.setdefault(ask.key, ask)
        if self._least is None or rank < self._least[0]:
            self._least = rank, ask

    def asks(self) -> list[Ask]:
        """The chosen cells as they were asked, in the order of the walk."""
        return list(self._chosen.values()) or ([self._least[1]] if self._least else [])


def watch(samples: Mapping[str, Sample], batches: Iterator[list[Ask] | None]) -> Iterator[list[Ask] | None]:
    """The batches themselves, each looked through before it is handed on; `samples` are by the name of the stage."""
    for batch in batches:
        for ask in batch or ():
            samples[ask.stage.name].meet(ask)
        yield batch


def batches(samples: Sequence[Sample], size: int, known: Known) -> Iterator[list[Ask] | None]:
    """What is asked of one model for the second time: batches of the chosen cells, without those that have no first
    answer. They are cells of the probe, and no longer of their stages."""
    asks: list[tuple[Ask, Asked]] = []
    for one in samples:
        stage = one.stage.model_copy(update={"name": NAME.format(one.stage.model)})
        asks += [(ask, stage) for ask in one.asks()]
    for members in turn_groups([getattr(ask.request, "sampling", None) for ask, _ in asks], size):
        batch = [asks[index] for index in members]
        yield [ask.again(second(ask.key), stage) for ask, stage in batch if sound(known(ask.key))]


@dataclass(frozen=True, slots=True)
class Counts:
    """Cells of probes: cells = reused + asked + not_run; `failed` of those asked brought no answer."""

    cells: int = 0
    reused: int = 0
    asked: int = 0
    not_run: int = 0
    failed: int = 0

    def as_dict(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__slots__}


def sound(reply: Reply | None) -> bool:
    """Whether a reply is an answer: an engine's probabilities that are not finite are none."""
    if isinstance(reply, ScoreReply):
        return bool(np.isfinite(np.exp(np.array(reply.logprobs)).sum()))
    return isinstance(reply, GenerateReply)


def count(samples: list[Sample], known: Known, fresh: Collection[bytes]) -> Counts:
    """What became of the probes of a run; `fresh` are the keys that it asked."""
    keys = {second(ask.key) for sample in samples for ask in sample.asks() if sound(known(ask.key))}
    asked = {key for key in keys if key in fresh and known(key) is not None}
    gone = {key for key in keys if known(key) is None}
    failed = {key for key in asked if isinstance(known(key), Failure)}
    return Counts(len(keys), len(keys) - len(asked) - len(gone), len(asked), len(gone), len(failed))


def statuses(samples: list[Sample], known: Known) -> dict[str, str]:
    """By the hexadecimal key of each probed cell what became of its second answer: `answered`, `failed`, `not run`."""
    found = {}
    for ask in (ask for sample in samples for ask in sample.asks() if sound(known(ask.key))):
        again = known(second(ask.key))
        found[ask.key.hex()] = "not run" if again is None else "failed" if isinstance(again, Failure) else "answered"
    return found


def probed(plan: Plan, sample: Sample, sheet: Sheet, known: Known) -> Probed:
    """Both answers to each probed cell of a stage, side by side."""
    first = [ask for ask in sample.asks() if sound(known(ask.key))]
    replies = [(known(ask.key), known(second(ask.key))) for ask in first]
    both = [(ask, a, b) for ask, (a, b) in zip(first, replies, strict=True) if sound(a) and sound(b)]
    stage = sample.stage
    made: dict[str, Any] = {
        "stage": stage.name,
        "block": stage.block,
        "model": stage.model,
        "kind": stage.kind,
        "chosen": len(first),
        "not_run": sum(b is None for _, b in replies),
        "failed": sum(b is not None and not sound(b) for _, b in replies),
        "keys": tuple(ask.key.hex() for ask, _, _ in both),
        "equal": np.array([_said(a) == _said(b) for _, a, b in both], dtype=bool),
    }
    if stage.kind == "score":
        logprobs = _logprobs([(a, b) for _, a, b in both])
        return Probed(**made, logprobs=logprobs, readings=_likeliest(logprobs, stage.low_mass))
    assert isinstance(sheet, ConverseSheet | AssessSheet)
    reads = _judge_reader(sheet) if isinstance(sheet, AssessSheet) else _reader(plan, sheet, first)
    rows = [[reads(ask, a), reads(ask, b)] for ask, a, b in both]
    return Probed(**made, readings=np.array(rows, dtype=np.int64).reshape(-1, 2))


def _said(reply: Reply | None) -> object:
    """What of a reply is the answer: not how many tokens it took, nor what a server says of itself."""
    if isinstance(reply, ScoreReply):
        return reply.logprobs
    return (reply.text, reply.finished) if isinstance(reply, GenerateReply) else None


def _logprobs(both: list[tuple[Reply | None, Reply | None]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """`[P, 2, K]`, NaN past a cell's options."""
    pairs = [[reply.logprobs for reply in pair if isinstance(reply, ScoreReply)] for pair in both]
    width = max((len(row) for pair in pairs for row in pair), default=0)
    logprobs = np.full((len(pairs), 2, width), np.nan)
    for index, pair in enumerate(pairs):
        for side, row in enumerate(pair):
            logprobs[index, side, : len(row)] = row
    return logprobs


def _likeliest(logprobs: np.ndarray[Any, np.dtype[np.float64]], low_mass: float) -> np.ndarray[Any, np.dtype[np.int64]]:
    """`[P, 2]` the likeliest option; UNPARSABLE where the options hold too little, as when answers are gathered."""
    if not logprobs.size:
        return np.zeros((len(logprobs), 2), dtype=np.int64)
    chances = np.nan_to_num(np.exp(logprobs), nan=0.0)
    mass = chances.sum(axis=2)
    found: np.ndarray[Any, np.dtype[np.int64]] = np.where(
        (mass >= low_mass) & (mass > 0), chances.argmax(axis=2), UNPARSABLE
    )
    return found


def _judge_reader(sheet: AssessSheet) -> Callable[[Ask, Reply | None], int]:
    """How what a judge says is read."""
    looks = {key: look for key, look in zip(sheet.keys, sheet.looks, strict=True) if key}

    def option(ask: Ask, reply: Reply | None) -> int:
        return choice_of(sheet.read(looks[ask.key], reply)) if isinstance(reply, GenerateReply) else FAILED

    return option


def _reader(plan: Plan, sheet: ConverseSheet, asks: list[Ask]) -> Callable[[Ask, Reply | None], int]:
    """How a text is read, as an option or a code, by the parser of the stage's method. What is chosen of a list is one
    number for all its items together."""
    stage = sheet.stage
    reader = Reader(methods.take(stage.method))
    asked = {question.name: question for question in questions(stage, plan.surveys[stage.survey])}
    wanted = {ask.key for ask in asks}
    spoken = {
        key: stage.language[name] for name, rows in sheet.keys.items() for row in rows for key in row if key in wanted
    }

    def option(ask: Ask, reply: Reply | None) -> int:
        if not isinstance(reply, GenerateReply):
            return FAILED
        question = asked[ask.request.hint.item]
        reading = reader.reading(reply, question, spoken[ask.key])
        found = chosen(reading)
        if found is None:
            return choices(reading, question)[0]
        return sum(1 << place for place in found) if question.form == "list" else found[0]

    return option
