"""A provider's key: read when an engine is opened, sent to one address, and taken out of all that comes back."""

from __future__ import annotations

import base64
import os
import re
from urllib.parse import quote

from auditc.backends._contract import BackendUnavailable
from auditc.diagnostics.scrub import scrubbed
from auditc.ir.values import Secret

SHORT = 12
"""A value shorter than this keeps nobody out (`EMPTY`, `none`), and may well be a word of an answer."""

_LOOKS = re.compile(
    r"(?i)\b(bearer\s+|(?:api[_-]?key|x-api-key|authorization)['\"]?\s*[:=]\s*['\"]?)[\w.~+/=-]{6,}|\bsk-[\w-]{8,}"
)


class Key:
    """Holds a secret that no `repr` shows."""

    def __init__(self, variable: str, value: str) -> None:
        self.variable = variable
        self._value = value
        forms = (value, quote(value, safe=""), base64.b64encode(value.encode()).decode().rstrip("="))
        self._forms = tuple(dict.fromkeys(forms)) if len(value) >= SHORT else ()

    def __repr__(self) -> str:
        return f"Key({self.variable!r})"

    @property
    def value(self) -> str:
        """The secret itself, for the client library. Without a declared key a word that says so."""
        return self._value or "none"

    def without(self, text: str) -> str:
        """A text of a model, without the key."""
        for form in self._forms:
            text = text.replace(form, "***")
        return text

    def clean(self, text: str) -> str:
        """What a server says of a fault, without the key and whatever else looks like one."""
        return _LOOKS.sub(r"\1***", scrubbed(self.without(text)))


def read(declared: Secret | None) -> Key:
    """The key in the declared variable of the environment. Raises BackendUnavailable where there is none."""
    if declared is None:
        return Key("", "")
    value = os.environ.get(declared.variable, "").strip()
    if not value:
        raise BackendUnavailable(
            f"the environment variable {declared.variable} holds no key: set it before you run the audit"
        )
    if not (value.isascii() and value.isprintable()):
        raise BackendUnavailable(f"the environment variable {declared.variable} holds what can be no key: set it anew")
    return Key(declared.variable, value)


def absent(declared: Secret | None) -> str:
    """Why there is no key, with a remedy; empty where there is one, or where none is declared."""
    try:
        read(declared)
    except BackendUnavailable as error:
        return str(error)
    return ""
