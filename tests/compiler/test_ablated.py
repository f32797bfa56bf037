"""Ablations of a block: what is refused, what is warned of, and what a comparison of two audits makes of conditions."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from auditc.compiler.ablated import bare
from auditc.compiler.compare.cells import cells
from auditc.compiler.compare.names import Names
from auditc.compiler.pipeline import check_spec, compile_spec
from auditc.diagnostics import Sink, SpecRejected
from auditc.ir.plan import Converse
from tests.compiler.fragments import SETTING, completed, lay

BLOCK = """
population us {{
  country  = "United States"
  language = en
  places   = csv("us_states.csv", weight = residents)
  named {{ zh = "美国" }}
}}

def_survey citizens {{
  ask = values
  of  = [sim]
  as  = [us, cn]
  {settings}
  kl {{ }}
}}
"""
SILENT = {"AC415", "AC435", "AC436", "AC409", "AC414"}


def said(folder: Path, settings: str, files: dict[str, str] | None = None) -> list[tuple[str, str]]:
    path = lay(folder, completed(BLOCK.format(settings=settings), without="first_token"), files)
    sink = Sink()
    with contextlib.suppress(SpecRejected):
        check_spec(path, sink)
    return [(d.code, d.primary.text) for d in sink.sorted() if d.code not in SILENT]


@pytest.mark.parametrize(
    ("settings", "idle"),
    [
        ("ablations = [prompt, memory]", []),
        ("ablations = [config]", ["`config` asks the very same as what is asked anyway"]),
        ("memory = 0..0  ablations = [memory]", ["`memory` asks the very same as what is asked anyway"]),
        ("vary = [memory]  ablations = [memory, all]", ["`all` asks the very same as `memory`"]),
        ("vary = []  ablations = [all]", ["`all` asks the very same as what is asked anyway"]),
        ("vary = [config, memory]  ablations = [prompt]", ["`prompt` asks the very same as what is asked anyway"]),
        ("persona = citizen  ablations = [prompt]", ["`prompt` asks the very same as what is asked anyway"]),
        ("ablations = [language]", []),
    ],
)
def test_an_ablation_that_changes_nothing_is_warned_of(tmp_path: Path, settings: str, idle: list[str]) -> None:
    assert said(tmp_path, settings) == [("AC461", label) for label in idle]


def _french(row: str) -> str:
    """As many options as the row has in English."""
    return "|".join("abc"[: row.count("|") // 2 + 1])


def test_the_other_one_of_three_languages_is_none(tmp_path: Path) -> None:
    head, *rows = (SETTING / "items.csv").read_text(encoding="utf-8").splitlines()
    more = [f"{head},text.fr,options.fr", *(f"{row},Quoi ?,{_french(row)}" for row in rows)]
    found = said(tmp_path, "ablations = [language]", {"items.csv": "\n".join(more) + "\n"})
    assert found == [("AC460", "the items are worded in `en`, `fr`, `zh`: which language is the other one?")]


def test_places_and_groups_need_names_in_the_other_language(tmp_path: Path) -> None:
    states = "place.en,residents\nOhio,2\nTexas,3\n"
    provinces = "place.zh,residents\n福建省,1\n湖南省,2\n"
    found = said(tmp_path, "ablations = [language]", {"us_states.csv": states, "cn_provinces.csv": provinces})
    assert found == [
        ("AC460", "the places of `us` have no names in `zh`"),
        ("AC460", "the places of `cn` have no names in `en`"),
    ]


def test_a_list_names_an_ablation_once_and_knows_no_other(tmp_path: Path) -> None:
    codes = [code for code, _ in said(tmp_path, "ablations = [memory, memory]")]
    assert codes == ["AC308"]
    assert [code for code, _ in said(tmp_path, "ablations = [memories]")] == ["AC213"]


@pytest.mark.parametrize(
    ("prompt", "shown"),
    [
        ("{{ country }}", set()),
        ("{{ place }}", {"place"}),
        ("{% if place %}{{ place }}, {{ group }}{% endif %}", {"group"}),
        ("{{ place if place else country }}", set()),
        ("{% if place and group %}{{ place }}{{ group }}{% elif group %}{{ group }}{% else %}{% endif %}", set()),
        ("{% if country %}{{ place | upper }}{% endif %}", {"place"}),
    ],
)
def test_what_a_prompt_shows_without_asking_whether_it_is_there(prompt: str, shown: set[str]) -> None:
    assert bare(prompt) == shown


def test_each_condition_is_a_figure_of_its_own_in_a_comparison(tmp_path: Path) -> None:
    text = completed(BLOCK.format(settings="ablations = [memory, language]"), without="first_token")
    plan = compile_spec(lay(tmp_path, text), Sink()).plan
    stages = [stage for stage in plan.stages if isinstance(stage, Converse)]
    assert {stage.condition: stage.language["us"] for stage in stages} == {
        "asked": "en",
        "without_memory": "en",
        "other_language": "zh",
    }
    found = cells(plan, Names())
    mine = {key[3]: cell for key, cell in found.items() if key[1:3] == ("kl", "us")}
    assert {name: (cell.language, cell.remembers, cell.roles) for name, cell in mine.items()} == {
        "asked": ("en", True, frozenset({""})),
        "without_memory": ("en", False, frozenset({"without_memory"})),
        "other_language": ("zh", True, frozenset({"other_language"})),
    }
