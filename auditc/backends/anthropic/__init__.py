"""Backend `anthropic`: models of Anthropic, asked for texts. It tells no probabilities."""

from __future__ import annotations

from auditc.backends._contract import Backend, Engine, Flow, ModelSource
from auditc.backends._hosted.key import absent
from auditc.backends.anthropic.identity import identify
from auditc.backends.anthropic.params import Params
from auditc.backends.anthropic.words import refuses


def open_engine(source: ModelSource, params: Params) -> Engine:
    """Ready to ask; nothing is sent. Raises BackendUnavailable with a remedy."""
    from auditc.backends.anthropic.client import open_engine as opened

    return opened(source, params)


anthropic = Backend(
    params=Params,
    needs_weights=False,
    in_process=True,
    can=lambda params: frozenset({"generate"}),
    identify=identify,
    open=open_engine,
    flow=lambda params: Flow(10_000, 1) if params.batch else Flow(1, params.concurrency),
    absent=lambda params: absent(params.key),
    reuse=lambda params: params.reuse,
    refuses=refuses,
    hosted=True,
)
