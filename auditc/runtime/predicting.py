"""Texts that a model is given as they stand: what is put to the engine, and the walk over all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from auditc.backends._contract import Identity
from auditc.ir.answers import ANSWERED, FAILED, NOT_RUN
from auditc.ir.exchange import TOO_LONG, Failure, Hint, LikelihoodReply, LikelihoodRequest, Prompt, Reply
from auditc.ir.plan import Item, Plan, Predict

from .asking import Ask
from .cells import items_of
from .identity import Settings, key, looked_at, settings
from .schedule import spread
from .sheets import PredictSheet


@dataclass(frozen=True, slots=True, eq=False)
class Predicting:
    """Puts the texts of one Predict stage. Made by `predicting`."""

    stage: Predict
    items: tuple[Item, ...]
    language: str
    how: Settings

    def ask(self, item: int) -> Ask:
        """The text at this index."""
        text = self.items[item]
        prompt = Prompt((), text.text[self.language])
        hint = Hint(text.id, self.stage.populations[0], ())
        own = key(self.how, (), prompt.opening, repr("text"), looked_at(self.how, hint))
        return Ask(own, self.how.text, self.stage, lambda: LikelihoodRequest(prompt, hint))


def predicting(plan: Plan, stage: Predict, identity: Identity) -> Predicting:
    """Ready to put the texts of a stage to an engine of this identity."""
    items = items_of(stage, plan.surveys[stage.survey])
    return Predicting(stage, items, stage.language[stage.populations[0]], settings("predict", identity))


def walk_predict(asking: Predicting, sheet: PredictSheet, size: int, limit: int | None = None) -> Iterator[list[Ask]]:
    """Batches of texts, `size` at a time, the longest first: memory that will not do is found out at once. With a
    limit, that many texts spread evenly over the stage."""
    texts = [item.text[asking.language] for item in asking.items]
    chosen = None if limit is None or limit >= len(texts) else spread(len(texts), limit)
    order = sorted(range(len(texts)), key=lambda index: -len(texts[index].encode()))
    for start in range(0, len(order), size):
        asks = []
        for index in order[start : start + size]:
            if chosen is None or chosen[index]:
                asks.append(asking.ask(index))
                sheet.keys[index] = asks[-1].key
        if asks:
            yield asks


@dataclass(slots=True, eq=False)
class Likelihoods:
    """What came back of the texts of a sheet, in their order: as `Answers` has it."""

    likelihood: NDArray[np.float64]
    status: NDArray[np.int64]
    tokens_in: int = 0
    unfit: int = 0
    cells: list[str] = field(default_factory=list)


def likelihoods(plan: Plan, sheet: PredictSheet, reply: Callable[[bytes], Reply | None]) -> Likelihoods:
    """The replies that lie under the keys of a sheet. Probabilities that are not finite are a failure."""
    stage = sheet.stage
    texts = [item.text[stage.language[stage.populations[0]]] for item in items_of(stage, plan.surveys[stage.survey])]
    found = Likelihoods(np.full((len(texts), 3), np.nan), np.full(len(texts), NOT_RUN, dtype=np.int64))
    for index, (text, own) in enumerate(zip(texts, sheet.keys, strict=True)):
        said = reply(own) if own else None
        found.cells.append(own.hex() if isinstance(said, LikelihoodReply) else "")
        if isinstance(said, LikelihoodReply):
            row = float(np.sum(said.logprobs)), len(said.logprobs), len(text.encode()) - len(said.given.encode())
            good = bool(np.isfinite(row[0])) and row[1] > 0
            found.status[index] = ANSWERED if good else FAILED
            found.tokens_in += said.tokens_in
            if good:
                found.likelihood[index] = row
        elif isinstance(said, Failure):
            found.status[index] = FAILED
            found.unfit += said.reason == TOO_LONG
    return found
