"""The worker process: opens one engine and answers batches until its standard input ends."""

from __future__ import annotations

from typing import Any

from auditc.backends import backends
from auditc.backends._contract import BackendUnavailable, Engine, Switching

from .answering import answer
from .lifeline import Out, connect
from .wire import Message, from_replies, to_request, to_source


def serve() -> None:
    """Answer until told to stop."""
    out, incoming = connect()
    engine = _open(incoming.get()["open"], out)
    while engine is not None:
        message = incoming.get()
        if "become" in message:
            out.send(_become(engine, message["become"]))
            continue
        requests = [to_request(request) for request in message["ask"]]
        out.send({"replies": from_replies(answer(engine, requests))})


def _open(message: dict[str, Any], out: Out) -> Engine | None:
    backend = backends.take(message["backend"])
    try:
        engine: Engine = backend.open(to_source(message["source"]), backend.params.model_validate(message["params"]))
    except BackendUnavailable as error:
        out.send({"unavailable": str(error)})
        return None
    out.send({"identity": dict(engine.identity)})
    return engine


def _become(engine: Engine, message: dict[str, Any]) -> Message:
    try:
        if isinstance(engine, Switching) and engine.become(to_source(message)):
            return {"identity": dict(engine.identity)}
    except BackendUnavailable as error:
        return {"unavailable": str(error)}
    return {"cannot": True}


if __name__ == "__main__":
    serve()
