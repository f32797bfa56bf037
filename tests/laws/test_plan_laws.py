"""What a plan's identity does not depend on: layout, comments, the order of blocks, the folder."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditc.compiler.pipeline import as_bytes, compile_spec
from auditc.diagnostics import Sink, Source
from auditc.ir.plan import Plan
from auditc.spec import format_file, parse
from tests.compiler.test_plans import everything

_TOKEN = re.compile(r'("""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*")|(#[^\n]*\n)|(\s+)|([^\s"#]+)')


def plan_of(path: Path) -> Plan:
    return compile_spec(path, Sink()).plan


def relaid(text: str, seed: int) -> str:
    """The same spec with other white space and other comments; lines break where they broke."""
    rng = random.Random(seed)
    parts = []
    for literal, _, space, word in _TOKEN.findall(text):
        if literal or word:
            parts.append(literal or word)
        elif "\n" in space:
            parts.append(rng.choice(["\n", "\n\n  ", " \t\n ", " # a remark\n", "\r\n  # another: { } [ \n\t"]))
        elif space:
            parts.append(rng.choice([" ", "   ", " \t "]))
        else:
            parts.append("\n")
    return "".join(parts)


def shuffled(text: str, seed: int) -> str:
    """The same spec with its statements in another order."""
    file = parse(Source("x", text), Sink())
    statements = [text[s.span.start : s.span.end] for s in file.statements]
    random.Random(seed).shuffle(statements)
    return "\n\n".join(statements) + "\n"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Plan]:
    path = everything(tmp_path_factory.mktemp("original"))
    return path.read_text(encoding="utf-8"), plan_of(path)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(layout=st.integers(0, 2**32), order=st.integers(0, 2**32), folder=st.from_regex(r"[a-z]{1,8}", fullmatch=True))
def test_layout_order_and_folder_change_nothing(
    original: tuple[str, Plan], tmp_path_factory: pytest.TempPathFactory, layout: int, order: int, folder: str
) -> None:
    text, plan = original
    path = everything(tmp_path_factory.mktemp(folder))
    path.write_text(relaid(shuffled(text, order), layout), encoding="utf-8")
    other = plan_of(path)
    assert other.digest == plan.digest
    assert [stage.name for stage in other.stages] == [stage.name for stage in plan.stages]


def test_formatting_changes_nothing(original: tuple[str, Plan], tmp_path: Path) -> None:
    text, plan = original
    path = everything(tmp_path)
    path.write_text(format_file(parse(Source("x", text), Sink())), encoding="utf-8")
    assert plan_of(path).digest == plan.digest


CHANGES = [
    ("draws      = fewest", "draws = 21"),
    ('named { en = "the United States" }', 'named { en = "America" }'),
    ("You live in", "You stay in"),
    ("seed     = 20261121", "seed = 20261122"),
    ("> 0.8", "> 0.81"),
    ("tilt = 0.5", "tilt = 0.25"),
    ("low_mass = 5%", "low_mass = 6%"),
]


@pytest.mark.parametrize(("old", "new"), CHANGES, ids=[new for _, new in CHANGES])
def test_what_the_audit_says_changes_it(original: tuple[str, Plan], tmp_path: Path, old: str, new: str) -> None:
    text, plan = original
    assert old in text
    path = everything(tmp_path)
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert plan_of(path).digest != plan.digest


TEST = """
test another {
  says  = "Whoever is indifferent does not pass"
  given = simulated { tilt = -1   seed = 3 }
  expect { fidelity = [fails, undecided] }
}
"""


def test_a_test_is_no_part_of_the_plan(original: tuple[str, Plan], tmp_path: Path) -> None:
    text, plan = original
    path = everything(tmp_path)
    path.write_text(text + TEST, encoding="utf-8")
    assert as_bytes(plan_of(path)) == as_bytes(plan)
    path.write_text(text[: text.index("test like_people")], encoding="utf-8")
    assert as_bytes(plan_of(path)) == as_bytes(plan)
