"""Stores of other forms, answers that are given again, and clocks that go wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from auditc.ir.exchange import Failure, GenerateReply, Reply, ScoreReply
from auditc.runtime import commit, journal, runs
from auditc.runtime import store as module
from auditc.runtime.faults import StoreVersionUnknown
from auditc.runtime.segment import Given, Taken, content_digest, table, to_bytes
from auditc.runtime.store import Store
from auditc.runtime.testimony import moment
from tests.runtime.plans import plan
from tests.runtime.test_store import PROMPT, batches, key, put, score

V1 = ["key", "kind", "ok", "text", "logprobs", "tokens_in", "tokens_out", "finished", "reason", "detail"]
V1 += ["prompt", "settings"]


def old_store(folder: Path, *parts: list[Given]) -> None:
    """A store as the first form of it was written, a batch for each part."""
    (folder / "batches").mkdir(parents=True)
    entries = []
    for number, part in enumerate(parts, 1):
        data = to_bytes(table([Taken(part, 0)]).select(V1))
        name = f"{number:08d}.{content_digest(data)}.parquet"
        (folder / "batches" / name).write_bytes(data)
        entries.append(journal.Entry(name, content_digest(data), len(part)))
    (folder / "manifest").write_bytes(journal.lines(entries, "")[0])
    (folder / "version").write_text("auditc.store.v1\n")


def text(number: int, said: str, reported: str = "") -> Given:
    return Given(key(number), "converse", PROMPT, "{}", GenerateReply(said, 3, 4, "stop", reported))


def clock(monkeypatch: pytest.MonkeyPatch, now: float) -> None:
    monkeypatch.setattr(module.time, "time", lambda: now)


def test_an_old_store_is_read_as_it_is_and_taken_over_by_the_next_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = Given(key(70), "score", PROMPT, "{}", Failure("timeout", "slow"))
    old_store(tmp_path, [score(n) for n in range(5)], [text(60, "old"), failed])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with Store.open(tmp_path, write=False) as store:
        assert store.get(key(60)) == GenerateReply("old", 3, 4, "stop") and store.get(key(3)) == score(3).reply
        assert store.taken(key(3)) is None and store.taken(key(99)) is None
        shown = store.show(key(60))
        assert shown is not None and (shown.at, shown.prompt) == (None, PROMPT)
        assert (store.show(key(70)) or shown).reply == failed.reply
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    clock(monkeypatch, 1_800_000_000.7)
    with Store.open(tmp_path, write=True) as store:
        store.append([text(61, "new", "model-2026-10-01 fp_1")])
        store.flush()
        monkeypatch.setattr(commit, "MANY", 3)
        store.compact()
    assert (tmp_path / "version").read_text() == module.FORMAT + "\n" and len(batches(tmp_path)) == 1
    with Store.open(tmp_path, write=False) as store:
        assert [store.taken(key(n)) for n in (3, 60, 61)] == [None, None, 1_800_000_000]
        assert store.get(key(61)) == GenerateReply("new", 3, 4, "stop", "model-2026-10-01 fp_1")
        assert store.get(key(60)) == GenerateReply("old", 3, 4, "stop") and store.get(key(70)) is None


def test_an_auditc_that_knows_only_the_older_form_refuses_the_newer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, range(3))
    monkeypatch.setattr(module, "FORMAT", "auditc.store.v1")
    monkeypatch.setattr(module, "_OLDER", ())
    for write in (True, False):
        with pytest.raises(StoreVersionUnknown, match=r"store\.v2") as unknown:
            Store.open(tmp_path, write=write)
        assert "a newer one" in unknown.value.help and "asked again" in unknown.value.help


@pytest.mark.parametrize("reply", [ScoreReply((-0.5, -1.5), 7, "m-1 fp_a"), GenerateReply("x", 1, 2, "refused", "m-1")])
def test_who_answered_and_when_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reply: Reply) -> None:
    clock(monkeypatch, 1_790_000_000)
    with Store.open(tmp_path, write=True) as store:
        store.append([Given(key(1), "converse" if isinstance(reply, GenerateReply) else "score", PROMPT, "{}", reply)])
        assert store.taken(key(1)) == 1_790_000_000
    with Store.open(tmp_path, write=False) as store:
        shown = store.show(key(1))
        assert shown is not None and (shown.reply, shown.at) == (reply, 1_790_000_000)
        assert store.get(key(1)) == reply and store.taken(key(1)) == shown.at


def test_of_two_answers_the_first_one_counts_whatever_the_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = [4_000_000_000, 1_790_000_000, 0, -86_400, 2**40]
    for number, now in enumerate(times):
        clock(monkeypatch, now)
        with Store.open(tmp_path, write=True) as store:
            store.append([text(1, f"answer {number}"), text(10 + number, "other")])
            store.append([Given(key(1), "converse", PROMPT, "{}", Failure("timeout"))])
            assert store.get(key(1)) == text(1, "answer 0").reply and store.taken(key(1)) == times[0]
            assert len(store) == number + 2
        with Store.open(tmp_path, write=False) as store:
            assert store.get(key(1)) == text(1, "answer 0").reply and store.taken(key(1)) == times[0]
    monkeypatch.setattr(commit, "MANY", 2)
    with Store.open(tmp_path, write=True) as store:
        store.compact()
        assert len(batches(tmp_path)) == 1
    with Store.open(tmp_path, write=False) as store:
        assert store.get(key(1)) == text(1, "answer 0").reply and len(store) == 6
        assert [store.taken(key(10 + number)) for number in range(5)] == times
    assert [moment(at) for at in (*times[2:], None)] == [
        "1970-01-01T00:00:00+00:00",
        "1969-12-31T00:00:00+00:00",
        "",
        "",
    ]


def test_putting_files_together_keeps_the_order_of_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large file between small ones: what is older than it stays before it, with and without a manifest."""
    monkeypatch.setattr(commit, "MANY", 2)
    with Store.open(tmp_path, write=True) as store:
        for said in ("a", "b", "large", "c", "d"):
            many = [text(n, "filler") for n in range(50, 99)] if said == "large" else []
            store.append([text(1, said), *many])
            store.flush()
        sizes = sorted(path.stat().st_size for path in batches(tmp_path))
        monkeypatch.setattr(commit, "SMALL", sizes[-1])
        store.compact()
    assert len(batches(tmp_path)) == 3
    for remade in (False, True):
        if remade:
            (tmp_path / "manifest").unlink()
        with Store.open(tmp_path, write=remade) as store:
            assert store.get(key(1)) == text(1, "a").reply and len(store) == 50


def test_an_answer_given_again_is_kept_and_does_not_count_though_a_kill_left_it_without_a_line(tmp_path: Path) -> None:
    with Store.open(tmp_path, write=True) as store:
        store.append([text(1, "first")])
    manifest = (tmp_path / "manifest").read_bytes()
    with Store.open(tmp_path, write=True) as store:
        store.append([text(1, "second")])
    (tmp_path / "manifest").write_bytes(manifest)
    for write in (False, True, False):
        with Store.open(tmp_path, write=write) as store:
            assert store.get(key(1)) == text(1, "first").reply
    assert len(journal.read(tmp_path / "manifest").entries) == 2


def test_files_that_were_put_together_and_not_removed_change_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit, "MANY", 2)
    with Store.open(tmp_path, write=True) as store:
        for said in ("first", "second"):
            store.append([text(1, said)])
            store.flush()
        shutil.copytree(tmp_path / "batches", tmp_path / "before")
        store.compact()
    for path in (tmp_path / "before").iterdir():
        shutil.copy(path, tmp_path / "batches")
    with Store.open(tmp_path, write=True) as store:
        assert store.get(key(1)) == text(1, "first").reply
    assert len(batches(tmp_path)) == 1


def test_the_newest_run_is_the_last_one_though_the_clock_was_set_back(tmp_path: Path) -> None:
    for name in ("20990101-000000-aaaa", "notes"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    names = []
    for _ in range(3):
        with runs.begin(tmp_path, plan()) as started:
            names.append(started.id)
    assert names == sorted(names) and names[0] > "20990101-000000-aaaa"
    (tmp_path / "runs/99999999-999999-zzzz").mkdir()
    with runs.begin(tmp_path, plan()):
        pass
