"""A folder with a spec in two files, whose texts hold Chinese and characters outside the basic plane."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pygls")

from .client import Editor

LIBRARY = """\
# People and models that several audits share. 受访者
population us {
  country  = "United States"
  language = en
}

population cn {
  country  = "China"
  language = zh
  named { en = "China"  zh = "中国😀" }
}

model faithful { title = "像人一样 😀"  backend = simulated { like = practice } }

survey practice {
  items     = csv("items.csv")
  reference = csv("shares.csv", by = [country])
}
"""

ENTRY = """\
import "people.audit" as people

let { rounds = 2 }

audit two_files {
  title   = "两个文件 😀 in one audit"
  version = "1"
  seed    = 1
}

first_token letters {
  ask      = people.practice.where(scale != nominal)
  of       = [people.faithful]
  as       = [people.us]
  orders   = rounds + 1
  in_words = 0%
  jsd { }
}

claim close {
  says  = "Answers are close 😀 to people's"
  holds = each(letters.jsd, over = [model, population]) > 0.9
}

report page { formats = [html]   languages = [en] }
"""


@pytest.fixture
def folder(tmp_path: Path, root: Path) -> Path:
    """`entry.audit` imports `people.audit`; the items and shares are those that the compiler's tests use."""
    for name in ("items.csv", "shares.csv"):
        shutil.copy(root / "tests/compiler/setting" / name, tmp_path / name)
    (tmp_path / "people.audit").write_text(LIBRARY, encoding="utf-8")
    (tmp_path / "entry.audit").write_text(ENTRY, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """One server for the tests of a module: starting it takes longer than most of them."""
    with Editor(tmp_path_factory.mktemp("editor")) as editor:
        yield editor


@pytest.fixture
def editor(running: Editor, folder: Path) -> Iterator[Editor]:
    """The server with nothing open, looking at the folder of this test."""
    running.turn_to(folder)
    yield running
    running.turn_to(folder)
