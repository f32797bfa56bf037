"""What models are perplexed by: from plain texts to claims in which texts are paired, on simulated models."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from .conftest import Ended, Shell

SPEC = """
audit cost { title = "What it cost"   version = "1"   seed = 3 }

survey opinions { items = csv("items.csv")   reference = csv("shares.csv", by = [country]) }

model before { backend = simulated { like = opinions } }

model after { backend = simulated { like = opinions   perplexity = 21 } }

model worse { backend = simulated { like = opinions   perplexity = 40 } }

prediction fluency {
  texts = csv("plain.csv")
  of    = [before, after, worse]
  perplexity { }
}

claim little {
  says  = "It cost little"
  holds = fluency.perplexity[model = after] <= 1.2 * fluency.perplexity[model = before]
}

claim no_more {
  says  = "It cost no more"
  holds = fluency.perplexity[model = worse] <= 1.2 * fluency.perplexity[model = before]
}

report page { formats = [html, json]   languages = [en, zh] }

test as_it_is {
  says = "It is so"
  given { after = simulated { perplexity = 19   like = opinions } }
  expect { little = holds }
}
"""
TEXTS = [
    (
        f"text_{n}",
        "Rain falls from clouds. " * (2 + n % 5) + f"It was the {n}th day.",
        f"第{n}天下雨。" if n < 3 else "",
    )
    for n in range(24)
]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    (tmp_path / "cost.audit").write_text(SPEC, encoding="utf-8")
    (tmp_path / "items.csv").write_text("id,scale,text.en,options.en\nq,ordinal,Well?,Yes|No\n", encoding="utf-8")
    (tmp_path / "shares.csv").write_text("item,country,n,shares\nq,Here,500,0.5|0.5\n", encoding="utf-8")
    with (tmp_path / "plain.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "text.en", "text.zh"), *TEXTS])
    return Shell(tmp_path)


def _ran(shell: Shell) -> Ended:
    assert shell.auditc("compile", "cost.audit").code == 0
    return shell.auditc("run", "cost.plan.json", "--json")


def test_from_texts_to_claims(shell: Shell) -> None:
    done = _ran(shell)
    assert done.code == 0 and done.json["cells"]["answered"] == 3 * len(TEXTS)
    found = json.loads(shell.findings())
    ours = {(f["metric"], f["model"]): f for f in found["findings"] if f["claim"] is None}
    perplexity = ours["perplexity", "before"]
    # By hand: the raw probabilities of all tokens, out of the export.
    assert shell.auditc("export", "last", "-o", "raw.csv").code == 0
    with (shell.folder / "raw.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["model"] == "before"]
    logs = [math.log(float(chance)) for row in rows for chance in row["probabilities"].split("|")]
    assert perplexity["estimate"] == pytest.approx(math.exp(-sum(logs) / len(logs)), rel=1e-5)
    size = sum(len(text.encode()) for _, text, _ in TEXTS)
    assert ours["bits_per_byte", "before"]["estimate"] == pytest.approx(-sum(logs) / math.log(2) / size, rel=1e-5)
    assert perplexity["low"] < perplexity["estimate"] < perplexity["high"] and perplexity["n"]["items"] == len(TEXTS)
    assert "different tokenizers" in " ".join(perplexity["notes"])
    # Alone each interval is wide; in pairs of texts the difference between the two is not.
    claims = {claim["claim"]: claim["verdict"] for claim in found["claims"]}
    assert claims == {"little": "holds", "no_more": "fails"}
    assert ours["perplexity", "after"]["high"] > 1.2 * perplexity["low"]
    for language, word in (("en", "Perplexity on plain texts"), ("zh", "困惑度")):
        (report,) = shell.folder.glob(f".auditc/runs/*/report.{language}.html")
        assert word in report.read_text(encoding="utf-8")
    shown = shell.auditc("show", "last", rows[0]["key"][:12])
    assert (
        "perplexity" in shown.out and "Rain falls from clouds." in shown.out and "[the answer begins]" not in shown.out
    )
    again = shell.auditc("run", "cost.plan.json", "--json").json
    assert again["cells"]["asked"] == 0 and again["cells"]["reused"] == 3 * len(TEXTS)
    # What was recorded answers the same plan, without the models.
    assert shell.auditc("record", "last", "-o", "kept.jsonl").code == 0
    lines = (shell.folder / "kept.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 3 * len(TEXTS) and '"kind":"predict"' in lines[1]


def test_stand_ins_predict_texts_too(shell: Shell) -> None:
    assert shell.auditc("test", "cost.audit").code == 0


def test_a_changed_text_is_asked_alone_and_a_row_without_words_is_left_out(shell: Shell) -> None:
    _ran(shell)
    shell.edit("plain.csv", "It was the 7th day.", "It was the seventh day.")
    foreseen = shell.auditc("compile", "cost.audit")
    assert foreseen.code == 0
    cells = _ran(shell).json["cells"]
    assert (cells["asked"], cells["reused"]) == (3, 3 * (len(TEXTS) - 1))
    shell.edit("cost.audit", 'texts = csv("plain.csv")', 'texts = csv("plain.csv")  language = zh')
    cells = _ran(shell).json["cells"]
    assert cells["planned"] == 9
    little = next(claim for claim in json.loads(shell.findings())["claims"] if claim["claim"] == "little")
    assert little["verdict"] == "undecided" and "fewer than 10" in little["why"]


def test_what_cannot_be_read_is_told_where_it_stands(shell: Shell) -> None:
    shell.edit(
        "cost.audit", "fluency.perplexity[model = worse]", "fluency.perplexity[model = worse, population = fluency]"
    )
    shell.edit("plain.csv", "text_5,", "text_4,")
    shell.edit("plain.csv", "text.zh", "text.de")
    wrong = shell.auditc("check", "cost.audit")
    assert wrong.code == 2 and "AC501" in wrong.err + wrong.out
    shell.edit("plain.csv", "text_4,", "text_5,")
    wrong = shell.auditc("check", "cost.audit")
    assert wrong.code == 2 and "AC209" in wrong.err + wrong.out
