"""The language server as an editor meets it: another process, spoken to through the protocol and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lsprotocol import types as T
from pygls.exceptions import JsonRpcException

from .client import Editor

# Diagnostics


def test_what_check_reports_is_shown_with_code_severity_remedy_and_related_places(editor: Editor) -> None:
    editor.open("entry.audit")
    said = editor.replace("entry.audit", "orders   = rounds", "order    = rounds")
    [error] = [d for d in said if d.severity == T.DiagnosticSeverity.Error]
    assert error.code == "AC205" and error.severity == T.DiagnosticSeverity.Error and error.source == "auditc"
    assert "Unknown key" in error.message and "Did you mean `orders`?" in error.message
    assert editor.at("entry.audit", error.range) == "order"
    found = editor.replace("entry.audit", "order ", "order ")
    assert found == said, "the same text says the same"
    twice = editor.replace("entry.audit", "order    = rounds + 1", "orders   = 3\n  orders   = 4")
    [again] = [d for d in twice if d.severity == T.DiagnosticSeverity.Error]
    assert again.code == "AC206" and again.related_information
    assert editor.at("entry.audit", again.related_information[0].location.range) == "orders"
    assert any(d.code == "AC415" and d.severity == T.DiagnosticSeverity.Warning for d in twice)


def test_an_unsaved_buffer_stands_for_its_file_also_in_what_imports_it(editor: Editor) -> None:
    editor.open("entry.audit")
    editor.open("people.audit")
    assert not editor.published[editor.address("entry.audit")].diagnostics
    editor.replace("people.audit", "model faithful", "model honest")
    found = editor.diagnostics("entry.audit", lambda said: any(d.code == "AC208" for d in said))
    assert [editor.at("entry.audit", d.range) for d in found if d.code == "AC208"] == ["people.faithful"]
    editor.replace("people.audit", "model honest", "model faithful")
    assert editor.diagnostics("entry.audit", lambda said: not said) == []


def test_a_mistake_in_an_imported_file_is_shown_there_and_goes_when_it_is_mended(editor: Editor) -> None:
    editor.open("entry.audit")
    editor.open("people.audit")
    [error] = editor.replace("people.audit", 'country  = "China"', "country  = China")
    assert error.code == "AC208" and editor.at("people.audit", error.range) == "China"
    assert editor.replace("people.audit", "country  = China", 'country  = "China"') == []


def test_a_library_that_is_open_alone_need_not_be_an_audit(editor: Editor) -> None:
    assert editor.open("people.audit") == []
    [error] = editor.replace("people.audit", "language = en", "langage = en")[:1]
    assert error.code in ("AC205", "AC207")


def test_a_faulty_data_file_is_shown_in_the_data_file(editor: Editor) -> None:
    items = editor.folder / "items.csv"
    sound = items.read_text(encoding="utf-8")
    items.write_text(sound.replace("ordinal", "ordinary", 1), encoding="utf-8")
    editor.open("entry.audit")
    found = editor.diagnostics("items.csv", lambda said: bool(said))
    assert found[0].code == "AC031" and editor.at("items.csv", found[0].range) == "ordinary"
    items.write_text(sound, encoding="utf-8")
    editor.save("entry.audit")
    assert editor.diagnostics("items.csv", lambda said: not said) == []


def test_closing_a_spec_takes_its_diagnostics_away(editor: Editor) -> None:
    editor.open("entry.audit", "audit")
    assert editor.diagnostics("entry.audit")
    editor.close("entry.audit")
    assert editor.diagnostics("entry.audit", lambda said: not said) == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8", "utf-32"])
def test_places_behind_chinese_and_emoji_are_counted_as_the_client_counts(folder: Path, encoding: str) -> None:
    with Editor(folder, encoding=encoding) as editor:
        assert editor.server.capabilities.position_encoding == encoding
        editor.open("entry.audit")
        assert editor.open("people.audit") == []
        editor.replace("people.audit", "like = practice }", "like = practise }")
        [error] = [d for d in editor.diagnostics("people.audit") if d.code == "AC208"]
        assert editor.at("people.audit", error.range) == "practise"
        assert "survey" in editor.hover("people.audit", 'title = "像人一样 😀"  backend = simulated { li¦ke')
        assert "一样" in editor.text("people.audit").splitlines()[error.range.start.line]


# Hover


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("first¦_token letters", "softmax over the whole vocabulary"),
        ("cla¦im close", "required"),
        ("ord¦ers   = rounds", "Rotations of the options' order"),
        ("js¦d { }", "Jensen"),
        ("people.faith¦ful]", '"像人一样 😀"'),
        ("people.prac¦tice.where", 'csv("items.csv")'),
        ("people.practice.whe¦re", "meet a condition"),
        ("rou¦nds + 1", "rounds = 2"),
        ("0¦%", "a share"),
        ("holds = ea¦ch", "every value"),
        ("letters.js¦d, over", "Jensen"),
        ("over = [mo¦del", "axes"),
        ('import "people.audit" as peo¦ple', "people.audit"),
        ("formats = [ht¦ml]", "form of report"),
    ],
)
def test_hover_tells_what_explain_tells(editor: Editor, place: str, said: str) -> None:
    editor.open("entry.audit")
    assert said in editor.hover("entry.audit", place)


def test_hover_on_a_mistake_shows_the_page_of_its_code(editor: Editor) -> None:
    editor.open("entry.audit")
    editor.replace("entry.audit", "orders   =", "order    =")
    page = editor.hover("entry.audit", "ord¦er ")
    assert "AC205: Unknown key" in page and "## Mended" in page


# Completion


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("claim close", "cl¦\nclaim close", {"claim", "model", "first_token", "import", "let"}),
        ("  jsd { }", "  jsd { }\n  ¦", {"persona", "control", "kl", "emd"}),
        ("of       = [people.faithful]", "of = [¦]", {"people.faithful"}),
        ("of       = [people.faithful]", "of = [people.¦]", {"faithful"}),
        ("as       = [people.us]", "as = [people.us, ¦]", {"people.cn"}),
        ("people.practice.where(scale != nominal)", "people.practice.¦", {"where", "sample", "items"}),
        ("scale != nominal", "¦", {"scale", "dimension", "id", "source"}),
        ("scale != nominal", "scale != ¦", {"nominal", "ordinal", "interval"}),
        ("scale != nominal", "dimension == ¦", {"tradition", "fairness"}),
        ("where(scale != nominal)", "items(Q1, ¦)", {"Q2"}),
        ("where(scale != nominal)", "sample(2, by = ¦)", {"dimension"}),
        ("holds = each(letters.jsd", "holds = each(letters.¦", {"jsd", "option_mass"}),
        ("over = [model, population]", "over = [model, ¦]", {"population", "condition"}),
        ("letters.jsd, over", "letters.jsd[¦], over", {"model", "population", "condition"}),
        ("letters.jsd, over", "letters.jsd[model = ¦], over", {"people.faithful"}),
        ("formats = [html]", "formats = [¦]", {"html", "json"}),
        ("languages = [en]", "languages = [en, ¦]", {"zh"}),
        ("rounds + 1", "¦", {"rounds"}),
        ("seed    = 1", "seed = 1\n  budget { wall = 2¦ }", {"2h", "2min"}),
        ("seed    = 1", "seed = 1\n  correct = ¦", {"holm", "none"}),
        ("orders   = rounds + 1", "control = ¦", {"shuffled_countries"}),
        ("claim close", "train t { ¦ }\nclaim close", {"persona", "patience", "precision", "weight_decay", "keep"}),
        ("claim close", "train t { adapter = lora { ¦ } }\nclaim close", {"rank", "dora", "rslora", "targets"}),
        ("claim close", "survey s { split { ¦ } }\nclaim close", {"train", "column", "by"}),
    ],
)
def test_completion_offers_what_fits(editor: Editor, old: str, new: str, expected: set[str]) -> None:
    editor.open("entry.audit")
    offered = editor.typed("entry.audit", old, new)
    assert expected <= set(offered), offered
    assert len(offered) < 40


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('weights = package("llm", "1")', "weights = ¦", {"package", "hf", "folder"}),
        ('weights = package("llm", "1")', "backend = ¦", {"simulated", "transformers"}),
        ('weights = package("llm", "1")', "backend = transformers { ¦ }", {"dtype", "threads"}),
        ('weights = package("llm", "1")', "backend = transformers { dtype = ¦ }", {"float32"}),
        ("by = [country]", "by = [country, ¦]", {"sex", "age"}),
        ("language = zh", "language = ¦", {"en", "zh"}),
        ('named { en = "China"  zh', 'named { ¦ x = "China" zh', {"en"}),
    ],
)
def test_completion_in_models_populations_and_data_files(
    editor: Editor, old: str, new: str, expected: set[str]
) -> None:
    text = (editor.folder / "people.audit").read_text(encoding="utf-8")
    editor.open("people.audit", text + 'model m { weights = package("llm", "1") }\n')
    offered = editor.typed("people.audit", old, new)
    assert expected <= set(offered), offered


def test_keys_that_are_given_are_not_offered_and_required_ones_come_first(editor: Editor) -> None:
    editor.open("entry.audit", "claim c {\n  level = 95%\n  \n}\n")
    offered = editor.typed("entry.audit", "level = 95%\n  ", "level = 95%\n  ¦")
    assert offered[:2] == ["says", "holds"] and "level" not in offered


def test_a_snippet_asks_for_what_is_required_and_a_client_without_snippets_gets_none(folder: Path) -> None:
    with Editor(folder) as editor:
        editor.open("entry.audit", "cl")
        [claim] = [item for item in editor.complete("entry.audit", "cl¦") if item.label == "claim"]
        assert claim.insert_text_format == T.InsertTextFormat.Snippet
        assert re.search(r"claim \$\{1:name\} \{\n  says = .*\n  holds = ", claim.text_edit.new_text)
    with Editor(folder, snippets=False) as editor:
        editor.open("entry.audit", "cl")
        [claim] = [item for item in editor.complete("entry.audit", "cl¦") if item.label == "claim"]
        assert claim.text_edit.new_text == "claim"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model a { }\nfirst_token t {\n  of = [¦", "a"),
        ("model a { }\nfirst_token t {\n  of = ¦\n\nreport r { formats = [html] }\n", "[a]"),
        ('first_token t {\n  ask = v\n  ord¦\n\nmodel a {\n  title = "x"\n}\n', "orders"),
        ('survey v {\n  items = csv("items.csv")\n  reference = csv("shares.csv", by = [country, ¦\n}\n', "sex"),
        ('model a { title = "unclosed }\nclaim c {\n  ¦\n}\n', "says"),
        ("let { a = }\nclaim c {\n  holds = ea¦\n", "each"),
        ("audit x {\n  budget {\n    ¦\n", "wall"),
    ],
)
def test_completion_works_where_the_text_does_not_parse(editor: Editor, text: str, expected: str) -> None:
    editor.open("entry.audit", text.replace("¦", ""))
    assert expected in editor.words("entry.audit", text)


# Places and names


def test_definition_leads_to_blocks_constants_and_files(editor: Editor) -> None:
    editor.open("entry.audit")
    for place, file, name in [
        ("people.faith¦ful]", "people.audit", "faithful"),
        ("lett¦ers.jsd", "entry.audit", "letters"),
        ("rou¦nds + 1", "entry.audit", "rounds"),
    ]:
        found = editor.definition("entry.audit", place)
        assert found is not None and found.uri == editor.address(file)
        assert editor.at(file, found.range) == name
    for place in ("peo¦ple.faithful]", '"people.au¦dit"'):
        found = editor.definition("entry.audit", place)
        assert found is not None and found.uri == editor.address("people.audit")
    editor.open("people.audit")
    found = editor.definition("people.audit", 'csv("sha¦res.csv"')
    assert found is not None and found.uri == editor.address("shares.csv")
    assert editor.definition("entry.audit", "cla¦im close") is None


def test_references_are_found_in_every_file_of_the_spec(editor: Editor) -> None:
    editor.open("people.audit")  # the spec that imports it is not open
    found = editor.references("people.audit", "survey prac¦tice")
    assert sorted((Path(place.uri).name, editor.at(Path(place.uri).name, place.range)) for place in found) == [
        ("entry.audit", "practice"),
        ("people.audit", "practice"),
        ("people.audit", "practice"),
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_rename_changes_every_file_and_nothing_else(folder: Path, encoding: str) -> None:
    with Editor(folder, encoding=encoding) as editor:
        editor.open("entry.audit")
        editor.open("people.audit")
        changed = editor.rename("entry.audit", "people.prac¦tice.where", "问卷")
        assert set(changed) == {"entry.audit", "people.audit"}
        for name in changed:
            assert changed[name] == editor.text(name).replace("practice", "问卷")
        for name, text in changed.items():
            editor.write(name, text, wait=False)
        assert editor.diagnostics("people.audit", lambda said: True) == []


@pytest.mark.parametrize(
    ("place", "new", "why"),
    [
        ("cla¦im close", "other", "no name here"),
        ("over = [mod¦el", "other", "no name here"),
        ("lett¦ers.jsd", "on", "word of the language"),
        ("lett¦ers.jsd", "model", "word of the language"),
        ("lett¦ers.jsd", "2 many", "is no name"),
        ("lett¦ers.jsd", "", "is no name"),
        ("lett¦ers.jsd", "rounds", "is taken"),
        ("people.fai¦thful]", "practice", "is taken"),
    ],
)
def test_rename_refuses_with_a_reason(editor: Editor, place: str, new: str, why: str) -> None:
    editor.open("entry.audit")
    with pytest.raises(JsonRpcException, match=why):
        editor.rename("entry.audit", place, new)


def test_only_names_can_be_renamed(editor: Editor) -> None:
    editor.open("entry.audit")
    where = editor.prepare("entry.audit", "people.fai¦thful]")
    assert where is not None and editor.at("entry.audit", where) == "faithful"
    assert editor.prepare("entry.audit", "cla¦im close") is None
    assert editor.prepare("entry.audit", "Answers ¦are") is None


def test_symbols_are_the_blocks_and_what_stands_in_them(editor: Editor) -> None:
    editor.open("entry.audit")
    found = editor.symbols("entry.audit")
    assert [(s.name, s.detail) for s in found] == [
        ("people", "import"),
        ("let", None),
        ("two_files", "audit"),
        ("letters", "first_token"),
        ("close", "claim"),
        ("page", "report"),
    ]
    assert [s.name for s in found[1].children or ()] == ["rounds"]
    assert [s.name for s in found[3].children or ()] == ["jsd"]
    assert editor.at("entry.audit", found[3].selection_range) == "letters"


def test_formatting_is_that_of_fmt_and_leaves_a_broken_file_alone(editor: Editor) -> None:
    editor.open("entry.audit")
    sound = editor.text("entry.audit")
    assert editor.format("entry.audit") == sound
    editor.replace("entry.audit", "  jsd { }", "      jsd {}")
    assert editor.format("entry.audit") == sound
    editor.replace("entry.audit", "      jsd {}", "      jsd {")
    assert editor.format("entry.audit") is None


def test_a_suggestion_can_be_taken(editor: Editor) -> None:
    editor.open("entry.audit")
    editor.replace("entry.audit", "people.faithful", "people.faithfull")
    [error] = [d for d in editor.diagnostics("entry.audit") if d.code == "AC208"]
    [action] = editor.actions("entry.audit", error)
    assert action.title == "Write `faithful`"
    assert "of       = [people.faithful]" in editor.applied(action.edit)["entry.audit"]
    editor.replace("entry.audit", "people.faithfull", "people.zzzzzz")
    [error] = [d for d in editor.diagnostics("entry.audit") if d.code == "AC208"]
    assert editor.actions("entry.audit", error) == []


# What goes wrong

_BROKEN = """
import auditc.editor.desk as desk
def broken(*_, **__):
    raise ValueError("sk-abcdefghijklmnopqrstuvwxyz")
desk.hover = broken
from auditc.editor.server import serve
serve()
"""


def test_a_bug_is_logged_without_a_word_of_the_spec_and_the_server_goes_on(folder: Path) -> None:
    with Editor(folder, command=(sys.executable, "-c", _BROKEN)) as editor:
        editor.open("entry.audit")
        assert editor.hover("entry.audit", "cla¦im close") == ""
        assert "claim" in editor.words("entry.audit", "cla¦im close")
        [said] = editor.logged
        assert "ValueError" in said and "textDocument/hover" in said and "sk-" not in said


@pytest.mark.parametrize("text", ["", "\ufeff", "{{{{", "}" * 50, "a = = .. [", '"""', "a\u2028b\rc", "\0", "[" * 500])
def test_no_text_is_too_strange(editor: Editor, text: str) -> None:
    editor.open("entry.audit")
    editor.write("entry.audit", text)
    editor.words("entry.audit", text + "¦")
    editor.hover("entry.audit", text + "¦")
    editor.symbols("entry.audit")
    assert editor.write("entry.audit", "audit x { }\n") and editor.logged == []


def test_a_message_that_is_none_is_logged_and_passed_over(editor: Editor) -> None:
    editor.open("entry.audit")
    editor.send(b'{"method": sk-abcdefghijklmnopqrstuvwxyz')
    assert "claim" in editor.words("entry.audit", "cla¦im close")
    [said] = editor.logged
    assert "message" in said and "sk-" not in said


def test_quick_typing_ends_in_the_diagnostics_of_the_last_text(editor: Editor) -> None:
    editor.open("entry.audit")
    text = editor.text("entry.audit")
    for end in range(len(text) - 40, len(text)):
        editor.write("entry.audit", text[:end], wait=False)
        time.sleep(0.002)
    assert editor.write("entry.audit", text) == []


def test_without_the_extra_the_command_says_what_to_install(tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['pygls'] = None; from auditc.cli import main; main(['lsp'])"
    command = [sys.executable, "-c", hidden]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 3
    assert 'pip install "auditc[editor]"' in done.stderr and "Traceback" not in done.stderr
