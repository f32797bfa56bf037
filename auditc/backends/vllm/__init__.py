"""Backend `vllm`: models of safetensors in vLLM, offline batches on a CUDA device or a CPU."""

from __future__ import annotations

from auditc.backends._contract import Backend, Capability, Engine, Flow, ModelSource
from auditc.backends._window import window
from auditc.backends.transformers.gguf import VERSION, prepare
from auditc.backends.vllm.identity import identify
from auditc.backends.vllm.params import Params
from auditc.backends.vllm.python import interpreter

CPU, CUDA = Flow(batch=256), Flow(batch=2048)
"""Many cells at a time: the engine puts the next request in the place of one that has ended, and only the end of a
batch leaves places empty."""


def can(params: Params) -> frozenset[Capability]:
    """vLLM searches with beams without sampling only."""
    return frozenset({"score", "generate", "beams", "streams", "likelihood"})


def open_engine(source: ModelSource, params: Params) -> Engine:
    """Load the model of `source`. Raises BackendUnavailable with a remedy."""
    from auditc.backends.vllm.load import load

    engine: Engine = load(source, params)
    return engine


vllm = Backend(
    params=Params,
    needs_weights=True,
    in_process=False,
    can=can,
    identify=identify,
    open=open_engine,
    prepare=prepare,
    adapters=True,
    prepared_as=VERSION,
    window=lambda source, params: params.window or window(source),
    flow=lambda params: CPU if params.device == "cpu" else CUDA,
    interpreter=interpreter,
    trained_by="transformers",
)
