"""What correct specs are compiled into: goldens of plan, lock, graph and warnings, and bytes that do not vary."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from auditc.compiler.drawing import svg
from auditc.compiler.explain import cells, dot, mermaid
from auditc.compiler.lock import fresh
from auditc.compiler.pipeline import Compiled, as_bytes, compile_spec
from auditc.diagnostics import Severity, Sink
from auditc.diagnostics.render import render
from auditc.ir.plan import Converse, Plan, Score
from tests.compiler.fragments import lay

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden"
PEOPLE = """population cn {
  country  = "China"
  language = zh
  named { zh = "中国" }
  places   = csv("../cn_provinces.csv", weight = residents)
}

survey wave { items = csv("../items.csv")  reference = csv("../shares.csv", by = [country, sex, age]) }

survey never_used { items = csv("../items.csv") }
"""


def everything(folder: Path) -> Path:
    text = (HERE / "valid" / "everything.audit").read_text(encoding="utf-8")
    return lay(folder, text, {"library/people.audit": PEOPLE}, "everything.audit")


def compiled(path: Path) -> tuple[Compiled, Sink]:
    sink = Sink()
    return compile_spec(path, sink), sink


def test_golden_of_everything(tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    made, sink = compiled(everything(tmp_path))
    golden(GOLDEN / "everything.json", as_bytes(made.plan).decode())
    golden(GOLDEN / "everything.lock", as_bytes(made.lock).decode())
    golden(GOLDEN / "everything.warnings.txt", render(sink.sorted(), colour=False))
    golden(GOLDEN / "everything.mermaid", mermaid(made.plan))
    golden(GOLDEN / "everything.dot", dot(made.plan))


def test_golden_of_the_sketch(root: Path, golden: Callable[[Path, str], None]) -> None:
    """Everything that a spec can say compiles, whatever of it can be run."""
    made, sink = compiled(root / "examples" / "sketch" / "sketch.audit")
    golden(GOLDEN / "sketch.json", as_bytes(made.plan).decode())
    golden(GOLDEN / "sketch.lock", as_bytes(made.lock).decode())
    golden(GOLDEN / "sketch.warnings.txt", render(sink.sorted(), colour=False))
    golden(GOLDEN / "sketch.svg", svg(made.plan))


def test_golden_of_the_example(root: Path, golden: Callable[[Path, str], None]) -> None:
    made, sink = compiled(root / "examples" / "us_cn" / "us_cn.audit")
    golden(GOLDEN / "us_cn.mermaid", mermaid(made.plan))
    golden(GOLDEN / "us_cn.lock", as_bytes(made.lock).decode())
    golden(GOLDEN / "us_cn.warnings.txt", render(sink.sorted(), colour=False))


def test_a_plan_and_a_lock_can_be_read_back(tmp_path: Path) -> None:
    made, _ = compiled(everything(tmp_path))
    assert Plan.model_validate_json(as_bytes(made.plan)) == made.plan
    assert type(made.lock).model_validate_json(as_bytes(made.lock)) == made.lock
    assert Plan.model_validate_json(as_bytes(made.plan)).digest == made.plan.digest


def test_stages_follow_what_they_need(tmp_path: Path) -> None:
    plan = compiled(everything(tmp_path))[0].plan
    seen: set[str] = set()
    for stage in plan.stages:
        assert set(stage.needs) <= seen
        seen.add(stage.name)
    assert plan.graph().number_of_nodes() == len(plan.stages)


def test_only_what_is_used_enters_the_plan_and_all_that_is_read_the_lock(tmp_path: Path) -> None:
    made, _ = compiled(everything(tmp_path))
    assert sorted(made.plan.surveys) == ["people.wave", "values"]
    assert made.plan.models["sharpened"].like == "people.wave"
    assert sorted(made.plan.populations) == ["people.cn", "us", "us_in_groups"]
    assert sorted(made.lock.files) == [
        "cn_provinces.csv",
        "countries.csv",
        "dilemmas.csv",
        "everything.audit",
        "examples.csv",
        "items.csv",
        "judged.csv",
        "library/people.audit",
        "pairs.csv",
        "shares.csv",
        "us_groups.csv",
        "us_states.csv",
    ]
    assert sorted(made.lock.models) == ["pinned"]


def test_nothing_of_the_machine_is_in_plan_or_lock(tmp_path: Path) -> None:
    made, _ = compiled(everything(tmp_path))
    for content in (as_bytes(made.plan), as_bytes(made.lock)):
        assert str(tmp_path).encode() not in content
        assert b"\r" not in content
        assert content.endswith(b"}\n")
        assert json.loads(content)


def test_fresh_names_what_has_changed(tmp_path: Path) -> None:
    path = everything(tmp_path)
    made = compiled(path)[0]
    lock = made.lock
    assert lock.plan == made.plan.digest and lock.root == "."
    assert fresh(lock, tmp_path) == fresh(lock.model_copy(update={"root": ".."}), tmp_path / "library") == []
    path.write_text(path.read_text(encoding="utf-8") + "# a remark\n", encoding="utf-8")
    (tmp_path / "countries.csv").unlink()
    assert fresh(lock, tmp_path) == ["countries.csv", "everything.audit"]


def test_cells_are_counted_without_being_made(tmp_path: Path) -> None:
    plan = compiled(everything(tmp_path))[0].plan
    score = plan.stage("opinions/pinned")
    assert isinstance(score, Score)
    assert cells(score, plan) == 2 * 2 * (3 + 3 + 3 + 2 + 3 + 3)  # populations, conditions, rotations of six items
    converse = plan.stage("citizens/answering_as_people")
    assert isinstance(converse, Converse)
    assert cells(converse, plan) == 2 * 20 * 3


def test_a_million_cells_are_a_small_plan(tmp_path: Path) -> None:
    path = everything(tmp_path)
    text = path.read_text(encoding="utf-8").replace("fewest = 20", "fewest = 200k")
    path.write_text(text, encoding="utf-8")
    plan = compiled(path)[0].plan
    assert sum(cells(stage, plan) for stage in plan.stages) > 1_000_000
    assert len(as_bytes(plan)) < 120_000


def test_a_sample_does_not_depend_on_the_order_of_the_file(tmp_path: Path) -> None:
    first = compiled(everything(tmp_path / "a"))[0].plan.stage("citizens/answering_as_people")
    path = everything(tmp_path / "b")
    head, *rows = (path.parent / "items.csv").read_text(encoding="utf-8").splitlines()
    (path.parent / "items.csv").write_text("\n".join([head, *reversed(rows)]) + "\n", encoding="utf-8")
    second = compiled(path)[0].plan.stage("citizens/answering_as_people")
    assert isinstance(first, Converse)
    assert isinstance(second, Converse)
    assert sorted(first.items) == sorted(second.items)


def test_shares_add_up_exactly_as_far_as_numbers_can(tmp_path: Path) -> None:
    plan = compiled(everything(tmp_path))[0].plan
    for people in plan.surveys["values"].people.values():
        assert all(sum(answers.shares) == pytest.approx(1, abs=1e-15) for answers in people.values())
    assert {p.nominal for p in plan.surveys["values"].people["China"].values()} == {True}
    assert sum(place.weight for place in plan.populations["us"].places) == pytest.approx(1, abs=1e-15)


def test_a_data_file_may_carry_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    expected = compiled(everything(tmp_path / "a"))[0].plan
    path = everything(tmp_path / "b")
    for file in path.parent.glob("*.csv"):
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    plan = compiled(path)[0].plan
    assert plan.surveys["values"].items == expected.surveys["values"].items
    assert plan.surveys["values"].people == expected.surveys["values"].people


def test_a_link_out_of_the_workspace_is_not_followed(tmp_path: Path) -> None:
    path = everything(tmp_path / "work")
    shutil.move(path.parent / "countries.csv", tmp_path / "countries.csv")
    (path.parent / "countries.csv").symlink_to(tmp_path / "countries.csv")
    sink = Sink()
    with pytest.raises(Exception, match="diagnostics"):
        compile_spec(path, sink)
    assert [d.code for d in sink.sorted() if d.severity is Severity.ERROR] == ["AC011"]


def test_a_cell_that_looks_like_a_formula_is_text(tmp_path: Path) -> None:
    path = everything(tmp_path)
    items = path.parent / "items.csv"
    items.write_text(items.read_text(encoding="utf-8").replace("Should a prize be shared?", "=1+1"), encoding="utf-8")
    plan = compiled(path)[0].plan
    assert plan.surveys["values"].items[3].text["en"] == "=1+1"
