"""The page of human data: each kind that `auditc data import` takes."""

from __future__ import annotations

import re

from auditc.api import data


def sources_page() -> str:
    """A list of the kinds, and the page of each."""
    pages = {kind: data.page(kind).partition("\n")[2].strip("\n") for kind in data.kinds()}
    lines = [
        "# Human data",
        "",
        "Forms in which human data is published, and what `auditc data import KIND` makes of them.",
        "",
    ]
    lines += [f"- [`{kind}`](#{kind}): {_first(page)}" for kind, page in pages.items()]
    for kind, page in pages.items():
        lines += ["", f"## {kind}", "", page]
    return "\n".join(lines) + "\n"


def _first(page: str) -> str:
    return re.split(r"(?<=\.)\s|\n\n", page, maxsplit=1)[0].replace("\n", " ")
