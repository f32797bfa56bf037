"""Reads a chapter of a document: its commands in their order, what it quotes of their output, and of specs."""

from __future__ import annotations

import csv
import difflib
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from .conftest import Shell

LEFT_OUT = "…"
_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CHANGING = (
    (r"\d{8}-\d{6}-[0-9a-f]{4}", "RUN"),
    (r"\d+\.\d s\b", "TIME"),
    (r"\b[0-9a-f]{32}\b", "KEY"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", "MOMENT"),
)
"""What is another one on every day: names of runs, seconds, keys of answers, moments."""


@dataclass(frozen=True)
class Said:
    """Commands, with the exit code that the last of them has, and what is quoted of their output."""

    commands: tuple[str, ...]
    exits: int
    quotes: tuple[str, ...]


def specs(text: str) -> list[str]:
    """What a chapter quotes of specs."""
    return [body for info, body in _FENCE.findall(text) if info == "audit"]


def said(text: str) -> list[Said]:
    """The commands of a chapter and its quotes: a fence without a word quotes the commands before it."""
    found: list[Said] = []
    for info, body in _FENCE.findall(text):
        if info.startswith("sh"):
            exits = int(info.partition("exits=")[2] or 0)
            found.append(Said(tuple(body.strip().splitlines()), exits, ()))
        elif not info:
            last = found[-1]
            found[-1] = Said(last.commands, last.exits, (*last.quotes, body))
    return found


def ran(commands: tuple[str, ...], exits: int, folder: Path) -> str:
    """What commands print in a folder, one after the other, without blanks at the ends of lines."""
    printed = ""
    for number, line in enumerate(commands, start=1):
        words = [_cell(folder) if word == "CELL" else word for word in shlex.split(line, comments=True)]
        assert words[0] == "auditc", line
        ended = Shell(folder).auditc(*words[1:], AUDITC_HOME=str(folder / "home"))
        assert ended.code == (exits if number == len(commands) else 0), f"{line}\n{ended.out}{ended.err}"
        printed += ended.err + ended.out
    return "\n".join(line.rstrip() for line in printed.splitlines())


def _cell(folder: Path) -> str:
    """The key of one answer that was exported: the first one in Chinese, which shows both templates at work."""
    with (folder / "answers.csv").open(encoding="utf-8", newline="") as file:
        return next(row["key"] for row in csv.DictReader(file) if row["language"] == "zh")


def lacking(quote: str, printed: str) -> str:
    """The first line of a quote that is not printed, in its place; empty when all are."""
    lines = [_steady(line) for line in printed.splitlines()]
    at, may_skip = 0, True
    for line in quote.rstrip("\n").splitlines():
        if line == LEFT_OUT:
            may_skip = True
            continue
        rest = lines[at:] if may_skip else lines[at : at + 1]
        if _steady(line) not in rest:
            return line or "an empty line"
        at += rest.index(_steady(line)) + 1
        may_skip = False
    return ""


def quoted_anew(text: str, quote: str, printed: str) -> str:
    """The chapter with a quote made out of what is printed now: all of it, or for each line the one most like it."""
    lines = printed.splitlines()
    fresh = lines
    if LEFT_OUT in quote.splitlines():
        fresh = []
        for line in quote.rstrip("\n").splitlines():
            fresh += [line] if line == LEFT_OUT else difflib.get_close_matches(line, lines, 1, 0.3) or [line]
    return text.replace(f"```\n{quote}```\n", "```\n" + "\n".join(fresh).strip("\n") + "\n```\n", 1)


def _steady(line: str) -> str:
    for pattern, word in _CHANGING:
        line = re.sub(pattern, word, line)
    return line.rstrip()
