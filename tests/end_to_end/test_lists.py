"""Items that are asked together, from the data file to the report: one turn, and an answer for each item."""

from __future__ import annotations

import csv
import json

from tests.compiler.fragments import SETTING, completed, lay

from .conftest import Shell

COLUMNS = ",list,list.choose,list.text.en,list.text.zh,list.label.en,list.label.zh"
SHARE = {"Q11": 0.6, "Q12": 0.3, "Q13": 0.8}
BLOCK = """
def_survey citizens {
  ask    = values
  of     = [sim]
  as     = [us, cn]
  draws  = 20
  memory = 0..4
  kl { }
}

report governance {
  formats   = [html]
  languages = [en]
}
"""


def with_a_list(shell: Shell) -> None:
    head, *rows = (SETTING / "items.csv").read_text(encoding="utf-8").splitlines()
    items = [head + COLUMNS, *(row + ",,,,,," for row in rows)]
    people = (SETTING / "shares.csv").read_text(encoding="utf-8").rstrip("\n").splitlines()
    columns = people[0].split(",")
    for number, (name, share) in enumerate(SHARE.items(), 1):
        worded = f"Does quality {number} matter?,品质{number}重要吗？,Yes|No,重要|不重要"
        listed = f"qualities,1..3,Which of these matter?,哪些重要？,Quality no. {number},品质{number}"
        items.append(f"{name},tradition,,nominal,made up,{worded},{listed}")
        for country in ("United States", "China"):
            cells = {"item": name, "country": country, "n": "1200", "shares": f"{share}|{1 - share:.1f}"}
            people.append(",".join(cells.get(column, "") for column in columns))
    files = {"items.csv": "\n".join(items) + "\n", "shares.csv": "\n".join(people) + "\n"}
    lay(shell.folder, completed(BLOCK, without="first_token"), files)
    compiled = shell.auditc("compile", "spec.audit")
    assert compiled.code == 0, compiled.err


def test_a_list_is_one_cell_and_its_items_have_figures_rows_and_answers(shell: Shell) -> None:
    with_a_list(shell)
    turns = 2 * 20 * (6 + 1)
    assert shell.auditc("plan", "--json").json["cells"]["total"] == turns
    done = shell.auditc("run", "--json").json
    assert done["cells"]["planned"] == done["cells"]["asked"] == done["cells"]["answered"] == turns
    found = json.loads(shell.findings())
    assert {(t["planned"], t["answered"]) for t in found["tallies"]} == {(20 * 7, 20 * 7)}
    whole = [f for f in found["findings"] if f["metric"] == "kl" and not f["axes"]]
    assert {(f["n"]["items"], f["n"]["answers"]) for f in whole} == {(9, 20 * 9)}
    rows = json.loads((shell.folder / done["findings"]).with_name("items.json").read_text(encoding="utf-8"))
    listed = [row for row in rows if row["item"] in SHARE and row["population"] == "us"]
    assert len(listed) == 3 and len({tuple(row["cells"]) for row in listed}) == 1
    key = listed[0]["cells"][0]
    shown = shell.auditc("show", "last", key, "--json").json
    assert [place["item"] for place in shown["places"]] == list(SHARE)
    assert [option["text"] for option in shown["options"]] == ["Quality no. 1", "Quality no. 2", "Quality no. 3"]
    assert shown["reading"]["reason"] == "answered" and 1 <= len(shown["reading"]["options"]) <= 3
    assert "Quality no." in shell.auditc("show", "last", key).out
    assert shell.auditc("export", "-o", "answers.csv", "--json").json["rows"] == 2 * 20 * 9
    with (shell.folder / "answers.csv").open(newline="", encoding="utf-8") as file:
        mine = {row["item"]: row["choice"] for row in csv.DictReader(file) if row["key"] == key}
    assert mine == {n: "1" if p in shown["reading"]["options"] else "2" for p, n in enumerate(SHARE)}
    page = (shell.folder / done["reports"]["html.en"]).read_text(encoding="utf-8")
    assert "numbers of the options with commas between them" in page


def test_a_list_is_replayed_and_probed(shell: Shell) -> None:
    with_a_list(shell)
    shell.edit("spec.audit", "seed    = 1", "seed    = 1\n  probe   = 30%")
    shell.auditc("compile", "spec.audit")
    done = shell.auditc("run", "--json").json
    assert done["probe"]["asked"] > 40
    assert all(row["readings"]["count"] == 0 for row in json.loads(shell.findings())["probes"])
    assert shell.auditc("record", "-o", "exchanges.jsonl.gz").code == 0
    elsewhere = Shell(shell.folder / "elsewhere")
    with_a_list(elsewhere)
    again = elsewhere.auditc("run", "--replay", "../exchanges.jsonl.gz", "--json").json
    assert again["cells"]["answered"] == done["cells"]["answered"] and again["cells"]["failed"] == 0
