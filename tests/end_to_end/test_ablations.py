"""One run asks participants with and without what makes them differ, and finds figures for every condition."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.compiler.fragments import completed, lay

from .conftest import Shell

CONDITIONS = ("asked", "without_prompt", "without_config", "without_memory", "nothing_varied", "other_language")
BLOCK = """
population us {
  country  = "United States"
  language = en
  places   = csv("us_states.csv", weight = residents)
  named { zh = "美国" }
}

def_survey citizens {
  ask       = values
  of        = [sim]
  as        = [us, cn]
  draws     = 30
  memory    = 0..3
  beams     = 1..2
  sampling  = [on, off]
  ablations = [prompt, config, memory, all, language]
  kl { }
  diversity { }
}

claim remembering {
  says     = "Without memory answers are no farther from people's"
  holds    = each(citizens.kl[condition = without_memory] - citizens.kl, over = population) < 3
  level    = 95%
  estimand = these_items
}

claim everywhere {
  says     = "No condition is far from people"
  holds    = each(citizens.kl, over = [population, condition]) < 3
  level    = 95%
  estimand = these_items
}

report governance {
  formats   = [html]
  languages = [en]
}
"""


@pytest.fixture
def ablated(shell: Shell) -> Shell:
    lay(shell.folder, completed(BLOCK, without="first_token"))
    done = shell.auditc("compile", "spec.audit")
    assert done.code == 0, done.err
    return shell


def findings(shell: Shell) -> dict[str, Any]:
    return dict(json.loads(shell.findings()))


def test_every_condition_is_asked_and_found_in_one_run(ablated: Shell) -> None:
    planned = ablated.auditc("plan", "--json").json
    names = {stage["name"] for stage in planned["stages"]}
    assert names == {"citizens/sim", *(f"citizens/sim/{name}" for name in CONDITIONS[1:])}
    for stage in planned["stages"]:
        assert stage["cells"] == stage["cached"] + stage["shared"] + stage["to_run"]
    done = ablated.auditc("run", "--json").json
    assert done["cells"]["not_run"] == 0 and done["cells"]["asked"] <= planned["cells"]["to_run"]
    assert done["cells"]["reused"] >= planned["cells"]["shared"] > 0
    found = findings(ablated)
    for metric in ("kl", "diversity", "answer_rate"):
        whole = [f for f in found["findings"] if f["metric"] == metric and f["claim"] is None and not f["axes"]]
        assert {(f["population"], f["condition"]) for f in whole} == {(p, c) for p in ("us", "cn") for c in CONDITIONS}
        assert all(f["estimate"] is not None for f in whole)
    assert {row["condition"] for row in found["tallies"]} == set(CONDITIONS)
    verdicts = {claim["claim"]: (claim["verdict"], len(claim["parts"])) for claim in found["claims"]}
    assert verdicts == {"remembering": ("holds", 2), "everywhere": ("holds", 2 * len(CONDITIONS))}
    page = (ablated.folder / done["reports"]["html.en"]).read_text(encoding="utf-8")
    assert "ithout memory" in page and "ther language" in page
    rows = json.loads((ablated.folder / done["findings"]).with_name("items.json").read_text(encoding="utf-8"))
    [row] = [r for r in rows if (r["population"], r["condition"], r["item"]) == ("us", "other_language", "Q1")]
    shown = ablated.auditc("show", "last", row["cells"][0], "--json").json
    assert "美国" in shown["turns"][-1][1] and shown["places"][0]["condition"] == "other_language"


def test_leaving_out_an_ablation_or_what_varies_is_one_line(ablated: Shell) -> None:
    ablated.auditc("run", "-q")
    ablated.edit("spec.audit", "[prompt, config, memory, all, language]", "[config]")
    ablated.edit("spec.audit", "[condition = without_memory]", "[condition = without_config]")
    ablated.auditc("compile", "spec.audit")
    assert ablated.auditc("plan", "--json").json["cells"]["to_run"] == 0, "what is left was asked already"
    # Asked without memory, this is word for word the condition that was asked beside.
    ablated.edit("spec.audit", "ablations = [config]", "vary = [prompt, config]")
    ablated.edit("spec.audit", "[condition = without_config]", "")
    ablated.auditc("compile", "spec.audit")
    assert ablated.auditc("plan", "--json").json["cells"]["to_run"] == 0
