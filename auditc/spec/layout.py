"""Cuts a text into pieces that parse one by one, and finds the brackets that do not match.

A piece is one or more whole statements. Where brackets match, it ends where a name stands in column 1 with nothing
open. Where they do not, the layout decides: a block that begins in column 1 ends what is open before it, and a `}` at
the beginning of a line belongs to the block whose line is indented like it. So a missing brace is reported in the
block that lacks it and not at the end of the file. In a text whose brackets all match the layout decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from .notes import Mark, Note, Notes, excerpt
from .tokens import CLOSERS, OPENERS, Token, same_line

DEEPEST: Final = 100
_FAR: Final = 20_000  # tokens to look for the end of a block that holds blocks in column 1

_OPERATORS = frozenset({"+", "-", "*", "/", "<", ">", "<=", ">=", "==", "!=", ".."})
_STEPS = _OPERATORS | {".", "]", ")"}  # each may add a level to the tree of an expression
_WORDS = frozenset({"not", "and", "or"})


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
    return _Layout(text, tokens, notes).run()


@dataclass(frozen=True, slots=True)
class _Open:
    """An open bracket: which token, how far its line is indented, whether it opens a list and not an index."""

    index: int
    kind: str
    indent: int
    is_list: bool


@dataclass(slots=True)
class _Layout:
    text: str
    tokens: list[Token]
    notes: Notes
    edits: dict[int, str] = field(default_factory=dict)
    line: list[int] = field(default_factory=list)  # for each token its line, counted from any number
    first: list[bool] = field(default_factory=list)  # whether it begins its line
    indent: list[int] = field(default_factory=list)  # columns of blanks before the first token of its line

    def run(self) -> Pieces:
        pieces: list[Piece] = []
        all_match = self._balanced_end(0, to_the_end=True) is not None
        if not all_match:
            self._measure()
        index = 0
        while index < len(self.tokens) and not self.notes.full:
            end = self._balanced_end(index, may_nest=all_match)
            if end is not None:
                pieces.append(Piece(self._offset(index), self._offset(end)))
            else:
                end = self._next_block(index + 1)
                closers, whole = _Walk(self, index, end).run()
                pieces.append(Piece(self._offset(index), self._offset(end), closers, whole))
            index = end
        return Pieces(self._edited(), tuple(pieces))

    def _measure(self) -> None:
        """Lines and indentation in one go, for a line may be as long as the file."""
        end = line = indent = 0
        for index, token in enumerate(self.tokens):
            breaks = self.text.count("\n", end, token.start)
            if breaks or not index:
                begin = self.text.rfind("\n", end, token.start) + 1 if breaks else 0
                indent = len(self.text[begin : token.start].expandtabs())
            self.first.append(bool(breaks) or not index)
            line += breaks
            self.line.append(line)
            self.indent.append(indent)
            if token.kind == "HEREDOC":
                line += token.text.count("\n")
            end = token.end

    def _edited(self) -> str:
        if not self.edits:
            return self.text
        characters = list(self.text)
        for place, character in self.edits.items():
            characters[place] = character
        return "".join(characters)

    def _offset(self, index: int) -> int:
        return self.tokens[index].start if index < len(self.tokens) else len(self.text)

    def _balanced_end(self, begin: int, *, may_nest: bool = False, to_the_end: bool = False) -> int | None:
        """Where the statement that begins at a token ends, if all its brackets match; None if they do not.

        Unless `may_nest`, a block in column 1 ends the search while a brace is open, if the lines before it show
        that the author indents.
        """
        stack: list[str] = []
        cut: int | None = None
        for index in range(begin, len(self.tokens)):
            token = self.tokens[index]
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
        return None if stack else len(self.tokens)

    def _indents(self, begin: int, end: int) -> bool:
        """Whether a line between two tokens begins with blanks. Looks at the first few lines only."""
        seen = 0
        for index in range(begin + 1, end):
            if not same_line(self.text, self.tokens[index - 1].end, self.tokens[index].start):
                if not self._at_margin(self.tokens[index]):
                    return True
                seen += 1
            if seen > 20:
                return False
        return False

    def _at_margin(self, token: Token) -> bool:
        return token.start == 0 or self.text[token.start - 1] == "\n"

    def _next_block(self, index: int) -> int:
        while index < len(self.tokens):
            if self._at_margin(self.tokens[index]) and self._opens_block(index):
                return index
            index += 1
        return index

    def _opens_block(self, index: int) -> bool:
        """Whether `kind {`, `kind label {` or an import begins at a token, or `kind label` alone on its line."""
        ahead = [token.kind for token in self.tokens[index : index + 5]]
        if ahead[:1] != ["NAME"]:
            return False
        if ahead[1:2] == ["{"] or (self.tokens[index].text == "import" and ahead[1:2] == ["STRING"]):
            return True
        if ahead[1:] == ["NUMBER", "..", "NUMBER", "{"]:
            return True
        if len(ahead) < 3 or ahead[1] not in ("NAME", "STRING", "NUMBER"):
            return False
        label, after = self.tokens[index + 1 : index + 3]
        without_brace = after.kind == "}" or not same_line(self.text, label.end, after.start)
        return after.kind == "{" or (without_brace and same_line(self.text, self.tokens[index].start, label.start))


@dataclass(slots=True)
class _Walk:
    """Goes through the tokens of one piece whose brackets do not match."""

    layout: _Layout
    begin: int
    end: int
    stack: list[_Open] = field(default_factory=list)
    whole: bool = True
    early: int | None = None  # a `}` that ended the outermost block and yet is indented deeper than it

    def run(self) -> tuple[str, bool]:
        self._header()
        for index in range(self.begin, self.end):
            kind = self.layout.tokens[index].kind
            if self.stack and self.stack[-1].kind in "[(" and self._ends_list(index):
                self._leave_lists(index)
            if kind in OPENERS:
                self.stack.append(self._opened(index))
            elif kind in CLOSERS:
                self._close(index, kind)
        if not self.stack:
            return "", self.whole
        closers = "".join(OPENERS[o.kind] for o in reversed(self.stack))
        self._unclosed_at_end()
        return closers, self.whole

    def _opened(self, index: int) -> _Open:
        token = self.layout.tokens[index]
        before = self.layout.tokens[index - 1].kind if index else ""
        is_list = token.kind == "[" and before not in ("NAME", "STRING", "NUMBER", "]", ")", "}")
        return _Open(index, token.kind, self.layout.indent[index], is_list)

    def _header(self) -> None:
        """Puts back the `{` of `kind label` in column 1, if closing braces show that it is what is missing."""
        tokens, text = self.layout.tokens, self.layout.text
        index = self.begin
        if (
            tokens[index].kind != "NAME"
            or tokens[index].text == "import"
            or "{" in [token.kind for token in tokens[index + 1 : index + 3]]
        ):
            return
        after = index + 2 if index + 1 < self.end and tokens[index + 1].kind in ("NAME", "STRING") else index + 1
        if after + 1 < self.end and after == index + 2 and tokens[after].kind == "=":
            after = index + 1  # `kind` and the first attribute
        span = tokens[index : self.end]
        missing = sum(t.kind == "}" for t in span) == sum(t.kind == "{" for t in span) + 1
        place = tokens[after - 1].end
        if (
            not missing
            or after >= self.end
            or tokens[after].kind in ("=", "{")
            or not text[place : place + 1].isspace()
        ):
            return
        self.layout.edits[place] = "{"
        header = excerpt(text[tokens[index].start : place])
        mark = Mark(tokens[index].start, place, "no `{` follows")
        self.layout.notes.add(Note("AC118", mark, f"Write `{header} {{`."))
        self.stack.append(_Open(after - 1, "{", 0, False))

    def _ends_list(self, index: int) -> bool:
        """Whether an attribute or a block begins at a token, on a line of its own, where only a value may stand."""
        tokens = self.layout.tokens
        if tokens[index].kind != "NAME" or not self.layout.first[index]:
            return False
        following = [token.kind for token in tokens[index + 1 : index + 3]]
        attribute = following[:1] == ["="]
        block = following[:1] == ["{"] or following in (["NAME", "{"], ["STRING", "{"])
        before = tokens[index - 1].kind
        if before in (",", "[", "("):
            return attribute and self.stack[-1].is_list
        return (attribute or block) and before not in _OPERATORS and before != "="

    def _leave_lists(self, index: int) -> None:
        while self.stack and self.stack[-1].kind in "[(":
            self._unclosed(self.stack.pop(), index)

    def _close(self, index: int, kind: str) -> None:
        wanted = CLOSERS[kind]
        stack = self.stack
        if kind == "}" and self.layout.first[index]:
            indent = self.layout.indent[index]
            while len(stack) > 1 and stack[-1].indent > indent and any(o.indent == indent for o in stack[:-1]):
                self._unclosed(stack.pop(), index)
        if stack and stack[-1].kind != wanted and self._opened_before(wanted, index):
            while stack[-1].kind != wanted:
                self._unclosed(stack.pop(), index)
        if stack and stack[-1].kind == wanted:
            opened = stack.pop()
            if not stack and kind == "}" and self.early is None and self._too_early(opened, index):
                self.early = index
            return
        self._stray(index)

    def _opened_before(self, wanted: str, closer: int) -> bool:
        """Whether a closer belongs to a bracket below the innermost: `]` and `)` never reach over lines of a block."""
        for opened in reversed(self.stack):
            if opened.kind == wanted:
                return True
            if opened.kind == "{" and self.layout.line[opened.index] != self.layout.line[closer]:
                return False
        return False

    def _too_early(self, opened: _Open, closer: int) -> bool:
        layout = self.layout
        return layout.line[opened.index] != layout.line[closer] and layout.indent[closer] > opened.indent

    def _unclosed(self, opened: _Open, shown_by: int) -> None:
        """A bracket that is open although the token `shown_by` shows that it should not be."""
        tokens, text = self.layout.tokens, self.layout.text
        closer = OPENERS[opened.kind]
        place = tokens[shown_by - 1].end
        while place < tokens[shown_by].start and place in self.layout.edits:
            place += 1
        if place < tokens[shown_by].start and text[place].isspace():
            self.layout.edits[place] = closer
        else:
            self.whole = False
        bracket = tokens[opened.index]
        if opened.kind == "{":
            here = Mark(tokens[shown_by].start, tokens[shown_by].end, "reached with a block still open")
            related = (Mark(bracket.start, bracket.end, "this `{` has no `}`"),)
            self.layout.notes.add(Note("AC102", here, f"Write `}}` where `{self._head(opened)}` ends.", related))
            return
        advice = f"Write `{closer}` after `{excerpt(tokens[shown_by - 1].text)}`."
        self.layout.notes.add(Note("AC104", Mark(bracket.start, bracket.end, "opened here"), advice))

    def _unclosed_at_end(self) -> None:
        tokens = self.layout.tokens
        braces = [opened for opened in self.stack if opened.kind == "{"]
        if not braces:
            for opened in self.stack:
                bracket = tokens[opened.index]
                advice = f"Write `{OPENERS[opened.kind]}` where it ends."
                self.layout.notes.add(Note("AC104", Mark(bracket.start, bracket.end, "opened here"), advice))
            return
        related = tuple(Mark(tokens[o.index].start, tokens[o.index].end, "this `{` has no `}`") for o in braces)
        last = tokens[min(self.end, len(tokens) - 1)]
        if self.end < len(tokens):
            here = Mark(last.start, last.end, "a block begins here with another still open")
            advice = f"Write `}}` before this line, where `{self._head(braces[-1])}` ends."
        else:
            here = Mark(last.start, last.end, "the file ends with a block still open")
            advice = f"Write `}}` where `{self._head(braces[-1])}` ends."
        if last.start == related[-1].start:
            related = ()
        self.layout.notes.add(Note("AC102", here, advice, related))

    def _stray(self, index: int) -> None:
        token = self.layout.tokens[index]
        if token.kind == "}" and self.early is not None and not self.stack:
            extra = self.layout.tokens[self.early]
            related = (Mark(token.start, token.end, "so this one closes nothing"),)
            mark = Mark(extra.start, extra.end, "closes the outermost block too early")
            self.layout.notes.add(Note("AC103", mark, "Remove it.", related))
            self.layout.edits[extra.start] = " "
            self.early = None
            return
        self.layout.edits[token.start] = " "
        self.layout.notes.add(Note("AC103", Mark(token.start, token.end, "nothing is open here"), "Remove it."))

    def _head(self, opened: _Open) -> str:
        """`kind label {` of an open block, `kind {` of an open value."""
        layout = self.layout
        first = opened.index - 1
        before = [token.kind for token in layout.tokens[max(self.begin, opened.index - 4) : opened.index]]
        if before[-4:] == ["NAME", "NUMBER", "..", "NUMBER"]:
            first -= 3
        elif before[-2:] in (["NAME", "NAME"], ["NAME", "STRING"]) and before[-3:-2] != ["="]:
            first -= 1
        if first < self.begin or layout.line[first] != layout.line[opened.index]:
            return "{"
        return f"{excerpt(layout.text[layout.tokens[first].start : layout.tokens[opened.index].start].rstrip())} {{"
