"""Finds which brackets of a piece of text do not match, by its layout, and mends them where there is room."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from .notes import Mark, Note, Notes, excerpt
from .tokens import ARITHMETIC, CLOSERS, COMPARES, OPENERS, Token

_OPERATORS: Final = COMPARES | ARITHMETIC | {".."}


@dataclass(slots=True)
class Lines:
    """A text in tokens, the line and the indentation of each, and what is to be written over the text."""

    text: str
    tokens: list[Token]
    notes: Notes
    edits: dict[int, str] = field(default_factory=dict)
    line: list[int] = field(default_factory=list)  # for each token its line, counted from any number
    first: list[bool] = field(default_factory=list)  # whether it begins its line
    indent: list[int] = field(default_factory=list)  # columns of blanks before the first token of its line

    def measure(self) -> None:
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

    def edited(self) -> str:
        if not self.edits:
            return self.text
        characters = list(self.text)
        for place, character in self.edits.items():
            characters[place] = character
        return "".join(characters)


@dataclass(frozen=True, slots=True)
class _Open:
    """An open bracket: which token, how far its line is indented, whether it opens a list and not an index."""

    index: int
    kind: str
    indent: int
    is_list: bool


@dataclass(slots=True)
class Walk:
    """Goes through the tokens of one piece whose brackets do not match."""

    lines: Lines
    begin: int
    end: int
    stack: list[_Open] = field(default_factory=list)
    whole: bool = True
    early: int | None = None  # a `}` that ended the outermost block and yet is indented deeper than it

    def run(self) -> tuple[str, bool]:
        self._header()
        for index in range(self.begin, self.end):
            kind = self.lines.tokens[index].kind
            if self.stack and self.stack[-1].kind in "[(" and self._ends_list(index):
                self._leave_lists(index)
            if kind == "{" and self._doubled(index):
                continue
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
        token = self.lines.tokens[index]
        before = self.lines.tokens[index - 1].kind if index else ""
        is_list = token.kind == "[" and before not in ("NAME", "STRING", "NUMBER", "]", ")", "}")
        return _Open(index, token.kind, self.lines.indent[index], is_list)

    def _doubled(self, index: int) -> bool:
        """A `{` straight after another; two that touch are a template, and none of our business."""
        if index == self.begin or self.lines.tokens[index - 1].kind != "{":
            return False
        token = self.lines.tokens[index]
        if self.lines.tokens[index - 1].end == token.start:
            return False
        self.lines.notes.add(Note("AC119", Mark(token.start, token.end, "a second `{`"), "Remove it."))
        self.lines.edits[token.start] = " "
        return True

    def _header(self) -> None:
        """Puts back the `{` of `kind label` in column 1, if closing braces show that it is what is missing."""
        tokens, text = self.lines.tokens, self.lines.text
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
        self.lines.edits[place] = "{"
        header = excerpt(text[tokens[index].start : place])
        mark = Mark(tokens[index].start, place, "no `{` follows")
        self.lines.notes.add(Note("AC118", mark, f"Write `{header} {{`."))
        self.stack.append(_Open(after - 1, "{", 0, False))

    def _ends_list(self, index: int) -> bool:
        """Whether an attribute begins at a token, or on its own line a block, where only a value may stand."""
        tokens = self.lines.tokens
        if tokens[index].kind != "NAME":
            return False
        following = [token.kind for token in tokens[index + 1 : index + 5]]
        attribute = following[:1] == ["="]
        block = following[:1] == ["{"] or following[:2] in (["NAME", "{"], ["STRING", "{"])
        block = block or following == ["NUMBER", "..", "NUMBER", "{"]
        before = tokens[index - 1].kind
        if before in (",", "[", "("):
            return attribute and self.stack[-1].is_list and self.lines.first[index]
        return (attribute or (block and self.lines.first[index])) and before not in _OPERATORS and before != "="

    def _leave_lists(self, index: int) -> None:
        while self.stack and self.stack[-1].kind in "[(":
            self._unclosed(self.stack.pop(), index)

    def _close(self, index: int, kind: str) -> None:
        wanted = CLOSERS[kind]
        stack = self.stack
        if kind == "}" and self.lines.first[index]:
            indent = self.lines.indent[index]
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
            if opened.kind == "{" and self.lines.line[opened.index] != self.lines.line[closer]:
                return False
        return False

    def _too_early(self, opened: _Open, closer: int) -> bool:
        lines = self.lines
        return lines.line[opened.index] != lines.line[closer] and lines.indent[closer] > opened.indent

    def _unclosed(self, opened: _Open, shown_by: int) -> None:
        """A bracket that is open although the token `shown_by` shows that it should not be."""
        tokens, text = self.lines.tokens, self.lines.text
        closer = OPENERS[opened.kind]
        place = tokens[shown_by - 1].end
        while place < tokens[shown_by].start and place in self.lines.edits:
            place += 1
        if place < tokens[shown_by].start and text[place].isspace():
            self.lines.edits[place] = closer
        else:
            self.whole = False
        bracket = tokens[opened.index]
        if opened.kind == "{":
            here = Mark(tokens[shown_by].start, tokens[shown_by].end, "reached with a block still open")
            related = (Mark(bracket.start, bracket.end, "this `{` has no `}`"),)
            self.lines.notes.add(Note("AC102", here, f"Write `}}` where `{self._head(opened)}` ends.", related))
            return
        last = tokens[shown_by - 1] if tokens[shown_by - 1].kind != "," else tokens[shown_by - 2]
        advice = f"Write `{closer}` after `{excerpt(last.text)}`."
        self.lines.notes.add(Note("AC104", Mark(bracket.start, bracket.end, "opened here"), advice))

    def _unclosed_at_end(self) -> None:
        tokens = self.lines.tokens
        braces = [opened for opened in self.stack if opened.kind == "{"]
        if not braces:
            for opened in self.stack:
                bracket = tokens[opened.index]
                advice = f"Write `{OPENERS[opened.kind]}` where it ends."
                self.lines.notes.add(Note("AC104", Mark(bracket.start, bracket.end, "opened here"), advice))
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
        self.lines.notes.add(Note("AC102", here, advice, related))

    def _stray(self, index: int) -> None:
        token = self.lines.tokens[index]
        if token.kind == "}" and self.early is not None and not self.stack:
            extra = self.lines.tokens[self.early]
            related = (Mark(token.start, token.end, "so this one closes nothing"),)
            mark = Mark(extra.start, extra.end, "closes the outermost block too early")
            self.lines.notes.add(Note("AC103", mark, "Remove it.", related))
            self.lines.edits[extra.start] = " "
            self.early = None
            return
        self.lines.edits[token.start] = " "
        if token.kind != "}":
            self.whole = False  # what the brackets held is not worth a second mistake
        mark = Mark(token.start, token.end, "nothing is open here")
        equal = self._lost_opener(index) if token.kind == "]" else None
        if equal is None:
            self.lines.notes.add(Note("AC103", mark, "Remove it."))
        else:
            related = (Mark(equal.start, equal.end, "a `[` may be missing after it"),)
            self.lines.notes.add(Note("AC103", mark, "Write `[` where the list begins, or remove it.", related))

    def _lost_opener(self, index: int) -> Token | None:
        """Where the `[` of a stray `]` may have been: after the last `=`, if commas follow it."""
        commas = False
        for token in reversed(self.lines.tokens[max(self.begin, index - 200) : index]):
            if token.kind in OPENERS or token.kind in CLOSERS:
                return None
            commas = commas or token.kind == ","
            if token.kind == "=":
                return token if commas else None
        return None

    def _head(self, opened: _Open) -> str:
        """`kind label {` of an open block, `kind {` of an open value."""
        lines = self.lines
        first = opened.index - 1
        before = [token.kind for token in lines.tokens[max(self.begin, opened.index - 4) : opened.index]]
        if before[-4:] == ["NAME", "NUMBER", "..", "NUMBER"]:
            first -= 3
        elif before[-2:] in (["NAME", "NAME"], ["NAME", "STRING"]) and before[-3:-2] != ["="]:
            first -= 1
        if first < self.begin or lines.line[first] != lines.line[opened.index]:
            return "{"
        return f"{excerpt(lines.text[lines.tokens[first].start : lines.tokens[opened.index].start].rstrip())} {{"
