"""World Values Survey files: shares as a plain computation has them, in every format, and what is refused."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from auditc.api.data import import_data
from auditc.api.faults import Refused, WorldFailed
from auditc.sources import sources
from auditc.sources._contract import Answer, BadData, Imported, SurveyRows
from auditc.sources.wvs._layout import countries

from . import made

CODES = {"Q1": [1, 2, 3, 4], "Q2": [0, 1, 2]}
WRITERS = {".csv": made.write_csv, ".sav": made.write_labelled, ".dta": made.write_labelled}


def read(path: Path | list[Path], **given: Any) -> Imported:
    source = sources.take("wvs")
    files = tuple(path) if isinstance(path, list) else (path,)
    return source.read(files, source.params.model_validate({"items": ("Q1", "Q2"), **given}))


def answers(found: Imported) -> tuple[Answer, ...]:
    assert isinstance(found.rows, SurveyRows)
    return found.rows.answers


def refused(path: Path | list[Path], **given: Any) -> str:
    with pytest.raises(BadData) as wrong:
        read(path, **given)
    return f"{wrong.value.faults[0]} {wrong.value.faults[0].remedy}"


def age_of(years: int) -> str:
    return "" if years < 0 else "under 30" if years < 30 else "30-49" if years < 50 else "50 and over"


@pytest.mark.parametrize("weight", ["", "W_WEIGHT"])
@pytest.mark.parametrize("ending", WRITERS)
def test_shares_are_those_of_a_plain_computation(tmp_path: Path, ending: str, weight: str) -> None:
    columns = made.persons()
    path = WRITERS[ending](tmp_path / f"wvs{ending}", columns)
    # In a CSV and a Stata file the 9 of Q2 is a code like others unless it is labelled; the codebook names the codes.
    book = tmp_path / "book.csv"
    book.write_text(made.CODEBOOK, encoding="utf-8")
    found = read(path, codebook=str(book), weight=weight)
    names = {letters: name for _, letters, name in made.COUNTRIES}
    sexes = {1: "male", 2: "female"}
    for answer in answers(found):

        def who(row: int, answer: Answer = answer) -> bool:
            return (
                names[columns["B_COUNTRY_ALPHA"][row]] == answer.country
                and answer.sex in ("", sexes.get(columns["Q260"][row], "-"))
                and answer.age in ("", age_of(columns["Q262"][row]) or "-")
            )

        n, shares = made.plain_shares(columns, answer.item, CODES[answer.item], who, bool(weight))
        assert answer.n == n and not answer.nominal
        assert answer.shares == pytest.approx(shares, abs=1e-9)
    # Two items, three countries: whole, by sex, by age, by both.
    assert len(answers(found)) == 2 * 3 * (1 + 2 + 3 + 6)
    count = found.counts["answers"]
    given = Counter(columns["Q1"]) + Counter(columns["Q2"])
    assert count.read == 2 * len(columns["Q1"])
    if ending != ".dta":
        assert count.left_out["negative code -1"] == given[-1]


def test_labels_serve_as_options_and_what_they_call_no_answer_is_left_out(tmp_path: Path) -> None:
    columns = made.persons()
    for ending in (".sav", ".dta"):
        found = read(made.write_labelled(tmp_path / f"wvs{ending}", columns))
        assert isinstance(found.rows, SurveyRows)
        one, two = found.rows.items
        assert one.options["en"] == ("Very much", "Rather", "Not very", "Not at all")
        assert two.options["en"] == ("Hard to say", "Yes", "No"), "9 is labelled `Don´t know`"
        assert one.text == {"en": ""} and made.TITLES["Q1"] in one.source
        assert any("`text.en` is empty" in note for note in found.notes)
        assert found.counts["answers"].left_out["code 9 is no option"] == Counter(columns["Q2"])[9]


def test_a_csv_file_has_no_words_and_none_are_made_up(tmp_path: Path) -> None:
    found = read(made.write_csv(tmp_path / "wvs.csv", made.persons()), languages=("en", "zh"))
    assert isinstance(found.rows, SurveyRows)
    for item in found.rows.items:
        assert item.text == {"en": "", "zh": ""} and item.options == {"en": (), "zh": ()}
    listed = [(code.code, code.option) for code in found.rows.codes if code.item == "Q1"]
    assert listed == [("-2", None), ("-1", None), ("1", 1), ("2", 2), ("3", 3), ("4", 4)]


def test_a_code_that_stands_alone_and_has_no_label_is_told(tmp_path: Path) -> None:
    columns = made.persons()
    notes = "\n".join(read(made.write_csv(tmp_path / "a.csv", columns)).notes)
    assert "9 of Q2 is taken for an option. " in notes and "of Q1 is taken" not in notes
    columns["Q1"][:20] = [99] * 20
    assert "99 of Q1 is taken for an option. " in "\n".join(read(made.write_csv(tmp_path / "b.csv", columns)).notes)


def test_small_groups_are_left_out_and_counted(tmp_path: Path) -> None:
    path = made.write_csv(tmp_path / "wvs.csv", made.persons(150))
    some, every = read(path, min_n=15), read(path, min_n=1)
    assert min(answer.n for answer in answers(some)) >= 15
    groups = some.counts["groups"]
    assert groups.left_out["fewer than 15 persons"] == len(answers(every)) - len(answers(some)) > 0
    assert groups.read == every.counts["groups"].read
    assert isinstance(some.rows, SurveyRows) and isinstance(every.rows, SurveyRows)
    few = {(code.item, code.code) for code in every.rows.codes if code.persons in range(1, 15)}
    assert few and {code.persons for code in some.rows.codes if (code.item, code.code) in few} == {None}


def test_countries_and_groups_can_be_chosen(tmp_path: Path) -> None:
    columns = made.persons()
    path = made.write_csv(tmp_path / "wvs.csv", columns, delimiter=";")
    found = read(path, countries=("CHN", "Argentina"), by=("sex",))
    assert {answer.country for answer in answers(found)} == {"China", "Argentina"}
    assert {(answer.sex, answer.age) for answer in answers(found)} == {("", ""), ("male", ""), ("female", "")}
    there = Counter(columns["B_COUNTRY_ALPHA"])
    assert found.counts["respondents"].left_out == {"another country": there["USA"]}
    assert "Did you mean `China`?" in refused(path, countries=("Chyna",))


def test_several_files_of_one_wave_are_one(tmp_path: Path) -> None:
    columns = made.persons()
    halves = [{name: found[part] for name, found in columns.items()} for part in (slice(0, 300), slice(300, None))]
    paths = [made.write_csv(tmp_path / f"{number}.csv", half) for number, half in enumerate(halves)]
    whole = made.write_csv(tmp_path / "whole.csv", columns)
    assert answers(read(paths)) == answers(read(whole))
    said = refused([whole, paths[1]])
    assert "1.csv, row 1, column `D_INTERVIEW`" in said and "whole.csv, row 301 already" in said
    assert answers(read([whole, paths[1]], columns=("interview=-",)))


def test_earlier_waves_are_known_by_their_columns(tmp_path: Path) -> None:
    seven = made.persons()
    moved = {"A_WAVE": "V1", "B_COUNTRY": "V2", "Q260": "V240", "Q262": "V242", "W_WEIGHT": "V258"}
    dropped = ("B_COUNTRY_ALPHA", "D_INTERVIEW")
    six = {moved.get(name, name): found for name, found in seven.items() if name not in dropped}
    six["V1"] = [6] * len(six["V1"])
    expected = answers(read(made.write_csv(tmp_path / "seven.csv", seven)))
    assert answers(read(made.write_csv(tmp_path / "six.csv", six))) == expected
    # In wave 4 the same names mean other things: nothing is guessed.
    four = made.write_csv(tmp_path / "four.csv", {**six, "V1": [4] * len(six["V1"])})
    assert "--columns country=V2" in refused(four)
    assert answers(read(four, columns=("country=V2", "sex=V240", "age=V242"))) == expected


def test_several_waves_are_never_pooled_unasked(tmp_path: Path) -> None:
    columns = made.persons()
    columns["A_WAVE"] = [6 + row % 2 for row in range(len(columns["A_WAVE"]))]
    path = made.write_csv(tmp_path / "wvs.csv", columns)
    assert "the waves 6, 7" in refused(path) and "--wave 7" in refused(path)
    assert read(path, wave=7).counts["respondents"].left_out == {"another wave": 300}


def test_six_groups_of_age_are_not_taken_for_three(tmp_path: Path) -> None:
    columns = made.persons()
    columns["X003R"] = [1 + row % 6 for row in range(len(columns.pop("Q262")))]
    path = made.write_csv(tmp_path / "wvs.csv", columns)
    found = read(path)
    assert {answer.age for answer in answers(found)} == {""} and any("25 to 34" in note for note in found.notes)
    assert "25 to 34" in refused(path, by=("age",))


def test_weights_that_are_missing_leave_persons_out(tmp_path: Path) -> None:
    columns = made.persons()
    columns["W_WEIGHT"][:5] = ["", -1, "NA", 0, 0.5]
    found = read(made.write_csv(tmp_path / "wvs.csv", columns), weight="W_WEIGHT")
    assert found.counts["respondents"].left_out == {"no weight": 3}
    assert any("design effect" in note for note in found.notes)


@pytest.mark.parametrize(
    ("change", "given", "says"),
    [
        ({"Q1": "Very much"}, {}, "row 3, column `Q1`: `Very much` is no code Export the file with codes"),
        ({"B_COUNTRY": 32}, {}, "row 3, column `B_COUNTRY_ALPHA`: `B_COUNTRY_ALPHA` says `CHN`, and `B_COUNTRY` 32"),
        ({"W_WEIGHT": "heavy"}, {"weight": "W_WEIGHT"}, "row 3, column `W_WEIGHT`: `heavy` is no weight"),
        ({}, {"weight": "W_WEIGTH"}, "there is no column `W_WEIGTH` Did you mean `W_WEIGHT`?"),
        ({}, {"items": ("Q1", "Q22")}, "there is no column `Q22` Did you mean `Q2`?"),
        ({}, {"items": ("D_INTERVIEW",)}, "column `D_INTERVIEW`: it has 600 codes"),
        ({}, {"items": ()}, "nothing says which items are taken"),
        ({}, {"items": ("Q1", "Q1")}, "an item is asked for twice"),
        ({}, {"columns": ("sexx=Q260",)}, "Did you mean `sex=Q260`?"),
        ({}, {"min_n": 10_000}, "no group has 10000 persons"),
    ],
)
def test_a_mistake_is_said_with_its_place_and_remedy(
    tmp_path: Path, change: dict[str, Any], given: dict[str, Any], says: str
) -> None:
    columns = made.persons()
    columns["B_COUNTRY_ALPHA"][2], columns["B_COUNTRY"][2] = "CHN", 156
    for name, value in change.items():
        columns[name][2] = value
    assert says in refused(made.write_csv(tmp_path / "wvs.csv", columns), **given)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Q2,nominal", "Q1,nominal", "row 2, column `id`: the item `Q1` is there already"),
        ("nominal", "nominul", "row 2, column `scale`: `nominul` is no scale Did you mean `nominal`?"),
        ("dimension", "dimensoin", "nothing reads the column `dimensoin` Did you mean `dimension`?"),
        ("0|1|2", "0|1", "row 2, column `codes`: 2 codes for 3 options"),
        ("|Not at all", "", "row 1, column `options.en`: `Q1` has 3 options, and the data 4 codes: [1, 2, 3, 4]"),
    ],
)
def test_a_codebook_is_checked_against_the_data(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = made.write_csv(tmp_path / "wvs.csv", made.persons())
    book = tmp_path / "book.csv"
    book.write_text(made.CODEBOOK.replace(old, new, 1), encoding="utf-8")
    assert says in refused(path, codebook=str(book), items=())


def test_a_torn_row_and_a_column_that_stands_twice_are_named(tmp_path: Path) -> None:
    path = made.write_csv(tmp_path / "wvs.csv", made.persons())
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:5], lines[5] + ",1", *lines[6:]]) + "\n", encoding="utf-8")
    assert "wvs.csv, row 5: 10 cells, and the head has 9" in refused(path)
    path.write_text("\n".join([lines[0].replace("Q2,", "Q1,"), *lines[1:]]) + "\n", encoding="utf-8")
    assert "the column `Q1` stands twice" in refused(path)


def test_files_that_label_a_code_differently_are_not_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = made.write_labelled(tmp_path / "one.sav", made.persons(50))
    monkeypatch.setitem(made.LABELS, "Q2", {0: "Hard to say", 1: "No", 2: "Yes", 9: "Don´t know"})
    later = made.persons(50, seed=2)
    later["D_INTERVIEW"] = [90_000 + row for row in range(50)]
    two = made.write_labelled(tmp_path / "two.sav", later)
    assert "two.sav, column `Q2`: code 1 is `No` here and `Yes` in one.sav" in refused([one, two], min_n=1)


def test_a_damaged_labelled_file_is_the_worlds_failure(tmp_path: Path) -> None:
    path = made.write_labelled(tmp_path / "wvs.sav", made.persons())
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(WorldFailed, match="cannot be taken apart"):
        import_data("wvs", [path], tmp_path / "out", {"items": ("Q1",)}, force=False)
    assert not (tmp_path / "out").exists()


def test_without_the_library_that_reads_it_an_spss_file_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made.write_labelled(tmp_path / "wvs.sav", made.persons())
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    with pytest.raises(WorldFailed, match="needs pyreadstat") as failed:
        import_data("wvs", [path], tmp_path / "out", {"items": ("Q1",)}, force=False)
    assert failed.value.help == 'pip install "auditc[data]"'


def test_the_names_of_countries_are_those_of_the_standard_library(root: Path) -> None:
    text = (root / "auditc/library/std-1/package.audit").read_text(encoding="utf-8")
    named = {line.split('"')[1] for line in text.splitlines() if line.startswith("  country  =")}
    known = countries()
    assert len(named) == 25 and named <= set(known.names.values())
    assert len(set(known.names.values())) == len(known.names) == len(known.letters)


def test_an_author_fills_in_the_words_and_a_later_import_does_not_lose_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = made.write_csv(tmp_path / "wvs.csv", made.persons())
    given = {"items": ("Q1",)}
    import_data("wvs", [path], None, given, force=False)
    import_data("wvs", [path], None, {**given, "min_n": 20}, force=False)
    items = Path("wvs/items.csv")
    with items.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [{"id": "Q1", "scale": "nominal", "source": "WVS Q1", "text.en": "", "options.en": ""}]
    items.write_text("id,mine\n", encoding="utf-8")
    with pytest.raises(Refused, match="not as an import wrote it"):
        import_data("wvs", [path], None, given, force=False)
    assert items.read_text(encoding="utf-8") == "id,mine\n"
    import_data("wvs", [path], None, given, force=True)
    assert "mine" not in items.read_text(encoding="utf-8")
