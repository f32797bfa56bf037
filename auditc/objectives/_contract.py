"""What an objective is: typed parameters, what it learns from, and how a model is trained towards it.

An objective imports model libraries inside the functions that train, and nowhere else: checking a spec loads none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel

from auditc.ir.exchange import Failure, Prompt, ScoreRequest
from auditc.ir.training import Job, Progress, Trained

P = TypeVar("P", bound=BaseModel)

SHARED: Final = 2
"""Raised whenever the same job would come out otherwise for what all objectives share: how a training goes (`_fit`,
`_checkpoints`), what is learnt together (`_batches`, `_rows`), and the output head (`_head`)."""


class Trainee(Protocol):
    """A model that is opened to be trained: in the precision of the training, its adapter put on. What is trained has
    `requires_grad`, and nothing else has. Words become tokens as they do when the model is audited."""

    model: Any
    """A `transformers` causal language model, or PEFT's around one."""
    tokenizer: Any
    device: str
    """`cpu` or `cuda`."""
    autocast: bool
    """Whether products are computed in bfloat16 though all weights are held in float32."""

    def feed(self, prompts: Sequence[Prompt]) -> list[tuple[int, ...] | Failure]:
        """The tokens of each prompt, as an engine feeds them."""
        ...

    def options(self, requests: Sequence[ScoreRequest]) -> list[tuple[tuple[int, ...], ...] | Failure]:
        """The tokens of each option of each request, as an engine adds them up."""
        ...

    def save(self, folder: Path) -> None:
        """Write the model as it is now, so that an engine can open it: an adapter in the form of PEFT, or all weights
        with the tokenizer. Raises OSError."""
        ...


@dataclass(frozen=True, slots=True)
class Objective(Generic[P]):
    """`learns` says what the data are, told from the parameters: how people share out over the options of a survey's
    items, or written texts.

    `train` carries a job out on a trainee, and tells of every step; it raises NotTrained, and leaves nothing in the
    result folder then. The result folder is filled at the very end.
    """

    title: str
    params: type[P]
    learns: Callable[[P], Literal["shares", "texts"]]
    source: str
    train: Callable[[Job, P, Trainee, Callable[[Progress], None]], Trained]
    packages: tuple[str, ...] = ("torch", "transformers", "peft", "accelerate")
    """Whose versions are part of what a training is."""
    texts: int = 1
    """How many texts one example of a batch puts to the model at once: what memory is told by."""
    alone: bool = False
    """Whether it trains in one process only."""
    own: int = 1
    """Raised whenever the same job would come out otherwise for reasons that are this objective's own."""
    rows: Callable[[P], int] = lambda params: 1
    """About how many rows of a batch one example makes: told to say beforehand how many steps there are."""
    sift: Callable[[P], tuple[P, tuple[int, ...]]] = lambda params: (params, ())
    """The parameters without rows of written texts that teach nothing, and the numbers of these rows, from 1."""

    @property
    def revision(self) -> tuple[int, int]:
        """Of the code that trains, as a recipe has it: the objective's own, and what all share."""
        return self.own, SHARED
