"""GlobalOpinionQA files: which shares are kept, which are left out and why, in both published forms."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from auditc.sources import _files, sources
from auditc.sources._contract import BadData, Imported, SurveyRows, Unreadable
from auditc.sources._unanswered import says_nothing

from . import made


def read(path: Path, **given: Any) -> Imported:
    source = sources.take("goqa")
    return source.read((path,), source.params.model_validate({"nominal_n": 1000, **given}))


def shares(found: Imported) -> dict[tuple[int, str], tuple[float, ...]]:
    """By the number of options and the country, which tells the shares of the example apart."""
    assert isinstance(found.rows, SurveyRows)
    worded = {item.id: (item.text["en"][:5], len(item.options["en"])) for item in found.rows.items}
    return {(*worded[answer.item], answer.country): answer.shares for answer in found.rows.answers}  # type: ignore[misc]


def lines(folder: Path, rows: tuple[dict[str, Any], ...] = made.GOQA) -> Path:
    path = folder / "goqa.jsonl"
    path.write_text(made.goqa_lines(rows), encoding="utf-8")
    return path


def refused(path: Path, **given: Any) -> str:
    with pytest.raises(BadData) as wrong:
        read(path, **given)
    return f"{wrong.value.faults[0]} {wrong.value.faults[0].remedy}"


def test_doubtful_shares_are_left_out_each_under_its_reason(tmp_path: Path) -> None:
    found = read(lines(tmp_path))
    assert shares(found) == {
        ("Is th", 2, "Japan"): pytest.approx((0.25 / 0.9, 0.65 / 0.9)),
        ("Is th", 2, "Kenya"): (0.5, 0.5),
        ("Would", 2, "Japan"): pytest.approx((0.1, 0.9)),
        ("Would", 3, "Japan"): pytest.approx((0.2, 0.3, 0.5)),
    }
    count = found.counts["shares"]
    assert (count.read, count.used) == (9, 4)
    assert count.left_out == {
        "the key says that it is no national sample": 1,
        "the key was shown to hold another country's answers": 1,
        "the key was shown to hold other answers for about half of the items": 1,
        "every share is 0": 1,
        "the shares do not add up to 1": 1,
    }
    assert {(one.row, one.what) for one in found.dropped} == {
        (1, "China (Non-national sample)"),
        (2, "Andorra"),
        (2, "Germany"),
        (2, "Kenya"),
        (3, "Kenya"),
    }
    assert any("1 questions come with several lists" in note for note in found.notes)


def test_flagged_shares_are_kept_when_asked_for(tmp_path: Path) -> None:
    kept = shares(read(lines(tmp_path), keep_flagged=True))
    assert {("Would", 2, "Andorra"), ("Would", 2, "Germany"), ("Is th", 2, "China (Non-national sample)")} <= set(kept)


def test_every_form_gives_the_same(tmp_path: Path) -> None:
    """Python literals in CSV, a JSON list, a row for each country, compressed: as they go about."""
    expected = shares(read(lines(tmp_path)))
    table = tmp_path / "goqa.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, made.GOQA[0])
        writer.writeheader()
        for row in made.GOQA:
            wrapped = f"defaultdict(<class 'list'>, {row['selections']!r})"
            writer.writerow({**row, "selections": wrapped, "options": repr(row["options"])})
    whole = tmp_path / "goqa.json"
    whole.write_text(json.dumps(made.GOQA), encoding="utf-8")
    packed = tmp_path / "by_country.jsonl.gz"
    packed.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in made.goqa_by_country()).encode()))
    for path in (table, whole, packed):
        assert shares(read(path)) == expected
    left_out = read(packed).counts["shares"].left_out
    assert left_out["flagged in the file: wrong_country_key"] == left_out["flagged in the file: pooled"] == 1


def test_n_is_declared_and_never_made_up(tmp_path: Path) -> None:
    assert "no number of respondents" in refused(lines(tmp_path), nominal_n=None)
    found = read(lines(tmp_path), nominal_n=500)
    assert isinstance(found.rows, SurveyRows)
    assert {(answer.n, answer.nominal) for answer in found.rows.answers} == {(500, True)}


def test_a_country_with_two_answers_to_one_item_has_none(tmp_path: Path) -> None:
    again = {**made.GOQA[0], "selections": {"Japan": [0.6, 0.3, 0.1], "Kenya": [0.5, 0.5, 0]}}
    found = read(lines(tmp_path, (*made.GOQA, again)))
    assert ("Is th", 2, "Japan") not in shares(found) and ("Is th", 2, "Kenya") in shares(found)
    left_out = found.counts["shares"].left_out
    assert left_out["a country has other shares for the same item elsewhere"] == 2
    assert left_out["stands in an earlier row"] == 1


@pytest.mark.parametrize(
    ("change", "given", "says"),
    [
        ({"options": "Far"}, {}, "row 1, column `options`: this is no list of options"),
        ({"options": ["Far", "Near"]}, {}, "row 1, column `options`: `Japan` has 3 shares for 2 options"),
        ({"selections": "__import__('os')"}, {}, "row 1, column `selections`: these are no shares by country"),
        ({"selections": {"Japan": [1, -1, 1]}}, {}, "the shares of `Japan` are no list of numbers"),
        ({"question": ""}, {}, "row 1, column `question`: there is no question"),
        ({"sorce": "GAS"}, {}, "nothing reads the column `sorce` Did you mean `source`?"),
        ({}, {"countries": ("Japn",)}, "there is no country `Japn` Did you mean `Japan`?"),
        ({}, {"items": ("g1",)}, "there is no item `g1`"),
    ],
)
def test_a_mistake_is_said_with_its_place_and_remedy(
    tmp_path: Path, change: dict[str, Any], given: dict[str, Any], says: str
) -> None:
    first = {**made.GOQA[0], **change}
    assert says in refused(lines(tmp_path, (first, *made.GOQA[1:])), **given)


def test_what_unpacks_to_too_much_is_never_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_files, "LARGEST_TEXT", 100_000)
    path = tmp_path / "goqa.jsonl.gz"
    path.write_bytes(gzip.compress(b" " * 100_001))
    assert "unpacks to more than 100,000 bytes" in refused(path)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(Unreadable, match="ends before it is complete"):
        read(path)


def test_what_was_taken_for_no_answer_is_said_with_the_most_that_went_with_it(tmp_path: Path) -> None:
    row = {"question": "Is it?", "source": "GAS", "options": ["Yes", "No", "DK/Refused", "Refused entry"]}
    found = read(
        lines(tmp_path, ({**row, "selections": {"Japan": [0.3, 0.2, 0.45, 0.05], "Kenya": [0.5, 0.3, 0, 0.2]}},))
    )
    assert shares(found)["Is it", 3, "Japan"] == pytest.approx((0.3 / 0.55, 0.2 / 0.55, 0.05 / 0.55))
    (note,) = [note for note in found.notes if "no answer" in note]
    assert "`DK/Refused` 2" in note and "45%" in note and "Japan" in note
    worded = {**row, "options": ["Yes", "No", "", "Other"]}
    found = read(lines(tmp_path, ({**worded, "selections": {"Japan": [0.3, 0.2, 0.5, 0], "Kenya": [0.5, 0.5, 0, 0]}},)))
    assert found.counts["shares"].left_out == {"people chose an option without words": 1}
    assert not [note for note in found.notes if "no answer" in note]


@pytest.mark.parametrize(
    "option",
    [
        "Refused to answer",
        "Don't know (DO NOT READ)",
        "Not asked in survey",
        "No answer/refused",
        "Don't know or refused",
    ],
)
def test_no_answer_is_known_by_what_follows_it(option: str) -> None:
    assert says_nothing(option)


@pytest.mark.parametrize("option", ["DK/Refused", '"Dont know"', "Don´t know", "Missing; Not available", "No answer"])
def test_no_answer_is_known_in_all_its_spellings(option: str) -> None:
    assert says_nothing(option)


@pytest.mark.parametrize(
    "option",
    [
        "No",
        "None (VOL)",
        "Hard to say",
        "Never heard of (VOL)",
        "I do not know anyone",
        "Not at all",
        "Nothing",
        "Refused entry to migrants",
        "Missing persons",
        "Not available here",
        "Do not know any",
        "No answer is right",
    ],
)
def test_an_answer_is_not_taken_for_none(option: str) -> None:
    assert not says_nothing(option)
