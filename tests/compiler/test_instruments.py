"""What a block measures by: judges that know whom they judge, and groups of people that the reference knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditc.diagnostics import Diagnostic
from tests.compiler.fragments import SETTING
from tests.compiler.said import diagnostics

REVISION = "a09a35458c702b33eeacc393d103063234e8bc28"
CARD = 'origin = "west"  stage = "base"'


def judging(judge: str, judged: str, folder: Path) -> list[Diagnostic]:
    """What is said when one model, by what its card says, judges another one."""
    block = 'insensitivity { judge = j  faults = [no_role]  calibrate = csv("judged.csv") }'
    spec = f"def_survey d {{ ask = values  of = [g]  as = [us]  {block} }}\n"
    return diagnostics(f"{spec}model j {{ {judge}  {CARD} }}\nmodel g {{ {judged}  {CARD} }}\n", folder)


def hub(name: str, family: str, revision: str = REVISION) -> str:
    return f'weights = hf("{name}", revision = "{revision}")  family = "{family}"'


def api(name: str, family: str) -> str:
    made = f'openai {{ model = "{name}"  url = "https://api.example.org/v1"  key = env("EXAMPLE_KEY") }}'
    return f'api = {made}  family = "{family}"'


@pytest.mark.parametrize(
    ("judge", "judged"),
    [
        (hub("a/one", "Qwen 2.5"), hub("a/two", "Qwen2.5")),
        (hub("a/one", "One"), hub("a/one", "Other")),
        (hub("a/one", "One"), hub("a/one", "Other", "b" * 40)),
        (api("chat-2026-01-15", "One"), api("chat-2026-01-15", "Other")),
    ],
)
def test_a_judge_of_its_own_kind_is_warned_of_whatever_its_card_says(judge: str, judged: str, tmp_path: Path) -> None:
    assert "AC425" in {d.code for d in judging(judge, judged, tmp_path)}


def test_a_judge_of_another_kind_is_not(tmp_path: Path) -> None:
    assert {d.code for d in judging(hub("a/one", "One"), hub("a/two", "Other"), tmp_path)} == set()
    said = judging(api("chat-2026-01-15", "One"), api("write-2026-01-15", "Other"), tmp_path)
    assert "AC425" not in {d.code for d in said}


def test_a_model_does_not_judge_itself(tmp_path: Path) -> None:
    block = 'insensitivity { judge = j  faults = [no_role]  calibrate = csv("judged.csv") }'
    spec = (
        f"def_survey d {{ ask = values  of = [j]  as = [us]  {block} }}\nmodel j {{ {hub('a/one', 'One')}  {CARD} }}\n"
    )
    assert [(d.code, d.severity.name, d.primary.span.line) for d in diagnostics(spec, tmp_path)] == [
        ("AC448", "ERROR", 1)
    ]


def told_apart(by: str, folder: Path, keep: str = "Q") -> list[Diagnostic]:
    """What is said of groups, with those of the items alone whose name begins so."""
    rows = (SETTING / "shares.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    left = [row for row in rows if row.startswith(keep) or (",female," not in row and ",male," not in row)]
    block = f"def_survey d {{ ask = values  of = [sim]  as = [us]  preference_bias {{ by = {by} }} }}\n"
    return diagnostics(block, folder, {"shares.csv": "".join(left)})


def test_groups_are_there_for_every_item_that_is_asked(tmp_path: Path) -> None:
    assert told_apart("[sex]", tmp_path) == []
    (found,) = told_apart("[sex]", tmp_path, "Q1")
    assert (found.code, found.severity.name) == ("AC450", "WARNING")
    assert "5 of 6 items are left out: `Q2`, `Q3`, `Q4`, `Q5`, `Q6`" in found.primary.text
    (found,) = told_apart("[sex]", tmp_path, "none")
    assert found.code == "AC432" and "`Q2`" not in found.primary.text


def test_a_group_that_one_item_lacks_is_said(tmp_path: Path) -> None:
    rows = (SETTING / "shares.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    more = [row.replace(",female,", ",another,") for row in rows if ",female," in row and not row.startswith("Q2,")]
    block = "def_survey d { ask = values  of = [sim]  as = [us]  preference_bias { by = [sex] } }\n"
    (found,) = diagnostics(block, tmp_path, {"shares.csv": "".join([*rows, *more])})
    assert found.code == "AC450" and "1 of 6 items are left out: `Q2`" in found.primary.text


def test_a_country_is_no_group_of_people(tmp_path: Path) -> None:
    (found,) = told_apart("[sex, country]", tmp_path)
    assert (found.code, found.help) == ("AC432", "Leave `country` out of `by`.")
    (found,) = told_apart("[income]", tmp_path)
    assert "`by = [country, sex, age, income]`" in found.help


def cases(yes: int, no: int, fault: str = "no_role", present: str = "yes", language: str = "en") -> str:
    rows = [f"text {n},{fault},{present if n < yes else 'no'},Why?,{language}\n" for n in range(yes + no)]
    return "".join(["text,fault,present,question,language\n", *rows])


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (cases(50, 49), "50 cases with `no_role` and 49 without"),
        (cases(1, 99), "1 cases with `no_role` and 99 without"),
        (cases(50, 50, "false_facts"), "0 cases with `no_role` and 0 without"),
    ],
)
def test_cases_that_measure_no_errors_calibrate_no_judge(file: str, why: str, tmp_path: Path) -> None:
    block = 'insensitivity { judge = j  faults = [no_role]  calibrate = csv("mine.csv") }'
    model = f"model j {{ {hub('a/one', 'One')}  {CARD} }}\n"
    survey = f"def_survey d {{ ask = values  of = [sim]  as = [us]  {block} }}\n"
    claim = 'claim c { says = "s"  holds = d.insensitivity < 10%  estimand = these_items }\n'
    found = diagnostics(survey + claim + model, tmp_path, {"mine.csv": file})
    assert [(d.code, d.primary.span.line) for d in found] == [("AC426", 1), ("AC427", 2)]
    assert all(why in d.primary.text for d in found)
    assert all("add them to `mine.csv`" in d.help for d in found), "the file is there already"
    assert diagnostics(survey + model, tmp_path, {"mine.csv": cases(50, 50)}) == []


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (cases(50, 50, "nosuch"), "100 cases, the first of them case 1, of `mine.csv` have `nosuch` as `fault`"),
        (cases(50, 50, present="maybe"), "`maybe` as `present`"),
        (cases(50, 50, language="fr"), "`fr` as `language`"),
        (cases(50, 50) + "text,no_role,Yes,Why?,en\n", "case 101 of `mine.csv` has `Yes` as `present`"),
    ],
)
def test_a_case_that_cannot_be_read_is_refused_and_not_left_out(file: str, why: str, tmp_path: Path) -> None:
    block = 'insensitivity { judge = j  faults = [no_role]  calibrate = csv("mine.csv") }'
    model = f"model j {{ {hub('a/one', 'One')}  {CARD} }}\n"
    survey = f"def_survey d {{ ask = values  of = [sim]  as = [us]  {block} }}\n"
    (found,) = diagnostics(survey + model, tmp_path, {"mine.csv": file})
    assert (found.code, found.primary.span.line) == ("AC481", 1) and why in found.primary.text


def test_a_fault_without_cases_is_named(tmp_path: Path) -> None:
    block = 'insensitivity { judge = j  faults = [no_role, false_facts, irrelevant_text]  calibrate = csv("mine.csv") }'
    model = f"model j {{ {hub('a/one', 'One')}  {CARD} }}\n"
    survey = f"def_survey d {{ ask = values  of = [sim]  as = [us]  {block} }}\n"
    (found,) = diagnostics(survey + model, tmp_path, {"mine.csv": cases(50, 50)})
    assert "0 cases with `false_facts`" in found.primary.text and "too few of `irrelevant_text`" in found.primary.text


@pytest.mark.parametrize(
    ("holds", "code"),
    [
        ("d.insensitivity[fault = no_role] < 10%", ""),
        ("20% > d.insensitivity[fault = false_facts]", ""),
        ("each(d.insensitivity, over = fault) < 10%", ""),
        ("d.insensitivity < 10%", "AC343"),
        ("d.insensitivity[fault = irrelevant_text] < 10%", "AC344"),
        ("d.insensitivity[fault = no_role, dimension = fairness] < 10%", "AC344"),
        ("d.insensitivity[fault = no_role, condition = asked] < 10%", "AC344"),
        ("mean(d.insensitivity, over = fault) < 10%", "AC511"),
        ("d.insensitivity[fault = no_role] < d.insensitivity[fault = false_facts]", "AC511"),
    ],
)
def test_a_claim_names_one_figure_of_a_judge(holds: str, code: str, tmp_path: Path) -> None:
    block = 'insensitivity { judge = j  faults = [no_role, false_facts]  calibrate = csv("mine.csv") }'
    model = f"model j {{ {hub('a/one', 'One')}  {CARD} }}\n"
    survey = f"def_survey d {{ ask = values  of = [sim]  as = [us]  {block} }}\n"
    claim = f'claim c {{ says = "s"  holds = {holds}  estimand = these_items }}\n'
    both = cases(50, 50) + "".join(cases(50, 50).replace("no_role", "false_facts").splitlines(keepends=True)[1:])
    found = diagnostics(survey + claim + model, tmp_path, {"mine.csv": both})
    assert [d.code for d in found] == ([code] if code else [])
