"""Prepared pairs of audits: the first wave, and for each pair the edits that make the second one of it.

A pair is a file `pairs/*.toml`: what it `says` was done, the `edits` (file, old text, new text), and what is expected
in `verdict`, `figures`, `claims` and `changes`. Its first wave is `first.audit`, or the one that it names as `first`;
`moves` (file, to) rename files of the second.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from auditc.api.comparisons import compare
from auditc.compiler.compare import Comparison
from auditc.compiler.compare.outcome import ClaimOutcome, FigureOutcome
from tests.compiler.fragments import lay

FOLDER = Path(__file__).parent / "pairs"
PAIRS = sorted(FOLDER.glob("*.toml"))


def laid(pair: Path, folder: Path) -> tuple[Path, Path]:
    """Both waves of a pair, written into folders of their own."""
    first = (FOLDER / content(pair).get("first", "first.audit")).read_text(encoding="utf-8")
    before, after = lay(folder / "before", first), lay(folder / "after", first)
    for move in content(pair).get("moves", ()):
        (after.parent / move["file"]).rename(after.parent / move["to"])
    for edit in content(pair)["edits"]:
        path = after.parent / edit["file"]
        text = path.read_text(encoding="utf-8")
        assert text.count(edit["old"]) == 1, edit
        path.write_text(text.replace(edit["old"], edit["new"]), encoding="utf-8")
    return before, after


def content(pair: Path) -> dict[str, Any]:
    return tomllib.loads(pair.read_text(encoding="utf-8"))


def compared(pair: Path, folder: Path) -> Comparison:
    return compare(*laid(pair, folder))


def outcome(found: Comparison) -> dict[str, Any]:
    """What a pair's file promises: verdicts of all figures and claims, and every change with its consequence."""
    return {
        "verdict": found.verdict,
        "figures": {f"{f.block}.{f.metric}": f.verdict + _rest(f) for f in found.figures},
        "claims": {c.claim: f"verdict {c.verdict}, figures {c.figures}{_careful(c)}" for c in found.claims},
        "only_before": list(found.only_before),
        "only_after": list(found.only_after),
        "changes": [
            f"{' '.join(word for word in (c.section, c.name, c.key) if word)} {c.kind}: {c.consequence.value}"
            for c in found.changes
        ],
    }


def _rest(figure: FigureOutcome) -> str:
    if figure.verdict == "not comparable":
        return ""
    return (f", without {', '.join(figure.left_out)}" if figure.left_out else "") + _careful(figure)


def _careful(row: FigureOutcome | ClaimOutcome) -> str:
    return ", with a caution" if row.cautions else ""


def written(pair: Path, found: Comparison) -> str:
    """The pair's file with the outcome as it is."""
    head = pair.read_text(encoding="utf-8").split("\n[expected]")[0].rstrip("\n")
    lines = [head, "", "[expected]"]
    tables = []
    for key, value in outcome(found).items():
        if isinstance(value, dict):
            tables.append(f"\n[expected.{key}]")
            tables.extend(
                f"{json.dumps(name)} = {json.dumps(word, ensure_ascii=False)}" for name, word in value.items()
            )
        elif isinstance(value, list):
            inner = "".join(f"    {json.dumps(word, ensure_ascii=False)},\n" for word in value)
            lines.append(f"{key} = [\n{inner}]" if value else f"{key} = []")
        else:
            lines.append(f"{key} = {json.dumps(value)}")
    return "\n".join([*lines, *tables]) + "\n"
