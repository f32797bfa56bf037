"""Recordings that are torn, edited or made up are refused by file and line; what was not recorded is never guessed."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditc.backends import backends
from auditc.backends._contract import BackendUnavailable, ModelSource
from auditc.backends.replay import recording
from auditc.backends.replay.recording import Faulty, check, read
from auditc.ir.exchange import (
    Failure,
    GenerateReply,
    GenerateRequest,
    Hint,
    Prompt,
    Reply,
    Request,
    Sampling,
    ScoreReply,
    ScoreRequest,
    Turn,
)
from auditc.ir.recorded import LONGEST, Exchange, Head, Who, line_of

PROMPT = Prompt((Turn("user", "您信任邻居吗？ 😀 \u2028 \x00"),), "(")
HINT = Hint("trust", "here", (1, 0), 3)
SCORED = ScoreRequest(PROMPT, (("A", " A"), ("B",)), HINT)
SAMPLED = GenerateRequest(PROMPT, Sampling(stop=("\n",)), 7, HINT)
GREEDY = GenerateRequest(PROMPT, Sampling(sample=False), 0, HINT)
FOUND: list[tuple[Request, Reply]] = [
    (SCORED, ScoreReply((-0.25, -math.inf), 9, "model-2026-01-01")),
    (SAMPLED, GenerateReply(" B\r\n=1+1", 9, 4, "length")),
    (GREEDY, Failure("too_long", "the prompt has 9 tokens")),
]


def lines(found: list[tuple[Request, Reply]] = FOUND) -> list[bytes]:
    return [line_of(Exchange(0, request, reply)) for request, reply in found]


def head(body: list[bytes], **changes: Any) -> bytes:
    who = Who(name="m", identity={"engine": "some", "tf32": False, "version": 2})
    total = hashlib.sha256(b"".join(body)).hexdigest()
    said = Head(plan="", exchanges=len(body), failures=1, models=(who,), sha256=total).model_dump() | changes
    return json.dumps(said).encode() + b"\n"


def opened(folder: Path, content: bytes, **params: Any) -> Any:
    path = folder / "x.jsonl"
    path.write_bytes(content)
    backend = backends.take("replay")
    file = {"path": "x.jsonl", "digest": hashlib.sha256(content).hexdigest()} | params
    return backend.open(ModelSource("m", str(path), ""), backend.params.model_validate({"from": file}))


def whole(**changes: Any) -> bytes:
    body = lines()
    return head(body, **changes) + b"".join(body)


@pytest.mark.parametrize("packed", [False, True])
def test_what_was_recorded_is_found_by_what_is_asked_and_nothing_else_is(tmp_path: Path, packed: bool) -> None:
    engine = opened(tmp_path, gzip.compress(whole()) if packed else whole())
    assert engine.score([SCORED]) == [FOUND[0][1]]
    assert engine.generate([replace(SAMPLED, stream=1), GREEDY]) == [FOUND[1][1], FOUND[2][1]]
    other = Prompt((Turn("user", "Do you trust them?"),), "(")
    for changed in (
        replace(SCORED, prompt=other),
        replace(SCORED, spellings=(("A",), ("B",))),
        replace(SCORED, hint=replace(HINT, item="work")),
        replace(SCORED, hint=replace(HINT, population="there")),
        replace(SCORED, hint=replace(HINT, order=(0, 1))),
    ):
        [lost] = engine.score([changed])
        assert isinstance(lost, Failure) and lost.reason == "not_recorded" and "item `" in lost.detail
    for sampled in (
        replace(SAMPLED, hint=replace(HINT, draw=4)),
        replace(SAMPLED, sampling=replace(SAMPLED.sampling, temperature=0.5)),
    ):
        assert engine.generate([sampled])[0].reason == "not_recorded"
    # What samples nothing is the same whoever's draw it is.
    assert engine.generate([replace(GREEDY, hint=replace(HINT, draw=9))]) == [FOUND[2][1]]


def test_of_two_answers_to_one_question_the_first_counts(tmp_path: Path) -> None:
    body = lines([FOUND[0], (SCORED, ScoreReply((-1.0, -1.0), 9))])
    assert opened(tmp_path, head(body) + b"".join(body)).score([SCORED]) == [FOUND[0][1]]


def test_who_answers_is_the_recording_and_never_the_recorded_engine(tmp_path: Path) -> None:
    identity = opened(tmp_path, whole()).identity
    assert identity["engine"] == "replay" and identity["recorded.engine"] == "some"
    assert identity["recorded.tf32"] is False and identity["recording"] == hashlib.sha256(whole()).hexdigest()


def edited(number: int, **changes: Any) -> bytes:
    """A body with one line changed, and its digest mended."""
    body = lines()
    said = {key: value for key, value in (json.loads(body[number]) | changes).items() if value != "gone"}
    body[number] = json.dumps(said).encode() + b"\n"
    return head(body) + b"".join(body)


WRONG = {
    "torn in a line": (whole()[:-9], "line 4: it has no end"),
    "torn between lines": (head(lines()) + b"".join(lines()[:2]), "line 3: it ends here, with 2 of 3"),
    "lines added": (whole() + lines()[0], "line 5: there is more in it than the 3"),
    "edited": (whole().replace(b"-0.25", b"-0.26"), "x.jsonl: it was changed after it was written"),
    "torn gzip": (gzip.compress(whole())[:-9], "x.jsonl: it is torn"),
    "empty": (b"", "line 1: it has no end"),
    "no JSON": (b"who\n", "line 1: it is no JSON"),
    "another format": (whole(format="auditc.exchanges.v9"), "line 1: its format is not"),
    "no model": (whole(models=[]), "line 1: `models`"),
    "no UTF-8": (b"\xff\n", "line 1: it is no UTF-8"),
}
CRAFTED = {
    "unknown key": (edited(0, path="/etc"), "line 2: `path`"),
    "another model": (edited(0, who=1), "line 2: `who` is 1"),
    "more than certain": (edited(0, logprobs=[-0.1, -0.1]), "line 2: a probability is more than 1"),
    "above certain": (edited(0, logprobs=[0.5, None]), "line 2: a probability is more than 1"),
    "too few": (edited(0, logprobs=[-0.5]), "line 2: there is not one log-probability for each"),
    "not a number": (edited(0, logprobs=[math.nan, None]), "line 2: NaN is no number"),
    "endless": (edited(0, logprobs=[-math.inf, None]), "line 2: -Infinity is no number"),
    "no answer": (edited(1, text="gone"), "line 3: it holds neither a `text`"),
    "a strange end": (edited(1, finished="never"), "line 3: `finished`"),
    "fewer than none": (edited(1, tokens_in=-1), "line 3: `tokens_in`"),
    "half a character": (edited(1, text="\ud800"), "line 3: it holds half"),
    "no end of depth": (head([b"[" * 100_000 + b"\n"]) + b"[" * 100_000 + b"\n", "line 2: it is no JSON"),
    "no end of line": (head([b"x" * (LONGEST + 9)]) + b"x" * (LONGEST + 9), "line 2: it has no end"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_torn_or_edited_file_is_told_without_looking_into_its_lines(tmp_path: Path, name: str) -> None:
    content, said = WRONG[name]
    (tmp_path / "x.jsonl").write_bytes(content)
    with pytest.raises(Faulty) as error:
        check(tmp_path / "x.jsonl")
    assert "x.jsonl" in str(error.value) and said in str(error.value)


@pytest.mark.parametrize("name", CRAFTED)
def test_a_crafted_line_is_refused_by_its_number(tmp_path: Path, name: str) -> None:
    content, said = CRAFTED[name]
    with pytest.raises(BackendUnavailable) as error:
        opened(tmp_path, content)
    assert f"x.jsonl, {said}" in str(error.value) and "auditc record" in str(error.value)


def test_a_small_file_that_unpacks_into_a_large_one_holds_up_no_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [line + b" " * 10_000 + b"\n" for line in (b"{}",) * 1000]
    packed = gzip.compress(head(many) + b"".join(many))
    path = tmp_path / "x.gz"
    path.write_bytes(packed)
    monkeypatch.setattr(recording, "LOOKED_AT", 50_000)
    looked: list[bytes] = []
    body = recording._body
    monkeypatch.setattr(recording, "_body", lambda *a: (looked.append(one[1]) or one for one in body(*a)))
    assert recording.glanced("x.gz", io.BytesIO(packed)).exchanges == 1000 and len(looked) < 10
    monkeypatch.setattr(recording, "LARGEST", 1_000_000)
    with pytest.raises(Faulty, match="1,000,000 bytes at most"):
        check(path)


def test_a_file_that_is_not_the_one_that_was_meant_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="not the recording that the plan names"):
        opened(tmp_path, whole(), digest="0" * 64)
    backend = backends.take("replay")
    params = backend.params.model_validate({"from": {"path": "x.jsonl", "digest": ""}})
    with pytest.raises(BackendUnavailable, match="has no answers of `other`: it has those of m"):
        backend.identify(ModelSource("other", str(tmp_path / "x.jsonl"), ""), params)
    with pytest.raises(BackendUnavailable, match="is not here"):
        backend.identify(ModelSource("m", None, ""), params)
    assert len(read(tmp_path / "x.jsonl").found) == 3
