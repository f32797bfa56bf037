"""The tutorial: its specs compile and are tested, every command in it runs, and what it quotes is what is printed."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from auditc.compiler.pipeline import as_bytes, compile_spec
from auditc.diagnostics import Sink

from .chapters import lacking, quoted_anew, ran, said, specs
from .conftest import Shell

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "docs/tutorial").glob("[1-9]*.md"))
SPECS = sorted((ROOT / "examples/tutorial").glob("*.audit"))
SOUND = [path for path in SPECS if path.stem not in {"5_people", "5_mistakes"}]


@pytest.fixture
def folder(tmp_path: Path, root: Path) -> Path:
    return Path(shutil.copytree(root / "examples/tutorial", tmp_path / "tutorial"))


def test_there_are_five_chapters_each_with_its_spec() -> None:
    assert [chapter.name[0] for chapter in CHAPTERS] == list("12345")
    assert {path.name[0] for path in SPECS} == set("12345")


@pytest.mark.parametrize("chapter", CHAPTERS, ids=[chapter.stem for chapter in CHAPTERS])
def test_golden_what_a_chapter_quotes_is_printed(chapter: Path, folder: Path) -> None:
    text = chapter.read_text(encoding="utf-8")
    for part in said(text):
        printed = ran(part.commands, part.exits, folder)
        for quote in part.quotes:
            if os.environ.get("AUDITC_REWRITE_GOLDENS"):
                text = quoted_anew(text, quote, printed)
                chapter.write_text(text, encoding="utf-8")
            else:
                assert not lacking(quote, printed), f"{part.commands}: {lacking(quote, printed)}\n{printed}"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=[chapter.stem for chapter in CHAPTERS])
def test_what_a_chapter_quotes_of_specs_stands_in_them(chapter: Path) -> None:
    text = chapter.read_text(encoding="utf-8")
    written = "\n".join(path.read_text(encoding="utf-8") for path in SPECS if path.name[0] == chapter.name[0])
    assert specs(text)
    for quote in specs(text):
        for piece in quote.split("…\n"):
            assert piece.strip("\n") in written, piece
    for name in re.findall(r"\b\d_\w+\.audit\b", text):
        assert (ROOT / "examples/tutorial" / name).is_file()


@pytest.mark.parametrize("path", SOUND, ids=[path.stem for path in SOUND])
def test_a_spec_compiles_to_the_same_bytes_everywhere(path: Path, folder: Path) -> None:
    here, there = compile_spec(path, Sink()), compile_spec(folder / path.name, Sink())
    assert as_bytes(here.plan) == as_bytes(there.plan) and as_bytes(here.lock) == as_bytes(there.lock)


def test_the_specs_are_in_canonical_form(folder: Path) -> None:
    ended = Shell(folder).auditc("fmt", "--check", *(path.name for path in SPECS))
    assert ended.code == 0, ended.out


def test_everything_is_made_up() -> None:
    for name in ("items.csv", "one_item.csv"):
        lines = (ROOT / "examples/tutorial" / name).read_text(encoding="utf-8").splitlines()[1:]
        assert all("made up for practice" in line for line in lines)


def test_what_chapter_2_says_happens_without_a_name(folder: Path) -> None:
    Shell(folder).edit("2_two_peoples.audit", '  named { en = "Southland"   zh = "南地" }\n', "")
    ended = Shell(folder).auditc("check", "2_two_peoples.audit")
    assert ended.code == 2 and "AC417" in ended.err


def test_what_chapter_3_says_of_more_draws(folder: Path) -> None:
    shell = Shell(folder)
    for command in (("compile", "3_participants.audit"), ("run", "-q")):
        assert shell.auditc(*command).code == 0
    shell.edit("3_participants.audit", "draws   = 50", "draws   = 60")
    assert shell.auditc("compile", "3_participants.audit").code == 0
    assert "2,880 cells: 2,400 stored, at most 480 to ask" in shell.auditc("plan").out


def test_what_chapter_5_says_of_items_that_were_learnt(folder: Path) -> None:
    Shell(folder).edit("5_together.audit", "ask     = shared.values.test", "ask     = shared.values.train")
    ended = Shell(folder).auditc("check", "5_together.audit")
    assert ended.code == 2 and "AC430" in ended.err
