"""`auditc diff` as a user meets it: the how-to does what it says, gates end as they should, and what cannot be compared
is refused politely."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from .conftest import Ended, Shell

_EDIT = re.compile(r"In `([^`]+)`, write `([^`]+)` instead of `([^`]+)`")
_STEP = re.compile(r"```(sh|text)\n(.*?)```|(^- In `[^\n]+)", re.DOTALL | re.MULTILINE)


def test_the_how_to_does_what_it_says(shell: Shell, root: Path) -> None:
    text = (root / "docs" / "how-to" / "compare-waves.md").read_text(encoding="utf-8")
    ended: Ended | None = None
    ran = 0
    for kind, block, edit in _STEP.findall(text):
        if edit:
            ((file, new, old),) = _EDIT.findall(edit)
            shell.edit(file, old, new)
        elif kind == "sh":
            for line in block.strip().splitlines():
                name, *words = shlex.split(line)
                assert name == "auditc"
                ended = shell.auditc(*words)
                assert ended.code == 0, f"{line}\n{ended.err}"
                ran += 1
        else:
            assert ended is not None
            shown = [line.rstrip() for line in ended.out.splitlines()]
            assert [line for line in block.rstrip().splitlines() if line not in shown] == []
    assert ran == 7


def test_links_of_the_pages_lead_to_files(root: Path) -> None:
    for page in (root / "docs" / "comparability.md", root / "docs" / "how-to" / "compare-waves.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).is_file(), target


def test_gates(starter: Shell) -> None:
    text = (starter.folder / "starter.audit").read_text(encoding="utf-8")

    def ends(changed: str, *words: str) -> int:
        assert changed != text
        (starter.folder / "next.audit").write_text(changed, encoding="utf-8")
        return starter.auditc("diff", "starter.audit", "next.audit", *words).code

    part = text.replace("draws  = 50", "draws  = 60")
    assert (ends(part), ends(part, "--fail-on", "incomparable"), ends(part, "--fail-on", "part")) == (0, 0, 1)
    nothing = text.replace('"Hill Land"', '"Hill Country"').replace('"Shore Land"', '"Shore Country"')
    assert (ends(nothing), ends(nothing, "--fail-on", "incomparable"), ends(nothing, "--fail-on", "part")) == (0, 1, 1)
    cover = text.replace("A first audit, on", "The same audit, on")
    assert ends(cover, "--fail-on", "incomparable", "--fail-on", "part") == 0


def test_json_is_one_object_with_the_place_of_every_change(starter: Shell) -> None:
    assert starter.auditc("compile", "starter.audit", "-o", "old.plan.json").code == 0
    starter.edit("starter.audit", "tilt = 3", "tilt = 2")
    found = starter.auditc("diff", "old.plan.json", "starter.audit", "--json").json
    (change,) = found["changes"]
    assert (change["section"], change["name"], change["key"]) == ("model", "stubborn", "backend.params.tilt")
    assert (change["before"], change["after"], change["origin_before"]) == (3.0, 2.0, None)
    assert change["origin_after"]["file"] == "starter.audit" and change["origin_after"]["line"] == 30
    assert found["verdict"] == "comparable"
    assert all(figure["cautions"] and figure["items"]["common"] for figure in found["figures"])


def test_what_several_figures_share_is_said_once_with_whom_it_is_said_of(starter: Shell) -> None:
    text = (starter.folder / "starter.audit").read_text(encoding="utf-8")
    changed = text.replace("tilt = 3", "tilt = 2").replace("draws  = 50", "draws  = 60")
    (starter.folder / "next.audit").write_text(changed, encoding="utf-8")
    out = starter.auditc("diff", "starter.audit", "next.audit").out
    caution = "    caution: model stubborn backend.params.tilt changed:"
    assert out.count(caution) == 1 and f"of all 8 figures, and of claim close\n{caution}" in out
    assert "of participants.answer_rate, participants.kl\n    note: method participants draws changed" in out
    alone = "participants.diversity           not comparable\n    method participants draws changed"
    assert alone in out, "what is said of one figure stands under it"


def test_what_cannot_be_compared_is_refused(starter: Shell) -> None:
    assert starter.auditc("run", "-q").code == 0
    run = next((starter.folder / ".auditc" / "runs").iterdir())
    for name in (run.name, f".auditc/runs/{run.name}"):
        ended = starter.auditc("diff", name, name)
        assert ended.code == 2 and "is a run" in ended.err and "plan.json" in ended.err
    asked = str((run / "plan.json").relative_to(starter.folder))
    assert "the two audits say the same" in starter.auditc("diff", asked, "starter.audit").out
    (starter.folder / "text.txt").write_text("text")
    plan = (starter.folder / "starter.plan.json").read_text(encoding="utf-8")
    (starter.folder / "other.json").write_text("{}")
    (starter.folder / "edited.plan.json").write_text(plan.replace('"letters.jsd"', '"letters.jsdx"', 1))
    for name in ("nothing.audit", ".", "text.txt", "other.json", "edited.plan.json", "items.csv"):
        ended = starter.auditc("diff", name, "starter.audit")
        assert ended.code == 2 and name.rstrip(".") in ended.err and "FILE.plan.json" in ended.err, ended.err
    starter.edit("starter.audit", "tilt = 3", "tilt = much")
    ended = starter.auditc("diff", "starter.plan.json", "starter.audit")
    assert ended.code == 2 and "starter.audit:30" in ended.err


def test_a_hostile_plan_gives_the_terminal_no_commands(starter: Shell) -> None:
    plan = (starter.folder / "starter.plan.json").read_text(encoding="utf-8")
    hostile = plan.replace("A first audit, on", "[bold]\\u001b[2J\\u202e")
    assert hostile != plan
    (starter.folder / "hostile.plan.json").write_text(hostile, encoding="utf-8")
    out = starter.auditc("diff", "starter.plan.json", "hostile.plan.json").out
    assert "[bold]" in out and "\x1b" not in out and "\u202e" not in out
