"""Typed rows as the files that a spec can name, and the block of a spec that names them. The same rows give the same
bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Final

from ._contract import Dilemma, ScenarioRows, SurveyRows

NAMES: Final = frozenset({"items.csv", "shares.csv", "codes.csv", "scenarios.jsonl", "valued.jsonl", "rules.csv"})
"""All that an import may write, beside its record."""


def files(rows: SurveyRows | ScenarioRows) -> dict[str, bytes]:
    """What is written, by the names of the files."""
    return _survey(rows) if isinstance(rows, SurveyRows) else _scenarios(rows)


def _survey(rows: SurveyRows) -> dict[str, bytes]:
    also = [name for name in ("dimension", "reason") if any(getattr(item, name) for item in rows.items)]
    languages = sorted({language for item in rows.items for language in item.text})
    head = ["id", *also, "scale", "source"]
    head += [f"{stem}.{language}" for stem in ("text", "options") for language in languages]
    items = [
        [
            *(item.id, *(getattr(item, name) for name in also), item.scale, item.source),
            *(item.text.get(language, "") for language in languages),
            *("|".join(item.options.get(language, ())) for language in languages),
        ]
        for item in rows.items
    ]
    answers = [
        [
            *(answer.item, answer.country, *(getattr(answer, name) for name in rows.by), str(answer.n)),
            *("nominal" if answer.nominal else "counted", "|".join(f"{share:.6f}" for share in answer.shares)),
        ]
        for answer in rows.answers
    ]
    made = {
        "items.csv": _csv(head, items),
        "shares.csv": _csv(["item", "country", *rows.by, "n", "n_status", "shares"], answers),
    }
    if rows.codes:
        codes = [
            [one.item, one.code, one.label, str(one.option or ""), "" if one.persons is None else str(one.persons)]
            for one in rows.codes
        ]
        made["codes.csv"] = _csv(["item", "code", "label", "option", "persons"], codes)
    return made


def _csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return written.getvalue().encode()


def _scenarios(rows: ScenarioRows) -> dict[str, bytes]:
    valued = [step for step in rows.dilemmas if step.values is not None]
    whole = len(valued) == len(rows.dilemmas)
    made = {"scenarios.jsonl": _jsonl(rows.dilemmas, valued=whole)}
    if valued and not whole:
        made["valued.jsonl"] = _jsonl(valued, valued=True)
    if rows.rules:
        rules = [[rule.id, rule.name, rule.description, rule.source] for rule in rows.rules]
        made["rules.csv"] = _csv(["value", "name.en", "description.en", "source"], rules)
    return made


def _jsonl(steps: Iterable[Dilemma], valued: bool) -> bytes:
    lines = []
    for step in steps:
        line: dict[str, str] = {"scenario": step.scenario, "step": str(step.step), "text.en": step.text}
        for place, letter in enumerate("ab"):
            line[f"choice.{letter}.en"] = step.choices[place]
            if valued and step.values is not None:
                line[f"value.{letter}"] = step.values[place]
        line["source"] = step.source
        lines.append(json.dumps(line, ensure_ascii=False) + "\n")
    return "".join(lines).encode()


def block(rows: SurveyRows | ScenarioRows, name: str, folder: str) -> str:
    """What to paste into a spec that lies beside `folder`; in canonical form."""
    if isinstance(rows, SurveyRows):
        by = ", ".join(("country", *rows.by))
        return (
            f"survey {name} {{\n"
            f'  items     = csv("{folder}/items.csv")\n'
            f'  reference = csv("{folder}/shares.csv", by = [{by}])\n'
            "}\n"
        )
    valued = [step for step in rows.dilemmas if step.values is not None]
    file = "scenarios.jsonl" if len(valued) in (0, len(rows.dilemmas)) else "valued.jsonl"
    before = 'import "std@1" as std\n\n'
    if rows.rules:
        before = f'framework {rows.framework} {{ values = csv("{folder}/rules.csv") }}\n\n'
    return (
        f"{before if valued else ''}"
        "# `my_model` stands for a model of yours. This auditc checks and plans an escalation, and cannot run it yet.\n"
        f"escalation {name}_dilemmas {{\n"
        f'  scenarios = jsonl("{folder}/{file}")\n'
        "  of        = [my_model]\n"
        f"{f'  framework = {rows.framework}{chr(10)}' if valued else ''}"
        f"  step 1..{rows.steps} {{ choices = [a, b]   remember = all }}\n"
        f"{'  win_rate { }' + chr(10) if valued else ''}"
        "}\n"
    )
