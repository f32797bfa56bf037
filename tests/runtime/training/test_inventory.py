"""What trainings leave in a workspace: who uses it, and what may be cleared away."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from auditc.backends import simulated as backend
from auditc.ir.plan import Plan, Thing
from auditc.runtime.faults import StoreBusy, WorldFailed
from auditc.runtime.store import Store, StoreFailed
from auditc.runtime.training import clearing as module_of_clearing
from auditc.runtime.training import inventory as module
from auditc.runtime.training.clearing import NotNamed, clear
from auditc.runtime.training.inventory import Inventory, inventory
from tests.runtime.training.workspace import HERE, Workspace, identify, planned, train


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "located", lambda plan: HERE)


def looked_at(workspace: Workspace, **plans: Plan | None) -> Inventory:
    return inventory(workspace.folder, lambda: {f"{name}.plan.json": plan for name, plan in plans.items()})


def cleared(workspace: Workspace, *names: str, **plans: Plan | None) -> list[str]:
    """The kinds of what was taken away."""
    known = {f"{name}.plan.json": plan for name, plan in plans.items()}
    return [one.kind for one in clear(workspace.folder, lambda: known, names)[1]]


def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a login node without the device would see it."""
    fake = backend.simulated
    there = dataclasses.replace(fake, identify=lambda s, p: {**identify(s, p), "device": "cuda"})
    monkeypatch.setattr(backend, "simulated", there)


def test_what_is_there_is_listed_with_who_uses_it(workspace: Workspace) -> None:
    assert looked_at(workspace).left == ()
    chain = planned(train(), train("further", "tuned"), asked=("base",))
    (tuned, further) = workspace.run(chain).trainings
    workspace.trouble("kill")
    other = planned(train("other_name", seed=11), asked=("base",))
    workspace.run(other)
    found = looked_at(workspace, chain=chain, again=planned(train("renamed"), asked=("base",)), other=other)
    by_recipe = {one.recipe: one for one in found.left}
    first, second = by_recipe[tuned.recipe], by_recipe[further.recipe]
    assert (first.kind, first.names, first.bases) == ("made", ("tuned", "renamed"), ("base",))
    assert [(use.plan, use.stage) for use in first.uses] == [
        ("chain.plan.json", "train.tuned"),
        ("again.plan.json", "train.renamed"),
    ]
    assert (second.digest, second.objective, second.form) == (further.weights, "first_token_kl", "adapter")
    assert first.size > 500 and first.at.startswith("20") and second.bases == ("tuned",)
    (begun,) = (one for one in found.left if one.kind == "begun")
    assert (begun.steps, begun.names) == (2, ("other_name",)) and begun.uses
    assert found.unused == ()


def test_what_no_plan_uses_is_cleared_away_and_nothing_else(workspace: Workspace) -> None:
    kept, given_up = planned(train(), asked=("base",)), planned(train(seed=9), asked=("base",))
    (row,) = workspace.run(kept).trainings
    workspace.run(given_up)
    workspace.trouble("kill")
    workspace.run(planned(train("third", seed=10), asked=("base",)))
    found = looked_at(workspace, kept=kept)
    unused = {one.kind: one for one in found.unused}  # of one second: in no order that is known here
    assert sorted(unused) == ["begun", "made"] and len(found.unused) == 2
    assert unused["begun"].names == ("train.third",), "nobody else knows what it is called"
    assert sorted(cleared(workspace, kept=kept)) == ["begun", "made"]
    assert [path.name for path in workspace.results()] == [row.recipe]
    assert not list((workspace.folder / "training").iterdir())
    assert looked_at(workspace, kept=kept).unused == ()
    workspace.trouble("")
    workspace.notes.clear()
    assert workspace.run(kept).trainings == (row,) and workspace.notes == []


def test_where_a_plan_cannot_be_looked_up_nothing_is_unused(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(train(), asked=("base",))
    workspace.run(plan)
    assert len(looked_at(workspace).unused) == 1
    found = looked_at(workspace, older=None)
    assert found.unused == () and "older.plan.json is not one that this auditc wrote" in found.untold[0].message
    monkeypatch.setattr(module, "located", lambda plan: {"other": HERE["other"]})
    found = looked_at(workspace, mine=plan)
    assert found.unused == () and "mine.plan.json: the weights of `base`" in found.untold[0].message


def test_a_model_that_names_the_folder_of_a_result_uses_it(workspace: Workspace) -> None:
    workspace.run(planned(train(), asked=("base",)))
    (result,) = workspace.results()
    plan = planned(asked=("base",))
    path = f"{workspace.folder.name}/trained/{result.name}/model"
    put_on = plan.models["base"].model_copy(update={"weights": Thing(kind="folder", params={"path": path})})
    found = looked_at(workspace, taken=plan.model_copy(update={"models": {"base": put_on}}))
    assert [use.model for use in found.left[0].uses] == ["base"] and found.unused == ()


def test_a_damaged_result_is_listed_and_cleared_away_when_it_is_named(workspace: Workspace) -> None:
    plan = planned(train(), asked=("base",))
    workspace.run(plan)
    (result,) = workspace.results()
    (result / "card.json").write_text("half")
    found = looked_at(workspace)
    (one,) = found.kept
    assert one.kind == "damaged" and one.size > 100 and "damaged" in one.kept and not found.unused
    assert cleared(workspace) == [] and workspace.results()
    assert looked_at(workspace, mine=plan).untold, "it stands in the way of the plan"
    assert cleared(workspace, result.name[:12], mine=plan) == ["damaged"] and not workspace.results()


def test_what_another_machine_would_find_stays_until_it_is_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(train(), asked=("base",))
    (row,) = workspace.run(plan).trainings
    workspace.trouble("kill")
    workspace.run(planned(train("other_name", seed=11), asked=("base",)))
    other = planned(train("other_name", seed=12), asked=("base",))
    elsewhere(monkeypatch)
    found = looked_at(workspace, mine=plan, other=other)
    assert [(one.kind, one.uses) for one in found.kept] == [("made", ()), ("begun", ())]
    assert found.kept[0].kept.startswith("mine.plan.json: train.tuned could find it on another machine")
    assert "other.plan.json: train.other_name" in found.kept[1].kept
    assert found.unused == () and not found.untold
    assert cleared(workspace, mine=plan, other=other) == [] and len(workspace.results()) == 1
    assert cleared(workspace, row.recipe[:12], mine=plan, other=other) == ["made"] and not workspace.results()


def test_what_a_run_names_stays_until_it_is_named(workspace: Workspace) -> None:
    (row,) = workspace.run(planned(train(), asked=("base",))).trainings
    folder = workspace.folder / "runs" / "20260101-000000-abcd"
    folder.mkdir(parents=True)
    (folder / "findings.json").write_text(f'{{"of a later auditc": "{row.recipe}"}}')
    (one,) = looked_at(workspace).kept
    assert one.kept == "run 20260101-000000-abcd names it" and cleared(workspace) == []
    with pytest.raises(NotNamed, match="no recipe here begins"):
        cleared(workspace, "0" * 64)
    with pytest.raises(NotNamed, match="too short"):
        cleared(workspace, row.recipe[:7])
    assert cleared(workspace, row.recipe) == ["made"] and not workspace.results()


def test_what_a_run_was_making_that_did_not_end_stays(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(train(), asked=("base",))
    workspace.run(plan)
    folder = workspace.folder / "runs" / "20260101-000000-abcd"
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(plan.model_dump_json())
    (one,) = looked_at(workspace).kept
    assert "which did not end: train.tuned" in one.kept
    (folder / "plan.json").write_text("half")
    assert "delete the folder of run" in looked_at(workspace).untold[0].help and not looked_at(workspace).unused


def test_what_a_plan_uses_is_not_cleared_away_by_name(workspace: Workspace) -> None:
    plan = planned(train(), asked=("base",))
    (row,) = workspace.run(plan).trainings
    with pytest.raises(NotNamed, match=r"mine\.plan\.json uses"):
        cleared(workspace, row.recipe, mine=plan)
    with pytest.raises(WorldFailed, match="nobody can tell"):
        cleared(workspace, row.recipe, older=None)
    assert len(workspace.results()) == 1


def test_what_was_made_or_compiled_meanwhile_is_not_cleared_away(workspace: Workspace) -> None:
    plan = planned(train(), asked=("base",))
    workspace.trouble("kill")
    workspace.run(plan)
    (begun,) = looked_at(workspace).unused
    workspace.trouble("")
    workspace.run(plan)
    module_of_clearing._remove(workspace.folder, begun)
    assert len(workspace.results()) == 1, "a checkpoint was meant, and is no more"
    answers = iter(({}, {"new.plan.json": plan}))
    with pytest.raises(WorldFailed, match="plans changed meanwhile"):
        clear(workspace.folder, lambda: next(answers))
    assert len(workspace.results()) == 1


def test_what_auditc_did_not_write_is_left_alone(workspace: Workspace) -> None:
    workspace.run(planned(train(), asked=("base",)))
    (result,) = workspace.results()
    trained, training = workspace.folder / "trained", workspace.folder / "training"
    (result / "thesis.txt").write_text("of somebody")
    for place in (trained / "my-own-notes", training / "notes", trained / ("b" * 64)):
        place.mkdir()
        (place / "thesis.txt").write_text("of somebody")
    (training / ("c" * 64)).mkdir()
    (training / ("c" * 64) / "thesis.txt").write_text("of somebody")
    (trained / ("a" * 64)).symlink_to("../store")
    part = trained / f".{'d' * 64}.part"
    part.mkdir()
    (part / "w").write_text("x" * 100)
    found = looked_at(workspace)
    assert [(one.kind, one.size) for one in found.unused] == [("part", 100)]
    assert {one.recipe[0] for one in found.kept} == {"b", "c", result.name[0]}
    assert cleared(workspace) == ["part"] and not part.exists()
    assert len(list(workspace.folder.rglob("thesis.txt"))) == 5 and (workspace.folder / "store/batches").exists()
    assert (trained / ("a" * 64)).is_symlink()


def test_nothing_is_cleared_through_a_link_within_the_project(workspace: Workspace) -> None:
    workspace.run(planned(train(), asked=("base",)))
    trained, mine = workspace.folder / "trained", workspace.folder.parent / "mydata"
    shutil.move(trained, mine)
    trained.symlink_to("../mydata")
    found = looked_at(workspace)
    assert found.unused == () and "is a link" in found.untold[0].message
    with pytest.raises(StoreFailed, match="is a link; nothing was removed"):
        cleared(workspace)
    assert len(list(mine.iterdir())) == 1


def test_nothing_is_cleared_while_a_run_is_under_way_or_where_a_link_leads_out(
    workspace: Workspace, tmp_path: Path
) -> None:
    workspace.run(planned(train(), asked=("base",)))
    with Store.open(workspace.folder / "store", write=True), pytest.raises(StoreBusy):
        cleared(workspace)
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    shutil.move(workspace.folder / "trained", outside)
    (workspace.folder / "trained").symlink_to(outside)
    with pytest.raises(StoreFailed, match="leads out of the workspace"):
        cleared(workspace)
    assert len(list(outside.iterdir())) == 1
