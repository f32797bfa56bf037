"""Colours: the Pygments lexer and the TextMate grammar know the words of the language and get through every spec."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditc.editor import textmate
from auditc.editor.words import words

SKETCH = """\
# Everything that the language may one day hold, in one text.
import "library/waves.audit" as waves

audit küche_一 { title = "Werte 😀 und \\"mehr\\""  version = "1"  seed = 7  budget { tokens = 20M  wall = 30min } }

model small { weights = hf("owner/name", revision = "…")  backend = somewhere { dtype = "bfloat16"  memory = 2GB } }

persona citizen {
  prompt = \"\"\"
    You live in {{ country }}{% if place %}, in {{ place }}{% endif %}.
    \"\"\"
}

staircase climb {
  scenarios = jsonl("scenes.jsonl")   of = [small, waves.large]
  step 1..5 { choices = [a, b]   remember = all }
  branch { when = choice(3) == a and not refused   go = negotiate }
  sharing = 0.5%   price = 3usd   on_failure = off
}

tuned better { from = small   adapter = lora { rank = 8   alpha = 32 }   keep = lowest(valid) }

claim close {
  holds = mean(climb.kl[population = waves.us] - climb.kl, over = [model]) / 2 < 1.0
}
"""


def _specs(root: Path) -> list[tuple[str, str]]:
    folders = [root / "examples", root / "docs", root / "tests/compiler/valid", root / "tests/spec/valid"]
    files = [file for folder in folders for file in sorted(folder.rglob("*.audit"))]
    assert len(files) > 3
    return [("sketch", SKETCH), *((file.name, file.read_text(encoding="utf-8")) for file in files)]


def test_pygments_finds_the_lexer_and_no_error_in_any_spec(root: Path) -> None:
    pytest.importorskip("pygments")
    from pygments.token import Error, Token

    from auditc.editor.highlight import AuditLexer

    for name, text in _specs(root):
        found = list(AuditLexer(stripnl=False, ensurenl=False).get_tokens(text))
        assert "".join(piece for _, piece in found) == text, name
        assert [piece for kind, piece in found if kind is Error] == [], name
    coloured = {piece: kind for kind, piece in AuditLexer().get_tokens(SKETCH)}
    assert coloured["model"] in Token.Name  # the axis, which comes after the kind
    assert coloured["claim"] in Token.Keyword and coloured["import"] in Token.Keyword
    assert coloured["M"] in Token.Keyword.Type and coloured["off"] in Token.Keyword.Constant
    assert coloured["title"] in Token.Name.Attribute and coloured["mean"] in Token.Name.Function


def test_pygments_knows_the_lexer_by_its_name() -> None:
    pytest.importorskip("pygments")
    from importlib.metadata import entry_points

    if not any(entry.value.startswith("auditc.") for entry in entry_points(group="pygments.lexers")):
        pytest.skip("auditc is not installed: nobody told Pygments of it")
    from pygments.lexers import get_lexer_by_name

    assert type(get_lexer_by_name("audit")).__name__ == "AuditLexer"


def test_golden_textmate_grammar_is_made_from_the_words_of_the_language(root: Path, golden: Any) -> None:
    file = root / "editors/vscode/syntaxes/audit.tmLanguage.json"
    if not file.parent.is_dir():
        pytest.skip("not part of the installed files")
    golden(file, textmate.written())
    rules = json.dumps(json.loads(file.read_text(encoding="utf-8")))
    known = words()
    assert all(word in rules for word in known.kinds | known.metrics | known.functions | known.units)


def test_the_grammar_colours_every_spec(root: Path) -> None:
    for name, text in _specs(root):
        scopes = _coloured(text)
        plain = "".join(piece for scope, piece in scopes if not scope)
        assert not set(plain) - set(" \t\n{}[](),.!"), (name, plain)
    seen = {(piece, scope) for scope, piece in _coloured(SKETCH)}
    for piece, scope in [
        ("claim", "keyword.declaration.audit"),
        ("küche_一", "entity.name.type.audit"),
        ("title", "variable.other.property.audit"),
        ("M", "keyword.other.unit.audit"),
        ("20", "constant.numeric.audit"),
        ("mean", "support.function.audit"),
        ("off", "constant.language.audit"),
        ("import", "keyword.control.audit"),
        ("step", "variable.other.audit"),
        ("lora", "support.type.audit"),
    ]:
        assert (piece, scope) in seen, piece


def _coloured(text: str) -> list[tuple[str, str]]:
    """Scope and text of every piece: as editors apply a TextMate grammar, line by line.

    For the kinds of rule that this grammar has: `match` with captures, `begin` and `end` with plain rules inside.
    """
    regex = pytest.importorskip("regex")
    rules = textmate.grammar()["repository"].values()
    found: list[tuple[str, str]] = []
    inside: dict[str, Any] | None = None
    for line in text.splitlines(keepends=True):
        at = 0
        while at < len(line):
            if inside is not None:
                stop, ended = _end(regex, inside, line, at)
                found.append((inside["name"], line[at:stop]))
                inside, at = (None if ended else inside), stop
                continue
            searched = ((regex.search(rule.get("match") or rule["begin"], line, pos=at), rule) for rule in rules)
            tried = [(match, rule) for match, rule in searched if match]
            if not tried:
                found.append(("", line[at:]))
                break
            match, rule = min(tried, key=lambda pair: pair[0].start())
            found.append(("", line[at : match.start()]))
            if "begin" in rule:
                inside = rule
                found.append((rule["name"], match[0]))
            else:
                found += _captured(match, rule)
            at = match.end()
    return found


def _end(regex: Any, rule: dict[str, Any], line: str, at: int) -> tuple[int, bool]:
    """Where a rule with a begin ends on a line, past what the rules inside it take; and whether it ends there."""
    while True:
        end = regex.search(rule["end"], line, pos=at)
        inner = [m for part in rule["patterns"] if (m := regex.search(part["match"], line, pos=at))]
        first = min(inner, key=lambda m: m.start(), default=None)
        if first is None or (end and end.start() <= first.start()):
            return (end.end(), True) if end else (len(line), False)
        at = first.end()


def _captured(match: Any, rule: dict[str, Any]) -> list[tuple[str, str]]:
    if "captures" not in rule:
        return [(rule["name"], match[0])]
    pieces, at = [], match.start()
    for number, capture in rule["captures"].items():
        if match[int(number)] is not None:
            start, end = match.span(int(number))
            pieces += [("", match.string[at:start]), (capture["name"], match.string[start:end])]
            at = end
    return [*pieces, ("", match.string[at : match.end()])]
