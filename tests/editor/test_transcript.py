"""docs/editor.md is a session with the server, written down by this test: `make golden` writes it again."""

from __future__ import annotations

import re
from pathlib import Path

from lsprotocol import types as T

from .client import Editor

BROKEN = """\
import "people.audit" as people

audit practice_run {
  title   = "练习 😀: a first audit"
  version = "1"
  seed    = 1
}

first_token letters {
  ask   = people.practice
  of    = [people.faithfull]
  as    = [people.us, people.cn]
  order = 3
  jsd { }
}

claim close {
  says  = "Answers are close to people's"
  holds = each(letters.jsd, over = [model, population]) > 0.9
}

report page { formats = [html]   languages = [en] }
"""


NEOVIM = """\
vim.filetype.add({ extension = { audit = "audit" } })
vim.lsp.config("auditc", { cmd = { "auditc", "lsp" }, filetypes = { "audit" } })
vim.lsp.enable("auditc")
"""


def test_golden_transcript_of_a_session(running: Editor, folder: Path, root: Path, golden: object) -> None:
    (folder / "practice.audit").write_text(BROKEN, encoding="utf-8")
    (folder / "entry.audit").unlink()
    running.turn_to(folder)
    text = "\n".join(_session(running))
    running.turn_to(folder)
    golden(root / "docs" / "editor.md", text + "\n")  # type: ignore[operator]


def _session(editor: Editor) -> list[str]:
    name = "practice.audit"
    page = [
        "# A session with the language server",
        "",
        '`auditc lsp` is what editors start (`pip install "auditc[editor]"`). This page was written by the test that',
        "holds this session over the protocol, so it is how the server answers now. `people.audit` beside the spec",
        "declares the models, the populations and the survey.",
        "",
        "For VS Code there is an extension in `editors/vscode`. Any other editor that speaks the protocol is told to",
        "start `auditc lsp` for files that end in `.audit`; in Neovim 0.11 or newer, for example:",
        "",
        *_code(NEOVIM, "lua"),
        "## Open a spec with two mistakes",
        "",
        *_code(BROKEN, "audit"),
        *_diagnostics(editor, name, editor.open(name)),
    ]
    wrong = next(d for d in editor.diagnostics(name) if d.code == "AC208")
    [action] = editor.actions(name, wrong)
    page += ["", "## Take a suggestion", "", f"The editor offers: *{action.title}*. What is left is:", ""]
    page += _diagnostics(editor, name, editor.write(name, editor.applied(action.edit)[name]))
    page += ["", "## Hover", "", "Over `letters` in the claim:", "", *_quoted(editor.hover(name, "lett¦ers.jsd"))]
    page += ["", "Over `seed`:", "", *_quoted(editor.hover(name, "se¦ed "))]
    page += ["", "## Complete", "", "With the cursor at `¦`, where the text does not parse yet:", ""]
    for old, new in [
        ("  order = 3", "  ord¦"),
        ("people.us, people.cn", "people.us, ¦"),
        ("people.practice", "people.practice.where(dimension == ¦"),
        ("letters.jsd, over", "letters.¦, over"),
        ("report page {", "¦\n\nreport page {"),
    ]:
        shown = new.strip().partition("\n")[0]
        prefix = re.search(r"(\w*)¦", new)
        words = [word for word in editor.typed(name, old, new) if word.startswith(prefix[1] if prefix else "")]
        more = f", and {len(words) - 8} more" if len(words) > 8 else ""
        page.append(f"- `{shown}`: {', '.join(f'`{word}`' for word in words[:8])}{more}")
    page += ["", "## Go to the definition", ""]
    for place in ("people.prac¦tice", "lett¦ers.jsd", '"people.au¦dit"'):
        found = editor.definition(name, place)
        assert found is not None
        page.append(f"- `{place}` leads to `{Path(found.uri).name}`, line {found.range.start.line + 1}")
    page += ["", "## Rename", "", "`people.practice` becomes `values_asked`, in both files:", ""]
    changed = editor.rename(name, "people.prac¦tice", "values_asked")
    for file, text in sorted(changed.items()):
        pairs = zip(editor.text(file).splitlines(), text.splitlines(), strict=True)
        page += [f"- `{file}`: `{after.strip()}`" for before, after in pairs if before != after]
    page += ["", "## Format", "", "After `order = 3` has become `orders = 3`, the file in canonical form:", ""]
    said = editor.replace(name, "order = 3", "orders = 3")
    assert not [d for d in said if d.severity == T.DiagnosticSeverity.Error]
    page += _code(editor.format(name) or "", "audit")
    return page


def _diagnostics(editor: Editor, name: str, found: list[T.Diagnostic]) -> list[str]:
    page = []
    for diagnostic in found:
        severity = T.DiagnosticSeverity(diagnostic.severity or 1).name.lower()
        line = diagnostic.range.start.line + 1
        said = ". ".join(diagnostic.message.split("\n"))
        page.append(f"- line {line}, `{editor.at(name, diagnostic.range)}`: {severity} {diagnostic.code}. {said}")
    return page


def _code(text: str, language: str) -> list[str]:
    return [f"```{language}", *text.rstrip("\n").split("\n"), "```", ""]


def _quoted(text: str) -> list[str]:
    return [f"> {line}".rstrip() for line in text.split("\n")]
