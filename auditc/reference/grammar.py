"""The page of the grammar: each of its rules as it stands, and the same in plain words."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

from auditc.spec.tokens import RESERVED

_RULE: Final = re.compile(r"^\??(\w+)(?:\.\d+)?:((?:.*)(?:\n[ \t]+.*)*)", re.MULTILINE)

_WORDS: Final = {
    "start": "A file is imports and blocks, in any order.",
    "import_": "An import names a file, and the word by which its names are reached.",
    "block": "A block is a kind, most often a name, and a body.",
    "_label": "Between the kind and the body stands a name, a text, or a range of numbers.",
    "range_label": "A range of numbers has both its ends included: `step 1..5`.",
    "body": "A body is braces, with attributes and blocks in it, in any order. Nothing stands between "
    "them but blanks or lines.",
    "attribute": "An attribute is a name, `=`, and a value.",
    "_expression": "A value is any expression.",
    "or_": "`or` binds least.",
    "and_": "`and` binds more than `or`.",
    "not_": "`not` binds more than `and`.",
    "comparison": "Two values are compared; comparisons do not chain.",
    "range": "`low..high` is a range, both ends included.",
    "sum": "`+` and `-`, from left to right.",
    "product": "`*` and `/` bind more than `+` and `-`, from left to right.",
    "negated": "A minus before a value.",
    "postfix": "After a value may stand `.name` (a part of it), `[…]` (an index) and `(…)` (a call).",
    "arguments": "Arguments have commas between them; one more may stand after the last.",
    "_argument": "An argument has a name, or has none.",
    "argument": "An argument without a name is a value.",
    "named": "An argument with a name is written as an attribute is.",
    "atom": "What stands alone: a word, a word with a body, a number, a text, a long text, a switch, a "
    "list in `[ ]`, or an "
    "expression in parentheses.",
}
"""Each rule in words. The page cannot be made while one has none."""

_TERMINALS: Final = {
    "NAME": "A name is letters, digits and `_`, and begins with a letter or `_`. Letters of every script are letters.",
    "NUMBER": "A number is digits, a point and digits if need be, and its unit without a blank: `20`, "
    "`0.5`, `95%`, `30min`.",
    "STRING": 'A text stands in double quotes, on one line. Its escapes are `\\n`, `\\t`, `\\"`, `\\\\` '
    "and `\\u{4e2d}`.",
    "HEREDOC": "A long text stands in three double quotes. The indentation that its lines share is taken "
    "away; nothing is an "
    "escape in it.",
    "COMPARES": "The signs of comparison.",
    "TIMES": "The signs of products.",
}


def grammar_page() -> str:
    """All rules, from the whole to the parts."""
    text = (files("auditc.spec") / "grammar.lark").read_text(encoding="utf-8")
    lines = [
        "# Grammar",
        "",
        "The rules of the text, which know blocks, attributes and expressions, and no kind of block by its name.",
        "",
        "Which kinds and keys there are is no business of the grammar: see [blocks](blocks.md) and "
        "[methods](methods.md). A comment",
        "begins with `#` and ends with its line. Words that cannot be names: "
        f"{', '.join(f'`{w}`' for w in sorted(RESERVED))}.",
        "",
        "The rules in the right column are the parser's own, in the notation of "
        "[Lark](https://lark-parser.readthedocs.io).",
        "",
        "| rule | in words | as the parser has it |",
        "|---|---|---|",
    ]
    for name, body in _RULE.findall(text):
        if name.islower() or name.startswith("_"):
            lines.append(_row(name, _WORDS[name], body))
    lines += ["", "| word or sign | in words | as the parser has it |", "|---|---|---|"]
    bodies = dict(_RULE.findall(text))
    lines += [_row(name, words, bodies[name]) for name, words in _TERMINALS.items()]
    return "\n".join(lines) + "\n"


def _row(name: str, words: str, body: str) -> str:
    rule = " ".join(re.sub(r"->\s*\w+", "", body).split()).replace("|", "\\|")
    return f"| `{name}` | {words} | `` {rule} `` |"
