"""What the editor shows of a declaration, without the secrets that stand in it."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from auditc.editor.desk import Desk


def test_a_hover_shows_no_secret(tmp_path: Path) -> None:
    desk, key = Desk(), "abcdefghijklmnopqrstuvwxyz"
    text = (
        f'import "./sk-{key}.audit" as other\n'
        f'let {{ mine = "sk-{key}" }}\n'
        'audit a { title = mine  version = "1"  seed = 1 }\n'
        'model m { api = openai { model = "m"  key = "hunter2hunter2" } }\n'
        "def_survey d { ask = other.x  of = [m]  as = [us] }\n"
    )
    address = (tmp_path / "spec.audit").as_uri()
    desk.show(address, text, 1)
    for place in ("other.x", "mine  version", "m]"):
        before = text[: text.index(place)]
        at = types.Position(before.count("\n"), len(before) - before.rfind("\n") - 1)
        said = desk.hover(types.HoverParams(types.TextDocumentIdentifier(address), at))
        assert said is not None and "***" in str(said.contents)
        assert key not in str(said.contents) and "hunter2" not in str(said.contents)
