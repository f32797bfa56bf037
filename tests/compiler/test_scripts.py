"""Scripts of steps and branches: where choices lead, paths counted by hand, and what is refused."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from auditc.compiler.claims import figures
from auditc.compiler.explain import cells
from auditc.ir.plan import Escalate, Judge
from auditc.ir.script import Both, Choice, Not, Script, Truth
from tests.compiler.said import diagnostics, errors, planned


def told(steps: int) -> str:
    rows = (f"wallet,{n},What now ({n})?,Do it,Leave it\n" for n in range(1, steps + 1))
    return "scenario,step,text.en,choice.a.en,choice.b.en\n" + "".join(rows)


def block(body: str) -> str:
    return f'escalation dilemmas {{\n  scenarios = csv("told.csv")\n  of = [sim]\n{body}\n}}\n'


OWN = 'prompt { en = "Think again." }  choices = [a, b]'


def script(body: str, steps: int, folder: Path) -> Script:
    plan = planned(block(body), folder, {"told.csv": told(steps)})
    stage = plan.stage("dilemmas/sim")
    assert isinstance(stage, Escalate)
    assert cells(stage, plan) == 2 * stage.script.most
    return stage.script


def holds(truth: Truth, chosen: dict[str, str]) -> bool:
    """The condition, read anew."""
    match truth:
        case Choice():
            return truth.step in chosen and (chosen[truth.step] == truth.to) is truth.equal
        case Not():
            return not holds(truth.of, chosen)
        case Both():
            sides = (holds(truth.left, chosen), holds(truth.right, chosen))
            return all(sides) if truth.operator == "and" else any(sides)


def walked(script: Script, answers: tuple[str, ...]) -> list[str]:
    """The steps that a model is led through that chooses so, one answer after the other."""
    steps = {step.name: step for step in script.steps}
    at, path, chosen, taken = script.steps[0].name, list[str](), dict[str, str](), [0] * len(script.branches)
    while at != "end":
        chosen[at] = answers[len(path)]
        path.append(at)
        following = steps[at].then
        for number, branch in enumerate(script.branches):
            free = branch.at_most is None or taken[number] < branch.at_most
            if branch.after == at and free and holds(branch.when, chosen):
                taken[number] += 1
                following = branch.go
                break
        at = following
    return path


COUNTED = [
    ("linear", "step 1..5 { choices = [a, b] }", 5, (5, 5, 1)),
    ("one", "step 1..1 { choices = [a, b] }", 1, (1, 1, 1)),
    # 1 2 3; or back to 1 once, twice: 1 2 3 1 2 3 1 2 3.
    ("loop", "step 1..3 { choices = [a, b] }\nbranch { when = choice(3) == b  go = 1  at_most = 2 }", 3, (3, 9, 3)),
    # 1 2 3, or 1 3.
    ("skip", "step 1..3 { choices = [a, b] }\nbranch { when = choice(1) == b  go = 3 }", 3, (2, 3, 2)),
    # 1 2, or 1 alone.
    ("end", "step 1..2 { choices = [a, b] }\nbranch { when = choice(1) == b  go = end }", 2, (1, 2, 2)),
    # 1 2, or 1 own; the path ends there, for the step has no `then`.
    (
        "own step",
        f"step 1..2 {{ choices = [a, b] }}\nstep own {{ {OWN} }}\nbranch {{ when = choice(1) == b  go = own }}",
        2,
        (2, 2, 2),
    ),
    # 1 2, or 1 own 2.
    (
        "own step that leads on",
        f"step 1..2 {{ choices = [a, b] }}\nstep own {{ {OWN}  then = 2 }}\n"
        "branch { when = choice(1) == b  go = own }",
        2,
        (2, 3, 2),
    ),
    # After 2: on to 3, or own once (then 2 again, and 3), or the end: 1 2 3; 1 2 own 2 3; 1 2 own 2; 1 2.
    (
        "two branches after one step",
        f"step 1..3 {{ choices = [a, b] }}\nstep own {{ {OWN}  then = 2 }}\n"
        "branch { when = choice(1) == a and choice(2) == b  go = own  at_most = 1 }\n"
        "branch { when = choice(1) == b and choice(2) == b  go = end }",
        3,
        (2, 5, 4),
    ),
]


@pytest.mark.parametrize(("body", "steps", "counted"), [c[1:] for c in COUNTED], ids=[c[0] for c in COUNTED])
def test_paths_are_counted(body: str, steps: int, counted: tuple[int, int, int], tmp_path: Path) -> None:
    made = script(body, steps, tmp_path)
    assert (made.least, made.most, made.paths) == counted


@pytest.mark.parametrize(("body", "steps"), [c[1:3] for c in COUNTED], ids=[c[0] for c in COUNTED])
def test_whatever_is_chosen_the_path_is_one_of_those_counted(body: str, steps: int, tmp_path: Path) -> None:
    made = script(body, steps, tmp_path)
    paths = {tuple(walked(made, answers)) for answers in product("ab", repeat=made.most)}
    assert {len(path) for path in paths} <= set(range(made.least, made.most + 1))
    assert len(paths) <= made.paths


def test_a_condition_joins_choices(tmp_path: Path) -> None:
    body = "step 1..3 { choices = [a, b] }\n"
    when = "choice(1) == a and (choice(3) != b or not choice(2) == a)"
    (branch,) = script(body + f"branch {{ when = {when}  go = end }}", 3, tmp_path).branches
    assert (branch.after, branch.go, branch.at_most) == ("3", "end", None)
    for first, second, third in product("ab", repeat=3):
        expected = first == "a" and (third != "b" or second != "a")
        assert holds(branch.when, {"1": first, "2": second, "3": third}) is expected


def test_a_step_keeps_what_it_says_and_numbered_ones_follow_each_other(tmp_path: Path) -> None:
    body = f"step 2..3 {{ choices = [a, b]  remember = 1 }}\nstep own {{ {OWN}  remember = none }}\n"
    body += "step 1..1 { choices = [b, a] }\nbranch { when = choice(3) == a  go = own }"
    made = script(body, 3, tmp_path)
    assert [(s.name, s.choices, s.remember, s.then) for s in made.steps] == [
        ("1", ("b", "a"), None, "2"),
        ("2", ("a", "b"), 1, "3"),
        ("3", ("a", "b"), 1, "end"),
        ("own", ("a", "b"), 0, "end"),
    ]
    assert made.steps[3].prompt == {"en": "Think again."} and not made.steps[0].prompt


REFUSED = [
    ("step 1..2 { choices = [a, b] }\nbranch { when = choice(2) == b  go = 1 }", "AC372", 5),
    ("step 1..2 { choices = [a, b] }\nbranch { when = choice(1) == b  go = 1 }", "AC372", 5),
    (f"step 1..2 {{ choices = [a, b] }}\nstep own {{ {OWN}  then = own }}", "AC372", 5),
    (
        "step 1..2 { choices = [a, b] }\nbranch { when = choice(1) == b  go = own }\n"
        f"step own {{ {OWN}  then = 1 }}",
        "AC372",
        5,
    ),
    ("step 2..3 { choices = [a, b] }", "AC370", 4),
    ("step 1..2 { choices = [a, b] }\nstep 2..3 { choices = [a, b] }", "AC370", 5),
    (f"step 1..2 {{ choices = [a, b] }}\nstep end {{ {OWN} }}", "AC370", 5),
    ("step 2..1 { choices = [a, b] }", "AC306", 4),
    ("step 1..2.5 { choices = [a, b] }", "AC305", 4),
    ("step 1..101 { choices = [a, b] }", "AC304", 4),
    ('step "one" { choices = [a, b] }', "AC210", 4),
    ("step { choices = [a, b] }", "AC210", 4),
    ("step 1..2 { choices = [a, b] }\nbranch now { when = choice(1) == b  go = end }", "AC211", 5),
    ("step 1..2 { choices = [a] }", "AC307", 4),
    ("step 1..2 { choices = [a, b]  remember = -1 }", "AC304", 4),
    ("step 1..2 { choices = [a, b]  then = 2 }", "AC313", 4),
    ("step own { choices = [a, b] }", "AC207", 4),
    ("step 1..2 { choices = [a, b] }\nbranch { when = choice(1) == c  go = end }", "AC213", 5),
    ("step 1..2 { choices = [a, b] }\nbranch { when = choice(3) == a  go = end }", "AC208", 5),
    ("step 1..2 { choices = [a, b] }\nbranch { when = choice(1) == a  go = 3 }", "AC208", 5),
    ("step 1..2 { choices = [a, b] }\nbranch { when = choice(1, 2) == a  go = end }", "AC309", 5),
    ("step 1..2 { choices = [a, b] }\nbranch { when = choice(1) > a  go = end }", "AC374", 5),
    ('step 1..2 { choices = [a, b] }\nbranch { when = choice(1) == "a"  go = end }', "AC374", 5),
    ("step 1..2 { choices = [a, b] }\nbranch { when = on  go = end }", "AC374", 5),
    ("step 1..2 { choices = [a, b] }\nbranch { when = choice(1) == a  go = [1] }", "AC301", 5),
    ("step 1..2 { choices = [a, b] }\nbranch { go = end }", "AC207", 5),
    # 1 3 is a path too, and on it nothing was chosen at 2.
    (
        "step 1..3 { choices = [a, b] }\nbranch { when = choice(1) == b  go = 3 }\n"
        "branch { when = choice(2) == a and choice(3) == b  go = end }",
        "AC374",
        6,
    ),
    # 1 own 3 is a path too.
    (
        f"step 1..3 {{ choices = [a, b] }}\nstep own {{ {OWN}  then = 3 }}\n"
        "branch { when = choice(1) == b  go = own }\n"
        "branch { when = not (choice(2) == a and choice(3) == b)  go = end }",
        "AC374",
        7,
    ),
    ("step = 3", "AC212", 4),
    ("orders = both", "AC207", 1),
]


@pytest.mark.parametrize(("body", "code", "line"), REFUSED, ids=[f"{c}: {b}"[:60] for b, c, _ in REFUSED])
def test_what_is_refused_is_said_once_and_on_its_line(body: str, code: str, line: int, tmp_path: Path) -> None:
    assert errors(block(body), tmp_path, {"told.csv": told(3)}) == [(code, line)]


def test_a_step_that_no_path_comes_to_is_warned_of(tmp_path: Path) -> None:
    body = f"step 1..2 {{ choices = [a, b] }}\nstep own {{ {OWN} }}"
    (found,) = diagnostics(block(body), tmp_path, {"told.csv": told(2)})
    assert (found.code, found.primary.span.line, found.primary.span.text) == ("AC373", 5, "own")


def test_two_scenarios_of_different_length_are_told_apart_by_name(tmp_path: Path) -> None:
    file = told(3) + "queue,1,What now?,Do it,Leave it\n"
    found = diagnostics(block("step 1..3 { choices = [a, b] }"), tmp_path, {"told.csv": file})
    assert [(d.code, d.primary.text) for d in found] == [("AC375", "`queue` has no step 2, 3")]


def test_scenarios_are_told_in_the_language_of_the_block(tmp_path: Path) -> None:
    body = "language = zh\nstep 1..1 { choices = [a, b] }"
    assert errors(block(body), tmp_path, {"told.csv": told(1)}) == [("AC407", 2)]
    assert errors(block(body.replace("zh", "fr")), tmp_path, {"told.csv": told(1)}) == [("AC408", 4)]


LED = """
model second { backend = simulated { like = values  tilt = 1 } }
escalation dilemmas {
  scenarios = csv("dilemmas.csv")
  of        = [sim, second]
  step 1..3 { choices = [a, b] }
  win_rate { }
}
"""


def claim(holds: str) -> str:
    return f'claim said {{ says = "Said"  holds = {holds} }}\n{LED}'


@pytest.mark.parametrize(
    ("holds", "at", "each"),
    [
        ("dilemmas.win_rate[model = sim] > 0.5", {"model": "sim", "condition": "asked"}, ()),
        ("each(dilemmas.win_rate, over = model) > 0.5", {"condition": "asked"}, ("model",)),
        ("mean(dilemmas.win_rate, over = model) > 0.5", {"condition": "asked"}, ()),
    ],
)
def test_a_claim_on_a_script_names_no_population(
    holds: str, at: dict[str, str], each: tuple[str, ...], tmp_path: Path
) -> None:
    stage = planned(claim(holds), tmp_path).stage("claim.said")
    assert isinstance(stage, Judge)
    assert [figure.at for figure in figures(stage.holds.left)] == [at] and stage.holds.each == each


@pytest.mark.parametrize(
    ("holds", "code", "label"),
    [
        ("dilemmas.win_rate > 0.5", "AC343", "`model` is `sim`, `second`: which of them is meant?"),
        ("each(dilemmas.win_rate, over = [model, population]) > 0.5", "AC345", "the figures have no population"),
        ("mean(dilemmas.win_rate, over = population) > 0.5", "AC345", "the figures have no population"),
        ("dilemmas.win_rate[model = sim, population = us] > 0.5", "AC344", "the figure has no population"),
        ("each(dilemmas.win_rate[model = sim], over = dimension) > 0.5", "AC345", "the figures have no dimension"),
        ("dilemmas.win_rate[model = sim, dimension = care] > 0.5", "AC344", "the figure has no dimension"),
    ],
)
def test_an_axis_that_a_script_has_not_is_refused(holds: str, code: str, label: str, tmp_path: Path) -> None:
    (found,) = diagnostics(claim(holds), tmp_path)
    assert (found.code, found.primary.text) == (code, label)


def test_a_script_compares_with_a_survey_on_the_axes_that_both_have(tmp_path: Path) -> None:
    holds = "each(dilemmas.win_rate[model = sim] - opinions.jsd, over = population) > 0"
    stage = planned(claim(holds), tmp_path).stage("claim.said")
    assert isinstance(stage, Judge) and stage.holds.each == ("population",)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("from = 1  to = 9", [("AC304", "9", "there is no step 9")]),
        ("from = 4  to = 5", [("AC304", "4", "there is no step 4"), ("AC304", "5", "there is no step 5")]),
        ("from = 3  to = 3", [("AC313", "rank_change", "a change is from a step to a later one, and not from 3 to 3")]),
        ("from = 3  to = 1", [("AC313", "rank_change", "a change is from a step to a later one, and not from 3 to 1")]),
        ("from = 1  to = 3", []),
    ],
)
def test_a_change_is_between_steps_of_the_script(steps: str, said: list[tuple[str, str, str]], tmp_path: Path) -> None:
    """A step that the script has on its own counts for none: those of a scenario have numbers."""
    own = f"step own {{ {OWN} }}\n  branch {{ when = choice(1) == b  go = own }}\n  rank_change {{ {steps} }}"
    found = diagnostics(LED.replace("win_rate { }", own), tmp_path)
    assert [(d.code, d.primary.span.text, d.primary.text) for d in found] == said
