"""Two real processes that train one model on a CPU, started as a run starts them: the same as one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditc.backends._contract import ModelSource
from auditc.ir.plan import Thing
from auditc.ir.training import Progress
from auditc.runtime.training import trainer

CONFIG = {
    "compute_environment": "LOCAL_MACHINE",
    "distributed_type": "MULTI_CPU",
    "mixed_precision": "no",
    "num_machines": 1,
    "num_processes": 2,
    "use_cpu": True,
}
LORA = Thing(kind="lora", params={"rank": 4, "alpha": 16, "dropout": 0.0, "targets": ["q_proj", "v_proj"]})


@pytest.mark.slow
def test_two_processes_that_were_ended_go_on_to_what_one_learns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("accelerate")
    from tests.objectives import small

    source: ModelSource = small.model(tmp_path / "model")
    how = {"examples": 13, "valid": 5, "adapter": LORA, "keep": "lowest"}  # a last batch of one: one has no share
    one = small.train(source, small.job(tmp_path / "one", **how))
    file = tmp_path / "two.yaml"
    file.write_text(json.dumps(CONFIG), encoding="utf-8")
    monkeypatch.setenv("AUDITC_TRAIN_ACCELERATE", str(file))
    base = trainer.Base("transformers", {"device": "cpu", "threads": 1}, source)
    job, told = small.job(tmp_path / "two", **how, params={"survey": "values.train"}), list[Progress]()
    with pytest.raises(trainer.Stopped):
        trainer.train(base, job, tmp_path / "log", told.append, lambda: bool(told) and told[-1].step > 4)
    assert not list(Path(job.result).iterdir())
    again: list[Progress] = []
    two = trainer.train(base, job, tmp_path / "log", again.append, lambda: False)
    assert [point.step for point in again if point.loss is not None] == [5, 6, 7, 8]
    assert two.versions == {**one.versions, "processes": "2"} and two.kept == one.kept
    assert [point.step for point in two.curve] == [point.step for point in one.curve]
    for ours, theirs in zip(two.curve, one.curve, strict=True):
        assert (ours.loss or 0, ours.valid or 0) == pytest.approx((theirs.loss or 0, theirs.valid or 0), abs=1e-5)
    assert {file.name for file in Path(job.result).iterdir()} == {"adapter_config.json", "adapter_model.safetensors"}
