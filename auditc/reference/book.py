"""All pages of the reference, and the page that leads to them."""

from __future__ import annotations

from .codes import codes_page
from .commands import commands_page
from .grammar import grammar_page
from .language import language_page
from .sources import sources_page
from .things import THINGS, things_page

NOTE = "<!-- Made from the code by `make reference`; a change here is lost. -->"


def pages() -> dict[str, str]:
    """Each page by the name of its file."""
    made = {f"{name}.md": things_page(name) for name in THINGS}
    made["language.md"] = language_page()
    made["grammar.md"] = grammar_page()
    made["commands.md"] = commands_page()
    made["codes.md"] = codes_page()
    made["sources.md"] = sources_page()
    noted = {
        name: f"{text.partition(chr(10))[0]}\n\n{NOTE}\n{text.partition(chr(10))[2]}" for name, text in made.items()
    }
    return {"README.md": _index(made), **noted}


def _index(made: dict[str, str]) -> str:
    lines = [
        "# Reference",
        "",
        NOTE,
        "",
        "What a spec can say and what the command line can do, in full. `auditc explain NAME` prints the "
        "entry of one thing.",
        "To learn the language, begin with the [tutorial](../tutorial/README.md); to see what a spec looks like, with",
        "[the sketch](../language.md).",
        "",
    ]
    for name, text in made.items():
        title, _, rest = text.partition("\n")
        first = next(line for line in rest.splitlines() if line)
        lines.append(f"- [{title.removeprefix('# ')}]({name}): {first}")
    return "\n".join(lines) + "\n"
