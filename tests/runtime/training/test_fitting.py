"""What is told of trainings before one begins: adapters that do not fit, trainings that are one, rows left out."""

from __future__ import annotations

import dataclasses
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from auditc.backends import simulated as module
from auditc.backends._contract import ModelSource, Modules
from auditc.backends.transformers.modules import modules
from auditc.ir.plan import Thing, Train
from auditc.runtime.faults import CannotBind
from auditc.runtime.forecast import forecast
from auditc.runtime.training import results
from auditc.runtime.training.card import readme, row
from auditc.runtime.training.examples import parameters
from auditc.runtime.training.resolve import resolve
from tests.runtime.training.workspace import HERE, Workspace, planned, train


def model(folder: Path, shapes: dict[str, tuple[int, ...]], **config: Any) -> ModelSource:
    """A folder with a config and the header of its tensors, and none of their numbers."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", **config}), "utf-8")
    entries = {name: {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]} for name, shape in shapes.items()}
    header = json.dumps({"__metadata__": {"format": "pt"}, **entries}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    return ModelSource("base", str(folder), "digest of base")


LAYER = {
    "model.embed_tokens.weight": (259, 32),
    "model.layers.0.input_layernorm.weight": (32,),
    "model.layers.0.self_attn.q_proj.weight": (32, 32),
    "model.layers.1.self_attn.q_proj.weight": (64, 32),
    "model.layers.0.self_attn.v_proj.weight": (16, 32),
    "lm_head.weight": (259, 32),
}


def test_modules_are_the_matrices_of_the_layers(tmp_path: Path) -> None:
    assert modules(model(tmp_path / "known", LAYER)) == Modules({"q_proj": 32, "v_proj": 16}, sure=True)
    other = modules(model(tmp_path / "other", LAYER, model_type="of_our_own"))
    assert other is not None and not other.sure
    experts = {
        "model.layers.0.block_sparse_moe.gate.weight": (4, 32),
        "model.layers.0.block_sparse_moe.experts.0.w1.weight": (64, 32),
        "model.layers.0.mlp.shared_expert.up_proj.weight": (64, 32),
    }
    found = modules(model(tmp_path / "experts", LAYER | experts))
    assert found is not None and list(found.ranks) == ["q_proj", "v_proj", "up_proj"]


def test_of_files_that_do_not_say_nothing_is_told(tmp_path: Path) -> None:
    packed = model(tmp_path / "packed", LAYER, quantization_config={"bits": 4})
    bare = model(tmp_path / "bare", {"lm_head.weight": (259, 32)})
    broken = model(tmp_path / "broken", LAYER)
    (tmp_path / "broken" / "model.safetensors").write_bytes(b"\xff" * 20)
    assert [modules(each) for each in (packed, bare, broken, ModelSource("gone", None, ""))] == [None] * 4


def lora(rank: int, *targets: str) -> Thing:
    return Thing(kind="lora", params={"rank": rank, "targets": list(targets)})


def knowing(sure: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the backend know the network of its models."""
    known = Modules({"c_attn": 64, "c_proj": 32}, sure)
    monkeypatch.setattr(module, "simulated", dataclasses.replace(module.simulated, modules=lambda source: known))


def test_a_target_that_the_network_lacks_is_refused_before_anything_is_asked(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    knowing(True, monkeypatch)
    plan = planned(train(adapter=lora(8, "q_proj", "c_porj")), asked=("base",))
    with pytest.raises(CannotBind) as refused:
        workspace.run(plan)
    said = "`tuned` is to put an adapter on `q_proj`, `c_porj`, and the network of `base` has none: its layers have"
    assert refused.value.message == f"{said} `c_attn`, `c_proj`"
    assert refused.value.help.startswith("write `targets = [c_proj]`") and "adapter = full" in refused.value.help
    assert workspace.notes == [] and workspace.opened == []
    assert [problem.message for problem in forecast(plan, workspace.folder, HERE).problems] == [refused.value.message]
    for good in (lora(8, "c_attn"), Thing(kind="full")):
        told = forecast(planned(train(adapter=good)), workspace.folder, HERE)
        assert told.problems == () and told.warnings == ()


def test_what_is_trained_further_has_the_network_of_its_base(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    knowing(True, monkeypatch)
    chain = (train(adapter=lora(8, "c_attn")), train("more", "tuned", adapter=lora(8, "k_proj")))
    (problem,) = forecast(planned(*chain), workspace.folder, HERE).problems
    assert problem.message.startswith("`more` is to put an adapter on `k_proj`, and the network of `tuned` has none")


def test_where_names_may_differ_it_is_a_warning_and_the_trainer_has_the_last_word(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    knowing(False, monkeypatch)
    plan = planned(train(adapter=lora(8, "q_proj")), asked=("base",))
    told = forecast(plan, workspace.folder, HERE)
    (warning,) = told.warnings
    assert told.problems == () and "has none of that name in its files" in warning
    assert workspace.run(plan).stopped == "" and workspace.notes


def test_a_rank_beyond_every_matrix_is_warned_of(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    knowing(True, monkeypatch)
    for rank, targets, many in ((64, ("c_attn", "c_proj"), 0), (64, ("c_proj",), 1), (65, ("c_attn", "c_proj"), 1)):
        told = forecast(planned(train(adapter=lora(rank, *targets))), workspace.folder, HERE)
        assert told.problems == () and len(told.warnings) == many
    assert "has a rank of 65, and no change of `c_attn`, `c_proj` in `base` can have more than 64" in told.warnings[0]


def test_trainings_that_differ_in_their_name_alone_are_carried_out_once(workspace: Workspace) -> None:
    twins = (train("one"), train("two"), train("three", seed=8))
    later = (train("one_more", "one", epochs=1), train("two_more", "two", epochs=1), train("else", "three", epochs=1))
    plan = planned(*twins, *later)
    told = {each.model: each.same for each in forecast(plan, workspace.folder, HERE).trainings}
    assert told == {"one": "", "two": "one", "three": "", "one_more": "", "two_more": "one_more", "else": ""}
    done = workspace.run(planned(*twins[:2], *later[:2], asked=("base",)))
    assert len([note for note in workspace.notes if note.startswith("begin")]) == 2
    made = {each.model: each.weights for each in done.trainings}
    assert made["one"] == made["two"] != made["one_more"] == made["two_more"]


def compared(rows: tuple[tuple[str, ...], ...]) -> Train:
    """A training on pairs of a table."""
    table: dict[str, Any] = {"path": "pairs.csv", "digest": "0" * 64, "columns": ["prompt", "chosen", "rejected"]}
    table |= {"rows": [list(row) for row in rows], "weight": "", "by": []}
    objective = Thing(kind="dpo", params={"comparisons": 10, "orders": 1, "beta": 0.1, "pairs": table})
    nobody: dict[str, Any] = {"survey": "", "items": (), "valid": (), "populations": (), "asks": None, "keep": "last"}
    return train(objective=objective, **nobody)


def test_pairs_of_one_text_are_no_part_of_a_training_and_counted(workspace: Workspace) -> None:
    good = (("Hello?", "Yes.", "No."), ("When?", "Now.", "Never."))
    stage = compared((good[0], ("How?", "Well.", " Well."), good[1]))
    both, bare = planned(stage, asked=("base",)), planned(compared(good), asked=("base",))
    (told,) = forecast(both, workspace.folder, HERE).trainings
    assert (told.examples, told.left_out, told.steps) == (2, 1, 2)
    learnt = [resolve(each, workspace.folder, HERE).examples["train.tuned"] for each in (both, bare)]
    assert learnt[0].digest == learnt[1].digest and learnt[0].longest == learnt[1].longest
    assert parameters(stage) == parameters(compared(good)), "what is handed to the trainer"
    (made,) = workspace.run(planned(train(), asked=("base",))).trainings
    card = results.read(workspace.folder, made.recipe)
    assert card is not None
    counted = row(both, stage, card)
    assert counted.left_out == 1 and made.left_out == 0
    assert "8 examples, beside 1 that teach nothing and were left out" in readme(card, counted)
