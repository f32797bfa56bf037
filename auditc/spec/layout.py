"""Cuts a text into pieces that parse one by one, and finds the brackets that do not match.

A piece is one or more whole statements. Where brackets match, it ends where a name stands in column 1 with nothing
open. Where they do not, the layout decides: a block that begins in column 1 ends what is open before it, and a `}` at
the beginning of a line belongs to the block whose line is indented like it. So a missing brace is reported in the
block that lacks it and not at the end of the file. In a text whose brackets all match the layout decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .brackets import Lines, Walk
from .notes import Notes
from .tokens import ARITHMETIC, CLOSERS, COMPARES, OPENERS, Token, same_line

DEEPEST: Final = 100
_FAR: Final = 20_000  # tokens to look for the end of a block that holds blocks in column 1

_STEPS: Final = COMPARES | ARITHMETIC | {"..", ".", "]", ")"}  # each may add a level to the tree of an expression
_WORDS: Final = frozenset({"not", "and", "or"})


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters `start` to `end`, to be parsed with `closers` behind them; not `whole` if a bracket stays wrong."""

    start: int
    end: int
    closers: str = ""
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Pieces:
    """The text with the brackets that had room, and its pieces in order."""

    text: str
    pieces: tuple[Piece, ...]


def deepest(tokens: list[Token]) -> Token | None:
    """The first token that lies deeper than DEEPEST, counting open brackets and, within each, chained operators.

    Everything that walks a syntax tree may then recurse: the tree is never deeper than what is counted here.
    """
    open_steps = [0]
    total = 0
    for token in tokens:
        kind = token.kind
        if kind in OPENERS:
            open_steps.append(0)
            total += 1
        elif kind in CLOSERS and len(open_steps) > 1:
            total -= 1 + open_steps.pop()
        elif kind == "=" or kind == ",":
            total -= open_steps[-1]
            open_steps[-1] = 0
        if kind in _STEPS or (kind == "NAME" and token.text in _WORDS):
            open_steps[-1] += 1
            total += 1
        if total > DEEPEST:
            return token
    return None


def cut(text: str, tokens: list[Token], notes: Notes) -> Pieces:
    return _Layout(Lines(text, tokens, notes)).run()


@dataclass(frozen=True, slots=True)
class _Layout:
    lines: Lines

    def run(self) -> Pieces:
        pieces: list[Piece] = []
        all_match = self._balanced_end(0, to_the_end=True) is not None
        if not all_match:
            self.lines.measure()
        index = 0
        while index < len(self.lines.tokens) and not self.lines.notes.full:
            end = self._balanced_end(index, may_nest=all_match)
            if end is not None:
                pieces.append(Piece(self._offset(index), self._offset(end)))
            else:
                end = self._next_block(index + 1)
                closers, whole = Walk(self.lines, index, end).run()
                pieces.append(Piece(self._offset(index), self._offset(end), closers, whole))
            index = end
        return Pieces(self.lines.edited(), tuple(pieces))

    def _offset(self, index: int) -> int:
        return self.lines.tokens[index].start if index < len(self.lines.tokens) else len(self.lines.text)

    def _balanced_end(self, begin: int, *, may_nest: bool = False, to_the_end: bool = False) -> int | None:
        """Where the statement that begins at a token ends, if all its brackets match; None if they do not.

        Unless `may_nest`, a block in column 1 ends the search while a brace is open, if the lines before it show
        that the author indents.
        """
        stack: list[str] = []
        cut: int | None = None
        for index in range(begin, len(self.lines.tokens)):
            token = self.lines.tokens[index]
            if cut is not None and index - cut > _FAR:
                return None
            if index > begin and not to_the_end and token.kind == "NAME" and self._at_margin(token):
                if not stack:
                    return index
                if not may_nest and cut is None and self._opens_block(index):
                    cut = index
                    if self._indents(begin, index):
                        return None
            if token.kind in OPENERS:
                stack.append(token.kind)
            elif token.kind in CLOSERS and (not stack or stack.pop() != CLOSERS[token.kind]):
                return None
        return None if stack else len(self.lines.tokens)

    def _indents(self, begin: int, end: int) -> bool:
        """Whether a line between two tokens begins with blanks. Looks at the first few lines only."""
        seen = 0
        for index in range(begin + 1, end):
            if not same_line(self.lines.text, self.lines.tokens[index - 1].end, self.lines.tokens[index].start):
                if not self._at_margin(self.lines.tokens[index]):
                    return True
                seen += 1
            if seen > 20:
                return False
        return False

    def _at_margin(self, token: Token) -> bool:
        return token.start == 0 or self.lines.text[token.start - 1] == "\n"

    def _next_block(self, index: int) -> int:
        while index < len(self.lines.tokens):
            if self._at_margin(self.lines.tokens[index]) and self._opens_block(index):
                return index
            index += 1
        return index

    def _opens_block(self, index: int) -> bool:
        """Whether `kind {`, `kind label {` or an import begins at a token, or `kind label` alone on its line."""
        tokens = self.lines.tokens[index : index + 5]
        ahead = [token.kind for token in tokens]
        if ahead[:1] != ["NAME"]:
            return False
        if ahead[1:2] == ["{"] or (tokens[0].text == "import" and ahead[1:2] == ["STRING"]):
            return True
        if ahead[1:] == ["NUMBER", "..", "NUMBER", "{"]:
            return True
        if len(ahead) < 3 or ahead[1] not in ("NAME", "STRING", "NUMBER"):
            return False
        kind, label, after = tokens[:3]
        alone = after.kind == "}" or not same_line(self.lines.text, label.end, after.start)
        return after.kind == "{" or (alone and same_line(self.lines.text, kind.start, label.start))
