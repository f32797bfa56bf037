"""Trainings in a run: carried out once, gone on with after a fault, and never half there."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from auditc.backends import simulated as module
from auditc.backends._contract import Identity, ModelSource
from auditc.ir.canonical import digest
from auditc.ir.plan import Thing
from auditc.ir.training import Job, NotTrained, Progress
from auditc.runtime import budget
from auditc.runtime.budget import Limits
from auditc.runtime.events import Reporter
from auditc.runtime.execute import run
from auditc.runtime.faults import CannotBind, WorldFailed
from auditc.runtime.forecast import forecast
from auditc.runtime.training import results, trainer
from auditc.runtime.training.card import Card, cautions
from auditc.runtime.training.examples import examples, settings
from auditc.runtime.training.recipe import base_of, versions
from auditc.runtime.workers.jobs import from_job, to_job
from auditc.runtime.workers.starting import start
from auditc.runtime.workers.wire import from_source, pack, split, unpack
from tests.runtime.training.workspace import HERE, Workspace, planned, train


def test_a_model_is_trained_and_then_asked(workspace: Workspace) -> None:
    done = workspace.run(planned(train()))
    assert done.stopped == ""
    assert workspace.notes == ["begin first_token_kl on base with 8 and 4", "from 0"]
    assert done.cells["not_run"] == done.cells["failed"] == 0 and not done.stopped
    (row,) = done.trainings
    (result,) = workspace.results()
    card = json.loads((result / "card.json").read_text())
    assert (row.model, row.base, row.lineage) == ("tuned", "base", ("digest of base",))
    assert row.recipe == result.name and row.weights == card["weights"]
    models = {each.name: each for each in done.models}
    assert models["tuned"].identity["adapter"] == row.weights
    assert models["tuned"].lineage == ("digest of base",) and models["base"].lineage == ()
    assert [point.valid for point in row.curve] == [2.0, 1.0, 2 / 3, 0.5]
    text = (result / "README.md").read_text()
    assert row.data in text and "base`" not in text, "names are those of an audit; another may use the same result"
    assert "`adapter = lora { rank = 8 }`, `epochs = " in text and "`keep = lowest(valid)`" in text
    shown, _ = results.shown(workspace.folder, row)
    assert "# tuned" in shown and "Made of `base`" in shown and row.data in shown
    assert not list((workspace.folder / "training").iterdir()), "checkpoints go when the result is there"


def test_an_unchanged_training_is_never_repeated(workspace: Workspace) -> None:
    first = workspace.run(planned(train()))
    assert workspace.notes
    again = workspace.run(planned(train()))
    assert workspace.notes == [] and again.trainings == first.trainings
    assert again.cells["reused"] == again.cells["planned"], "the trained model finds its own answers"
    named = workspace.run(planned(train("other_name")))
    assert workspace.notes == [], "a name is no part of a recipe"
    assert named.trainings[0].weights == first.trainings[0].weights
    assert named.cells["asked"] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": 3},
        {"seed": 8},
        {"items": ("q0", "q1", "q2")},
        {"adapter": Thing(kind="full")},
        {"base": "other"},
        {"objective": Thing(kind="first_token_kl", params={"orders": 2})},
    ],
)
def test_what_changes_a_training_makes_another(workspace: Workspace, changes: dict[str, Any]) -> None:
    first = workspace.run(planned(train(), asked=("base",)))
    workspace.notes.clear()
    other = workspace.run(planned(train(**changes), asked=("base",)))
    assert workspace.notes[1:] == ["from 0"]
    assert other.trainings[0].recipe != first.trainings[0].recipe
    assert len(workspace.results()) == 2


def test_a_chain_is_trained_in_order_and_tells_where_it_came_from(workspace: Workspace) -> None:
    second = train("further", "tuned", epochs=1)
    chain = planned(train(), second)
    done = workspace.run(chain)
    assert [note for note in workspace.notes if note.startswith("begin")] == [
        "begin first_token_kl on base with 8 and 4",
        "begin first_token_kl on tuned with 8 and 4",
    ]
    tuned, further = done.trainings
    assert further.lineage == ("digest of base", tuned.weights)
    assert done.cells["not_run"] == done.cells["failed"] == 0
    again = workspace.run(chain)
    assert workspace.notes == [] and again.cells["asked"] == 0
    workspace.run(planned(train(seed=9), second))
    assert len(workspace.notes) == 4, "another beginning makes another end"


def test_adapters_that_were_trained_here_share_the_weights_that_are_loaded(workspace: Workspace) -> None:
    workspace.run(planned(train(), train("whole", adapter=Thing(kind="full")), asked=("base", "tuned", "whole")))
    assert workspace.opened == ["open base", "become tuned", "open whole"]


def test_a_killed_training_goes_on_from_its_checkpoint(workspace: Workspace) -> None:
    workspace.trouble("kill")
    first = workspace.run(planned(train()))
    assert "model `tuned` was not trained: it was killed" in first.stopped and "next run goes on" in first.stopped
    assert "a smaller `batch` or `gradient_checkpointing = on` (with other settings it begins anew)" in first.stopped
    assert first.trainings == () and not workspace.results()
    missing = first.cells["not_run"]
    assert missing and first.cells["answered"] == 2 * missing, "what does not need the model was asked"
    assert {row.name: row.weights for row in first.models}["tuned"] == ""
    assert workspace.notes[-1] == "from 0"
    workspace.trouble("")
    second = workspace.run(planned(train()))
    assert workspace.notes[-1] == "from 2"
    assert second.stopped == "" and second.cells["not_run"] == 0 and second.cells["asked"] == missing
    assert [stage["training"] for stage in second.stages if stage["kind"] == "train"] == ["gone on with"]


def test_what_was_left_and_not_used_is_nothing_that_was_gone_on_with(workspace: Workspace) -> None:
    workspace.trouble("kill")
    plan = planned(train(), asked=("base",))
    workspace.run(plan)
    (mark,) = (workspace.folder / "training").glob("*/*/whole.json")
    mark.rename(mark.with_name("half"))
    workspace.trouble("")
    done = workspace.run(plan)
    assert workspace.notes[-1] == "from 0"
    assert [stage["training"] for stage in done.stages if stage["kind"] == "train"] == ["trained"]


def test_checkpoints_of_settings_that_were_given_up_go_once_the_training_ends_well(workspace: Workspace) -> None:
    workspace.trouble("kill")
    other = train("other_training", seed=11)
    workspace.run(planned(train(), other, asked=("base",)))
    first = sorted(path.name for path in (workspace.folder / "training").iterdir())
    assert len(first) == 4, "two trainings, each with a file that names it"
    workspace.trouble("")
    workspace.run(planned(train(batch=2), asked=("base",)))
    left = sorted(path.name for path in (workspace.folder / "training").iterdir())
    assert len(left) == 2 and set(left) < set(first), "what another training goes on from stays"


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("nan", "the loss is no number from step 3 on: take a smaller `learning_rate`"),
        ("disk", "the disk is full: the next run goes on after step 2, from its last checkpoint"),
        ("disk at 1", "the disk is full: there is no checkpoint of it yet: the next run begins anew"),
        ("kill at 1", "it was killed, most likely for want of memory: there is no checkpoint of it yet"),
        ("bug", "RuntimeError: in <path>"),
        ("empty", "brought no model that can be read"),
    ],
)
def test_a_training_that_fails_leaves_nothing_half_made(workspace: Workspace, what: str, said: str) -> None:
    workspace.trouble(what)
    done = workspace.run(planned(train(), train("further", "tuned", epochs=1)))
    assert said in done.stopped and "`further` was not trained: `tuned`, which it is made of" in done.stopped
    assert not list((workspace.folder / "trained").iterdir())
    assert done.cells["answered"] == done.cells["not_run"] > 0
    workspace.trouble("")
    assert workspace.run(planned(train())).cells["not_run"] == 0


def test_a_library_that_prints_disturbs_nothing(workspace: Workspace) -> None:
    workspace.trouble("print")
    assert workspace.run(planned(train())).stopped == ""


@pytest.mark.parametrize("file", ["model/adapter_model.safetensors", "model/adapter_config.json", "card.json", "model"])
def test_a_damaged_result_is_said_and_not_used(workspace: Workspace, file: str) -> None:
    workspace.run(planned(train()))
    assert workspace.notes
    (result,) = workspace.results()
    damaged = result / file
    if damaged.is_dir():
        shutil.rmtree(damaged)
    else:
        content = bytearray(damaged.read_bytes())
        content[-3] ^= 1
        damaged.write_bytes(content)
    with pytest.raises(CannotBind, match="is not what was written, and is not used") as refused:
        workspace.run(planned(train()))
    assert f"delete .auditc/trained/{result.name}" in refused.value.help
    shutil.rmtree(result)
    assert workspace.run(planned(train())).stopped == "" and workspace.notes


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('"loss": 0.25', '"loss": 0.15'),
        ('"examples": 8', '"examples": 9'),
        ('"digest of base"', '"digest of face"'),
        ('"licence": "mit"', '"licence": "mti"'),
        ('"epochs": 2', '"epochs": 3'),
        ('"data": "', '"data": "0'),
    ],
)
def test_a_card_in_which_anything_was_changed_is_not_used(workspace: Workspace, was: str, becomes: str) -> None:
    (row,) = workspace.run(planned(train())).trainings
    (result,) = workspace.results()
    card = (result / "card.json").read_text().replace('":', '": ').replace('":  ', '": ')
    assert was in card
    (result / "card.json").write_text(card.replace(was, becomes, 1))
    with pytest.raises(CannotBind, match="is not what was written, and is not used"):
        workspace.run(planned(train()))
    with pytest.raises(WorldFailed, match="is not what was written"):
        results.shown(workspace.folder, row)


def test_a_result_of_the_first_form_is_read_and_one_of_a_later_form_is_refused(workspace: Workspace) -> None:
    plan = planned(train())
    workspace.run(plan)
    (result,) = workspace.results()
    said = json.loads((result / "card.json").read_text())
    assert said["format"] == "auditc.trained.v2" and said["losses"] == [1.0, 0.5, 1 / 3, 0.25]
    del said["losses"], said["digest"]
    for point in said["curve"]:
        del point["mean"]
    first = said | {"format": "auditc.trained.v1"}
    (result / "card.json").write_text(json.dumps(first | {"digest": digest(first)}))
    workspace.notes.clear()
    (row,) = workspace.run(plan).trainings
    assert workspace.notes == [] and [point.loss for point in row.curve] == [1.0, 0.5, 1 / 3, 0.25]
    assert "in its first steps" in results.shown(workspace.folder, row)[0]
    later = said | {"format": "auditc.trained.v3", "curves": []}
    (result / "card.json").write_text(json.dumps(later | {"digest": digest(later)}))
    with pytest.raises(
        CannotBind, match=r"in the form auditc\.trained\.v3, which this auditc does not know"
    ) as refused:
        workspace.run(plan)
    assert "with the auditc that wrote it, or delete" in refused.value.help


@pytest.mark.parametrize(
    ("valid", "losses", "kept", "said"),
    [
        ((0.5, 0.4), (1.0, 0.9, 0.8, 0.7, 0.6, 0.5), 3, ()),
        ((0.5, 0.6, 0.7), (), 3, ("before; step 3, which was kept, is the lowest of its epochs",)),
        ((0.5, 0.4, 0.7), (), 6, ("0.7, and 0.5 before; after step 3 it was 0.4: `keep = lowest(valid)`",)),
        ((), (0.4, 8.0, 9.0, 7.0, 6.0, 5.0), 6, ("grew and never came back: 0.4 in the first step, 5 in the last",)),
        ((), (0.4, 8.0, 0.3, 0.2, 0.1, 0.5), 6, ("higher at the end than at the beginning: 0.4 in its first",)),
        ((0.5, 6.0), (0.4, 8.0, 9.0, 7.0, 6.0, 5.0), 3, ("lowest of its epochs", "grew and never came back")),
        ((), (0.4, 0.5), 2, ("higher at the end",)),
        # One easy batch in front of a loss that falls.
        ((1.0, 0.5), (0.3, 0.9, 0.8, 0.6, 0.5, 0.41), 3, ()),
        ((1.0, 0.5), (0.3, 0.9, 0.9, 0.8, 0.8, 0.7), 3, ()),
        ((), (0.3, 0.9, 0.8, 0.6, 0.5, 0.41), 6, ("higher at the end",)),
        ((), (), 0, ()),
    ],
)
def test_a_training_that_did_no_good_is_told_in_words(
    valid: tuple[float, ...], losses: tuple[float, ...], kept: int, said: tuple[str, ...]
) -> None:
    looks = [Progress(step=3 * epoch, steps=6, epoch=epoch, valid=loss) for epoch, loss in enumerate(valid)]
    singles = [Progress(step=step, steps=6, epoch=step / 3, loss=loss) for step, loss in enumerate(losses, start=1)]
    found = cautions((*looks, *singles), kept)
    assert len(found) == len(said) and all(part in whole for part, whole in zip(said, found, strict=True))


def test_a_card_is_shown_in_the_names_of_the_audit_that_asks_and_moves_no_cursor(workspace: Workspace) -> None:
    workspace.run(planned(train()))
    (row,) = workspace.run(planned(train("renamed"))).trainings
    (result,) = workspace.results()
    (result / "README.md").write_text("\x1b[31mwhatever")
    shown, _ = results.shown(workspace.folder, row)
    assert "# renamed" in shown and "tuned" not in shown and "whatever" not in shown
    card = json.loads((result / "card.json").read_text())
    forged = Card.model_validate_json(json.dumps(card | {"licence": "\x1b[2Jfree", "digest": ""}))
    (result / "card.json").write_text(forged.sealed().model_dump_json())
    assert "\x1b" not in results.shown(workspace.folder, row)[0]


def test_what_a_kill_leaves_aside_is_cleared_away(workspace: Workspace) -> None:
    workspace.run(planned(train()))
    (result,) = workspace.results()
    left = result.with_name(f".{result.name}.part") / "model"
    shutil.rmtree(result)
    left.mkdir(parents=True)
    (left / "half").write_text("half")
    assert workspace.run(planned(train())).stopped == ""
    assert [path.name for path in (workspace.folder / "trained").iterdir()] == [result.name]


def test_a_budget_in_time_ends_a_training_and_keeps_its_checkpoint(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.trouble("wait")
    later = [0.0]
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + later[0])
    monkeypatch.setattr(budget, "time", clock)

    class Late(Reporter):
        def training(self, stage: str, progress: Progress) -> None:
            later[0] = 4000.0 if progress.step == 2 else 0.0

    done = workspace.run(planned(train()), limits=Limits(seconds=3600.0), reporter=Late())
    assert done.stopped == "the budget of 3,600 seconds is spent" and done.cells["asked"] == 0
    assert workspace.notes[-1] == "from 0"
    workspace.trouble("")
    assert workspace.run(planned(train())).stopped == ""
    assert workspace.notes[-1] == "from 2"


@pytest.mark.parametrize(
    ("limits", "said"), [(Limits(per_stage=2), "a dry run trains nothing"), (Limits(cells=0), "a budget of no cells")]
)
def test_a_trial_trains_nothing_and_uses_what_is_there(workspace: Workspace, limits: Limits, said: str) -> None:
    plan = planned(train(), train("further", "tuned", epochs=1))
    tried = workspace.run(plan, limits=limits)
    assert workspace.notes == [] and said in tried.stopped
    assert "`tuned`, `further` are not there yet" in tried.stopped
    assert [stage["training"] for stage in tried.stages if stage["kind"] == "train"] == ["not run", "not run"]
    asked = {stage["model"]: stage["asked"] for stage in tried.stages if stage["kind"] != "train"}
    per_stage = limits.per_stage or 0
    assert asked == {"base": per_stage, "other": per_stage, "tuned": 0, "further": 0}
    workspace.run(planned(train(), asked=("base",)))
    assert workspace.notes
    again = workspace.run(planned(train()), limits=limits)
    assert workspace.notes == [] and "trains nothing" not in again.stopped and len(again.trainings) == 1


def test_an_interrupt_ends_a_training(workspace: Workspace) -> None:
    workspace.trouble("wait")

    class Impatient(Reporter):
        def training(self, stage: str, progress: Progress) -> None:
            if progress.step == 2:
                os.kill(os.getpid(), signal.SIGINT)

    done = workspace.run(planned(train()), reporter=Impatient())
    assert done.stopped == "interrupted" and done.trainings == ()
    assert [stage["training"] for stage in done.stages if stage["kind"] == "train"] == ["stopped"]


def test_what_does_not_fit_is_refused_before_anything_is_done(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def needed(source: Any, params: Any, settings: Any, longest: int) -> int:
        asked.append(longest)
        return 1 << 60

    monkeypatch.setattr(module, "simulated", dataclasses.replace(module.simulated, training_memory=needed))
    with pytest.raises(CannotBind, match="training `tuned` needs about ") as refused:
        workspace.run(planned(train()))
    assert "a smaller `batch`, `gradient_checkpointing = on`" in refused.value.help and asked[0] > 5
    assert workspace.notes == []
    monkeypatch.setenv("AUDITC_MEMORY", "unchecked")
    assert workspace.run(planned(train())).stopped == ""


def test_the_memory_of_a_chain_is_that_of_a_base_with_its_adapter(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def needed(source: Any, params: Any, settings: Any, longest: int) -> int:
        asked.append("adapter" if source.adapter else "none")
        return 1

    monkeypatch.setattr(module, "simulated", dataclasses.replace(module.simulated, training_memory=needed))
    whole = train("whole", adapter=Thing(kind="full"))
    chain = (train(), train("second", "tuned"), whole, train("third", "whole"))
    plan = planned(*chain, asked=("base",))
    assert len(forecast(plan, workspace.folder, HERE).trainings) == 4
    assert asked == ["none", "adapter", "none", "none"]
    asked.clear()
    assert workspace.run(plan).stopped == ""
    assert asked[4:] == ["adapter", "none"], "it is looked at again once the base is there"


def test_weights_that_are_not_here_are_named_with_the_training(workspace: Workspace) -> None:
    with pytest.raises(CannotBind, match="the weights of `base`, which `tuned` is made of, are not here"):
        run(planned(train(), asked=("other",)), workspace.folder, {"other": HERE["other"]})


def test_a_recording_answers_for_a_model_that_is_then_not_planned(workspace: Workspace) -> None:
    there = {**HERE, "tuned": HERE["other"]}
    done = run(planned(train(), asked=("tuned",)), workspace.folder, there)
    assert workspace.notes == [] and done.trainings == () and done.cells["answered"] == done.cells["planned"]


def test_an_interpreter_that_is_not_there_is_said(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITC_TRAIN_PYTHON", "/nowhere/python")
    with pytest.raises(CannotBind, match="the interpreter that AUDITC_TRAIN_PYTHON names"):
        workspace.run(planned(train()))


def test_versions_are_those_that_the_trainer_will_find(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "site/tokenizers-99.0.dist-info"
    library.mkdir(parents=True)
    (library / "METADATA").write_text("Metadata-Version: 2.1\nName: tokenizers\nVersion: 99.0\n", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(library.parent))
    assert versions(("transformers",))["tokenizers"] == "99.0"


def test_how_attention_is_computed_is_part_of_a_recipe() -> None:
    identity: Identity = {"weights": "w", "attention": "eager", "batch": 8}
    assert base_of(identity) == {"weights": "w", "attention": "eager"}


def test_an_interpreter_that_never_reads_holds_no_run_up(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf = tmp_path / "deaf"
    deaf.write_text("#!/bin/sh\nexec sleep 600\n", "utf-8")
    deaf.chmod(0o755)
    monkeypatch.setenv("AUDITC_TRAIN_PYTHON", str(deaf))
    base = trainer.Base("simulated", {"like": "x" * 1_000_000}, ModelSource("base", "base", "digest of base"))
    job = Job("first_token_kl", {}, (), (), settings(train()), str(tmp_path), str(tmp_path))
    asked = iter((False, False, True))
    with pytest.raises(trainer.Stopped):
        trainer.train(base, job, tmp_path / "log", lambda progress: None, lambda: next(asked))
    monkeypatch.setattr(trainer, "SILENCE", 0.3)
    with pytest.raises(NotTrained, match="gave no sign of life"):
        trainer.train(base, job, tmp_path / "log", lambda progress: None, lambda: False)


def test_a_trainer_ends_with_the_run_that_started_it(workspace: Workspace, tmp_path: Path) -> None:
    workspace.trouble("wait")
    source = from_source(ModelSource("base", "base", "digest of base"))
    job = Job("first_token_kl", {"survey": "values"}, (), (), settings(train()), str(tmp_path), str(tmp_path))
    asked = {"backend": "simulated", "params": {"like": "values"}, "source": source, "job": from_job(job)}
    process = start(os.environ["AUDITC_TRAIN_PYTHON"], "auditc.runtime.workers.train", tmp_path / "log")
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(pack({"train": asked}))
    process.stdin.flush()
    assert process.stdout.read(1), "it is at work"
    process.stdin.close()  # as it is when the run is gone, however it went
    assert process.wait(300) == 0
    process.stdout.close()


def test_no_result_is_written_through_a_link_that_leads_out(workspace: Workspace, tmp_path: Path) -> None:
    workspace.folder.mkdir()
    (tmp_path.parent / f"{tmp_path.name}-elsewhere").mkdir()
    (workspace.folder / "trained").symlink_to(tmp_path.parent / f"{tmp_path.name}-elsewhere")
    with pytest.raises(CannotBind, match="`trained` is a link that leads out of the workspace"):
        workspace.run(planned(train()))
    assert workspace.notes == []


def test_a_job_survives_the_wire(workspace: Workspace) -> None:
    plan = planned(train())
    learnt = examples(plan, train())
    job = Job("first_token_kl", {}, learnt.train, learnt.valid, settings(train()), "checkpoints", "result")
    assert to_job(unpack(split(bytearray(pack(from_job(job)))) or b"")) == job
    assert all(abs(sum(example.shares) - 1) < 1e-12 for example in learnt.train)
    people = plan.surveys["values"].people["USA"]["q0"].shares
    assert learnt.train[0].shares == pytest.approx(people)
