"""What a backend is: it says who would answer without loading anything, and opens an engine that answers.

A backend owns the types of the libraries it wraps; nothing else imports them, and it imports them inside functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

from auditc.ir.exchange import (
    Failure,
    GenerateReply,
    GenerateRequest,
    LikelihoodReply,
    LikelihoodRequest,
    Prompt,
    Sampling,
    ScoreReply,
    ScoreRequest,
)
from auditc.ir.training import Settings

P = TypeVar("P", bound=BaseModel)

Capability = Literal["score", "generate", "beams", "beam_sampling", "streams", "likelihood"]
"""`streams`: each sampled text, with beams or without, depends on its own seed and not on its neighbours'; where it is
missing, nobody can get a sampled text a second time. `likelihood`: it can say how likely each token of a text is; its
engines are `Predicting`."""

Trainable = Any
"""A model of the backend's library that is opened to be trained."""

Identity = Mapping[str, str | int | float | bool]
"""Everything about the answerer that can change an answer: weights, tokenizer and template digests, engine, its
version, dtype, device class, numeric flags; of somebody else's server its address. Flat, JSON, without paths, secrets
or the name of this machine. A name that begins with `beams_` is part of who answers only where a text is searched with
several beams."""


class Engine(Protocol):
    """A loaded model. Replies come in the order of the requests, one for each; a fault of one is a Failure for it.

    What a batch answers depends on the batch alone, so a batch may be repeated.
    """

    @property
    def identity(self) -> Identity: ...
    def lengths(self, prompts: Sequence[Prompt]) -> list[int]:
        """Number of tokens of each prompt as the engine would feed it."""
        ...

    def score(self, requests: Sequence[ScoreRequest]) -> list[ScoreReply | Failure]: ...
    def generate(self, requests: Sequence[GenerateRequest]) -> list[GenerateReply | Failure]: ...
    def close(self) -> None: ...


@runtime_checkable
class Switching(Protocol):
    """An engine that can go on as another model of the same weights: with another adapter, or with none."""

    def become(self, source: ModelSource) -> bool:
        """Answer as `source` from now on, and have its identity; `source` differs from that of `open` in its name and
        its adapter alone. False, with nothing changed, where it has to be opened anew. Raises BackendUnavailable with a
        remedy; such an engine is not asked again."""
        ...


@runtime_checkable
class Predicting(Protocol):
    """An engine that can say how likely a text is."""

    def likelihoods(self, requests: Sequence[LikelihoodRequest]) -> list[LikelihoodReply | Failure]: ...


@runtime_checkable
class Resting(Protocol):
    """An engine in the run's own process that at times asks nothing for a while, because its server wants that."""

    def tell(self, waiting: Callable[[float, str], None]) -> None:
        """Call `waiting` with the seconds and the reason each time, from whichever thread."""
        ...


@dataclass(frozen=True, slots=True)
class Adapter:
    """Low-rank changes that are put on a model's weights: a local folder in the form of PEFT (`adapter_config.json`,
    `adapter_model.safetensors`), and the digest of its tensors and of what its config means."""

    folder: str
    digest: str


@dataclass(frozen=True, slots=True)
class ModelSource:
    """What a backend is told of a model: its name in the spec, where its files are, and what it may need to simulate.

    `folder` is the local folder of the weights (None for a backend that needs none). `reference` maps
    (population, item) to human shares in the survey's order of options; only `simulated` reads it. `notes` is a folder
    in which an engine may note what a later run must find again; it need not be there.
    """

    name: str
    folder: str | None
    weights_digest: str
    reference: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)
    adapter: Adapter | None = None
    """What is put on the weights; its digest must be in the identity. Only a backend with `adapters` is given one."""
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class Modules:
    """The matrices of a network that an adapter can be put on, by name, each with the highest rank that a change of it
    can have. `sure` says that these are all, under the names that they have when the model is open."""

    ranks: Mapping[str, int]
    sure: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """How a backend wants to be asked: cells in a batch, and how many batches are with it at a time.

    A backend in a process of its own answers one batch after the other, so `at_once` 2 is one answering and one
    waiting. One `in_process` gets `at_once` threads: above 2, its engine must stand being called by all of them.
    """

    batch: int = 64
    at_once: int = 2


class BackendUnavailable(Exception):
    """The world lacks what the backend needs (a package, a device, a model's files). The message says what to do."""


class EngineStopped(Exception):
    """An open engine that will answer nothing more: a key that is not taken, a model that is not there. Raised instead
    of failing cell after cell; only by engines in the run's own process. `help` says what to do."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


@dataclass(frozen=True, slots=True)
class Backend(Generic[P]):
    """`identify` must be cheap: it loads no model and imports no model library. `open` must give an engine of that
    very identity, or the runtime refuses to use it."""

    params: type[P]
    needs_weights: bool
    in_process: bool
    can: Callable[[P], frozenset[Capability]]
    identify: Callable[[ModelSource, P], Identity]
    open: Callable[[ModelSource, P], Engine]
    prepare: Callable[[Path, Path], None] | None = None
    """(a GGUF file, an empty folder): converts once into the form that `open` reads. Runs in a process of its own."""
    trainee: Callable[[ModelSource, P, Settings], Trainable] | None = None
    """Opens a model to be trained, with an adapter as the settings say; its type is the `Trainee` of the objectives'
    contract. Raises NotTrained, or BackendUnavailable with a remedy."""
    trained_by: str = ""
    """The backend that opens this one's models to be trained, where it opens none itself; they are of one form."""
    training_memory: Callable[[ModelSource, P, Settings, int], int] | None = None
    """About how many bytes a training takes, told from the model's files and the longest example in tokens."""
    modules: Callable[[ModelSource], Modules | None] | None = None
    """What an adapter can be put on, told from the model's files; None where nobody can say."""
    flow: Callable[[P], Flow] = lambda params: Flow()
    """A function of the spec alone: what a model answers can depend on its neighbours in a batch."""
    interpreter: Callable[[], str] | None = None
    """The Python that runs the worker, where it is not the run's own. Raises BackendUnavailable with a remedy."""
    memory: Callable[[ModelSource, P], int] | None = None
    """About how many bytes an open engine takes, told from its files: of main memory, or of its CUDA device's."""
    window: Callable[[ModelSource, P], int | None] | None = None
    """The longest sequence that an open engine takes, in tokens, told from its files; None where nobody can say."""
    absent: Callable[[P], str] = lambda params: ""
    """What this machine lacks to open an engine, told without opening one: a sentence with a remedy, as of a key that
    is not set; empty where nothing is missing."""
    reuse: Callable[[P], float | None] = lambda params: None
    """For how many seconds an answer may be used again by later runs; None for ever: its identity says all."""
    adapters: bool = False
    """Whether it can put an adapter on the weights. Its engines may be `Switching`, to load the weights but once."""
    refuses: Callable[[P, Sampling | None], tuple[str, ...]] = lambda params, sampling: ()
    """What it would have to leave out of a text generated so, or of probabilities (None): each a sentence with a
    remedy. Binding refuses the plan with it, so that nothing is dropped in silence."""
    anew: bool = True
    """Whether it answers anew when it is asked again; a recording does not, and a probe of it would tell nothing."""
    built: bool = True
    """Whether it can answer. One that cannot is checked and planned, and refused when the plan is bound."""
    hosted: bool = False
    """Whether the model is somebody else's, asked over a network: it cannot be pinned, and it may cost money."""
    prepared_as: str = ""
    """Name and version of what `prepare` writes: part of the digest of prepared weights."""


def not_built(name: str) -> Callable[[ModelSource, Any], Identity]:
    """The `identify` of a backend that is not built: it says so."""

    def identify(source: ModelSource, params: Any) -> Identity:
        raise BackendUnavailable(f"this auditc cannot reach models through `{name}` yet")

    return identify


def refuse_to_open(name: str) -> Callable[[ModelSource, Any], Engine]:
    """The `open` of a backend that is not built: it says so."""

    def open_engine(source: ModelSource, params: Any) -> Engine:
        raise BackendUnavailable(f"this auditc cannot reach models through `{name}` yet")

    return open_engine
