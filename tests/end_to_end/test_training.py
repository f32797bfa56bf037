"""Align, then audit: one spec, one run; a tiny random model is trained for real, and asked."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from auditc.weights._safetensors import content_digest
from tests.backends import tiny

from .conftest import PATIENCE, Shell

pytest.importorskip("peft")

SPEC = """
audit remedy { title = "Align, then audit"  version = "1"  seed = 1 }

model base {
  weights = folder("models/base", sha256 = "DIGEST")
  family = "Tiny"  origin = "west"  stage = "base"
}

population hill { country = "Hill people"  language = en  named { en = "Hill Land" } }

survey practice {
  items     = csv("items.csv")
  reference = csv("shares.csv", by = [country])
  split { train = 60%  valid = 20%  test = 20% }
}

train aligned {
  from          = base
  objective     = first_token_kl { survey = practice.train }
  as            = [hill]
  adapter       = lora { rank = 4 }
  epochs        = 1
  batch         = 4
  learning_rate = 0.01
  keep          = lowest(valid)
}

first_token letters {
  ask      = practice.test
  of       = [base, aligned]
  as       = [hill]
  in_words = 0%
  jsd { }
}

report short { formats = [json, html] }
"""


FURTHER = """
train further {
  from      = aligned
  objective = first_token_kl { survey = practice.train }
  as        = [hill]
  adapter   = full
  epochs    = 1
}
"""


@pytest.fixture
def shell(starter: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("AUDITC_HOME", str(starter.folder / "home"))
    tiny.base(starter.folder / "models/base")
    digest = content_digest(starter.folder / "models/base", starter.folder / "home")
    (starter.folder / "remedy.audit").write_text(SPEC.replace("DIGEST", digest), "utf-8")
    return starter


def planned(shell: Shell) -> list[bool]:
    """Of each training whether it is done already."""
    assert shell.auditc("compile", "remedy.audit").code == 0
    return [training["done"] for training in shell.auditc("plan", "--json").json["trainings"]]


@pytest.mark.models
def test_one_run_trains_and_audits_and_a_second_trains_nothing(shell: Shell, root: Path) -> None:
    assert shell.auditc("compile", "remedy.audit").code == 0
    first = shell.auditc("run", "--json", "--events")
    assert first.code == 0, first.err
    events = [json.loads(line) for line in first.err.splitlines() if line.startswith("{")]
    kinds = [event["event"] for event in events if event["event"].startswith("training")]
    assert kinds[0] == "training_started" and "training_step" in kinds and kinds[-1] == "training_finished"
    assert all(isinstance(e["loss"] or e["valid"], float) for e in events if e["event"] == "training_step")
    findings = json.loads(shell.findings())
    (aligned,) = findings["trainings"]
    models = {row["name"]: row for row in findings["models"]}
    assert models["aligned"]["identity"]["adapter"] == aligned["weights"]
    assert aligned["lineage"] == [models["base"]["weights"]]
    assert first.json["cells"]["not_run"] == first.json["cells"]["failed"] == 0
    second = shell.auditc("run", "--json")
    assert second.json["cells"]["asked"] == 0 and json.loads(shell.findings())["trainings"] == [aligned]
    card = shell.auditc("show", "last", "aligned")
    assert card.code == 0 and aligned["data"] in card.out and "Made of `base`" in card.out
    assert str(shell.folder) not in card.out + shell.findings().decode()
    the_page_on_trained_models_is_true(shell, root, aligned, card.out)
    what_is_left_is_listed_and_cleared_away(shell, aligned["recipe"])


def the_page_on_trained_models_is_true(shell: Shell, root: Path, aligned: dict[str, Any], card: str) -> None:
    """docs/how-to/trained-models.md: its commands, its spec with the digests that the card has, and its script."""
    text = (root / "docs/how-to/trained-models.md").read_text("utf-8")
    files = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    result = shell.folder / ".auditc/trained" / aligned["recipe"]
    assert {file.name for file in result.iterdir()} == {"model", "card.json", "README.md"}
    shutil.copytree(result / "model", shell.folder / "models/aligned")
    (tensors,) = re.findall(r"To name it in another spec: `adapter = .*sha256 = \"(\w+)\"", card)
    digests = {"1" * 64: aligned["lineage"][0], "2" * 64: tensors}
    spec = re.sub("|".join(digests), lambda found: digests[found[0]], files["elsewhere.audit"])
    (shell.folder / "elsewhere.audit").write_text(spec, "utf-8")
    for block in re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        for line in block.strip().splitlines():
            ended = shell.auditc(*shlex.split(line)[1:], *(["--json"] if line == "auditc plan" else []))
            assert ended.code == 0, f"{line}\n{ended.err}"
    assert not ended.json["problems"] and ended.json["cells"]["to_run"] > 0
    subprocess.run([sys.executable, "-c", files["load.py"]], cwd=shell.folder, check=True, capture_output=True)
    assert {"model.safetensors", "tokenizer.json"} <= {file.name for file in (shell.folder / "models/merged").iterdir()}


def what_is_left_is_listed_and_cleared_away(shell: Shell, recipe: str) -> None:
    listed = shell.auditc("models", "list")
    assert "aligned" in listed.out and "remedy.plan.json: train" in " ".join(listed.out.split()), listed.out
    (row,) = shell.auditc("models", "list", "--json").json["trained"]
    assert (row["recipe"], row["names"], row["bases"]) == (recipe, ["aligned"], ["base"])
    assert "nothing in .auditc is left over" in shell.auditc("models", "clean").out
    shell.edit("remedy.audit", "epochs        = 1", "epochs        = 2")
    assert shell.auditc("compile", "remedy.audit").code == 0
    dry = shell.auditc("models", "clean")
    assert "nothing in .auditc is left over that nobody here can miss" in dry.out
    assert "1 that no plan here uses now are kept" in dry.out and "no plan here: run 2" in " ".join(dry.out.split())
    assert shell.auditc("models", "clean", "--remove", "--json").json["unused"] == []
    assert shell.auditc("models", "clean", recipe[:4], "--remove").code == 2
    assert (shell.folder / ".auditc/trained" / recipe).exists()
    gone = shell.auditc("models", "clean", recipe[:12], "--remove", "--json").json
    assert gone["removed"] is True and [row["recipe"] for row in gone["named"]] == [recipe]
    assert not (shell.folder / ".auditc/trained" / recipe).exists()
    assert shell.auditc("models", "list", "--json").json["trained"] == []
    gone = shell.auditc("show", "last", "aligned")
    assert gone.code == 3 and "is gone" in gone.err and "run the audit again" in gone.err


@pytest.mark.models
@pytest.mark.slow
def test_a_chain_is_trained_on_what_was_trained(shell: Shell) -> None:
    spec = shell.folder / "remedy.audit"
    spec.write_text(spec.read_text("utf-8").replace("[base, aligned]", "[base, aligned, further]") + FURTHER, "utf-8")
    assert planned(shell) == [False, False]
    first = shell.auditc("run", "--json")
    assert first.code == 0 and first.json["cells"]["not_run"] == 0, first.err
    findings = json.loads(shell.findings())
    aligned, further = findings["trainings"]
    models = {row["name"]: row for row in findings["models"]}
    assert models["further"]["weights"] == further["weights"]
    assert further["lineage"] == [models["base"]["weights"], aligned["weights"]] == models["further"]["lineage"]
    assert planned(shell) == [True, True]


@pytest.mark.models
@pytest.mark.slow
def test_a_killed_trainer_loses_no_checkpoint(shell: Shell) -> None:
    spec = shell.folder / "remedy.audit"
    spec.write_text(spec.read_text("utf-8").replace("epochs        = 1", "epochs        = 40"), "utf-8")
    assert planned(shell) == [False]
    run = shell.start("run", "--json")
    trained = shell.folder / ".auditc/training"
    until = time.monotonic() + PATIENCE
    while not list(trained.glob("*/*/whole.json")):
        assert run.poll() is None and time.monotonic() < until
        time.sleep(0.02)
    (worker,) = [pid for pid in children(run.pid) if "workers.train" in command(pid)]
    os.kill(worker, signal.SIGKILL)
    out, err = run.communicate(timeout=PATIENCE)
    assert out, err
    summary = json.loads(out.splitlines()[-1])
    assert run.returncode == 3 and summary["untrained"] == ["aligned"]
    assert "it was killed" in summary["stopped"] and "next run goes on" in summary["stopped"]
    assert summary["cells"]["not_run"] > 0 and summary["cells"]["asked"] > 0, "the base was asked"
    assert not list((shell.folder / ".auditc/trained").glob("*"))
    again = shell.auditc("run", "--json")
    assert again.code == 0 and "gone on with" in again.err
    assert again.json["cells"]["reused"] == summary["cells"]["asked"]


def children(parent: int) -> list[int]:
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()
    return [int(child) for child in found]


def command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
