"""Packages and house rules through the command line, in a folder that holds nothing else."""

from __future__ import annotations

from .conftest import Shell

IMPORTS = 'import "std@1" as std\n\nimport "house@2026.1" as house\n\n'
RULES = "lint {\n  AC410 = error\n  AC415 = error\n}\n"
SURVEY = 'survey work { items = csv("items.csv")  reference = csv("shares.csv", by = [country]) }\n'


def packaged(starter: Shell) -> Shell:
    """The starter, whose survey comes out of a package; and one of its populations out of the standard library."""
    folder = starter.folder / "packages" / "house-2026.1"
    folder.mkdir(parents=True)
    for table in ("items.csv", "shares.csv"):
        text = (starter.folder / table).read_text(encoding="utf-8").replace("Shore people", "Japan")
        (folder / table).write_text(text, encoding="utf-8")
        (starter.folder / table).unlink()
    (folder / "package.audit").write_text(SURVEY + RULES, encoding="utf-8")
    spec = starter.folder / "starter.audit"
    text = spec.read_text(encoding="utf-8")
    start, end = text.index("population shore"), text.index("first_token letters")
    text = text[:start] + text[end:].replace("shore", "std.japan")
    text = text.replace("like = practice", "like = house.work").replace("= practice\n", "= house.work\n")
    spec.write_text(IMPORTS + text, encoding="utf-8")
    return starter


def test_an_audit_out_of_packages_runs_from_spec_to_report_and_again(starter: Shell) -> None:
    shell = packaged(starter)
    assert shell.auditc("check", "starter.audit").code == 0
    assert shell.auditc("fmt", "--check", "starter.audit").code == 0
    compiled = shell.auditc("compile", "starter.audit", "--json")
    assert compiled.code == 0
    assert shell.auditc("plan", "--json").json["cells"]["total"] == 2592
    first = shell.auditc("run", "--json")
    assert first.code == 0 and first.json["cells"]["asked"] == 2592
    again = shell.auditc("compile", "starter.audit", "--json").json
    assert again["digest"] == compiled.json["digest"]
    assert shell.auditc("run", "--json").json["cells"]["asked"] == 0
    assert "house@2026.1/items.csv" in shell.findings().decode()
    assert str(shell.folder) not in shell.findings().decode()


def test_a_plan_whose_package_changed_is_refused(starter: Shell) -> None:
    shell = packaged(starter)
    assert shell.auditc("compile", "starter.audit").code == 0
    (shell.folder / "packages/house-2026.1/NOTES.md").write_text("another file\n", encoding="utf-8")
    for command in ("run", "plan"):
        ended = shell.auditc(command)
        assert ended.code == 2 and "house@2026.1 changed" in ended.err
    assert shell.auditc("compile", "starter.audit").code == 0
    assert shell.auditc("plan").code == 0


def test_a_package_that_is_not_there_is_a_mistake_with_its_place(starter: Shell) -> None:
    shell = packaged(starter)
    shell.edit("starter.audit", "house@2026.1", "house@2026.2")
    ended = shell.auditc("check", "starter.audit", "--json")
    assert ended.code == 2
    [found] = [d for d in ended.json["diagnostics"] if d["severity"] == "error" and d["code"] != "AC415"]
    assert (found["code"], found["line"], found["help"]) == ("AC018", 3, 'Write `"house@2026.1"`.')


def test_a_house_rule_makes_a_warning_an_error_everywhere(starter: Shell) -> None:
    shell = packaged(starter)
    shell.edit("starter.audit", "audit starter", 'persona unused { prompt = "Answer." }\n\naudit starter')
    ended = shell.auditc("check", "starter.audit", "--json")
    assert ended.code == 2
    assert [(d["code"], d["severity"]) for d in ended.json["diagnostics"]] == [("AC415", "error")]
    refused = shell.auditc("compile", "starter.audit")
    assert refused.code == 2 and "error[AC415]" in refused.err
    shell.edit("packages/house-2026.1/package.audit", "AC415 = error", "AC415 = off")
    ended = shell.auditc("check", "starter.audit", "--json")
    assert ended.code == 0 and [d["code"] for d in ended.json["diagnostics"]] == ["AC368", "AC415"]
    assert "starter.audit: sound, with 2 warnings\n" in shell.auditc("check", "starter.audit").out

    # The package is imported for its survey, too; a file of rules alone may switch off.
    shell.edit("packages/house-2026.1/package.audit", "AC415 = off", "AC415 = warning")
    assert "starter.audit: sound, with 1 warning\n" in shell.auditc("check", "starter.audit").out
    shell.edit("packages/house-2026.1/package.audit", "  AC415 = warning\n", "")
    (shell.folder / "rules.audit").write_text("lint { AC415 = off }\n", encoding="utf-8")
    shell.edit("starter.audit", "import ", 'import "rules.audit" as rules\n\nimport ')
    ended = shell.auditc("check", "starter.audit", "--json")
    assert ended.json["diagnostics"] == []
    assert ended.json["silenced"] == [{"code": "AC415", "count": 1, "by": "rules.audit"}]
    said = shell.auditc("check", "starter.audit").out
    assert said == "starter.audit: sound\n1 warning switched off by rules.audit: AC415\n"
