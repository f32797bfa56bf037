"""What is too much: files without end, links in circles, a thousand mistakes, chains and lists as long as one likes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from auditc.compiler import load
from auditc.compiler.pipeline import check_spec
from auditc.diagnostics import Diagnostic, Sink, SpecRejected
from auditc.diagnostics.diagnostic import MOST
from auditc.diagnostics.render import SHOWN, render
from tests.compiler.fragments import completed, lay

US = """population us {
  country  = "United States"
  language = en
  places   = csv("places.csv", weight = residents)
}
"""
SIMULATED = "backend = simulated { like = values }"


def said(path: Path, seconds: float = 2.0) -> list[Diagnostic]:
    """What checking a spec says, within some seconds of processor time."""
    sink = Sink()
    started = time.process_time()
    with suppress(SpecRejected):
        check_spec(path, sink)
    found = list(sink.sorted())
    render(found, colour=False)
    assert time.process_time() - started < seconds
    return [d for d in found if d.code != "AC415"]


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1_000_000_000)


def circle(path: Path) -> None:
    path.symlink_to(path.name)


def latin(path: Path) -> None:
    path.write_bytes(b"place.en,residents\nCaf\xe9,1\n")


ODD: list[tuple[Callable[[Path], object], str, str, str]] = [
    (Path.mkdir, "AC010", "AC010", "folder"),
    (os.mkfifo, "AC010", "AC010", "pipe"),
    (device, "AC011", "AC011", "out of the folder"),
    (sparse, "AC002", "AC042", "000,000 bytes"),
    (circle, "AC010", "AC010", "itself"),
    (latin, "AC001", "AC012", "UTF-8"),
    (lambda path: None, "AC010", "AC010", "no such file"),
]


@pytest.mark.parametrize(("make", "as_spec", "as_data", "words"), ODD, ids=lambda x: getattr(x, "__name__", None))
def test_a_file_that_is_none(
    make: Callable[[Path], object], as_spec: str, as_data: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    make(tmp_path / "a" / "odd.audit")
    [spec] = said(tmp_path / "a" / "odd.audit")
    assert spec.code == as_spec and words in spec.message + spec.primary.text
    assert spec.help
    path = lay(tmp_path / "b", completed(US))
    make(path.parent / "places.csv")
    [data] = said(path)
    assert (data.code, data.primary.span.line) == (as_data, 4)
    assert words in data.primary.text and data.help


def test_an_endless_device_as_the_spec_itself() -> None:
    [found] = said(Path("/dev/zero"))
    assert found.code == "AC010" and "device" in found.primary.text


def test_a_file_whose_name_is_no_text(tmp_path: Path) -> None:
    path = lay(tmp_path, completed(""))
    odd = tmp_path / os.fsdecode(b"bad\xff.audit")
    try:
        path.rename(odd)
    except OSError:
        pytest.skip("this file system has no such names")
    [found] = said(odd)
    assert found.code == "AC010"


@pytest.mark.parametrize("command", ["check", "fmt", "compile"])
def test_a_pipe_and_a_device_on_the_command_line(command: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.audit")
    for name in (str(tmp_path / "pipe.audit"), "/dev/zero"):
        words = [sys.executable, "-m", "auditc", command, name]
        ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == 2 and "a pipe or a device" in ended.stderr


def test_a_file_that_goes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = lay(tmp_path, completed(US), {"places.csv": "place.en,residents\nOhio,1\n"})

    def gone(file: Path, most: int) -> bytes | None:
        if file.suffix == ".csv":
            file.unlink()
        return real(file, most)

    real = load.contents
    monkeypatch.setattr(load, "contents", gone)
    assert {d.code for d in said(path)} == {"AC010"}


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = lay(tmp_path, completed(US), {"places.csv": ""})

    def refused(file: Path, most: int) -> bytes | None:
        if file.name == "places.csv":
            raise PermissionError(13, "Permission denied")
        return real(file, most)

    real = load.contents
    monkeypatch.setattr(load, "contents", refused)
    [found] = said(path)
    assert "permissions" in found.help and found.primary.span.line == 4


def test_a_hundred_mistakes_are_told_in_one_go_sorted(tmp_path: Path) -> None:
    blocks = [f"model m{i} {{\n  {SIMULATED}\n  tittle = 1\n  family = 2\n}}\n" for i in range(50)]
    found = said(lay(tmp_path, completed("\n".join(blocks))))
    assert [d.code for d in found].count("AC205") == 50
    assert [d.code for d in found].count("AC301") == 50
    assert [d.place for d in found] == sorted(d.place for d in found)
    text = render(found, colour=False)
    assert text.count("error[") == len(found) == SHOWN
    assert text.endswith("100 errors\n")


def test_more_than_a_hundred_are_counted(tmp_path: Path) -> None:
    blocks = [f"model m{i} {{ tittle = 1  {SIMULATED} }}\n" for i in range(150)]
    found = said(lay(tmp_path, completed("\n".join(blocks))))
    assert render(found, colour=False).endswith("150 errors (the first 100 are shown, 50 left out)\n")


def test_there_is_an_end_to_mistakes(tmp_path: Path) -> None:
    lines = "".join(f"  k{i} = x{i}\n" for i in range(20_000))
    found = said(lay(tmp_path, completed(f"model m {{\n{lines}}}\n")), seconds=10)
    assert len(found) == MOST
    assert "or more errors" in render(found, colour=False)


def test_warnings_never_take_the_room_of_an_error(tmp_path: Path) -> None:
    sink = Sink()
    blocks = [f'population p{i} {{ country = "C"  language = en }}\n' for i in range(MOST + 200)]
    with pytest.raises(SpecRejected):
        check_spec(lay(tmp_path, completed("\n".join([*blocks, "claim c { }\n"]))), sink)
    assert [d.code for d in sink.diagnostics].count("AC415") == MOST
    assert [d.code for d in sink.diagnostics].count("AC207") == 2


def rising(count: int) -> str:
    return "let {\n" + "".join(f"  a{i} = a{i + 1} + 1\n" for i in range(count)) + f"  a{count} = 1\n}}\n"


def test_constants_may_rest_on_a_hundred_others_and_no_more(tmp_path: Path) -> None:
    assert said(lay(tmp_path / "a", completed(rising(99)))) == []
    [found] = said(lay(tmp_path / "b", completed(rising(100))))
    assert (found.code, found.primary.span.line) == ("AC311", 2)
    assert [d.code for d in said(lay(tmp_path / "c", completed(rising(5_000))), seconds=5)] == ["AC311"]


def test_files_may_import_one_another_in_a_row_up_to_a_hundred(tmp_path: Path) -> None:
    def row(folder: Path, count: int) -> list[str]:
        files = {f"f{i}.audit": f'import "f{i + 1}.audit" as next\n' for i in range(count)}
        files[f"f{count}.audit"] = "let { last = 1 }\n"
        return [d.code for d in said(lay(folder, completed('import "f0.audit" as next\n'), files), seconds=5)]

    assert row(tmp_path / "a", 99) == []
    assert row(tmp_path / "b", 600) == ["AC010"]


def listed(words: str, count: int) -> str:
    return f"claim c {{ maps_to = [{', '.join(words.format(i) for i in range(count))}] }}\n"


LONG: dict[str, Callable[[int], str]] = {
    "texts in a list": lambda n: listed('"t{}"', n),
    "unknown names": lambda n: listed("x{}", n),
    "constants": lambda n: "".join(f"let {{ a{i} = 1 }}\n" for i in range(n)),
    "imports": lambda n: "".join(f'import "library.audit" as l{i}\n' for i in range(n)),
}


@pytest.mark.parametrize("what", LONG)
def test_twice_as_much_takes_twice_as_long(what: str, tmp_path: Path) -> None:
    times = []
    for size in (1_000, 4_000):
        path = lay(tmp_path / str(size), completed(LONG[what](size)), {"library.audit": ""})
        taken = []
        for _ in range(2):
            started = time.process_time()
            said(path, seconds=10)
            taken.append(time.process_time() - started)
        times.append(min(taken))
    assert times[1] < 8 * times[0] + 0.2, times


def test_a_table_with_very_many_columns(tmp_path: Path) -> None:
    head = ",".join(["place.en", "residents", *(f"c{i}" for i in range(20_000))])
    row = ",".join(["Ohio", *["1"] * 20_001])
    assert said(lay(tmp_path / "a", completed(US), {"places.csv": f"{head}\n{row}\n"}), seconds=5) == []
    head = ",".join(["place.en", "residents", *(f"c{i // 2}" for i in range(20_000))])
    [found] = said(lay(tmp_path / "b", completed(US), {"places.csv": f"{head}\n{row}\n"}), seconds=5)
    assert found.code == "AC020"


TEMPLATES = {
    "{{ 10 ** 10 ** 10 }}": "AC322",
    "{{ 'x' | center(999999999) }}": "AC322",
    "{{ country | nofilter }}": "AC322",
    "{% if country is notest %}a{% endif %}": "AC322",
    "{{ " + "9" * 5000 + " }}": "AC320",
    "{{ " + "(" * 300 + "1" + ")" * 300 + " }}": "AC320",
    "{% if country %}" * 60 + "{% endif %}" * 60: "AC320",
    "{{ " + "not " * 500 + "country }}": "AC320",
}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda text: text[:20])
def test_a_template_that_would_never_end_or_go_too_deep(template: str, tmp_path: Path) -> None:
    found = said(lay(tmp_path, completed(f'persona citizen {{\n  prompt {{ en = "{template}" }}\n}}\n')))
    assert [(d.code, d.primary.span.line) for d in found] == [(TEMPLATES[template], 2)]
    assert found[0].help


def test_what_a_prompt_may_do_is_what_the_runtime_lets_it_do() -> None:
    from auditc.compiler import prompts
    from auditc.runtime import prompts as sandbox

    assert set(prompts.FILTERS) == set(sandbox._FILTERS)
    assert set(prompts.ALLOWED) < set(sandbox._NODES)
