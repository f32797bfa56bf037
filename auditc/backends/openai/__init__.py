"""Backend `openai`: any server of the OpenAI protocol: OpenAI, DeepSeek, Qwen, GLM, Doubao, vLLM, llama.cpp."""

from __future__ import annotations

from auditc.backends._contract import Backend, Capability, Engine, Flow, ModelSource
from auditc.backends._hosted.key import absent
from auditc.backends.openai.identity import identify
from auditc.backends.openai.params import Params
from auditc.backends.openai.words import refuses


def can(params: Params) -> frozenset[Capability]:
    """Texts, and probabilities where the author says that the server lists them. No server keeps a seed's promise."""
    return frozenset({"score", "generate"} if params.logprobs else {"generate"})


def open_engine(source: ModelSource, params: Params) -> Engine:
    """Ready to ask; nothing is sent. Raises BackendUnavailable with a remedy."""
    from auditc.backends.openai.client import open_engine as opened

    return opened(source, params)


openai = Backend(
    params=Params,
    needs_weights=False,
    in_process=True,
    can=can,
    identify=identify,
    open=open_engine,
    flow=lambda params: Flow(10_000, 1) if params.batch else Flow(1, params.concurrency),
    absent=lambda params: absent(params.key),
    reuse=lambda params: params.reuse,
    refuses=refuses,
    hosted=True,
)
