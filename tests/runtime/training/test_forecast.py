"""What a forecast says of trainings, and of the models that they make."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from auditc import screen
from auditc.api import plans
from auditc.ir.event import Event
from auditc.ir.plan import Thing
from auditc.ir.training import Progress
from auditc.runtime.forecast import forecast
from auditc.runtime.progress import Bars, Events, Lines
from auditc.runtime.training import machine
from auditc.runtime.training.forecast import pace_of, trainings
from auditc.runtime.training.resolve import resolve
from tests.runtime.training.workspace import HERE, Workspace, planned, train


def test_before_a_training_its_cells_are_bounds_and_after_it_they_are_known(workspace: Workspace) -> None:
    plan = planned(train(batch=3))
    before = forecast(plan, workspace.folder, HERE)
    (training,) = before.trainings
    assert (training.done, training.examples, training.valid, training.steps) == (False, 8, 4, 6)
    assert training.seconds is None and not before.problems
    stages = {stage.model: stage for stage in before.stages}
    assert stages["tuned"].why == ("after the training",) and stages["base"].why == ("new",)
    assert stages["tuned"].cells == stages["tuned"].to_run == stages["base"].cells
    assert stages["tuned"].tokens_in == stages["base"].tokens_in > 0
    workspace.run(plan)
    after = forecast(plan, workspace.folder, HERE)
    assert after.trainings[0].done and after.trainings[0].seconds == 0.0
    assert after.cells["to_run"] == 0 and after.cells["cached"] == after.cells["total"]


def test_a_forecast_says_where_a_training_goes_on_that_was_interrupted(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = planned(train(batch=2), asked=("base",))
    workspace.trouble("kill")
    workspace.run(plan)
    told = forecast(plan, workspace.folder, HERE)
    assert (told.trainings[0].begun, told.trainings[0].steps) == (2, 8)
    screen.forecast(told)
    said = "to train on 8 examples, 8 steps in 2 epochs; goes on after step 2, where an earlier run left it"
    assert said in capsys.readouterr().out
    assert plans.forecast_summary(told)["trainings"][0]["begun"] == 2
    other = forecast(planned(train(batch=3), asked=("base",)), workspace.folder, HERE)
    assert other.trainings[0].begun == 0, "with other settings it begins anew"
    (mark,) = (workspace.folder / "training").glob("*/*/whole.json")
    mark.unlink()
    assert forecast(plan, workspace.folder, HERE).trainings[0].begun == 0
    workspace.trouble("")
    workspace.run(plan)
    assert forecast(plan, workspace.folder, HERE).trainings[0].begun == 0


def test_the_machine_is_asked_once_for_all_trainings_of_a_plan(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(machine, "versions", lambda packages: asked.append(packages) or dict.fromkeys(packages, "1"))
    monkeypatch.setattr(machine, "spread", lambda: asked.append("spread"))
    chain = planned(train(), train("further", "tuned"), train("beside", "other", seed=9), asked=("base",))
    assert len(forecast(chain, workspace.folder, HERE).trainings) == 3
    assert len(asked) == 2


def test_how_long_a_training_takes_is_told_by_one_like_it(workspace: Workspace) -> None:
    stage = train("again", epochs=4)
    before = {"kind": "train", "name": "train.other", "training": "trained", "seconds": 8.0, "steps": 2}
    before["step_seconds"] = 3.0
    learnt = resolve(planned(stage), workspace.folder, HERE)

    def seconds(**changes: object) -> float | None:
        return trainings(planned(stage), learnt, [{**before, **pace_of(stage), **changes}])[0].seconds

    assert seconds() == 26.0, "8 examples, 4 at once, 4 times: 8 steps of 3 s each, and 2 s until the model is open"
    assert seconds(step_seconds=None) is None, "of a single step nobody knows what opened the model"
    left = replace(learnt, begun={stage.name: 6})
    record = {**before, **pace_of(stage)}
    assert trainings(planned(stage), left, [record])[0].seconds == 8.0, "two steps are left, and the model opens"
    for other in ({"base": "other"}, {"adapter": "full"}, {"batch": 8}, {"objective": "sft"}, {"training": "failed"}):
        assert seconds(**other) is None


def test_a_base_that_nothing_here_can_train_is_a_problem_of_the_plan(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(train(), asked=("other",))
    recorded = {"base": plan.models["base"].model_copy(update={"backend": Thing(kind="openai", params={"model": "x"})})}
    problems = forecast(plan.model_copy(update={"models": plan.models | recorded}), workspace.folder, HERE).problems
    assert "there are no weights to train" in problems[0].message


def progress(step: int, valid: float | None = None) -> Progress:
    return Progress(step=step, steps=4, epoch=step / 2, loss=9.0, mean=1 / step, valid=valid)


def test_events_of_a_training_are_told_now_and_then_and_at_the_end() -> None:
    stream, now = StringIO(), [0.0]
    events = Events(stream, lambda: now[0])
    events.training_started("train.tuned", "tuned", 8, 4)
    for step in (1, 2, 3, 4):
        now[0] += 0.3
        events.training("train.tuned", progress(step, 0.5 if step == 2 else None))
    events.training_finished("train.tuned", 1.2, "trained")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [Event.model_validate(line).root.event for line in lines] == [line["event"] for line in lines]
    assert [line["step"] for line in lines if line["event"] == "training_step"] == [1, 2, 4]
    assert lines[0]["examples"] == 8 and lines[-1]["how"] == "trained" and lines[-1]["cautions"] == []
    assert (lines[1]["loss"], lines[1]["mean"]) == (9.0, 1.0)


def test_a_log_has_a_line_for_each_epoch_whether_something_decides_or_not() -> None:
    lines = StringIO()
    log = Lines(lines)
    log.training_started("train.tuned", "tuned", 8, 0)
    for step in (1, 2, 3, 4):
        log.training("train.tuned", progress(step))
    assert lines.getvalue().splitlines()[1:] == [
        "train.tuned: epoch 1, mean loss 0.5",
        "train.tuned: epoch 2, mean loss 0.25",
    ]


def test_a_loss_that_is_no_number_is_told_as_none() -> None:
    stream = StringIO()
    Events(stream).training("train.tuned", Progress(step=4, steps=4, epoch=1, loss=float("nan")))
    assert json.loads(stream.getvalue())["loss"] is None


def test_people_see_how_far_a_training_is_and_its_loss() -> None:
    now, console = [0.0], Console(file=StringIO(), width=100)
    bars = Bars(console, lambda: now[0])
    bars.training_started("train.tuned", "tuned", 8, 4)
    for step in (1, 2):
        now[0] += 10.0
        bars.training("train.tuned", progress(step))
    console.print(bars.shown())
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "step 2/4" in said and "mean loss 0.5" in said and "0:20 left" in said
    lines = StringIO()
    log = Lines(lines, lambda: now[0])
    log.training_started("train.tuned", "tuned", 8, 4)
    log.training("train.tuned", progress(1))
    log.training("train.tuned", progress(2, 0.25))
    now[0] += 60.0
    log.beat()
    log.training_finished("train.tuned", 12.0, "trained", ("the loss grew",))
    assert lines.getvalue().splitlines() == [
        "train.tuned: learns 8 examples, 4 decide",
        "train.tuned: epoch 1, mean loss 0.5, valid 0.25",
        "train.tuned: step 2 of 4, mean loss 0.5, valid 0.25",
        "train.tuned: trained, 12.0 s, mean loss 0.5, valid 0.25",
        "train.tuned: the loss grew",
    ]
