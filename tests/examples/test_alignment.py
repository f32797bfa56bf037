"""The example that trains: its data are those of examples/us_cn and five further countries, and it compiles."""

from __future__ import annotations

import csv
import math
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from auditc.cli import app
from auditc.compiler.explain import cells
from auditc.compiler.pipeline import compile_spec
from auditc.diagnostics import Sink
from auditc.ir.plan import Plan, Score, Train

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
HERE, US_CN = EXAMPLES / "alignment", EXAMPLES / "us_cn"
COUNTRIES = {"United States", "China", "Germany", "Nigeria", "Japan", "Kenya", "Mexico"}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Sink]:
    folder = Path(shutil.copytree(HERE, tmp_path_factory.mktemp("alignment") / "spec"))
    sink = Sink()
    return compile_spec(folder / "alignment.audit", sink).plan, sink


def test_items_are_those_of_the_other_example() -> None:
    theirs = {row["id"]: row for row in rows(US_CN / "items.csv")}
    mine = rows(HERE / "items.csv")
    assert [row["id"] for row in mine] == list(theirs)
    for row in mine:
        assert {key: value for key, value in row.items() if key != "part"}.items() <= theirs[row["id"]].items()
    assert Counter(row["part"] for row in mine) == {"train": 34, "valid": 10, "test": 24}
    assert [row["name.en"] for row in rows(HERE / "countries.csv")] == [
        row["name.en"] for row in rows(US_CN / "countries.csv")
    ]


def test_shares_are_there_for_every_item_and_country() -> None:
    known = {
        (row["item"], row["country"]): {key: row[key] for key in ("n", "n_status", "shares")}
        for row in rows(US_CN / "shares.csv")
        if not row["sex"] and not row["age"]
    }
    items = {row["id"]: row for row in rows(HERE / "items.csv")}
    mine = rows(HERE / "shares.csv")
    assert {(row["item"], row["country"]) for row in mine} == {(item, c) for item in items for c in COUNTRIES}
    for row in mine:
        shares = [float(share) for share in row["shares"].split("|")]
        assert len(shares) == len(items[row["item"]]["options.en"].split("|"))
        assert abs(math.fsum(shares) - 1) <= 0.002 and min(shares) > 0 and int(row["n"]) >= 700
        if (row["item"], row["country"]) in known:
            assert known[row["item"], row["country"]].items() <= row.items()


def test_it_compiles_and_nothing_that_is_tested_was_learnt(made: tuple[Plan, Sink]) -> None:
    plan, sink = made
    assert {found.code for found in sink.sorted()} <= {"AC402"}
    trained = [stage for stage in plan.stages if isinstance(stage, Train)]
    assert {stage.objective.kind for stage in trained} == {"first_token_kl", "sft", "dpo"}
    assert {stage.adapter.kind for stage in trained} == {"lora", "full"}
    assert {plan.models[stage.base].trained for stage in trained} == {"", "train.smollm2_kl"}
    learnt = {
        (item, people) for stage in trained for item in (*stage.items, *stage.valid) for people in stage.populations
    }
    asked = {
        (item, people)
        for stage in plan.stages
        if isinstance(stage, Score)
        for item in stage.items
        for people in stage.populations
    }
    assert not learnt & asked


def test_the_page_counts_as_the_plan_does(made: tuple[Plan, Sink]) -> None:
    plan, page = made[0], (HERE / "README.md").read_text(encoding="utf-8")
    prompts = Counter[str]()
    for stage in plan.stages:
        if isinstance(stage, Score):
            prompts["smollm2" if stage.model.startswith("smollm2") else "gemma3"] += cells(stage, plan)
    said = [int(number.replace(",", "")) for number in re.findall(r"\| ([\d,]+) prompts \|", page)]
    assert said == [prompts["smollm2"], prompts["gemma3"]]
    stages = {stage.model: stage for stage in plan.stages if isinstance(stage, Train)}
    for name in ("smollm2_kl", "smollm2_full", "gemma3_kl"):
        stage = stages[name]
        orders = stage.objective.params["orders"]
        assert len(stage.items) * len(stage.populations) * orders * stage.epochs == 272
    pairs = stages["smollm2_dpo"]
    assert len(pairs.items) * len(pairs.populations) * pairs.epochs == 68


@pytest.mark.slow  # two audits of simulated models, with intervals
def test_its_claims_can_come_out_both_ways(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(HERE, tmp_path / "spec"))
    ended = CliRunner().invoke(app, ["test", str(folder / "alignment.audit")])
    assert ended.exit_code == 0, ended.output
