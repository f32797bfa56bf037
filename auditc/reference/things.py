"""Pages of what a spec is made of: kinds of block, and one page for each shelf."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from auditc.compiler.described import REQUIRED
from auditc.compiler.pages import SHELVES, Page, Part, described, kinds

THINGS: Final = {
    "blocks": ("Blocks", "The kinds of block that the language itself knows."),
    "methods": (
        "Methods",
        "Ways to question a model. A method is a kind of block, and holds the metrics that are wanted of its answers.",
    ),
    "metrics": ("Metrics", "Numbers from answers, one for each item. A metric is a block in the block of a method."),
    "objectives": ("Objectives", "What a training optimises: the key `objective` of a `train` block."),
    "backends": (
        "Backends",
        "Ways to reach a model: the keys `backend` and `api` of a `model` block, and stand-ins in a `test`.",
    ),
    "weights": ("Weights", "Where the weights of a model come from: the key `weights` of a `model` block."),
    "reports": ("Reports", "Forms of a report: the key `formats` of a `report` block."),
}
"""The pages by the names of their files: a title and a sentence."""


def things_page(name: str) -> str:
    """One of the pages above."""
    title, says = THINGS[name]
    found = [page for page in map(described, _names(name)) if page is not None]
    lines = [f"# {title}", "", says, ""]
    lines += [f"- [`{page.name}`](#{page.name}): {_first(page)}" for page in found]
    for page in found:
        lines += _section(page)
    return "\n".join(lines) + "\n"


def _names(name: str) -> tuple[str, ...]:
    shelves = {shelf.package.rpartition(".")[2]: shelf.names() for _, shelf in SHELVES}
    return kinds() if name == "blocks" else shelves[name]


def _first(page: Page) -> str:
    """The first paragraph on one line; of a block, its first sentence."""
    said = " ".join(page.text.partition("\n\n")[0].split())
    return said if page.built else f"{said} *Not built yet.*"


def _section(page: Page) -> Iterator[str]:
    yield from ("", f"## {page.name}", "", page.text, "", *(f"- {fact}" for fact in page.facts))
    if page.example:
        yield from ("", "```audit", page.example, "```")
    for part in page.parts:
        if part.name != page.name:
            yield from ("", f"### `{part.name}` in `{page.name}`", "", part.says)
        yield from _table(part)


def _table(part: Part) -> Iterator[str]:
    if not part.keys:
        yield from ("", "There is nothing to set.")
        return
    yield from ("", "| key | takes | when left out | what it does |", "|---|---|---|---|")
    for key in part.keys:
        default = f"**{REQUIRED}**" if key.default == REQUIRED else key.default
        yield f"| `{key.name}` | {_cell(key.takes)} | {_cell(default)} | {_cell(key.says)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
