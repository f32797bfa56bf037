"""How the reply to a turn is read: an option for each of its items, or the code of a reason, by the method's parser."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from auditc.ir.answers import REFUSED, UNPARSABLE
from auditc.ir.exchange import GenerateReply
from auditc.ir.questions import Question
from auditc.ir.reading import Choices, Reading
from auditc.methods._contract import Method

CHOSEN, NOT_CHOSEN = 0, 1
"""The options of an item of a list."""

_SHORT, _READINGS = 300, 50_000
"""Characters of a text whose reading is remembered, and how many readings are."""


@dataclass(slots=True, eq=False)
class Reader:
    """Reads replies by the parsers of a method. The same short text is read once: participants say the same things
    again and again."""

    method: Method[Any]
    _known: dict[tuple[str, tuple[str, ...], str, object], Reading | Choices] = field(default_factory=dict)

    def reading(self, reply: GenerateReply, question: Question, language: str) -> Reading | Choices:
        """How a reply is read. Where a server says that it withheld the answer, no text says otherwise."""
        if reply.finished == "refused":
            return Reading(None, "refused", "server")
        options = question.options(language)
        if len(reply.text) > _SHORT:
            return self._read(reply.text, options, language, question)
        bounds = (question.at_least, question.at_most) if question.form == "list" else None
        key = (reply.text, options, language, bounds)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _READINGS:
                self._known.clear()
            found = self._known[key] = self._read(reply.text, options, language, question)
        return found

    def _read(self, text: str, options: tuple[str, ...], language: str, question: Question) -> Reading | Choices:
        if question.form == "list" and self.method.read_list is not None:
            return self.method.read_list(text, options, language, question.at_least, question.at_most)
        return self.method.read(text, options, language)


def chosen(reading: Reading | Choices) -> tuple[int, ...] | None:
    """The options that a reading holds, or None where it holds a reason."""
    if isinstance(reading, Choices):
        return reading.options
    return None if reading.option is None else (reading.option,)


def choices(reading: Reading | Choices, question: Question) -> tuple[int, ...]:
    """One number for each item of a question, as arrays of answers hold it: for those of a list, chosen or not."""
    found = chosen(reading)
    if found is None:
        return (REFUSED if reading.reason == "refused" else UNPARSABLE,) * len(question.items)
    if question.form != "list":
        return found
    return tuple(CHOSEN if place in found else NOT_CHOSEN for place in range(len(question.items)))
