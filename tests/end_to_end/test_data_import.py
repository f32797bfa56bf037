"""`auditc data import` as a user calls it: what it prints, what it writes, what it refuses; and over the real files."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from pathlib import Path

import pytest

from ..sources import made
from .conftest import Shell

PUBLISHED = Path(
    os.environ.get("AUDITC_PUBLISHED_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data")
)
REAL = {
    "goqa": ("goqa/goqa_subset.jsonl.gz", ("--nominal-n", "1000"), "shares", 13_710),
    "moralchoice": ("moralchoice/scenarios__moralchoice_high_ambiguity.csv", (), "scenarios", 680),
    "mmd": ("mmd/MMDs_MFT.json", (), "scenarios", 25),
}


def test_an_import_prints_what_it_did_and_records_every_byte(shell: Shell) -> None:
    path = made.write_csv(shell.folder / "wvs.csv", made.persons())
    words = ("data", "import", "wvs", "wvs.csv", "--items", "Q1,Q2", "--weight", "W_WEIGHT", "-o", "human/w")
    ended = shell.auditc(*words)
    assert ended.code == 0, ended.err
    assert "respondents: 600 read, 600 used" in ended.out and "negative code -1" in ended.out
    assert 'reference = csv("human/w/shares.csv", by = [country, sex, age])' in ended.out
    record = json.loads((shell.folder / "human/w/import.json").read_text(encoding="utf-8"))
    assert record["inputs"] == [
        {"name": "wvs.csv", "bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    ]
    for output in record["outputs"]:
        content = (shell.folder / "human/w" / output["name"]).read_bytes()
        assert output["sha256"] == hashlib.sha256(content).hexdigest()
    assert record["importer"] == "wvs" and record["options"]["weight"] == "W_WEIGHT" and record["cite"]
    again = shell.auditc(*words, "--json")
    assert again.code == 0 and again.json["counts"] == record["counts"] and again.json["outputs"] == record["outputs"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("wsv", "wvs.csv"), 2, "Did you mean wvs?"),
        (("wvs", "wvs.csv"), 2, "--items Q1,Q2"),
        (("wvs", "wvs.csv", "--items", "Q1", "--nominal-n", "5"), 2, "wvs has no option --nominal-n"),
        (("wvs", "wvs.csv", "--items", "Q1", "--min-n", "0"), 2, "--min-n cannot be 0"),
        (("wvs", "wvs.csv", "--items", "Q1", "--by", "wealth"), 2, "--by cannot be wealth"),
        (("wvs", "wvs.csv", "--items", "Q1", "-o", "wvs.csv"), 2, "wvs.csv is a file"),
        (("wvs", "wsv.csv", "--items", "Q1"), 3, "there is no file wsv.csv"),
        (("wvs", "bad.sav", "--items", "Q1"), 3, "bad.sav cannot be taken apart"),
        (("mmd", "wvs.csv"), 2, "wvs.csv is no file of mmd"),
        (("goqa", "wvs.csv", "--nominal-n", "9"), 2, "there is no column `question`"),
    ],
)
def test_a_mistake_has_one_message_and_writes_nothing(
    shell: Shell, words: tuple[str, ...], code: int, says: str
) -> None:
    made.write_csv(shell.folder / "wvs.csv", made.persons(50))
    (shell.folder / "bad.sav").write_bytes(b"$FL2 not really" * 40)
    ended = shell.auditc("data", "import", *words)
    assert ended.code == code and says in ended.err and not ended.out
    assert {path.name for path in shell.folder.iterdir()} == {"wvs.csv", "bad.sav"}


def test_files_of_others_are_kept(shell: Shell) -> None:
    (shell.folder / "mmd.json").write_text(json.dumps(made.mmd_rows()), encoding="utf-8")
    (shell.folder / "mmd").mkdir()
    mine = shell.folder / "mmd" / "scenarios.jsonl"
    mine.write_text("mine\n", encoding="utf-8")
    ended = shell.auditc("data", "import", "mmd", "mmd.json")
    assert ended.code == 2 and "--force" in ended.err and mine.read_text(encoding="utf-8") == "mine\n"
    # A link is replaced and never followed: what it leads to stays.
    (shell.folder / "kept.txt").write_text("mine\n", encoding="utf-8")
    mine.unlink()
    mine.symlink_to(shell.folder / "kept.txt")
    assert shell.auditc("data", "import", "mmd", "mmd.json").code == 2
    ended = shell.auditc("data", "import", "mmd", "mmd.json", "--force")
    assert ended.code == 0 and "plans an escalation, and cannot run it yet" in ended.out
    assert (shell.folder / "kept.txt").read_text(encoding="utf-8") == "mine\n" and not mine.is_symlink()
    assert sorted(path.name for path in (shell.folder / "mmd").iterdir()) == ["import.json", "scenarios.jsonl"]


def test_text_out_of_a_file_does_not_steer_the_terminal(shell: Shell) -> None:
    row = made.mmd_row(1, "goat") | {"step 1_choiceA_value": "\x1b[31mred\x07\n"}
    (shell.folder / "mmd.json").write_text(json.dumps([row]), encoding="utf-8")
    ended = shell.auditc("data", "import", "mmd", "mmd.json")
    assert ended.code == 2 and "\x1b" not in ended.err and "\x07" not in ended.err and "red" in ended.err


def test_a_kind_of_data_is_explained(shell: Shell) -> None:
    ended = shell.auditc("explain", "goqa")
    assert ended.code == 0 and "--keep-flagged" in ended.out and "Licence" in ended.out


@pytest.mark.parametrize("kind", REAL)
def test_the_published_files_are_imported_whole(shell: Shell, kind: str) -> None:
    name, words, what, rows = REAL[kind]
    if not (PUBLISHED / name).is_file():
        pytest.skip("the published files are not here")
    ended = shell.auditc("data", "import", kind, str(PUBLISHED / name), *words, "--json")
    assert ended.code == 0, ended.err
    count = ended.json["counts"][what]
    assert count["read"] == rows == count["used"] + sum(count["left_out"].values())
    if kind == "goqa":
        assert count["left_out"]["flagged in the file: wrong_country_key"] == _flagged(PUBLISHED / name)


def _flagged(path: Path) -> int:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return sum(row["quality_flag"] == "wrong_country_key" for row in rows)
