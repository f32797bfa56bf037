"""Where in a text something stands, told from its words and signs alone: it works on what is half written.

The parser gives a tree of what is whole. Someone who types is always in the part that is not; so this goes through the
tokens up to a place with a small machine that knows bodies, lists and calls, and forgives what is missing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from auditc.diagnostics import Source
from auditc.spec.mend import mend
from auditc.spec.notes import Notes
from auditc.spec.tokens import ARITHMETIC, CLOSERS, COMPARES, OPENERS, Token, tokens_of

Place = Literal["kind", "label", "key", "argument", "value", "member", "after", "text", "comment", "number"]

_JOINS: Final = COMPARES | ARITHMETIC | {".."}
_WORDS: Final = frozenset({"and", "or"})
_STARTS: Final = frozenset({"NAME", "STRING", "HEREDOC", "NUMBER"})


@dataclass(slots=True, eq=False)
class Frame:
    """An open bracket. `head` is the kind and the label before a brace, or the path before a call or an index; `slot`
    the key or argument outside, in whose value the bracket stands; the rest is what has been written inside."""

    sign: str
    head: tuple[str, ...] = ()
    slot: str = ""
    given: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    commas: int = 0
    # the part that is being written
    state: Literal["key", "named", "value", "done", "member"] = "key"
    part: str = ""
    named: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    fresh: bool = False
    """Whether `=` was the last sign."""
    line_of_last: int = 0

    @property
    def is_body(self) -> bool:
        return self.sign in ("", "{")

    def begin(self) -> None:
        """Another attribute, argument or entry begins."""
        self.state = "key" if self.is_body else "value"
        self.part, self.named, self.path = "", (), ()


@dataclass(frozen=True, slots=True, eq=False)
class Cursor:
    """What surrounds a place. `start` to `end` is the word that stands there or is being typed; `path` is what comes
    before its dot, `slot` the key or argument whose value it belongs to, and `named` the words before a label."""

    place: Place
    frames: tuple[Frame, ...]
    start: int
    end: int
    text: str
    path: tuple[str, ...] = ()
    slot: str = ""
    commas: int = 0
    named: tuple[str, ...] = ()

    @property
    def frame(self) -> Frame:
        """The innermost open bracket, or the file."""
        return self.frames[-1]


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """A text cut into words and signs, with its comments; made once for however many places are asked for."""

    text: str
    tokens: tuple[Token, ...]
    comments: tuple[tuple[int, int], ...]
    matched: bool
    breaks: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> Tokens:
        mended = mend(text, Notes(Source("", text)))
        tokens = tuple(tokens_of(mended.text))
        breaks = tuple(found.start() for found in re.finditer("\n", mended.text))
        return cls(mended.text, tokens, mended.comments, _match(tokens), breaks)

    def line(self, offset: int) -> int:
        """The 0-based line of a character."""
        return bisect_left(self.breaks, offset)

    def kind(self, index: int) -> str:
        """The kind of a token; empty past the ends."""
        return self.tokens[index].kind if 0 <= index < len(self.tokens) else ""

    def opens_at_margin(self, index: int) -> bool:
        """Whether a block or an import begins here in column 1: where brackets do not match, it ends what is open."""
        token = self.tokens[index]
        if token.kind != "NAME" or (token.start and self.text[token.start - 1] != "\n"):
            return False
        following = self.kind(index + 1)
        if following == "{" or (token.text == "import" and following == "STRING"):
            return True
        return following in ("NAME", "STRING") and self.kind(index + 2) == "{"

    def declared(self) -> Iterator[tuple[str, str]]:
        """Kind and name of every block that begins in column 1, also of those that do not parse."""
        for index, token in enumerate(self.tokens):
            if self.kind(index + 1) == "NAME" and self.opens_at_margin(index):
                yield token.text, self.tokens[index + 1].text


def _match(tokens: tuple[Token, ...]) -> bool:
    """Whether every bracket has its other half."""
    stack: list[str] = []
    for token in tokens:
        if token.kind in OPENERS:
            stack.append(OPENERS[token.kind])
        elif token.kind in CLOSERS and (not stack or stack.pop() != token.kind):
            return False
    return not stack


def cursor_at(tokens: Tokens, offset: int) -> Cursor:
    """What surrounds a character of the text, be it within a word, at its end, or in a blank."""
    for start, end in tokens.comments:
        if start < offset <= end:
            return Cursor("comment", (Frame(""),), start, end, tokens.text[start:end])
    machine = _Machine(tokens)
    index = _under(tokens, offset)
    token = tokens.tokens[index] if index is not None else None
    stop = index if index is not None else _first_after(tokens, offset)
    machine.feed(0, stop)
    found = _described(machine, token, stop, offset)
    machine.finish(stop, len(found.frames))
    return found


def _under(tokens: Tokens, offset: int) -> int | None:
    """The word, number or text that holds a place or ends there; a sign is none."""
    for index, token in enumerate(tokens.tokens):
        if token.start > offset:
            return None
        inside = (
            token.start <= offset <= token.end if token.kind in ("NAME", "NUMBER") else token.start < offset < token.end
        )
        if inside and token.kind in _STARTS:
            following = tokens.tokens[index + 1] if index + 1 < len(tokens.tokens) else None
            if offset == token.end and following and following.start == offset and following.kind in ("NAME", "NUMBER"):
                continue
            return index
    return None


def _first_after(tokens: Tokens, offset: int) -> int:
    return next((i for i, token in enumerate(tokens.tokens) if token.start >= offset), len(tokens.tokens))


def _described(machine: _Machine, token: Token | None, stop: int, offset: int) -> Cursor:
    frames = tuple(machine.frames)
    frame = frames[-1]
    start, end, text = (token.start, token.end, token.text) if token else (offset, offset, "")
    if token and token.kind in ("STRING", "HEREDOC"):
        return Cursor("text", frames, start, end, text, (), frame.part, frame.commas, frame.named)
    if token and token.kind == "NUMBER":
        return Cursor("number", frames, start, end, text, (), frame.part, frame.commas, frame.named)
    following = machine.tokens.kind(stop + 1) if token else machine.tokens.kind(stop)
    place = _place(frame, machine.tokens.line(start), bool(token) and following == "=")
    slot = frame.part if place in ("value", "member", "after") else ""
    path = frame.path if place == "member" else ()
    return Cursor(place, frames, start, end, text, path, slot, frame.commas, frame.named)


def _place(frame: Frame, line: int, is_key: bool) -> Place:
    new_line = line > frame.line_of_last
    own: Place = "kind" if frame.sign == "" else "key"
    if frame.is_body:
        if frame.state == "key" or is_key:
            return own
        if frame.state == "named":
            return own if new_line else "label"
        if frame.state == "done":
            return own
        if _forgotten(frame, new_line):
            return own
    elif is_key:
        return "argument"
    elif frame.state == "done":
        return "after"
    return "member" if frame.state == "member" else "value"


def _forgotten(frame: Frame, new_line: bool) -> bool:
    """Whether a line ended right after its `=`: what comes next is more likely a key than the value."""
    return frame.state == "value" and frame.fresh and new_line


def _use(frame: Frame, path: str) -> None:
    """Note a word of a list; `people.us` is one word, though it comes in parts."""
    if frame.words and path.startswith(f"{frame.words[-1]}."):
        frame.words.pop()
    frame.words.append(path)


@dataclass(slots=True, eq=False)
class _Machine:
    tokens: Tokens
    frames: list[Frame] = field(default_factory=lambda: [Frame("")])

    def feed(self, first: int, stop: int) -> None:
        for index in range(first, stop):
            self._take(index, self.tokens.tokens[index])

    def finish(self, stop: int, depth: int) -> None:
        """Go on until the innermost bracket closes, so that it knows all of what stands in it."""
        kept = self.frames[depth - 1]
        for index in range(stop, len(self.tokens.tokens)):
            if kept not in self.frames or (
                not self.tokens.matched and depth > 1 and self.tokens.opens_at_margin(index)
            ):
                return
            self._take(index, self.tokens.tokens[index])

    def _take(self, index: int, token: Token) -> None:
        if not self.tokens.matched and len(self.frames) > 1 and self.tokens.opens_at_margin(index):
            del self.frames[1:]
            self.frames[0].begin()
        frame = self.frames[-1]
        if token.kind in CLOSERS:
            self._close(token.kind)
            return
        if token.kind in OPENERS:
            self._open(token.kind, frame)
            return
        self._word(index, token, frame)
        frame.fresh = token.kind == "="
        frame.line_of_last = self.tokens.line(token.end)

    def _open(self, sign: str, frame: Frame) -> None:
        head: tuple[str, ...] = ()
        slot = frame.part
        if sign == "{":
            if frame.state == "named":
                head, slot = frame.named, ""
                frame.given.append(head[0])
            elif frame.path:
                head = frame.path[-1:]
        elif frame.state in ("done", "member"):
            head = frame.path
        elif frame.state == "named":  # a list whose `=` is missing
            slot = frame.named[-1]
        opened = Frame(sign, head, slot)
        opened.begin()
        opened.line_of_last = frame.line_of_last
        self.frames.append(opened)

    def _close(self, sign: str) -> None:
        opener = CLOSERS[sign]
        depth = next((d for d in range(len(self.frames) - 1, 0, -1) if self.frames[d].sign == opener), 0)
        if not depth:
            return
        closed = self.frames[depth]
        del self.frames[depth:]
        frame = self.frames[-1]
        frame.line_of_last = closed.line_of_last
        if closed.sign == "{" and not closed.slot and frame.is_body and frame.state in ("named", "key"):
            frame.begin()
        else:
            frame.state = "done"

    def _word(self, index: int, token: Token, frame: Frame) -> None:
        following = self.tokens.kind(index + 1)
        new_line = self.tokens.line(token.start) > frame.line_of_last
        if token.kind == "," and not frame.is_body:
            frame.commas += 1
            frame.begin()
        elif token.kind == "=":
            frame.state = "value"
        elif token.kind == ".":
            frame.state = "member"
        elif token.kind in _JOINS or token.text in _WORDS:
            frame.state, frame.path = "value", ()
        elif token.kind == "NAME" and following == "=":
            self._name(frame, token.text)
        elif frame.is_body and frame.state == "named" and not new_line:
            frame.named = (*frame.named, token.text)
        elif frame.is_body and (frame.state in ("key", "named", "done") or _forgotten(frame, new_line)):
            self._begin_block(frame, token)
        elif token.kind == "NAME" and token.text != "not":
            frame.path = (*frame.path, token.text) if frame.state == "member" else (token.text,)
            _use(frame, ".".join(frame.path))
            frame.state = "done"
        elif token.kind in _STARTS and token.text != "not":
            frame.texts += [token.text.strip('"')] if token.kind == "STRING" else []
            frame.state, frame.path = "done", ()

    def _name(self, frame: Frame, name: str) -> None:
        """A key, or the name of an argument: `=` comes next."""
        frame.begin()
        frame.given.append(name)
        frame.part, frame.named, frame.state = name, (name,), "named" if frame.is_body else "value"

    def _begin_block(self, frame: Frame, token: Token) -> None:
        if token.kind == "NAME":
            frame.begin()
            frame.named, frame.state = (token.text,), "named"
