"""What an author sees: whole pictures for the usual cases, properties for the hostile ones."""

from __future__ import annotations

from auditc.diagnostics import Diagnostic, Label, Severity, Sink, Source, Span
from auditc.diagnostics.cells import columns
from auditc.diagnostics.render import SHOWN, render, to_json


def at(source: Source, piece: str, text: str = "", nth: int = 0) -> Label:
    start = -1
    for _ in range(nth + 1):
        start = source.text.index(piece, start + 1)
    return Label(Span(source, start, start + len(piece)), text)


def shown(primary: Label, *related: Label, advice: str = "", severity: Severity = Severity.ERROR) -> str:
    diagnostic = Diagnostic("AC999", "Something is wrong", primary, advice, related, severity)
    return render([diagnostic], colour=False)


def test_one_label() -> None:
    source = Source("a.audit", "model m {\n  draws = fifty\n}\n")
    assert shown(at(source, "fifty", "not a number"), advice="Write `50`.") == (
        "error[AC999]: Something is wrong\n"
        " --> a.audit:2:11\n"
        "  |\n"
        "2 |   draws = fifty\n"
        "  |           ^^^^^ not a number\n"
        "  = help: Write `50`.\n"
        "\n"
        "1 error\n"
    )


def test_labels_on_several_lines_and_the_same_line() -> None:
    source = Source("a.audit", "a {\n\n x = 1 < 2 < 3\n b\n\n\n\n\n\n c\n}\n")
    picture = shown(at(source, "<", "second", 1), at(source, "<", "first"), at(source, "a {"), at(source, "c", "far"))
    assert picture == (
        "error[AC999]: Something is wrong\n"
        "  --> a.audit:3:12\n"
        "   |\n"
        " 1 | a {\n"
        "   | ---\n"
        " 2 |\n"
        " 3 |  x = 1 < 2 < 3\n"
        "   |            ^ second\n"
        "   |        - first\n"
        "...\n"
        "10 |  c\n"
        "   |  - far\n"
        "\n"
        "1 error\n"
    )


def test_span_over_several_lines() -> None:
    source = Source("a.audit", "a {\n  x = [1,\n    2,\n    3]\n}\n")
    assert shown(at(source, "[1,\n    2,\n    3]", "too long")) == (
        "error[AC999]: Something is wrong\n"
        " --> a.audit:2:7\n"
        "  |\n"
        "2 |   x = [1,\n"
        "  |       ^^^ from here\n"
        "3 |     2,\n"
        "4 |     3]\n"
        "  |     ^^ too long\n"
        "\n"
        "1 error\n"
    )


def test_label_in_another_file() -> None:
    here, there = Source("a.audit", "import b\n"), Source("b.audit", "\n\nmodel m\n")
    assert shown(at(here, "b"), at(there, "m", "declared here")) == (
        "error[AC999]: Something is wrong\n"
        " --> a.audit:1:8\n"
        "  |\n"
        "1 | import b\n"
        "  |        ^\n"
        " ::: b.audit:3:1\n"
        "  |\n"
        "3 | model m\n"
        "  | - declared here\n"
        "\n"
        "1 error\n"
    )


def carets_under(picture: str) -> str:
    """What stands above the carets, by terminal columns."""
    lines = picture.split("\n")
    index = next(i for i, line in enumerate(lines) if "^" in line)
    first, length = columns(lines[index][: lines[index].index("^")]), lines[index].count("^")
    under, column = "", 0
    for character in lines[index - 1]:
        if first <= column < first + length:
            under += character
        column += columns(character)
    return under


def test_carets_stand_under_wide_and_combining_characters_and_tabs() -> None:
    for line in (
        "\t\tx = wrong",
        "模型「名」 = wrong",
        "e\u0301e\u0301 = wrong",
        "ｆｕｌｌ\t= wrong",
        "👩\u200d🔬 = wrong # 中",
    ):
        assert carets_under(shown(at(Source("a", line), "wrong"))) == "wrong"
    assert carets_under(shown(at(Source("a", "x = 错误 y"), "错误"))) == "错误"


def test_long_lines_are_cut_round_the_place() -> None:
    line = "x = " + "a" * 5_000 + " wrong " + "b" * 5_000
    picture = shown(at(Source("a", line), "wrong", "here"))
    assert carets_under(picture) == "wrong"
    assert max(map(len, picture.split("\n"))) < 160
    assert "…" in picture
    wide = "x = " + "中" * 3_000 + "wrong"
    assert carets_under(shown(at(Source("a", wide), "wrong"))) == "wrong"


def test_a_mark_far_longer_than_the_window_and_one_beyond_it() -> None:
    source = Source("a", "start " + "a" * 900 + " end")
    picture = shown(Label(Span(source, 0, 900)), at(source, "end", "far"))
    assert max(map(len, picture.split("\n"))) < 160


def test_places_at_the_end_of_lines_and_of_the_file() -> None:
    for text in ("", "\n", "x", "x\n", "x\r\ny"):
        for offset in range(len(text) + 1):
            source = Source("a", text)
            assert "^" in shown(Label(Span(source, offset, offset)))


def test_nothing_of_an_author_reaches_the_terminal_as_a_command() -> None:
    evil = "\x1b[31mred\x1b]0;title\x07\x9b2J\b\x7f\u202egnp\u2066"
    source = Source(f"{evil}.audit", f"x = {evil}\n")
    diagnostic = Diagnostic(
        "AC999", "Wrong", Label(Span(source, 0, 1), evil), f"Write {evil}\nthis.", (Label(Span(source, 2, 3), evil),)
    )
    for picture in (render([diagnostic], colour=False), str(to_json(diagnostic))):
        assert not any(c in picture for c in "\x1b\x07\x9b\b\x7f\u202e\u2066")
    assert "red" in render([diagnostic], colour=False)


def test_colour_changes_nothing_but_colour() -> None:
    import re

    source = Source("a.audit", "model m {\n  draws = fifty\n}\n")
    diagnostic = Diagnostic("AC999", "Wrong", at(source, "fifty"), "Help.", (at(source, "m {"),), Severity.WARNING)
    coloured = render([diagnostic], colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render([diagnostic], colour=False)


def test_counts() -> None:
    source = Source("a", "x\n" * 300)
    errors = [Diagnostic("AC999", "E", Label(Span(source, 2 * i, 2 * i + 1))) for i in range(120)]
    warning = Diagnostic("AC998", "W", Label(Span(source, 0, 1)), severity=Severity.WARNING)
    assert render([], colour=False) == ""
    assert render([*errors[:2], warning], colour=False).endswith("\n2 errors, 1 warning\n")
    many = render([*errors, warning], colour=False)
    assert many.endswith(f"\n120 errors, 1 warning (the first {SHOWN} are shown, 21 left out)\n")
    assert many.count("error[AC999]") == SHOWN


def test_json_has_exactly_its_keys() -> None:
    source = Source("a.audit", "x\n  y\n")
    diagnostic = Diagnostic("AC999", "Wrong", at(source, "y"), "Help.", severity=Severity.WARNING)
    assert to_json(diagnostic) == {
        "code": "AC999",
        "severity": "warning",
        "message": "Wrong",
        "file": "a.audit",
        "line": 2,
        "column": 3,
        "help": "Help.",
    }


def test_sink_keeps_one_of_equal_diagnostics() -> None:
    sink = Sink()
    source = Source("a.audit", "x")
    for _ in range(2):
        sink.report(Diagnostic("AC999", "Wrong", Label(Span(source, 0, 1))))
    assert len(sink.sorted()) == 1
