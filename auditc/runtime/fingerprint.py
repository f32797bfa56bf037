"""What a stage asked, field by field, so that a later plan can say which field makes it ask again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditc.backends._contract import Identity
from auditc.ir.canonical import digest
from auditc.ir.plan import Asked, Assess, Plan

from .cells import items_of
from .identity import answering

_LISTED = 3
"""Names given in full; of more, only how many."""

_WORDS: Mapping[str, str] = {
    "wording": "prompt",
    "questions": "question to the judge",
    "populations": "population",
    "conditions": "condition",
    "texts": "item text",
    "options": "item options",
    "lists": "prompt of lists",
    "scales": "prompt of scales",
    "listed": "list",
}
"""What a reader calls each group of fields."""


def fingerprint(plan: Plan, stage: Asked, identity: Identity) -> dict[str, Any]:
    """Everything that a stage's keys are made of, short enough to be kept with each run."""
    if stage.kind == "assess":
        return _assessing(plan, stage, identity)
    items = items_of(stage, plan.surveys[stage.survey])
    populations = {name: plan.populations[name].model_dump(mode="json") for name in stage.populations}
    asked: dict[str, Any] = {
        "engine": answering(identity, stage.beams.high if stage.kind == "converse" else 1),
        "texts": {item.id: _mark(item.text) for item in items},
        "options": {item.id: _mark(item.options) for item in items},
        "wording": {language: _mark(wording.model_dump()) for language, wording in stage.wording.items()},
        "populations": {name: _mark([content, stage.language[name]]) for name, content in populations.items()},
        "labels": stage.labels,
        "seed": stage.seed,
    }
    if stage.kind == "predict":
        return {name: asked[name] for name in ("engine", "texts")}
    if stage.kind == "score":
        conditions = {c.name: _mark(c.model_dump()) for c in stage.conditions}
        return asked | {"conditions": conditions, "orders": stage.orders}
    asked |= {
        name: {language: _mark(wording.model_dump()) for language, wording in forms.items()}
        for name, forms in (("lists", stage.lists), ("scales", stage.scales))
        if forms
    }
    if stage.lists:
        asked["listed"] = {item.id: _mark(item.listed.model_dump()) for item in items if item.listed}
    settings = {"draws", "memory", "beams", "sampling", "item_order", "max_new_tokens", "told"}
    settings |= {"temperature", "top_p", "top_k", "stop"}
    return asked | stage.model_dump(mode="json", include=settings)


def _assessing(plan: Plan, stage: Assess, identity: Identity) -> dict[str, Any]:
    """What a judge is asked. Which texts it reads hangs on the answers that are there."""
    return {
        "engine": answering(identity, 1),
        "wording": {language: _mark(wording.model_dump()) for language, wording in stage.wording.items()},
        "questions": {name: _mark([words, stage.options]) for name, words in stage.questions.items()},
        "answers of": list(stage.of),
        "sample": stage.sample,
        "cases": _mark([case.model_dump() for case in stage.cases]),
        "labels": stage.labels,
        "max_new_tokens": stage.max_new_tokens,
        "seed": stage.seed,
    }


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """What differs between two fingerprints, in words; empty when nothing does."""
    said = []
    for name in ("engine", *_WORDS):
        said += _entries(name, before.get(name, {}), now.get(name, {}))
    simple = sorted({*before, *now} - {"engine", *_WORDS})
    said += [
        f"{name}: {_said(before.get(name))} → {_said(now.get(name))}"
        for name in simple
        if before.get(name) != now.get(name)
    ]
    return tuple(said)


def _mark(content: object) -> str:
    return digest(content)[:16]


def _entries(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Differences of one group of fields. Digests are told from values that a reader can compare."""
    if name == "engine":
        if before.get("engine") != now.get("engine"):  # no field of one is a field of the other
            return [f"engine: {_short(before.get('engine'))} → {_short(now.get('engine'))}"]
        return [
            f"engine {field}: {_short(before.get(field))} → {_short(now.get(field))}"
            for field in sorted({*before, *now})
            if before.get(field) != now.get(field)
        ]
    changed = [key for key in now if key in before and before[key] != now[key]]
    new = [key for key in now if key not in before]
    said = []
    if changed:
        said.append(f"{_WORDS[name]} changed: {_names(changed)}")
    if new and name != "options":  # a new item's text says it
        said.append(f"{_WORDS[name]} new: {_names(new)}")
    return said


def _names(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _short(value: object) -> str:
    """Of a digest its beginning; a moment, whose end may be all that is new, is written out."""
    text = _said(value)
    return text if len(text) <= 32 else text[:12] + "…"


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_said(one)}" for key, one in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_said, value)) or "none"
    return "nothing" if value is None else str(value)
