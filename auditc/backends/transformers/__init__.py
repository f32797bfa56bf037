"""Backend `transformers`: models of safetensors, run in PyTorch on a CPU or a CUDA device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditc.backends._contract import Backend, Capability, Engine, Flow, ModelSource, Trainable
from auditc.backends._window import window
from auditc.backends.transformers.appetite import training_memory
from auditc.backends.transformers.gguf import VERSION, prepare
from auditc.backends.transformers.identity import identify
from auditc.backends.transformers.modules import modules
from auditc.backends.transformers.params import CELLS, Params
from auditc.backends.transformers.room import memory
from auditc.ir.training import Settings

if TYPE_CHECKING:
    from auditc.backends.transformers.engine import Transformers


def can(params: Params) -> frozenset[Capability]:
    """Everything. A text depends on its own seed, with beams or without."""
    return frozenset({"score", "generate", "beams", "beam_sampling", "streams", "likelihood"})


def flow(params: Params) -> Flow:
    """One batch that is answered, and one that waits."""
    return Flow(batch=CELLS)


def open_engine(source: ModelSource, params: Params) -> Engine:
    """Load the model of `source`. Raises BackendUnavailable with a remedy."""
    from auditc.backends.transformers.load import load

    engine: Transformers = load(source, params)
    return engine


def open_trainee(source: ModelSource, params: Params, settings: Settings) -> Trainable:
    """Open the model of `source` to be trained. Raises NotTrained, or BackendUnavailable with a remedy."""
    from auditc.backends.transformers.trainee import trainee

    return trainee(source, params, settings)


transformers = Backend(
    params=Params,
    needs_weights=True,
    in_process=False,
    can=can,
    identify=identify,
    open=open_engine,
    prepare=prepare,
    adapters=True,
    memory=memory,
    trainee=open_trainee,
    training_memory=training_memory,
    modules=modules,
    window=lambda source, params: window(source),
    flow=flow,
    prepared_as=VERSION,
)
