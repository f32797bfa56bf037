"""Jobs of many questions at a hosted model's server: handed over once, each row accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditc.backends._contract import EngineStopped
from auditc.backends._hosted import jobs
from auditc.ir.exchange import Failure, GenerateReply
from tests.backends.test_hosted import BOTH, opened, server, texts
from tests.providers import Json, Provider

__all__ = ["server"]


@pytest.mark.parametrize("name", BOTH)
def test_a_job_is_handed_over_once_and_every_row_is_accounted_for(name: str, server: Provider, tmp_path: Path) -> None:
    lost: Json = {"type": "expired"} if name == "anthropic" else {"response": None, "error": {"code": "batch_expired"}}
    server.row = lambda number, request: lost if number == 3 else None
    server.patience = 2
    engine = opened(name, server, tmp_path / "notes", batch=True)
    replies = engine.generate(texts(10))
    assert [isinstance(reply, Failure) for reply in replies] == [number == 3 for number in range(10)]
    assert len(server.jobs) == 1 and len(list((tmp_path / "notes").iterdir())) == 1
    engine.close()
    # A run that was killed before it stored them asks the very same, and takes the job up.
    engine = opened(name, server, tmp_path / "notes", batch=True)
    assert engine.generate(texts(10)) == replies and len(server.jobs) == 1
    server.row = lambda number, request: lost
    engine.generate(texts(3))
    engine.generate(texts(3))
    assert len(server.jobs) == 3, "a job of which nothing came is no answer to the same questions later"
    assert not [seen for seen in server.asked]
    engine.close()


@pytest.mark.parametrize("name", BOTH)
def test_what_is_too_much_for_one_job_is_put_as_several(name: str, server: Provider, tmp_path: Path) -> None:
    server.roomy = 3
    for _ in range(2):
        engine = opened(name, server, tmp_path, batch=True)
        replies = engine.generate(texts(10))
        assert all(isinstance(reply, GenerateReply) for reply in replies)
        engine.close()
    assert sorted(job["size"] for job in server.jobs.values()) == [2, 2, 3, 3], "and each is noted"


@pytest.mark.parametrize("place", ["/batches/", "/content", "/results"])
def test_a_server_that_dribbles_holds_up_no_job(
    place: str, server: Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(jobs, "MANY", 1.0)
    server.dribbles = lambda path: place in path
    engine = opened(
        "openai" if place == "/content" else "anthropic", server, tmp_path, batch=True, timeout=1.5, retries=0
    )
    with pytest.raises(EngineStopped, match=r"in 1\.5 seconds"):
        engine.generate(texts(2))
    engine.close()
