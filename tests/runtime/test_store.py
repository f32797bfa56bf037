"""The store: what a kill, a full disk, a flipped bit and a second writer do to it."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from auditc.ir.exchange import Failure, GenerateReply, Prompt, Reply, ScoreReply, Turn
from auditc.runtime import commit, journal
from auditc.runtime.faults import StoreBusy, StoreDamaged, StoreFailed, StoreVersionUnknown
from auditc.runtime.segment import Given
from auditc.runtime.store import Store

PROMPT = Prompt((Turn("user", "Why? 为什么"), Turn("assistant", "Answer: 1")), "Answer:")


def key(number: int) -> bytes:
    return sha256(str(number).encode()).digest()[:16]


def score(number: int) -> Given:
    return Given(
        key(number), "score", PROMPT, '{"a":1}', ScoreReply((-0.5, float(-number), float("-inf")), 10 + number)
    )


def put(folder: Path, *batches: range) -> None:
    """Batches, each a file of its own."""
    with Store.open(folder, write=True) as store:
        for batch in batches:
            store.append([score(n) for n in batch])
            store.flush()


def read(folder: Path) -> set[int]:
    """Which of the first hundred keys are answered, each with its own answer."""
    with Store.open(folder, write=False) as store:
        found = {n for n in range(100) if key(n) in store}
        assert all(store.get(key(n)) == score(n).reply for n in found)
        assert len(store) == len(found)
    return found


def batches(folder: Path) -> list[Path]:
    return sorted((folder / "batches").glob("*.parquet"))


@pytest.mark.parametrize(
    "reply",
    [
        ScoreReply((-0.1, -1e-300, float("-inf")), 3),
        GenerateReply(" 2\nExplanation: “因为”\x00\x1f", 5, 6, "length"),
        GenerateReply("", 5, 0, "stop"),
    ],
)
def test_what_was_answered_is_read_back(tmp_path: Path, reply: Reply) -> None:
    given = Given(key(1), "score" if isinstance(reply, ScoreReply) else "converse", PROMPT, '{"x":"ü"}', reply)
    with Store.open(tmp_path, write=True) as store:
        store.append([given])
        assert store.get(key(1)) == reply and key(1) in store and len(store) == 1
    with Store.open(tmp_path, write=False) as store:
        assert store.get(key(1)) == reply and key(2) not in store
        shown = store.show(key(1))
        assert shown is not None and (shown.prompt, shown.settings, shown.reply) == (PROMPT, {"x": "ü"}, reply)
        assert store.find(key(1).hex()[:5]) == (key(1),) and store.find("zz") == ()


def test_failures_are_kept_and_never_answer(tmp_path: Path) -> None:
    failure = Failure("timeout", "too slow")
    with Store.open(tmp_path, write=True) as store:
        store.append([Given(key(1), "score", PROMPT, "{}", failure)])
        assert store.get(key(1)) is None and key(1) not in store
    with Store.open(tmp_path, write=True) as store:
        assert store.get(key(1)) is None
        shown = store.show(key(1))
        assert shown is not None and shown.reply == failure
        store.append([score(1)])
    assert read(tmp_path) == {1}


def test_an_absent_store_is_empty_for_readers_and_not_made(tmp_path: Path) -> None:
    with Store.open(tmp_path / "none", write=False) as store:
        assert len(store) == 0
    assert not (tmp_path / "none").exists()


def test_a_cut_at_any_byte_of_the_manifest_loses_nothing(tmp_path: Path) -> None:
    put(tmp_path / "whole", range(5), range(5, 9), range(9, 12))
    manifest = (tmp_path / "whole/manifest").read_bytes()
    for cut in [*range(0, len(manifest), 17), len(manifest) - 1]:
        shutil.rmtree(tmp_path / "cut", ignore_errors=True)
        shutil.copytree(tmp_path / "whole", tmp_path / "cut")
        (tmp_path / "cut/manifest").write_bytes(manifest[:cut])
        assert read(tmp_path / "cut") == set(range(12))
        put(tmp_path / "cut", range(12, 14))
        assert read(tmp_path / "cut") == set(range(14))
        assert journal.read(tmp_path / "cut/manifest").damaged is None


def test_a_tail_of_zeros_is_torn_and_not_damage(tmp_path: Path) -> None:
    put(tmp_path, range(3))
    with (tmp_path / "manifest").open("ab") as file:
        file.write(b"\0" * 300)
    assert read(tmp_path) == {0, 1, 2}
    put(tmp_path, range(3, 5))
    assert read(tmp_path) == set(range(5))


def test_a_file_that_no_line_speaks_of_is_taken_in_and_one_that_is_half_written_is_not(tmp_path: Path) -> None:
    put(tmp_path, range(3), range(3, 6))
    lines = (tmp_path / "manifest").read_bytes().splitlines(keepends=True)
    (tmp_path / "manifest").write_bytes(lines[0])
    half = batches(tmp_path)[1].read_bytes()[:-20]
    (tmp_path / "batches/00000009.parquet.tmp").write_bytes(half)
    (tmp_path / f"batches/00000008.{'0' * 64}.parquet").write_bytes(half)
    assert read(tmp_path) == set(range(6))
    put(tmp_path, range(6, 7))
    assert len(journal.read(tmp_path / "manifest").entries) == 3
    assert not list((tmp_path / "batches").glob("*.tmp")) and read(tmp_path) == set(range(7))


@pytest.mark.parametrize("place", [0, 100, -1, 0.3, 0.7])
def test_a_flipped_byte_in_a_batch_is_named_and_the_remedy_works(tmp_path: Path, place: float) -> None:
    put(tmp_path, range(3), range(3, 6), range(6, 9))
    victim = batches(tmp_path)[1]
    data = bytearray(victim.read_bytes())
    data[int(place * len(data)) if isinstance(place, float) else int(place)] ^= 4
    victim.write_bytes(bytes(data))
    for write in (True, False):
        with pytest.raises(StoreDamaged) as damaged:
            Store.open(tmp_path, write=write)
        assert damaged.value.parts == (f"batches/{victim.name}",)
        assert victim.name in damaged.value.message and "3 answers" in damaged.value.help
    victim.unlink()
    (tmp_path / "manifest").unlink()
    put(tmp_path, range(3, 4))
    assert read(tmp_path) == set(range(9)) - {4, 5}


@pytest.mark.parametrize("cut", [1, 20, 400])
def test_a_truncated_batch_is_named(tmp_path: Path, cut: int) -> None:
    put(tmp_path, range(3), range(3, 6))
    victim = batches(tmp_path)[0]
    victim.write_bytes(victim.read_bytes()[:-cut])
    with pytest.raises(StoreDamaged, match=victim.name):
        Store.open(tmp_path, write=True)


def test_a_missing_batch_is_named(tmp_path: Path) -> None:
    put(tmp_path, range(3), range(3, 6))
    batches(tmp_path)[0].unlink()
    with pytest.raises(StoreDamaged, match="missing"):
        Store.open(tmp_path, write=True)
    (tmp_path / "manifest").unlink()
    assert read(tmp_path) == {3, 4, 5}


def test_every_changed_byte_of_the_manifest_is_noticed(tmp_path: Path) -> None:
    put(tmp_path / "whole", range(2), range(2, 4), range(4, 6))
    manifest = (tmp_path / "whole/manifest").read_bytes()
    for place in range(0, len(manifest) - 1, 23):
        shutil.rmtree(tmp_path / "cut", ignore_errors=True)
        shutil.copytree(tmp_path / "whole", tmp_path / "cut")
        changed = bytearray(manifest)
        changed[place] ^= 1
        (tmp_path / "cut/manifest").write_bytes(bytes(changed))
        with pytest.raises(StoreDamaged, match="manifest, line"):
            Store.open(tmp_path / "cut", write=True)
    (tmp_path / "cut/manifest").unlink()
    assert read(tmp_path / "cut") == set(range(6))


def test_a_line_taken_out_of_the_manifest_is_noticed(tmp_path: Path) -> None:
    put(tmp_path, range(2), range(2, 4), range(4, 6))
    lines = (tmp_path / "manifest").read_bytes().splitlines(keepends=True)
    (tmp_path / "manifest").write_bytes(lines[0] + lines[2])
    with pytest.raises(StoreDamaged, match="line 2"):
        Store.open(tmp_path, write=False)


def test_a_second_writer_is_told_so_and_readers_are_not_disturbed(tmp_path: Path) -> None:
    with Store.open(tmp_path, write=True) as store:
        store.append([score(1)])
        store.flush()
        with pytest.raises(StoreBusy, match="another run"):
            Store.open(tmp_path, write=True)
        assert read(tmp_path) == {1}
        store.append([score(2)])
    put(tmp_path, range(3, 4))
    assert read(tmp_path) == {1, 2, 3}


def test_an_unknown_version_is_refused(tmp_path: Path) -> None:
    put(tmp_path, range(3))
    (tmp_path / "version").write_text("auditc.store.v9\n")
    for write in (True, False):
        with pytest.raises(StoreVersionUnknown, match="v9"):
            Store.open(tmp_path, write=write)


def test_many_small_files_become_one_and_nothing_is_lost(tmp_path: Path) -> None:
    put(tmp_path, *(range(n, n + 2) for n in range(0, 40, 2)))
    with Store.open(tmp_path, write=True) as store:
        store.append([Given(key(99), "score", PROMPT, "{}", Failure("engine", "no"))])
        store.compact()
        store.append([score(50)])
    assert len(batches(tmp_path)) == 2 and read(tmp_path) == {*range(40), 50}
    with Store.open(tmp_path, write=False) as store:
        assert store.show(key(99)) is not None


def test_a_file_that_was_not_finished_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_bytes(b"before")

    def stopped(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stopped)
    with pytest.raises(KeyboardInterrupt):
        journal.write_aside(tmp_path / "x", b"after")
    assert [path.name for path in tmp_path.iterdir()] == ["x"] and (tmp_path / "x").read_bytes() == b"before"


@pytest.mark.parametrize("step", ["write_aside", "unlink"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_kill_during_compaction_loses_nothing(
    tmp_path: Path, step: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    put(tmp_path, *(range(n, n + 2) for n in range(0, 40, 2)))
    calls = iter(range(10))
    real = journal.write_aside if step == "write_aside" else Path.unlink

    def dies(*given: object, **named: object) -> None:
        if next(calls) == number:
            raise Killed
        real(*given, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(*((journal, "write_aside") if step == "write_aside" else (Path, "unlink")), dies)
        store = Store.open(tmp_path, write=True)
        if step == "write_aside" and number == 2:
            store.compact()
        else:
            with pytest.raises(Killed):
                store.compact()
        store.close()
    assert read(tmp_path) == set(range(40))
    put(tmp_path, range(40, 41))
    assert read(tmp_path) == set(range(41))
    with Store.open(tmp_path, write=True) as store:
        store.compact()
    assert read(tmp_path) == set(range(41)) and len(batches(tmp_path)) <= 20


@pytest.mark.parametrize("number", [0, 1, 2, 4, 5])
def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, range(5))
    calls = iter(range(100))
    real = os.fsync

    def full(descriptor: int) -> None:
        if next(calls) >= number:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreFailed, match="No space left") as failed, Store.open(tmp_path, write=True) as store:
            for n in range(10, 30):
                store.append([score(n)])
                store.flush()
    assert "make room" in failed.value.help
    found = read(tmp_path)
    assert found >= set(range(5)) and found <= {*range(5), *range(10, 12)}
    put(tmp_path, range(50, 52))
    assert read(tmp_path) == found | {50, 51}


def test_a_line_that_the_disk_takes_in_part_is_said_and_loses_nothing(tmp_path: Path) -> None:
    """A disk with a little room left writes less than it is given, without an error."""
    put(tmp_path, *(range(n, n + 1) for n in range(60)))
    manifest = tmp_path / "manifest"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with pytest.raises(StoreFailed, match="No space left"), Store.open(tmp_path, write=True) as store:
            size = manifest.stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40, hard))
            store.append([score(60)])
            store.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert manifest.stat().st_size == size
    put(tmp_path, range(61, 62))
    assert read(tmp_path) >= {*range(60), 61}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of one megabyte, where this machine allows one to be made."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("no small file system can be made here")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_really_full_disk_is_said_and_loses_nothing(small_disk: Path) -> None:
    kept = 0
    with pytest.raises(StoreFailed), Store.open(small_disk, write=True) as store:
        for n in range(100_000):
            noise = os.urandom(3000).hex()
            store.append([Given(key(n), "converse", PROMPT, "{}", GenerateReply(noise, 1, 1, "stop"))])
            store.flush()
            kept = n + 1
    with Store.open(small_disk, write=False) as store:
        assert len(store) >= kept > 10
    for name in batches(small_disk)[:3]:
        assert name.stat().st_size > 0


def test_a_store_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailed, match="cannot be written"):
        Store.open(tmp_path / "file/store", write=True)
    put(tmp_path / "store", range(3))

    def refuse(*given: object, **named: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        with pytest.raises(StoreFailed, match="Read-only"):
            Store.open(tmp_path / "store", write=True)
        assert read(tmp_path / "store") == {0, 1, 2}
    with Store.open(tmp_path / "store", write=False) as store, pytest.raises(StoreFailed, match="reading only"):
        store.append([score(9)])


def test_what_comes_while_the_disk_is_busy_becomes_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go, real = threading.Event(), commit.to_bytes

    def waits(rows: object) -> bytes:
        assert go.wait(10)
        return real(rows)

    monkeypatch.setattr(commit, "to_bytes", waits)
    with Store.open(tmp_path, write=True) as store:
        for n in range(8):
            store.append([score(n)])
        go.set()
    assert read(tmp_path) == set(range(8)) and len(batches(tmp_path)) <= 2


def test_a_reader_begins_again_when_files_are_put_together_under_its_hands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, *(range(n, n + 2) for n in range(0, 40, 2)))
    real, writer = journal.read, Store.open(tmp_path, write=True)

    def meanwhile(path: Path) -> journal.Journal:
        found = real(path)
        monkeypatch.setattr(journal, "read", real)
        writer.compact()
        return found

    monkeypatch.setattr(journal, "read", meanwhile)
    assert read(tmp_path) == set(range(40))
    writer.close()
