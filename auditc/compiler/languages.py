"""The languages that a spec can word anything in: those that some method asks in."""

from __future__ import annotations

from auditc.methods import methods

from .mistakes import close, listing


def spoken() -> list[str]:
    """Every language that a method asks in, in alphabetical order."""
    return sorted({language for name in methods.names() for language in methods.take(name).languages})


def unspoken(language: str) -> tuple[str, str] | None:
    """What to say of a language that nothing is asked in, and what to write instead; None where it is spoken."""
    known = spoken()
    if language in known:
        return None
    return f"nothing is asked in `{language}`", close(language, known) or f"The languages are {listing(known)}."
