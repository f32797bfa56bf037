"""The TextMate grammar that editors colour specs with, made from the language itself so that it cannot fall behind.

`python -m auditc.editor.textmate` prints it; `editors/vscode/syntaxes/audit.tmLanguage.json` is that text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from .words import SWITCHES, Words, words

_NAME = r"[\p{L}_][\p{L}\p{M}\p{N}_]*"


def grammar() -> dict[str, Any]:
    """The grammar as JSON has it."""
    known = words()
    rules = _rules(known)
    return {
        "name": "Audit spec",
        "scopeName": "source.audit",
        "fileTypes": ["audit"],
        "patterns": [{"include": f"#{name}"} for name in rules],
        "repository": rules,
    }


def _rules(known: Words) -> dict[str, Any]:
    """Rules by name, in the order in which they are tried."""
    template = {"name": "meta.embedded.template.audit", "match": r"\{\{.*?\}\}|\{%.*?%\}"}
    escape = {"name": "constant.character.escape.audit", "match": r"\\."}
    return {
        "comment": {"name": "comment.line.number-sign.audit", "match": "#.*$"},
        "heredoc": {"name": "string.quoted.triple.audit", "begin": '"""', "end": '"""', "patterns": [template]},
        "text": {"name": "string.quoted.double.audit", "begin": '"', "end": '"|$', "patterns": [escape, template]},
        "block": {
            "match": rf"\b({_any(known.kinds)})\b(?:[ \t]+({_NAME}))?(?=\s*\{{)",
            "captures": {"1": {"name": "keyword.declaration.audit"}, "2": {"name": "entity.name.type.audit"}},
        },
        "metric": {"name": "support.class.metric.audit", "match": rf"\b({_any(known.metrics)})\b"},
        "key": {"name": "variable.other.property.audit", "match": rf"{_NAME}(?=\s*=(?!=))"},
        "inner": {"name": "support.type.audit", "match": rf"{_NAME}(?=\s*\{{)"},
        "function": {"name": "support.function.audit", "match": rf"\b({_any(known.functions)})(?=\s*\()"},
        "switch": {"name": "constant.language.audit", "match": rf"\b({_any(SWITCHES)})\b"},
        "keyword": {"name": "keyword.control.audit", "match": rf"\b({_any(known.keywords)})\b"},
        "number": {
            "match": rf"(?<![\p{{L}}\p{{N}}_])([0-9]+(?:\.[0-9]+)?)(?:({_any(known.units)})(?![\p{{L}}\p{{N}}_]))?",
            "captures": {"1": {"name": "constant.numeric.audit"}, "2": {"name": "keyword.other.unit.audit"}},
        },
        "operator": {"name": "keyword.operator.audit", "match": r"\.\.|[<>=!]=|[<>=+\-*/]"},
        "name": {"name": "variable.other.audit", "match": _NAME},
    }


def _any(names: Iterable[str]) -> str:
    """One of these words; longer ones first, so that none hides behind its beginning."""
    return "|".join(re.escape(name) for name in sorted(names, key=lambda name: (-len(name), name)))


def written() -> str:
    """The text of the file."""
    return json.dumps(grammar(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(written(), end="")
