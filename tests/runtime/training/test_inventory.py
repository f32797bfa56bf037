"""What trainings leave in a workspace: who uses it, and what may be cleared away."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from auditc.ir.plan import Plan, Thing
from auditc.runtime.faults import StoreBusy
from auditc.runtime.store import Store, StoreFailed
from auditc.runtime.training import inventory as module
from auditc.runtime.training.inventory import Inventory, clear, inventory
from tests.runtime.training.workspace import HERE, Workspace, planned, train


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "located", lambda plan: HERE)


def looked_at(workspace: Workspace, **plans: Plan | None) -> Inventory:
    return inventory(workspace.folder, lambda: {f"{name}.plan.json": plan for name, plan in plans.items()})


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
    assert [one.kind for one in found.unused] == ["made", "begun"]
    assert found.unused[1].names == ("train.third",), "nobody else knows what it is called"
    clear(workspace.folder, found.unused)
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


def test_a_damaged_result_is_listed_and_can_be_cleared_away(workspace: Workspace) -> None:
    workspace.run(planned(train(), asked=("base",)))
    (result,) = workspace.results()
    (result / "card.json").write_text("half")
    (one,) = looked_at(workspace).unused
    assert one.kind == "damaged" and one.size > 100
    clear(workspace.folder, (one,))
    assert not workspace.results()


def test_nothing_is_cleared_while_a_run_is_under_way_or_where_a_link_leads_out(
    workspace: Workspace, tmp_path: Path
) -> None:
    workspace.run(planned(train(), asked=("base",)))
    found = looked_at(workspace)
    with Store.open(workspace.folder / "store", write=True), pytest.raises(StoreBusy):
        clear(workspace.folder, found.unused)
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    shutil.move(workspace.folder / "trained", outside)
    (workspace.folder / "trained").symlink_to(outside)
    with pytest.raises(StoreFailed, match="leads out of the workspace"):
        clear(workspace.folder, found.unused)
    assert len(list(outside.iterdir())) == 1
