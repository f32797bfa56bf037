"""Answers that are none: how publishers write that somebody did not know, did not say or was not asked."""

from __future__ import annotations

import re

_NONE = re.compile(
    r"(don'?t know|do not know|dk|no answer|refused|refusal|missing|other missing|not available)"
    r"( to (answer|say|respond)| or .*|\s*[;/,:.(\[].*|\s+[-–].*)?"
    r"|(not asked|not applicable)(\b.*)?"
)
"""Whole phrases, and what may follow them: `Refused entry to migrants` is an answer."""


def says_nothing(option: str) -> bool:
    """Whether an option stands for no answer: `DK/Refused`, `"Dont know"`, `Missing; Not available`.

    What people came up with themselves (`Neither (VOL)`, `Hard to say`) is an answer.
    """
    plain = option.replace("’", "'").replace("´", "'").strip(' "').casefold()
    return bool(_NONE.fullmatch(plain))
