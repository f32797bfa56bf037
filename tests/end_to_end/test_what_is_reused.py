"""Which answers are used again, as a user meets it: a spec is run, something is changed, and the plan says why.

Whatever can change an answer is asked again and named; whatever cannot is never asked again. What reads the answers can
change at any time: no score is kept that an older reader made.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditc.api import plans, runs
from auditc.backends import simulated as simulated_module
from auditc.ir.reading import Reading
from auditc.methods import def_survey as def_survey_module
from auditc.metrics import jsd as jsd_module

SPEC = """
audit small {
  title   = "Small"
  version = "1"
  seed    = 1
}

model one {
  title   = "One"
  family  = "none"
  origin  = "none"
  stage   = "none"
  backend = simulated { like = practice   refuse = 20% }
}

population hill {
  country  = "Hill people"
  language = en
  named { en = "Hill Land" }
}

persona citizen {
  prompt { en = "You live in {{ country }}." }
}

survey practice {
  items     = csv("items.csv")
  reference = csv("shares.csv", by = [country])
}

first_token letters {
  ask      = practice
  of       = [one]
  as       = [hill]
  orders   = 2
  in_words = 0%
  jsd { }
}

def_survey people {
  ask     = practice
  of      = [one]
  as      = [hill]
  persona = citizen
  draws   = 6
  memory  = 0..0
  kl { }
}

report result {
  formats   = [json]
  languages = [en]
}
"""


@dataclasses.dataclass
class Audit:
    """A spec in a folder of its own, run in this process."""

    folder: Path

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text(encoding="utf-8")
        assert old in text
        (self.folder / name).write_text(text.replace(old, new), encoding="utf-8")

    def plan(self) -> tuple[dict[str, int], dict[str, tuple[str, ...]]]:
        """Compile, and what the plan says: cells to run and why, by block."""
        plans.compile_to_file(Path("small.audit"), None)
        seen, _ = plans.foresee(None)
        assert not seen.problems
        return {s.name.split("/")[0]: s.to_run for s in seen.stages}, {s.name.split("/")[0]: s.why for s in seen.stages}

    def run(self) -> tuple[dict[str, int], bytes]:
        """Compile and run: cells, and the bytes of the findings."""
        plans.compile_to_file(Path("small.audit"), None)
        done = runs.run(None, show="quiet")
        return done.record.cells, (done.folder / "findings.json").read_bytes()


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path) -> Audit:
    folder = tmp_path / "audit"
    folder.mkdir()
    (folder / "small.audit").write_text(SPEC)
    import auditc

    for name in ("items.csv", "shares.csv"):
        (folder / name).write_bytes((Path(auditc.__file__).parent / "starter" / name).read_bytes())
    monkeypatch.chdir(folder)
    return Audit(folder)


CHANGES: dict[str, tuple[Callable[[Audit], None], dict[str, str], bool]] = {
    "item text": (
        lambda a: a.edit("items.csv", "How important is work", "How dear is work"),
        {"letters": "item text changed: p1", "people": "item text changed: p1"},
        False,
    ),
    "options": (
        lambda a: a.edit(
            "items.csv",
            "Very important|Rather important|Not very important|Not at all important\np2",
            "Yes|Rather important|Not very important|No\np2",
        ),
        {"letters": "item options changed: p1", "people": "item options changed: p1"},
        False,
    ),
    "a persona": (
        lambda a: a.edit("small.audit", "You live in", "You dwell in"),
        {"people": "prompt changed: en"},
        True,
    ),
    "another name of the country": (
        lambda a: a.edit("small.audit", "Hill Land", "Hilly Land"),
        {"letters": "population changed: hill", "people": "population changed: hill"},
        True,
    ),
    "sampling": (
        lambda a: a.edit("small.audit", "draws   = 6", "draws   = 6   temperature = 0.5"),
        {"people": "temperature: 1.0 → 0.5"},
        True,
    ),
    "length": (
        lambda a: a.edit("small.audit", "draws   = 6", "draws   = 6   max_new_tokens = 9"),
        {"people": "max_new_tokens: 512 → 9"},
        True,
    ),
    "the answerer": (
        lambda a: a.edit("small.audit", "refuse = 20%", "refuse = 21%"),
        {"letters": "engine settings: ", "people": "engine settings: "},
        True,
    ),
    "shares that a simulated model answers from": (
        lambda a: a.edit("shares.csv", "0.23|0.42|0.337|0.013", "0.25|0.40|0.337|0.013"),
        {"letters": "engine reference: ", "people": "engine reference: "},
        True,
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_can_change_an_answer_is_asked_again_and_named(audit: Audit, what: str) -> None:
    change, expected, whole = CHANGES[what]
    cells = audit.run()[0]["planned"]
    assert audit.plan()[0] == {"letters": 0, "people": 0}
    change(audit)
    to_run, why = audit.plan()
    sizes = {"letters": 24, "people": 72} if whole else {"letters": 2, "people": 6}
    assert to_run == {block: sizes[block] if block in expected else 0 for block in ("letters", "people")}
    for block, words in expected.items():
        assert [reason for reason in why[block] if reason.startswith(words)] == list(why[block])
    done, _ = audit.run()
    assert done["asked"] == sum(to_run.values()) and done["reused"] == cells - done["asked"]


def test_another_version_of_an_engine_is_asked_again_and_named(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    audit.run()
    monkeypatch.setattr(simulated_module, "VERSION", simulated_module.VERSION + 1)
    to_run, why = audit.plan()
    assert to_run == {"letters": 24, "people": 72}
    old = simulated_module.VERSION - 1
    assert why["letters"] == why["people"] == (f"engine version: {old} → {old + 1}",)


def _comment(audit: Audit) -> None:
    audit.edit("small.audit", "audit small {", "# Another day.\n\n\naudit small {   # here\n\n")
    audit.edit("small.audit", "  orders   = 2", "        orders=2")


def _order(audit: Audit) -> None:
    parts = [part for part in SPEC.strip().split("\n\n") if part]
    (audit.folder / "small.audit").write_text("\n\n".join([parts[0], *reversed(parts[1:])]) + "\n")


def _names(audit: Audit) -> None:
    for old, new in {
        "letters": "first",
        "people": "crowd",
        "hill": "up",
        "practice": "asked",
        "citizen": "who",
    }.items():
        audit.edit("small.audit", old, new) if old != "people" else audit.edit(
            "small.audit", "survey people", "survey crowd"
        )
    audit.edit("small.audit", "model one", "model uno")
    audit.edit("small.audit", "[one]", "[uno]")
    audit.edit("small.audit", "audit small", "audit other")


def _imports(audit: Audit) -> None:
    start, end = SPEC.index("population hill"), SPEC.index("persona citizen")
    (audit.folder / "more").mkdir()
    (audit.folder / "more/lands.audit").write_text(SPEC[start:end])
    moved = SPEC[:start] + SPEC[end:].replace("[hill]", "[lands.hill]")
    (audit.folder / "small.audit").write_text('import "more/lands.audit" as lands\n' + moved)


@pytest.mark.parametrize("edit", [_comment, _order, _imports])
def test_what_cannot_change_an_answer_asks_nothing(audit: Audit, edit: Callable[[Audit], None]) -> None:
    before, findings = audit.run()
    edit(audit)
    assert audit.plan()[0] == {"letters": 0, "people": 0}
    after, again = audit.run()
    assert after["asked"] == 0 and after["reused"] == before["planned"]
    if edit is not _imports:
        assert _figures(again) == _figures(findings)


def test_names_are_in_no_key(audit: Audit) -> None:
    before, _ = audit.run()
    _names(audit)
    assert audit.run()[0]["reused"] == before["planned"]


def test_the_folder_may_move(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    before, findings = audit.run()
    monkeypatch.chdir(audit.folder.parent)
    audit.folder = audit.folder.rename(audit.folder.parent / "elsewhere")
    monkeypatch.chdir(audit.folder)
    after, again = audit.run()
    assert after["reused"] == before["planned"] and again == findings


def _figures(findings: bytes) -> list[Any]:
    """The figures, in an order that the spec does not give."""
    found = json.loads(findings)["findings"]
    return sorted(
        json.dumps([one[name] for name in ("metric", "population", "estimate", "low", "high")]) for one in found
    )


def _nobody(text: str, options: tuple[str, ...], language: str) -> Reading:
    """A parser that finds the first option in every text."""
    return Reading(0, "answered", "changed")


def test_a_changed_reader_or_metric_meets_the_stored_answers_and_no_old_score(
    audit: Audit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before, old = audit.run()
    method, metric = def_survey_module.def_survey, jsd_module.jsd
    monkeypatch.setattr(def_survey_module, "def_survey", dataclasses.replace(method, read=_nobody))
    halved = dataclasses.replace(metric, values=lambda x, sheet, params: metric.values(x, sheet, params) / 2)
    monkeypatch.setattr(jsd_module, "jsd", halved)
    assert audit.plan()[0] == {"letters": 0, "people": 0}
    after, new = audit.run()
    assert after["asked"] == 0 and after["reused"] == before["planned"]
    (audit.folder / ".auditc").rename(tmp_path / "away")
    fresh, asked = audit.run()
    assert fresh["asked"] == before["planned"] and asked == new
    values = [
        {f["metric"]: f["estimate"] for f in json.loads(found)["findings"] if not f["claim"]} for found in (old, new)
    ]
    assert values[1]["jsd"] == pytest.approx(values[0]["jsd"] / 2) and values[0]["kl"] != values[1]["kl"]
