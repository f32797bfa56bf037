"""Whatever stands in a spec, a data file or a model's answer stays text: no markup, no attribute, no reordering."""

from __future__ import annotations

from typing import Any

import pytest

from auditc.reports._contract import Material
from auditc.reports.html.clean import anchors, clean
from auditc.reports.html.page import document
from tests.reports.material import material
from tests.reports.reading import read

ATTACKS = (
    "<script>alert(1)</script>",
    "\"' onmouseover=alert(1) x='",
    "</style></title><img src=x onerror=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "]]></svg><a href=javascript:alert(1)>",
    "a\u202egnihtemos\u202c \u2066b\u2069 \u200bc \x00d \x1be \x85f \u2028g \ufeff",
    "&lt;b&gt; &amp;#x27;",
)
HIDDEN = "\u202e\u202c\u2066\u2069\u200b\x00\x1b\x85\u2028\ufeff"
KEEP = frozenset(
    [
        "format",
        "kind",
        "node",
        "scale",
        "labels",
        "method",
        "language",
        "languages",
        "formats",
        "operator",
        "item_order",
        "estimand",
        "better",
        "verdict",
        "procedure",
        "started",
        "correct",
        "id",
        "parts",
        "item",
        "unit",
        "condition",
        "metric",
    ]
)
"""Fields with a closed set of values, and identifiers that tie findings together."""


def poisoned(value: Any, attack: str, key: str = "") -> Any:
    """`value` with `attack` added to each text that a stranger could have written."""
    if isinstance(value, str):
        return value if key in KEEP else value + attack
    if isinstance(value, dict):
        return {k: poisoned(v, attack, k) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [poisoned(v, attack, key) for v in value]
    return value


def hostile(attack: str, language: str) -> Material:
    made = material(language, small=True)
    findings = type(made.findings).model_validate(poisoned(made.findings.model_dump(mode="json"), attack))
    run = type(made.run).model_validate(poisoned(made.run.model_dump(mode="json"), attack))
    items = tuple(
        row.model_copy(update={"cells": tuple(c + attack for c in row.cells), "item": row.item}) for row in made.items
    )
    plan = made.plan.model_dump(mode="json")
    for part in ("models", "populations"):
        plan[part] = {name: poisoned(value, attack) for name, value in plan[part].items()}
    for survey in plan["surveys"].values():
        for item in survey["items"]:
            for field in ("text", "options", "dimension", "source"):
                item[field] = poisoned(item[field], attack)
    for stage in plan["stages"]:
        if "wording" in stage:
            stage["wording"] = poisoned(stage["wording"], attack)
            stage["origin"] = poisoned(stage["origin"], attack)
    return Material(type(made.plan).model_validate(plan), findings, items, run, language)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_stays_text(attack: str, language: str) -> None:
    page = document(hostile(attack, language))
    assert not set(HIDDEN) & set(page)
    harmless, tree = read(document(material(language, small=True))).every(), read(page)
    assert {e.tag for e in tree.every()} <= {e.tag for e in harmless} | {"polygon"}
    assert {a for e in tree.every() for a in e.attributes} <= {a for e in harmless for a in e.attributes} | {"points"}
    links = {e.attributes["href"] for e in tree.every("a") if not e.attributes["href"].startswith("#")}
    assert links == {"findings.json", f"report.{'zh' if language == 'en' else 'en'}.html"}
    assert "{{ 7*7 }}" in page or attack != ATTACKS[3]


def test_a_title_is_shown_as_it_was_written() -> None:
    tree = read(document(hostile("<script>alert(1)</script>", "en")))
    assert tree.every("h1")[0].text.endswith("<script>alert(1)</script>")
    assert tree.every("title")[0].text.endswith("<script>alert(1)</script>")


def test_clean_keeps_what_languages_need() -> None:
    assert clean("中文，العربية हिन्दी\u200d\n\tx") == "中文，العربية हिन्दी\u200d\n\tx"
    assert clean("a\ud800b") == "ab"


def test_anchors_differ_and_need_no_escaping() -> None:
    chosen = anchors("f", ["a/b", "a b", 'a"b', "中", "国"])
    assert len(set(chosen.values())) == 5
    assert all(c.isalnum() or c in "._-" for name in chosen.values() for c in name)
