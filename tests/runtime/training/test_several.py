"""Trainings over several processes: what they say becomes one voice, what ends one ends all, and what cannot be shared
out is refused before anything is begun. The processes here are real, and train nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from auditc.ir.plan import Thing
from auditc.runtime.faults import CannotBind
from auditc.runtime.training.machine import Machine
from auditc.runtime.training.resolve import over_processes, resolve
from auditc.runtime.training.spread import told
from auditc.runtime.workers import several
from auditc.runtime.workers.several import lead
from auditc.runtime.workers.wire import Message
from tests.runtime.training.workspace import HERE, Workspace, planned, train

RANK = """
import os, signal, sys, time
from pathlib import Path
from auditc.runtime.workers.wire import messages, pack
rank, said = os.environ["RANK"], next(messages(sys.stdin.buffer))
def tell(message):
    sys.stdout.buffer.write(pack(message))
    sys.stdout.buffer.flush()
mine = Path(said["folder"], "pid" + rank)
mine.with_suffix(".new").write_text(str(os.getpid()))
mine.with_suffix(".new").rename(mine)
tell({"progress": {"of": rank}})
while len(list(Path(said["folder"]).glob("pid?"))) < len(said["do"]):
    time.sleep(0.02)
exec(said["do"][int(rank)])
"""


def led(folder: Path, *do: str) -> tuple[Message, list[Message]]:
    """What comes of processes that do this, and what was sent meanwhile."""
    path = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    sent: list[Message] = []
    environments = [{**path, "RANK": str(rank)} for rank in range(len(do))]
    message = {"folder": str(folder), "do": list(do)}
    came = lead([sys.executable, "-c", RANK], environments, message, sent.append)
    for rank in range(len(do)):
        with pytest.raises(ProcessLookupError):
            os.kill(int((folder / f"pid{rank}").read_text()), 0)
    return came, sent


WAITS = "time.sleep(600)"
FOLLOWS = "tell({'not_trained': ['engine', 'connection closed by peer', '']})"


def test_the_first_speaks_for_all_and_none_is_left(tmp_path: Path) -> None:
    came, sent = led(tmp_path, "time.sleep(0.5); tell({'trained': 'the first'})", f"tell({{'trained': 1}}); {WAITS}")
    assert came == {"trained": "the first"} and sent == [{"progress": {"of": "0"}}]


def test_one_that_is_killed_ends_all_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(several, "GRACE", 0.5)
    killed = "Path('/proc', Path(said['folder'], 'pid1').read_text())"
    late = f"while {killed}.exists(): time.sleep(0.02)\n{FOLLOWS}; {WAITS}"
    came, _ = led(tmp_path, late, "os.kill(os.getpid(), signal.SIGKILL)", WAITS)
    reason, said, help = came["not_trained"]
    assert (reason, said) == ("worker_died", "process 2 of 3 was killed, most likely for want of memory")
    assert "smaller `batch`" in help


def test_what_the_matter_is_counts_more_than_what_follows_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(several, "GRACE", 60)  # nobody waits for longer than until both have spoken
    follows = f"{FOLLOWS}; Path(said['folder'], 'told').touch()"
    matter = "while not Path(said['folder'], 'told').exists(): time.sleep(0.02)\n"
    matter += "tell({'not_trained': ['out_of_memory', 'no memory', 'take less']})"
    assert led(tmp_path, follows, matter)[0] == {"not_trained": ["out_of_memory", "no memory", "take less"]}


def test_one_that_just_ends_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(several, "GRACE", 0.5)
    came, _ = led(tmp_path, WAITS, "os._exit(7)")
    assert came["not_trained"][:2] == ["worker_died", "process 2 of 2 ended in the middle (7)"]


LEADER = """
import os, sys
from auditc.runtime.workers.lifeline import connect
from auditc.runtime.workers.several import lead
out, incoming = connect()
both = [{**os.environ, "RANK": rank} for rank in "01"]
lead([sys.executable, "-c", os.environ["SAID"]], both, incoming.get(), out.send)
"""


def test_all_end_with_the_run_that_started_them(tmp_path: Path) -> None:
    from auditc.runtime.workers.wire import pack

    path = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "SAID": RANK}
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", LEADER]
    leader = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=path, start_new_session=True)
    assert leader.stdin is not None and leader.stdout is not None
    leader.stdin.write(pack({"folder": str(tmp_path), "do": [WAITS, WAITS]}))
    leader.stdin.flush()
    assert leader.stdout.read(1), "the first is at work"
    while len(list(tmp_path.glob("pid?"))) < 2:
        time.sleep(0.05)
    leader.stdin.close()  # as it is when the run is gone, however it went
    assert leader.wait(300) == 0
    leader.stdout.close()
    for rank in (0, 1):
        assert _gone(int((tmp_path / f"pid{rank}").read_text()))


def _gone(number: int) -> bool:
    """Whether a process has ended, within a while; one that nobody has waited for yet has."""
    for _ in range(1200):
        try:
            if Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    os.kill(number, signal.SIGKILL)
    return False


CPU: dict[str, Any] = {"distributed_type": "MULTI_CPU", "num_processes": 2, "num_machines": 1, "mixed_precision": "no"}
FSDP: dict[str, Any] = {"fsdp_version": 2, "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP"}
PARTS: dict[str, Any] = {"distributed_type": "FSDP", "fsdp_config": FSDP}


def test_the_configuration_for_several_gpus_is_one_that_is_run() -> None:
    yaml = pytest.importorskip("yaml")
    for name, kind, copies in (("several-gpus", "MULTI_GPU", 2), ("several-gpus-fsdp", "FSDP", 1)):
        file = Path(__file__).parents[3] / "auditc" / "objectives" / f"{name}.yaml"
        over = told(yaml.safe_load(file.read_text(encoding="utf-8")))
        assert (over.processes, over.kind, over.device, over.copies) == (2, kind, "cuda", copies)
        assert over.how == {"processes": 2, "kind": kind}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"distributed_type": "DEEPSPEED"}, "`distributed_type` is DEEPSPEED"),
        ({"num_processes": 1}, "`num_processes` is 1"),
        ({"mixed_precision": "bf16"}, "`mixed_precision` is bf16"),
        ({"num_machines": 2}, "`num_machines` is 2"),
        ({"distributed_type": "FSDP"}, "`fsdp_version` is 1, and what is run is 2"),
        ({"distributed_type": "MULTI_GPU", "fsdp_config": FSDP}, "`fsdp_config` is nothing that is run"),
        ({**PARTS, "fsdp_config": {**FSDP, "fsdp_offload_params": True}}, "`fsdp_offload_params` is True"),
        ({**PARTS, "fsdp_config": {**FSDP, "fsdp_auto_wrap_policy": "NO_WRAP"}}, "`fsdp_auto_wrap_policy` is NO_WRAP"),
        ({**PARTS, "fsdp_config": {**FSDP, "fsdp_reshard_after_forward": False}}, "what is run is true"),
        ({**PARTS, "fsdp_config": {**FSDP, "fsdp_activation_checkpointing": True}}, "what is run is false"),
        ({**PARTS, "fsdp_config": {**FSDP, "fsdp_ignored_modules": "x"}}, "`fsdp_ignored_modules` is nothing"),
        ({"dynamo_config": {"dynamo_backend": "INDUCTOR"}}, "`dynamo_config` is nothing that is run"),
    ],
)
def test_what_is_not_run_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        told({**CPU, **change})


def test_processes_are_part_of_what_a_training_is(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("yaml")
    alone = _recipe(workspace)
    found = {alone}
    for number in (2, 4):
        file = tmp_path / f"{number}.yaml"
        file.write_text(json.dumps({**CPU, "num_processes": number}), encoding="utf-8")  # which is YAML as well
        monkeypatch.setenv("AUDITC_TRAIN_ACCELERATE", str(file))
        found.add(_recipe(workspace))
    assert len(found) == 3
    monkeypatch.delenv("AUDITC_TRAIN_ACCELERATE")
    assert _recipe(workspace) == alone


def _recipe(workspace: Workspace) -> str:
    found = resolve(planned(train()), workspace.folder, HERE)
    assert not found.problems
    return found.ready["train.tuned"].recipe


def test_a_batch_that_cannot_be_shared_out_is_refused(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "three.yaml"
    monkeypatch.setenv("AUDITC_TRAIN_ACCELERATE", str(file))
    with pytest.raises(CannotBind, match="there is no such file"):
        workspace.run(planned(train()))
    file.write_text(json.dumps({**CPU, "num_processes": 3}), encoding="utf-8")
    with pytest.raises(CannotBind, match="3 processes cannot share out a `batch` of 4 alike") as caught:
        workspace.run(planned(train()))
    assert "`batch = 3 or 6`" in caught.value.problems[0].help
    file.write_text(json.dumps({**CPU, "distributed_type": "MULTI_GPU", "num_processes": 2}), encoding="utf-8")
    with pytest.raises(CannotBind, match="is for MULTI_GPU"):
        over_processes(train(), "cpu", Machine())
    file.write_text(json.dumps({**CPU, **PARTS}), encoding="utf-8")
    with pytest.raises(CannotBind, match="is for FSDP on cuda"):
        over_processes(train(), "cpu", Machine())
    with pytest.raises(CannotBind, match="`dpo` trains in one process only"):
        over_processes(train(objective=Thing(kind="dpo", params={})), "", Machine())
    assert workspace.notes == []
