"""About how many tokens a text has, by rule of thumb: a Chinese character is one, four of any other make one."""

from __future__ import annotations

from auditc.ir.exchange import Prompt


def about(prompt: Prompt) -> int:
    """About how many tokens a prompt has."""
    return 1 + about_text("".join([turn.text for turn in prompt.turns]) + prompt.opening)


def about_text(text: str) -> int:
    """About how many tokens a text has."""
    wide = sum(character > "\u2e7f" for character in text)
    return wide + (len(text) - wide) // 4
