"""The backend `replay`, on a recording of what a simulated model answers to all that the suite asks."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from auditc.backends import backends
from auditc.backends._contract import ModelSource
from auditc.ir.exchange import LikelihoodRequest, Reply, Request, ScoreRequest
from auditc.ir.recorded import Exchange, Head, Who, line_of

from ..asked import everything
from ..case import HUMAN, Case, Ready


@contextmanager
def recorded() -> Iterator[Ready]:
    """A recording in a folder of its own."""
    simulated = backends.take("simulated")
    params = simulated.params.model_validate({"like": "values"})
    engine = simulated.open(ModelSource("model", None, "", HUMAN), params)
    lines = []
    for request in everything():
        asked: list[Request] = [request]
        replies: list[Reply]
        if isinstance(request, LikelihoodRequest):
            replies = engine.likelihoods(asked)  # type: ignore[attr-defined]
        else:
            replies = engine.score(asked) if isinstance(request, ScoreRequest) else engine.generate(asked)  # type: ignore[arg-type]
        if not request.prompt.turns or "\ud800" not in request.prompt.turns[0].text:  # no store holds half a character
            lines.append(line_of(Exchange(0, request, replies[0])))
    who = Who(name="model", identity=dict(engine.identity))
    total = hashlib.sha256(b"".join(lines)).hexdigest()
    head = Head(plan="", exchanges=len(lines), failures=0, models=(who,), sha256=total)
    content = head.model_dump_json().encode() + b"\n" + b"".join(lines)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "exchanges.jsonl"
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        yield Ready(ModelSource("model", str(path), ""), {"from": {"path": path.name, "digest": digest}})


CASES = {
    "replay": Case(
        "replay",
        around=recorded,
        lacks={
            "streams": "it samples nothing: an answer is the one that was recorded",
            "lengths": "only the model that answered could count its tokens",
            "tokens": "its texts are as long as they were",
            "stops": "its texts are as long as they were",
            "spellings": "it has no tokens",
        },
    )
}
