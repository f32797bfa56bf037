"""Two real processes that hold a part of the weights each, started as a run starts them: the same as one that holds
all. The vocabulary of the small models has an odd number of rows, so no weight of theirs is shared out alike."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from auditc.backends._contract import ModelSource
from auditc.ir.plan import Thing
from auditc.ir.training import Job, NotTrained, Progress
from auditc.runtime.training import trainer

DOCS = Path(__file__).parents[3] / "docs" / "how-to" / "train-and-audit.md"
LORA = Thing(kind="lora", params={"rank": 4, "alpha": 16, "dropout": 0.0, "targets": ["q_proj", "v_proj"]})
FULL = Thing(kind="full")
CLOSE = 1e-4
"""AdamW makes steps of one length of gradients that are nothing but rounding; what is wrong is off by a hundredth."""


@pytest.fixture(autouse=True)
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration that the documentation gives, for two processes on a CPU."""
    for library in ("torch", "accelerate", "yaml"):
        pytest.importorskip(library)
    told = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    (fsdp,) = (block for block in told if "distributed_type: FSDP" in block)
    file = tmp_path / "two.yaml"
    file.write_text(fsdp + "use_cpu: true\n", encoding="utf-8")
    monkeypatch.setenv("AUDITC_TRAIN_ACCELERATE", str(file))


def in_parts(source: ModelSource, job: Job, log: Path, told: list[Progress] | None = None, until: int = 1000) -> Any:
    """What comes of a job in two processes; raises Stopped once it was told of the step `until`."""
    base = trainer.Base("transformers", {"device": "cpu", "threads": 1}, source)
    said = told if told is not None else []
    return trainer.train(base, job, log, said.append, lambda: bool(said) and said[-1].step >= until)


def weights(folder: Path) -> dict[str, Any]:
    """Those of a result or of a state, whole: parts lie in files in the order of the processes."""
    import torch
    from safetensors.torch import load_file

    found: dict[str, list[Any]] = {}
    for file in sorted(folder.glob("*.safetensors")):
        for name, tensor in load_file(file).items():
            found.setdefault(name, []).append(tensor)
    return {name: torch.cat(parts) for name, parts in found.items()}


def same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one.keys() == other.keys()
    for name, weight in one.items():
        assert weight.shape == other[name].shape
        assert float((weight - other[name]).abs().max()) < CLOSE, name


def compared(source: ModelSource, folder: Path, until: int, **how: Any) -> Job:
    """Train in one process, and in two that are ended at a step and go on; gives the job of the two."""
    from tests.objectives import small

    given = {"examples": 13, "valid": 5, "keep": "lowest", "epochs": 3, **how}
    params = {"survey": "values.train", **({"answers": 2} if given.get("objective") == "sft" else {})}
    alone, job = (small.job(folder / name, **given, params=params) for name in ("one", "two"))
    one = small.train(source, alone)
    if until:
        with pytest.raises(trainer.Stopped):
            in_parts(source, job, folder / "log", until=until)
        assert not list(Path(job.result).iterdir())
    told: list[Progress] = []
    two = in_parts(source, job, folder / "log", told)
    assert two.versions == {**one.versions, "processes": "2 (FSDP)"}
    steps = [point.step for point in told if point.loss is not None]
    assert steps == list(range(two.begun + 1, steps[-1] + 1)) and (two.begun > 0) is (until > 0)
    assert (two.kept, two.parameters, two.trainable) == (one.kept, one.parameters, one.trainable)
    for ours, theirs in zip(two.curve, one.curve, strict=True):
        assert (ours.loss or 0, ours.valid or 0) == pytest.approx((theirs.loss or 0, theirs.valid or 0), abs=CLOSE)
    same(weights(Path(alone.result)), weights(Path(job.result)))
    assert {file.name for file in Path(job.result).iterdir()} == {file.name for file in Path(alone.result).iterdir()}
    return job


def test_all_weights_in_parts_with_one_weight_as_embedding_and_head(tmp_path: Path) -> None:
    from tests.objectives import small

    source = small.model(tmp_path / "model", tie_word_embeddings=True)
    compared(source, tmp_path, 0, adapter=FULL, epochs=2, examples=5, valid=3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("objective", "architecture", "adapter", "more"),
    [
        ("first_token_kl", "Llama", FULL, {}),
        ("first_token_kl", "Qwen3", LORA, {"gradient_checkpointing": True}),
        ("sft", "Gemma3", FULL, {"examples": 5}),
        ("sft", "Llama", LORA, {"examples": 5}),
    ],
)
def test_what_was_ended_in_parts_goes_on_to_what_one_process_learns(
    objective: str, architecture: str, adapter: Thing, more: dict[str, Any], tmp_path: Path
) -> None:
    from tests.objectives import small

    source = small.model(tmp_path / "model", architecture, tie_word_embeddings=True)
    job = compared(source, tmp_path, 5, objective=objective, adapter=adapter, **more)
    if adapter is FULL:
        alone = Path(job.checkpoints.replace("two", "one"))
        for state in alone.glob("checkpoint-*"):
            same(weights(state), weights(Path(job.checkpoints) / state.name))


@pytest.mark.slow
def test_what_cannot_be_trained_in_parts_is_refused_before_anything_is(tmp_path: Path) -> None:
    import transformers

    from tests.objectives import small

    source = small.model(tmp_path / "model")
    dora = Thing(kind="lora", params={**LORA.params, "dora": True})
    refused(source, tmp_path, dora, "DoRA needs the length of each row of a weight")
    config = transformers.GPT2Config(vocab_size=257, n_embd=32, n_layer=2, n_head=4, n_positions=512)
    transformers.GPT2LMHeadModel(config).save_pretrained(tmp_path / "model")
    refused(source, tmp_path, FULL, "are not known to transformers as such, so its weights cannot be spread")


def refused(source: ModelSource, folder: Path, adapter: Thing, said: str) -> None:
    from tests.objectives import small

    told: list[Progress] = []
    job = small.job(folder / "refused", adapter=adapter, params={"survey": "values.train"})
    with pytest.raises(NotTrained, match=said) as caught:
        in_parts(source, job, folder / "log", told)
    assert "AUDITC_TRAIN_ACCELERATE" in caught.value.help and not told
    assert not list(Path(job.result).iterdir()) and not list(Path(job.checkpoints).iterdir())
