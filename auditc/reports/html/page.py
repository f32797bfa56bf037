"""The page: everything that templates show, and the closed environment in which they are rendered."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import jinja2

from auditc.ir.finding import TRUST
from auditc.ir.unasked import Silence, silence
from auditc.reports._contract import Material

from . import answered, contrasts, entries, itemtable, measured, numbers, probe, results, summary
from . import trainings as trained
from .clean import finalize
from .figures import symbol
from .names import Names, names, published
from .words import words

OTHER = {"en": "zh", "zh": "en"}


def filename(language: str) -> str:
    return f"report.{language}.html"


def document(material: Material) -> str:
    """The whole report as HTML. The same material gives the same text."""
    return environment().get_template("page.html").render(content(material))


def environment() -> jinja2.Environment:
    """Escapes everything, knows no undefined name, and cleans every text that it shows."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )


def content(material: Material) -> dict[str, Any]:
    """What the templates read."""
    silent = silence(material.findings)
    material = _asked(material, silent)
    named = names(material, words(material.language))
    return {
        "t": named.words,
        "names": named,
        "material": material,
        "plan": material.plan,
        "findings": material.findings,
        "run": material.run,
        "number": numbers,
        "symbol": symbol,
        "next_figure": count(1).__next__,
        "next_table": count(1).__next__,
        "other": _other(material),
        "nothing": silent.whole,
        "paragraph": summary.paragraph(named),
        "headlines": summary.headlines(named),
        "alerts": summary.alerts(named),
        "claims": summary.claims(named),
        "keys": summary.keys(named),
        "tallies": answered.tallies(named),
        "counted": answered.counted(named.material.findings.tallies),
        "probes": probe.probes(named),
        "trust": answered.trust(named),
        "blocks": _blocks(named),
        "methods": measured.methods(named),
        "procedures": measured.procedures(named),
        "references": measured.references(named),
        "dimensions": measured.dimensions(named),
        "cards": measured.cards(named),
        "limits": measured.limits(named),
        "confounded": measured.confounded(named),
        "cells": answered.cells(material.run.cells),
        "provenance": measured.flat(material.run.provenance),
        "stages": [measured.flat(stage) for stage in material.run.stages],
        "further": _further(named),
        "trainings": trained.trainings(named),
        "groups": contrasts.groups(named),
        "ablations": contrasts.ablations(named),
        "exact": exact,
        "itemtables": itemtable.tables(named),
        "glossary": measured.GLOSSARY,
    }


def _asked(material: Material, silent: Silence) -> Material:
    """Without what was found of questions that nobody was asked: findings.json has it, and there is nothing to see."""
    found = material.findings
    kept = tuple(f for f in found.findings if f.claim is not None or not silent.of(f))
    compared = tuple(each for each in found.contrasts if not silent.between(each))
    return replace(
        material,
        findings=found.model_copy(update={"findings": kept, "contrasts": compared}),
        items=tuple(row for row in material.items if row.asked),
    )


def _blocks(named: Names) -> list[tuple[str, list[results.Section]]]:
    """Each block with its metrics, but those that were shown before: its headline first, papers' variants last."""
    shown = []
    for block in named.blocks:
        head = {f.metric for f in summary.headline(named, block)}
        metrics = [m for m in named.metrics[block] if m not in TRUST]
        metrics.sort(key=lambda m: (m not in head, published(m)))
        if metrics:
            shown.append((block, [results.section(named, block, metric) for metric in metrics]))
    return shown


def _further(named: Names) -> list[entries.Entry]:
    """Parts of claims that no claim lists: shown all the same, so that no finding is left out."""
    found = named.material.findings
    listed = {part for claim in found.claims for part in claim.parts}
    return [entries.entry(named, f) for f in found.findings if f.claim is not None and f.id not in listed]


def exact(value: float | None) -> str:
    """The number itself, for programs that read the page; empty for none."""
    return "" if value is None else repr(value)


def _other(material: Material) -> tuple[str, str] | None:
    """The file and the name of the same report in the other language, where the plan asks for one."""
    other = OTHER.get(material.language, "")
    for stage in material.plan.stages:
        if stage.kind == "render" and "html" in stage.formats and other in stage.languages:
            return filename(other), words(other)("language.own")
    return None
