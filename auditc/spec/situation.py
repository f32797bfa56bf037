"""Where parsing stopped, and what can be said and mended there: what the rules of mistakes.py are written in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from .notes import Mark, Note, excerpt
from .tokens import CLOSERS, OPENERS, Token, same_line

TEXTS: Final = frozenset({"STRING", "HEREDOC"})
VALUES: Final = frozenset({"NAME", "NUMBER", "STRING", "HEREDOC"})
_END: Final = Token("", "", -1, -1)


@dataclass(frozen=True, slots=True)
class Situation:
    """Where parsing stopped: at `tokens[index]`, or at the end; what the grammar would have taken there."""

    text: str
    tokens: list[Token]
    index: int
    expects: frozenset[str]
    enclosing: Token | None = field(init=False)

    def __post_init__(self) -> None:
        stack: list[Token] = []
        for token in self.tokens[: self.index]:
            if token.kind in OPENERS:
                stack.append(token)
            elif token.kind in CLOSERS and stack:
                stack.pop()
        object.__setattr__(self, "enclosing", stack[-1] if stack else None)

    def at(self, offset: int) -> Token:
        """The token so many places from where parsing stopped; an empty one beyond the ends."""
        place = self.index + offset
        return self.tokens[place] if 0 <= place < len(self.tokens) else _END

    def kinds(self, first: int, last: int) -> list[str]:
        return [self.at(offset).kind for offset in range(first, last + 1)]

    def written(self, token: Token) -> str:
        return excerpt(self.text[token.start : token.end])

    def together(self, a: Token, b: Token) -> bool:
        """Whether two tokens stand on one line."""
        return a.start >= 0 and b.start >= 0 and same_line(self.text, a.start, b.start)

    def touching(self, a: Token, b: Token) -> bool:
        return a.end == b.start

    @property
    def wants_value(self) -> bool:
        return "NUMBER" in self.expects and "LSQUARE" in self.expects

    @property
    def in_list(self) -> bool:
        return self.enclosing is not None and self.enclosing.kind in ("[", "(")

    @property
    def in_body(self) -> bool:
        return self.enclosing is not None and self.enclosing.kind == "{"


@dataclass(frozen=True, slots=True)
class Slip:
    """What to say, and what to write over the text so that parsing can go on: places and text of the same length."""

    note: Note
    repairs: tuple[tuple[int, str], ...] = ()


def note(code: str, token: Token, label: str, advice: str, *related: Mark) -> Note:
    return Note(code, Mark(token.start, token.end, label), advice, related)


def over(token: Token, text: str) -> tuple[tuple[int, str], ...]:
    return ((token.start, text[: token.end - token.start].ljust(token.end - token.start)),)


def between(situation: Situation, a: Token, b: Token, sign: str) -> tuple[tuple[int, str], ...]:
    """Writes a sign into the blank after a token, if there is one."""
    free = a.end < b.start if b.start >= 0 else situation.text[a.end : a.end + 1].isspace()
    return ((a.end, sign),) if free else ()


def text_over(token: Token) -> tuple[tuple[int, str], ...]:
    return over(token, f'"{"x" * (token.end - token.start - 2)}"')
