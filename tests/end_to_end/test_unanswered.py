"""A model that never answers in the format, and one whose participants remember too much: null figures that say why."""

from __future__ import annotations

import json

from tests.compiler.fragments import completed, lay

from .conftest import Shell

SPEC = """
model mute { backend = simulated { like = values   unparsable = 100% } }

model narrow { backend = simulated { like = values   window = 180 } }

def_survey citizens {
  ask    = values
  of     = [mute, narrow]
  as     = [us, cn]
  draws  = 20
  memory = 0..5
  max_new_tokens = 16
  kl { }
  jsd { }
  emd { }
  diversity { }
}

first_token opinions {
  ask      = values
  of       = [mute]
  as       = [us]
  in_words = 50%
  jsd { }
}

claim close {
  says     = "Close to people"
  holds    = each(citizens.kl, over = [model, population]) < 1
  level    = 95%
  estimand = these_items
}

report governance {
  formats   = [html, json]
  languages = [en, zh]
}
"""


def test_figures_without_answers_are_null_and_say_why_everywhere(shell: Shell) -> None:
    lay(shell.folder, completed(SPEC))
    compiled = shell.auditc("compile", "spec.audit")
    assert compiled.code == 0, compiled.err
    foreseen = shell.auditc("plan")
    assert "citizens lets participants remember up to 5 answers" in foreseen.out and "of model narrow" in foreseen.out
    ended = shell.auditc("run")
    assert ended.code == 0
    turns = 2 * 20 * 6
    assert f"citizens: mute answered 0 of {turns} cells in a way that can be read" in ended.out
    found = json.loads(shell.findings())
    long = sum(row.get("too_long", 0) for row in found["tallies"])
    assert f"citizens: {long} cells did not fit into the window of narrow, and are missing" in ended.out and long
    mute = [f for f in found["findings"] if (f["block"], f["model"], f["claim"]) == ("citizens", "mute", None)]
    for finding in mute:
        if finding["metric"] == "answer_rate":
            assert finding["estimate"] == 0
        else:
            assert finding["estimate"] is finding["low"] is finding["high"] is None
            assert not finding["interpretable"] and any("not interpretable" in note for note in finding["notes"])
    # English prompts have more letters.
    narrow = [f for f in found["findings"] if (f["model"], f["population"], f["claim"]) == ("narrow", "us", None)]
    assert all(any("participants with shorter memories" in note for note in f["notes"]) for f in narrow)
    parts = {(f["model"], f["population"]): f["verdict"] for f in found["findings"] if f["claim"] == "close"}
    assert parts["mute", "us"] == parts["mute", "cn"] == "undecided"
    for language, said in (("en", "did not fit into the model&#39;s window"), ("zh", "超出了模型的上下文窗口")):
        page = max((shell.folder / ".auditc/runs").glob(f"*/*{language}.html")).read_text(encoding="utf-8")
        assert said in page
