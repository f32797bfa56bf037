"""Expected diagnostics, written where they are expected: `# error: [ACnnn] "part of its message, label or help"`.

The mark stands at the end of the faulty line; where none can stand there, such as inside a text, the line above
carries `# error below: …`. Several marks on a line are separated by their own `# error`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from auditc.diagnostics import Diagnostic

_MARK = re.compile(r'# error(?P<below> below)?: \[(?P<code>AC\d{3})\](?: "(?P<part>[^"]*)")?')
_FENCE = re.compile(r"^```audit\n(.*?)^```$", re.DOTALL | re.MULTILINE)

Expected = tuple[int, str, str]


def expected(text: str) -> list[Expected]:
    """Line, code and substring of each mark, in order of line."""
    marks = [
        (number + bool(match["below"]), match["code"], match["part"] or "")
        for number, line in enumerate(text.split("\n"), 1)
        for match in _MARK.finditer(line)
    ]
    return sorted(marks, key=lambda mark: mark[:2])


def unmarked(text: str) -> str:
    """The text without its marks, so that a formatter or a second reading does not see them."""
    return re.sub(r"[ \t]*# error(?: below)?: \[AC\d{3}\][^\n]*", "", text)


def found(diagnostics: Iterable[Diagnostic]) -> list[tuple[int, str]]:
    return sorted((d.primary.span.line, d.code) for d in diagnostics)


def said(diagnostic: Diagnostic) -> str:
    """All that a diagnostic says to an author."""
    labels = [diagnostic.primary.text, *(label.text for label in diagnostic.related)]
    return "\n".join([diagnostic.message, *labels, diagnostic.help])


def differences(text: str, diagnostics: Iterable[Diagnostic]) -> list[str]:
    """What is expected and missing, found and not expected, or says something else; empty if all is as marked."""
    left = list(diagnostics)
    wrong = []
    for line, code, part in expected(text):
        here = [d for d in left if d.primary.span.line == line and d.code == code]
        match = next((d for d in here if part in said(d)), None)
        if match is not None:
            left.remove(match)
        elif here:
            wrong.append(f"line {line}: {code} does not say {part!r} but {said(here[0])!r}")
            left.remove(here[0])
        else:
            wrong.append(f"line {line}: {code} is missing")
    return wrong + [f"line {d.primary.span.line}: {d.code} is not expected: {said(d)!r}" for d in left]


def examples(page: str) -> tuple[str, str]:
    """The broken and the mended spec of a code's page."""
    broken, mended = (_FENCE.findall(part) for part in page.split("## Broken")[1].split("## Mended"))
    return broken[0], mended[0]
