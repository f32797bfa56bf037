"""Reads what a server sent: a bounded number of bytes, as JSON, field by field, and nothing taken on trust."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from auditc.ir.exchange import Prompt

from .engine import at_most
from .trouble import invalid

LARGEST = 16 * 2**20
"""Bytes. No answer to a question of a survey is larger."""

ESTIMATED = "usage not reported: tokens are an upper bound"
"""Said with who answered, where a server does not say how many tokens it took."""


def json_of(chunks: Iterable[bytes]) -> Any:
    """The JSON in a body. Raises Trouble where it is none, or too large."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > LARGEST:
            raise invalid(f"an answer of more than {LARGEST:,} bytes")
    return json_in(bytes(body))


def json_in(body: bytes) -> Any:
    """The JSON in some bytes. Raises Trouble where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise invalid(f"an answer of {len(body):,} bytes that is no JSON") from None


def part(answer: Any, name: str, kind: type | tuple[type, ...]) -> Any:
    """A field of an object; None where it is left out or null. Raises Trouble where it is something else."""
    if not isinstance(answer, dict):
        raise invalid("an answer without the object that it should be")
    found = answer.get(name)
    if found is not None and not isinstance(found, kind):
        raise invalid(f"an answer whose `{name}` is not what it should be")
    return found


def needed(answer: Any, name: str, kind: type | tuple[type, ...]) -> Any:
    """A field that must be there. Raises Trouble."""
    found = part(answer, name, kind)
    if found is None:
        raise invalid(f"an answer without `{name}`")
    return found


def count(usage: Any, *names: str) -> int | None:
    """The sum of some fields of a `usage`; None where none of them is a number of tokens."""
    found = [usage.get(name) for name in names] if isinstance(usage, dict) else []
    numbers = [n for n in found if isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 2**40]
    return sum(numbers) if numbers else None


def tokens(prompt: Prompt, text: str, told_in: int | None, told_out: int | None) -> tuple[int, int, str]:
    """Tokens read and written, and what is to be said of them: told by the server, else bounded so that no budget
    is overrun."""
    if told_in is not None and told_out is not None:
        return told_in, told_out, ""
    most_out = 1 + len(text.encode("utf-8", "replace"))
    return (
        at_most(prompt) if told_in is None else told_in,
        most_out if told_out is None else told_out,
        ESTIMATED,
    )


def who(*said: object) -> str:
    """What a server says of who answered, in one line."""
    return "; ".join(" ".join(word.split())[:120] for word in said if isinstance(word, str) and word.strip())


def without_opening(text: str, opening: str) -> str:
    """The text after the opening's words, where a model that was asked to begin with them said them itself."""
    said, begun = text.lstrip(), opening.strip()
    return said[len(begun) :] if begun and said.startswith(begun) else text
