"""What can happen to a store, by the command line: each ends with exit code 3 and a remedy, and the remedy works."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auditc import cli
from auditc.runtime import journal
from auditc.runtime import runs as runs_module
from auditc.runtime import store as store_module
from auditc.runtime.budget import Meter
from auditc.runtime.store import Store

from .test_what_is_reused import SPEC, Audit
from .test_what_is_reused import audit as audit

CELLS = 96


class Line:
    """The command line, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], audit: Audit) -> None:
        self.capsys, self.audit, self.store = capsys, audit, audit.folder / ".auditc/store"

    def __call__(self, *words: str) -> tuple[int, str, str]:
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([*words])
        said = self.capsys.readouterr()
        assert "Traceback" not in said.out + said.err and ended.value.code != 70, said.err
        return int(ended.value.code or 0), said.out, said.err

    def refused(self, *named: str) -> str:
        """A run that ends with exit code 3, says all of that, and gives a remedy."""
        code, _, said = self("run", "-q")
        message, *remedy = said.strip().splitlines()
        assert code == 3 and remedy and all(word in said for word in named), said
        return message

    def done(self) -> dict[str, int]:
        """The cells of a run that was carried out."""
        code, out, said = self("run", "--json", "-q")
        assert code == 0, said
        return dict(json.loads(out.splitlines()[-1])["cells"])

    def findings(self) -> bytes:
        return max((self.audit.folder / ".auditc/runs").glob("*/findings.json")).read_bytes()


@pytest.fixture
def line(audit: Audit, capsys: pytest.CaptureFixture[str]) -> Line:
    """The command line where a spec is compiled and was run once."""
    ready = Line(capsys, audit)
    assert ready("compile", "small.audit")[0] == 0
    assert ready.done()["asked"] == CELLS
    return ready


def files(line: Line) -> list[Path]:
    return sorted(path for path in line.store.rglob("*") if path.is_file() and path.stat().st_size)


def test_a_second_writer_is_refused_by_name_and_nothing_is_lost(line: Line) -> None:
    with Store.open(line.store, write=True):
        line.refused("another run is writing", "wait until it ends")
        assert line("plan")[0] == line("report")[0] == 0, "readers are not in the way"
    assert line.done()["reused"] == CELLS


def test_a_torn_manifest_is_mended_without_a_word(line: Line) -> None:
    manifest = line.store / "manifest"
    whole, findings = manifest.read_bytes(), line.findings()
    for cut in (1, 40, len(whole)):
        manifest.write_bytes(whole[:-cut])
        assert line.done()["reused"] == CELLS and line.findings() == findings
        assert manifest.read_bytes() == whole


def test_any_flipped_bit_is_named_or_makes_no_difference(line: Line) -> None:
    """80 bits anywhere in the files of a store. All that is passed over in silence is white space at the end."""
    picks, named = random.Random(18), 0
    places = files(line)
    whole = {path: path.read_bytes() for path in places}
    for path in [*(picks.choice(places) for _ in range(60)), *[line.store / "manifest", line.store / "version"] * 10]:
        data = bytearray(whole[path])
        place = picks.randrange(len(data))
        data[place] ^= 1 << picks.randrange(8)
        path.write_bytes(bytes(data))
        code, _, said = line("plan")
        if code == 3:
            named += 1
            assert path.name in said or path.name == "version", said
            assert "delete `manifest`" in said or "move `.auditc/store` away" in said
        else:
            assert code == 0 and place == len(data) - 1 and path.suffix != ".parquet"
        path.write_bytes(whole[path])
    assert named >= 70
    assert line.done()["reused"] == CELLS


def test_an_edited_batch_is_named_and_asked_again(line: Line) -> None:
    findings, entry = line.findings(), journal.read(line.store / "manifest").entries[0]
    batch = line.store / "batches" / entry.name
    data = bytearray(batch.read_bytes())
    data[len(data) // 2] ^= 1
    batch.write_bytes(bytes(data))
    line.refused(batch.name, "delete `manifest`", f"`batches/{batch.name}`", f"{entry.rows} answers are asked again")
    (line.store / "manifest").unlink()
    batch.unlink()
    assert line.done()["asked"] == entry.rows and line.findings() == findings


def test_a_deleted_batch_is_named_and_asked_again(line: Line) -> None:
    findings, entry = line.findings(), journal.read(line.store / "manifest").entries[-1]
    (line.store / "batches" / entry.name).unlink()
    line.refused(entry.name, "is missing", "delete `manifest`")
    (line.store / "manifest").unlink()
    assert line.done()["asked"] == entry.rows and line.findings() == findings


@pytest.mark.parametrize("place", [".auditc", ".auditc/store", ".auditc/store/batches", ".auditc/runs"])
def test_a_link_out_of_the_workspace_is_refused_and_nothing_is_written_there(
    line: Line, tmp_path: Path, place: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (line.audit.folder / place).rename(elsewhere)
    (line.audit.folder / place).symlink_to(elsewhere)
    before = sorted(elsewhere.rglob("*"))
    line.refused("leads out of the workspace", f"the link `{place}`")
    assert sorted(elsewhere.rglob("*")) == before
    (line.audit.folder / place).unlink()
    elsewhere.rename(line.audit.folder / place)
    assert line.done()["reused"] == CELLS


@pytest.fixture
def disk(line: Line) -> Iterator[Path]:
    """The store on a small disk of its own, where this machine allows one to be made."""
    shutil.rmtree(line.store)
    line.store.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", line.store], capture_output=True)
    if made.returncode:
        pytest.skip("no small file system can be made here")
    yield line.store
    subprocess.run(["umount", line.store], check=True)


def test_a_full_disk_and_one_that_is_read_only_are_said_and_the_run_goes_on(line: Line, disk: Path) -> None:
    whole = line.findings()
    (disk / "filler").write_bytes(b"\0" * 92 * 1024)
    for _ in range(2):
        line.refused("No space left", "make room")
    (disk / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    line.refused("Read-only file system", "may be written to")
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    assert line.done()["not_run"] == 0 and line.findings() == whole
    assert line.done()["asked"] == 0


def test_a_disk_that_fills_up_in_the_middle_keeps_what_it_has(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """No root is needed for this one: files may have so many bytes and no more."""
    import resource

    whole = line.findings()
    line.audit.edit("small.audit", "refuse = 20%", "refuse = 20%   seed = 5")
    assert line("compile", "small.audit")[0] == 0
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    real = store_module.Store.append

    def fills(self: Store, batch: Any) -> None:
        real(self, batch)
        self.flush()
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))

    monkeypatch.setattr(store_module.Store, "append", fills)
    try:
        code, _, said = line("run", "-q")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        monkeypatch.undo()
    os.chdir(line.audit.folder)
    assert code == 3 and "File too large" in said and "what was stored is whole" in said
    cells = line.done()
    assert 0 < cells["reused"] < CELLS and cells["reused"] + cells["asked"] == CELLS
    line.audit.edit("small.audit", "   seed = 5", "")
    assert line("compile", "small.audit")[0] == 0
    assert line.done()["asked"] == 0 and line.findings() == whole


def test_a_clock_that_jumps_changes_nothing(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = line.findings()
    for now in (4e9, 1e9, 5.0, 1e9):
        monkeypatch.setattr(store_module.time, "time", lambda now=now: now)
        monkeypatch.setattr(runs_module, "datetime", _clock(now))
        shutil.rmtree(line.store)
        assert line.done()["asked"] == CELLS and line.findings() == findings
        assert line.done()["reused"] == CELLS and line.findings() == findings
        code, out, _ = line("report", "--format", "json", "--json")
        newest = max((line.audit.folder / ".auditc/runs").iterdir()).name
        assert code == 0 and newest in out, "`last` is the run that was made last"


def _clock(now: float) -> type[datetime]:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.fromtimestamp(now, UTC)

    return Clock


PRICE = "price { input = 100usd   output = 100usd }\n  backend = "


@pytest.mark.parametrize(
    ("budget", "why"),
    [
        ("tokens = 2k", "budget of 2,000 tokens"),
        ("cells = 40", "budget of 40 cells"),
        ("wall = 500ms", "budget of 0.5 seconds"),
        ("money = 0.2usd", "budget of 0.2 usd"),
    ],
)
def test_a_budget_leaves_a_valid_partial_result_that_says_what_is_missing(
    audit: Audit, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, budget: str, why: str
) -> None:
    admit = Meter.admit

    def first_at_once(meter: Meter, *asked: Any) -> Any:
        """The clock begins when the first cells are asked, so that a slow disk takes nothing of it before."""
        meter.started = meter.started if meter.asked else time.monotonic()
        return admit(meter, *asked)

    monkeypatch.setattr(Meter, "admit", first_at_once)
    whole = SPEC.replace("formats   = [json]", "formats   = [html, json]")
    latency = "600ms" if "wall" in budget else "15ms"
    slow = whole.replace("refuse = 20%", f"refuse = 20%   latency = {latency}").replace("backend = ", PRICE)
    limited = slow.replace("  seed    = 1\n", f"  seed    = 1\n  budget {{ {budget} }}\n")
    (audit.folder / "small.audit").write_text(limited)
    line = Line(capsys, audit)
    assert line("compile", "small.audit")[0] == 0
    code, out, _ = line("run", "--json", "-q")
    made = json.loads(out.splitlines()[-1])
    assert code == 1 and why in made["stopped"] and 0 < made["cells"]["asked"] < CELLS
    assert made["cells"]["not_run"] == CELLS - made["cells"]["asked"]
    found = json.loads(line.findings())
    assert (
        found["complete"] is False and sum(tally["not_run"] for tally in found["tallies"]) == made["cells"]["not_run"]
    )
    assert why in (audit.folder / made["reports"]["html.en"]).read_text(encoding="utf-8")
    (audit.folder / "small.audit").write_text(slow.replace(f"   latency = {latency}", ""))
    assert line("compile", "small.audit")[0] == 0
    cells = line.done()
    assert cells["reused"] == made["cells"]["asked"] and cells["not_run"] == 0
    assert json.loads(line.findings())["complete"] is True
