"""From the cells of a survey to rows of tokens; whatever cannot be learnt is found before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auditc.ir.exchange import TOO_LONG, Failure
from auditc.ir.training import Example, NotTrained

from ._contract import Trainee


def rows(examples: Sequence[Example], trainee: Trainee) -> list[dict[str, Any]]:
    """For each example `ids`, the tokens of its prompt, `options`, those of each option, and `shares`. Raises
    NotTrained that names every item which the model cannot be asked about."""
    ids = trainee.feed([example.request.prompt for example in examples])
    options = trainee.options([example.request for example in examples])
    good: list[dict[str, Any]] = []
    faults: dict[str, dict[str, str]] = {}
    for example, prompt, tokens in zip(examples, ids, options, strict=True):
        fault = prompt if isinstance(prompt, Failure) else tokens
        if isinstance(fault, Failure):
            faults.setdefault(fault.reason, {}).setdefault(example.request.hint.item, fault.detail)
        else:
            good.append({"ids": prompt, "options": tokens, "shares": example.shares})
    for reason in sorted(faults, key=lambda reason: ("spelling", TOO_LONG, reason).index(reason)):
        raise _refused(reason, faults[reason])
    return good


def by_length(rows: Sequence[dict[str, Any]], key: str = "ids") -> list[dict[str, Any]]:
    """Rows of like length beside each other, for what is only looked at."""
    return sorted(rows, key=lambda row: len(row[key]))


def _refused(reason: str, items: dict[str, str]) -> NotTrained:
    listed = ", ".join(f"{item} ({detail})" for item, detail in sorted(items.items()))
    if reason == "spelling":
        return NotTrained(
            "spelling",
            f"the model has no token of its own for each option of {len(items)} items: {listed}",
            "Give the options letters that the model's tokenizer knows, or leave these items out.",
        )
    if reason == TOO_LONG:
        return NotTrained(
            "too_long",
            f"{len(items)} items do not fit into the model's window: {listed}",
            "Leave these items out, or take a model with a longer window.",
        )
    return NotTrained("engine", f"{len(items)} items cannot be put to the model: {listed}")
