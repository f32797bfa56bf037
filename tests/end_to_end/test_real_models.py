"""The example, cut down, on the two embedded models: real weights, real people, killed in the middle."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from auditc.runtime.store import Store

from .conftest import Shell

NOWHERE = {"AUDITC_HOME": "no-weights-here"}

pytestmark = pytest.mark.models


@pytest.fixture
def example(tmp_path: Path, root: Path) -> Shell:
    """`examples/us_cn` with a few items in place of all."""
    folder = tmp_path / "us_cn"
    shutil.copytree(root / "examples/us_cn", folder, ignore=shutil.ignore_patterns(".auditc", "*.plan.json"))
    shell = Shell(folder)
    shell.edit("us_cn.audit", "ask     = values\n", "ask     = values.sample(6)\n")
    shell.edit("us_cn.audit", "orders  = 5", "orders  = 2")
    shell.edit("us_cn.audit", "values.sample(6, by = dimension)", "values.sample(2)")
    shell.edit("us_cn.audit", "draws          = 10", "draws          = 2")
    assert shell.auditc("models", "list").code == 0
    assert shell.auditc("compile", "us_cn.audit").code == 0
    assert shell.auditc("models", "fetch").code == 0
    return shell


def _stored(shell: Shell) -> int:
    """Cells in the store, by what the plan command counts."""
    return int(shell.auditc("plan", "--json").json["cells"]["cached"])


def test_a_run_that_was_killed_keeps_its_answers_and_asks_the_rest_once(example: Shell) -> None:
    total = example.auditc("plan", "--json").json["cells"]["total"]
    process = example.start("run", "-q")
    while not list((example.folder / ".auditc/store").rglob("*.parquet")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kept = _stored(example)
    assert kept > 0
    done = example.auditc("run", "--json").json
    cells = done["cells"]
    assert cells["reused"] == kept and cells["asked"] == total - kept and cells["failed"] == 0
    assert cells["asked"] == cells["answered"] + cells["refused"] + cells["unparsable"]
    findings = json.loads((example.folder / done["findings"]).read_text())
    seen = {(f["model"], f["population"], f["metric"]) for f in findings["findings"] if f["block"] == "opinions"}
    assert {(m, p, k) for m in ("smollm2", "gemma3") for p in ("us", "cn") for k in ("kl", "jsd", "emd")} <= seen
    assert done["probe"]["asked"] == done["probe"]["cells"] == sum(row["cells"] for row in findings["probes"]) > 4
    for row in findings["probes"]:  # other neighbours in a batch move float32 in the fifth digit at most
        assert row["dtype"] == "float32" and (row["kind"] == "converse" or row["probability"]["largest"] < 1e-4)
    again = example.auditc("run", "--json").json
    assert again["cells"]["asked"] == again["probe"]["asked"] == 0
    _replayed_without_weights(example, findings)
    models = {model["name"]: model for model in findings["models"]}
    assert "dequantised" in models["smollm2"]["title"] and models["gemma3"]["licence"] == "Gemma Terms of Use"


@pytest.mark.slow
def test_ten_kills_change_no_stored_answer_and_no_finding(example: Shell, tmp_path: Path) -> None:
    """Both runs compute the same batches in float32; a batch that was killed is computed again as a whole."""
    whole = Shell(tmp_path / "whole")
    shutil.copytree(example.folder, whole.folder)
    expected = whole.auditc("run", "--json").json
    moments, answers, kills = random.Random(20261121), dict[bytes, Any](), 0
    while kills < 10:
        process = example.start("run", "-q")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(moments.uniform(10, 30))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        with Store.open(example.folder / ".auditc/store", write=False) as store:
            now = {key: store.get(key) for key in store.find("")}
        assert answers.items() <= now.items(), "a stored answer is never another one later"
        answers = {key: reply for key, reply in now.items() if reply is not None}
    assert answers
    done = example.auditc("run", "--json").json
    assert done["cells"]["failed"] == 0 and done["cells"]["reused"] + done["cells"]["asked"] == done["cells"]["planned"]
    first = json.loads((example.folder / done["findings"]).read_text())
    second = json.loads((whole.folder / expected["findings"]).read_text())
    found = {_axes(row): row["estimate"] for row in first["findings"] if row["block"] == "opinions"}
    for row in second["findings"]:
        if row["block"] == "opinions" and row["metric"] in ("jsd", "emd", "kl"):
            assert found[_axes(row)] == pytest.approx(row["estimate"], abs=1e-4)


def _axes(row: dict[str, Any]) -> str:
    return json.dumps([row[name] for name in ("metric", "model", "population", "condition", "axes")], sort_keys=True)


def _replayed_without_weights(example: Shell, findings: dict[str, Any]) -> None:
    """A reviewer without the models comes to the same findings, from a recording."""
    assert example.auditc("record", "-o", "exchanges.jsonl.gz").code == 0
    assert example.auditc("run", "-q", **NOWHERE).code == 3
    done = example.auditc("run", "--replay", "exchanges.jsonl.gz", "--json", **NOWHERE).json
    assert done["cells"]["failed"] == 0 and done["replayed"].keys() == {"smollm2", "gemma3"}
    again = json.loads((example.folder / done["findings"]).read_text())
    # Who answered is another, and a recording is not asked a second time: it would say the same.
    assert {**again, "models": (), "probes": ()} == {**findings, "models": (), "probes": ()}
    assert again["probes"] == []
    for row, was in zip(again["models"], findings["models"], strict=True):
        assert row["weights"] == was["weights"] and row["identity"]["engine"] == "replay"
        assert row["identity"]["recorded.engine"] == "transformers"
