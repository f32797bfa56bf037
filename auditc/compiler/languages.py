"""The languages that a spec can word anything in: those that some method asks in."""

from __future__ import annotations

from typing import Final

from auditc.methods import methods

from .mistakes import close, listing

MEANT: Final = {
    **dict.fromkeys(("cn", "chn", "chinese", "zh_cn", "mandarin", "simplified_chinese"), "zh"),
    **dict.fromkeys(("us", "usa", "uk", "gb", "eng", "english", "en_us", "en_gb"), "en"),
}
"""What people write for a language: a country, or its name."""


def spoken() -> list[str]:
    """Every language that a method asks in, in alphabetical order."""
    return sorted({language for name in methods.names() for language in methods.take(name).languages})


def unspoken(language: str) -> tuple[str, str] | None:
    """What to say of a language that nothing is asked in, and what to write instead; None where it is spoken."""
    known = spoken()
    if language in known:
        return None
    meant = MEANT.get(language.casefold(), "")
    remedy = f"Did you mean `{meant}`?" if meant in known else close(language, known)
    return f"nothing is asked in `{language}`", remedy or f"The languages are {listing(known)}."
