"""The example of the whole framework: its data are those of examples/us_cn, and its report has every figure."""

from __future__ import annotations

import csv
import html
import json
import re
import shutil
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

import auditc
from auditc.cli import app

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DEF, US_CN = EXAMPLES / "us_cn_def", EXAMPLES / "us_cn"
WORDS = Path(auditc.__file__).parent / "reports" / "html" / "words"
LISTED = ("list", "list.text.en", "list.text.zh", "list.label.en", "list.label.zh", "list.choose")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_items_and_shares_are_those_of_the_other_example() -> None:
    items = {row["id"]: row for row in rows(US_CN / "items.csv")}
    asked = rows(DEF / "items.csv")
    assert len(asked) == 27
    for row in asked:
        assert {key: value for key, value in row.items() if key not in LISTED} == items[row["id"]]
    wanted = {row["id"] for row in asked}
    assert rows(DEF / "shares.csv") == [row for row in rows(US_CN / "shares.csv") if row["item"] in wanted]
    for name in ("us_states.csv", "cn_provinces.csv"):
        assert (DEF / name).read_bytes() == (US_CN / name).read_bytes()


def test_single_items_have_groups_of_people_in_both_countries() -> None:
    told = {(row["item"], row["country"]) for row in rows(DEF / "shares.csv") if row["sex"] and not row["age"]}
    for row in rows(DEF / "items.csv"):
        if not row["list"]:
            assert {(row["id"], "United States"), (row["id"], "China")} <= told


def test_cases_are_as_many_as_the_page_says_and_as_a_judge_needs() -> None:
    cases = rows(DEF / "judged.csv")
    counted = Counter((row["fault"], row["present"], row["source"]) for row in cases)
    page = (DEF / "SOURCES.md").read_text(encoding="utf-8")
    said = re.findall(r"^\| (\w+) \| (\d+), (\d+) \| (\d+), (\d+) \|$", page, re.MULTILINE)
    kinds = [("yes", "real"), ("yes", "written"), ("no", "real"), ("no", "written")]
    assert {(fault, *kind): int(n) for fault, *ns in said for kind, n in zip(kinds, ns, strict=True)} == counted
    assert min(Counter((row["fault"], row["present"]) for row in cases).values()) >= 50
    assert len({(row["fault"], row["text"], row["question"]) for row in cases}) == len(cases)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the example with simulated models in the place of the real ones, and fewer cases."""
    folder = tmp_path_factory.mktemp("def")
    for file in DEF.glob("*.csv"):
        shutil.copy(file, folder)
    cases = rows(folder / "judged.csv")
    kept = [row for row in cases if row["fault"] == "no_role"]
    with (folder / "judged.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(cases[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)
    spec = (DEF / "us_cn_def.audit").read_text(encoding="utf-8")
    spec = re.sub(r"^  weights .*\n", "", spec, flags=re.MULTILINE)
    spec = re.sub(r"backend +=.*", "backend = simulated { like = values }", spec)
    spec = spec.replace("participants = 10", "participants = 4")
    (folder / "us_cn_def.audit").write_text(spec, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command in (["compile", "us_cn_def.audit"], ["run", "-q"]):
            done = CliRunner().invoke(app, command)
            assert done.exit_code == 0, done.output
    return next((folder / ".auditc" / "runs").iterdir())


def test_its_findings_hold_every_metric_for_every_condition(simulated: Path) -> None:
    found = json.loads((simulated / "findings.json").read_text(encoding="utf-8"))
    conditions = {"asked", "without_prompt", "without_config", "without_memory", "nothing_varied", "other_language"}
    for metric in ("kl", "kl_def2025", "diversity", "diversity_def2025", "matching", "preference_bias", "culture_map"):
        own = [one for one in found["findings"] if one["metric"] == metric]
        assert {one["condition"] for one in own} == conditions, metric
        assert {(one["model"], one["population"]) for one in own} == {
            (model, people) for model in ("smollm2", "gemma3") for people in ("us", "cn")
        }
    faults = [one for one in found["findings"] if one["metric"] == "insensitivity"]
    assert {one["axes"]["fault"] for one in faults} >= {"no_role", "false_facts"}
    assert len(found["maps"]) == 1 and len(found["maps"][0]["places"]) == 6
    assert {row["of"] for row in found["contrasts"]} == {"ablation", "stage"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_its_report_draws_every_figure(simulated: Path, language: str) -> None:
    page = (simulated / f"report.{language}.html").read_text(encoding="utf-8")
    drawn = set(re.findall(r"<title[^>]*>([^<:：]+)[:：]", page))
    words = tomllib.loads((WORDS / f"{language}.toml").read_text(encoding="utf-8"))["metric"]
    for metric in ("kl", "diversity", "matching", "preference_bias", "culture_map", "insensitivity"):
        title = html.escape(re.split("[:：]", words[metric]["title"])[0])
        assert title in drawn, metric
    assert "<ellipse" in page
    assert len(page) < 3_500_000
