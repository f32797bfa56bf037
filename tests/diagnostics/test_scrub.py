"""What is said about a machine that must not be kept."""

from __future__ import annotations

import pytest

from auditc.diagnostics.scrub import scrubbed


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("broken in /srv/models/x.py at once", "broken in <path> at once"),
        ("no C:\\Users\\me\\x.bin here", "no <path> here"),
        ('File "/srv/my models/x.py", line 3', 'File "<path>", line 3'),
        ("/home/someone/audit/x.py:12: bad", "<path>:12: bad"),
        ("nothing in /home/someone", "nothing in ~"),
        ("/home/someone-else stays a folder", "<path> stays a folder"),
        ("cache=~/.cache/x", "cache=<path>"),
        ("token hf_0123456789 refused", "token *** refused"),
        ("an input/output error, 3/4 done, yes and/or no", "an input/output error, 3/4 done, yes and/or no"),
        ("expected '/' or '\\n'", "expected '/' or '\\n'"),
    ],
)
def test_paths_and_secrets_go_and_words_stay(said: str, kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("HUB_TOKEN", "hf_0123456789")
    assert scrubbed(said) == kept


def test_a_home_that_is_the_root_is_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/")
    assert scrubbed("3/4 of a/b") == "3/4 of a/b"
