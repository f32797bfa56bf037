"""Answers that are none: how publishers write that somebody did not know, did not say or was not asked."""

from __future__ import annotations

import re

_NONE = re.compile(
    r"(don'?t know|do not know|dk|no answer|refused|refusal|missing|other missing|not asked|not applicable|"
    r"not available)(\b.*)?"
)
_RATHER = re.compile(r"do not know (any|exa).*")


def says_nothing(option: str) -> bool:
    """Whether an option stands for no answer: `DK/Refused`, `"Dont know"`, `Missing; Not available`.

    What people came up with themselves (`Neither (VOL)`, `Hard to say`) is an answer.
    """
    plain = option.replace("’", "'").replace("´", "'").strip(' "').casefold()
    return bool(_NONE.fullmatch(plain)) and not _RATHER.fullmatch(plain)
