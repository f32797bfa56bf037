"""Values as a spec writes them: what a plan holds in its own form, in words that a reader finds in the spec."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_WORD: Final = re.compile(r"[A-Za-z_]\w*")


def value(given: object) -> str:
    """`on`, `0.85`, `[q_proj, v_proj]`, `lora { rank = 8 }`; a text that is no word stands in quotes."""
    if isinstance(given, bool):
        return "on" if given else "off"
    if isinstance(given, int | float):
        return f"{given:.10g}" if isinstance(given, float) and abs(given) >= 1e-4 else plain(given)
    if isinstance(given, Mapping):
        if {"path", "digest"} <= given.keys():
            path = str(given["path"])
            return f"{'jsonl' if path.endswith('.jsonl') else 'csv'}({quoted(path)})"
        return thing(given) if "kind" in given else block(given)
    if isinstance(given, list | tuple):
        return f"[{', '.join(map(value, given))}]"
    text = str(given)
    return text if _WORD.fullmatch(text) else quoted(text)


def quoted(text: str) -> str:
    """With its quotation marks."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def plain(number: float) -> str:
    """Without an exponent, which a spec has none of: 0.00005."""
    text = f"{number:.15f}" if isinstance(number, float) else str(number)
    return text.rstrip("0").rstrip(".") if "." in text else text


def block(given: Mapping[str, Any]) -> str:
    """`{ rank = 8   alpha = 32 }`."""
    return f"{{ {'   '.join(f'{key} = {value(each)}' for key, each in given.items())} }}" if given else "{ }"


def thing(given: Mapping[str, Any]) -> str:
    """`lora { rank = 8 }`, or `full`: a word, with what is set of it. What is not set, and what is off, is left out."""
    word, params = str(given.get("kind", "")), given.get("params")
    known = {k: v for k, v in params.items() if v is not None and v is not False} if isinstance(params, Mapping) else {}
    return f"{word} {block(known)}" if known else word


def settings(given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """How a training went about it, key by key as its `train` block writes it. The seed is the audit's."""
    told = {key: value(each) for key, each in given.items()}
    if told.get("keep") == "lowest":
        told["keep"] = "lowest(valid)"
    return tuple(told.items())
