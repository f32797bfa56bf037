"""The HTML report: complete, self-contained, the same every time, and showing the findings' own numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from auditc.reports import reports
from auditc.reports._contract import Material
from auditc.reports.html import numbers
from auditc.reports.html.itemtable import ROWS
from auditc.reports.html.page import document
from auditc.reports.html.words import words
from tests.reports.material import material, unasked, unrun
from tests.reports.reading import Element, read

LANGUAGES = ("en", "zh")
FETCHING = {"script", "iframe", "object", "embed", "img", "audio", "video", "form", "base", "use", "image"}


@cache
def page(language: str = "en", small: bool = True) -> str:
    return document(material(language, small))


@cache
def tree(language: str = "en", small: bool = True) -> Element:
    return read(page(language, small))


def test_the_page_is_as_it_was(root: Path, golden: Callable[[Path, str], None]) -> None:
    without_style = re.sub(r"<style>.*?</style>", "<style></style>", page(), flags=re.DOTALL)
    golden(root / "tests" / "golden" / "reports" / "small.en.html", without_style)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_material_gives_the_same_bytes(language: str, tmp_path: Path) -> None:
    first = reports.take("html").render(material(language, small=True), tmp_path / "first")
    second = reports.take("html").render(material(language, small=True), tmp_path / "second")
    assert first.name == f"report.{language}.html"
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("small", [True, False])
def test_nothing_is_fetched(language: str, small: bool) -> None:
    document = tree(language, small)
    for element in document.every():
        assert element.tag not in FETCHING
        for name, value in element.attributes.items():
            assert not name.startswith("on")
            if name in ("src", "srcset", "href", "action", "data", "poster", "xlink:href", "formaction"):
                local = value.startswith("#") or value in ("data:,", "findings.json") or value.startswith("report.")
                assert local, f"{element.tag} {name}={value}"
    for style in document.every("style"):
        assert "url(" not in style.text and "@import" not in style.text and "//" not in style.text
    policy = document.every("meta", http_equiv="Content-Security-Policy")[0].attributes["content"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")


@pytest.mark.parametrize("small", [True, False])
def test_identifiers_are_unique_and_links_lead_somewhere(small: bool) -> None:
    document = tree("en", small)
    ids = [element.attributes["id"] for element in document.every() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    targets = [e.attributes["href"][1:] for e in document.every("a") if e.attributes["href"].startswith("#")]
    assert targets and not set(targets) - set(ids)
    for element in document.every():
        assert not set(element.attributes.get("aria-labelledby", "").split()) - set(ids)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("small", [True, False])
def test_every_finding_is_there_with_its_own_numbers(language: str, small: bool) -> None:
    rows = {}
    for row in tree(language, small).every("tr"):
        if "data-finding" in row.attributes and "id" in row.attributes:
            assert row.attributes["data-finding"] not in rows
            rows[row.attributes["data-finding"]] = row
    findings = material(language, small).findings.findings
    assert set(rows) == {f.id for f in findings}
    for f in findings:
        row = rows[f.id]
        for name, value in (("data-estimate", f.estimate), ("data-low", f.low), ("data-high", f.high)):
            assert row.attributes[name] == ("" if value is None else repr(value))
        shown = [cell.text for cell in row.every("td") if "num" in cell.attributes.get("class", "")]
        assert shown[0].startswith(numbers.figure(f.estimate, f.unit))
        assert shown[1].startswith(numbers.interval(f.low, f.high, f.unit))
        assert f"{f.origin.file}:{f.origin.line}" in row.text
        assert numbers.count(f.n.answers) in row.text


def test_counts_are_the_tallies() -> None:
    kinds = ("planned", "asked", "answered", "refused", "unparsable", "failed", "not_run")
    names = [f"data-{kind.replace('_', '-')}" for kind in kinds]
    rows = [row for row in tree().every("tr") if "data-stage" in row.attributes]
    cells = [{k: v for cell in row.every("td") for k, v in cell.attributes.items()} for row in rows]
    shown = [tuple(int(cell[name]) for name in names) for cell in cells]
    told = [tuple(getattr(t, kind) for kind in kinds) for t in material(small=True).findings.tallies]
    assert sorted(shown) == sorted(told)


def test_what_was_stored_and_what_was_asked_with_others_are_counted_apart() -> None:
    (box,) = tree().every("section", id="provenance")
    counts = {pair.every("dt")[0].text: pair.every("dd")[0].text for pair in box.every("div") if pair.every("dt")}
    assert (counts["From the store"], counts["Asked with others that ask the same"]) == ("32", "64")
    assert "Reused" not in counts


def test_claims_come_with_their_verdicts() -> None:
    articles = [a for a in tree().every("article") if "data-verdict" in a.attributes]
    outcomes = material(small=True).findings.claims
    assert [a.attributes["data-verdict"] for a in articles] == [c.verdict for c in outcomes]
    for article, outcome in zip(articles, outcomes, strict=True):
        assert outcome.says in article.text and outcome.holds in article.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_machine_says_that_a_rule_is_met(language: str) -> None:
    assert not re.search(r"complian|conform(s|ant|ity)|certif", page(language), re.IGNORECASE)
    assert not re.search("合规|合格|达标", page(language))


def test_figures_have_text_alternatives() -> None:
    drawings = tree("en", False).every("svg")
    assert len([d for d in drawings if d.attributes.get("role") == "img"]) > 30
    for drawing in drawings:
        if drawing.attributes.get("role") == "img":
            assert len(drawing.every("desc")[0].text) > 20
            assert drawing.every("title")[0].text
        else:
            assert drawing.attributes.get("aria-hidden") == "true"


def test_an_incomplete_audit_says_so() -> None:
    text = document(unrun(material(small=True)))
    assert "This audit is incomplete" in text and "the budget of 10 cells is spent" in text
    assert "This audit is incomplete" not in page()


def fragments_lead_somewhere(tree: Element) -> bool:
    ids = {element.attributes["id"] for element in tree.every() if "id" in element.attributes}
    targets = {e.attributes["href"][1:] for e in tree.every("a") if e.attributes["href"].startswith("#")}
    return targets <= ids


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_that_asked_nothing_says_so_and_why_and_shows_no_row_of_nothing(language: str) -> None:
    shown = read(document(unasked(material(language, small=True), "smollm2", "gemma3")))
    (summary,) = shown.every("section", id="summary")
    said = words(language)
    assert said("summary.nothing") in summary.text and said("summary.untested") in summary.text
    (box,) = summary.every("aside")
    assert said("alert.nothing.title") in box.text and "the budget of 10 cells is spent" in box.text
    assert not [row for row in shown.every("tr") if {"data-finding", "data-stage"} & row.attributes.keys()]
    assert not shown.every("section", id="trust") + shown.every("section", id="results") + shown.every("figure")
    assert "0 of 0" not in shown.text and said("summary.estimates") not in shown.text
    assert all(said("claim.why.unasked") in each.text for each in summary.every("article"))
    assert "95%" not in summary.text, "nothing was tested at any level"
    assert fragments_lead_somewhere(shown)


def test_a_model_that_was_not_asked_has_no_row_and_is_named() -> None:
    shown = read(document(unasked(material(small=True), "gemma3")))
    (summary,) = shown.every("section", id="summary")
    assert "to one language model" in summary.text.split("This audit is incomplete")[0]
    assert "Opinions, Gemma 3 270M, Q4_K_M, dequantised: none of the" in summary.text
    rows = [row for row in shown.every("tr") if "data-stage" in row.attributes]
    assert rows and not any("Gemma 3" in row.text for row in rows)
    (results,) = shown.every("section", id="results")
    assert "SmolLM2" in results.text and "Gemma 3" not in "".join(row.text for row in results.every("tr"))
    assert "0 of 0" not in shown.text.replace("0 of 0 answers to items", "") and "– answered" not in shown.text
    assert fragments_lead_somewhere(shown)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_a_probe_found_is_told_and_its_absence_too(language: str) -> None:
    made, said = material(language, small=True), words(language)
    text = document(made)
    for row in made.findings.probes:
        assert f'data-probe="{row.stage}"' in text and row.differing[0] in text
    assert "2 of 39 (1.4%–16.9%)" in text or "39 个中有 2 个（1.4%–16.9%）" in text
    assert "1.2e-05" in text and said("probe.none")[:20] not in text
    silent = replace(made, findings=made.findings.model_copy(update={"probes": ()}))
    assert said("probe.none")[:20] in document(silent) and "data-probe" not in document(silent)


def test_figures_that_must_not_be_interpreted_are_named_first() -> None:
    summary = tree().every("section", id="summary")[0]
    box = next(a for a in summary.every("aside"))
    assert "Gemma 3 270M, Q4_K_M, dequantised, China" in box.text


def test_origin_family_and_stage_cannot_be_told_apart() -> None:
    assert "origin, family and stage of training cannot be told apart" in page()


def test_quantisation_stands_wherever_a_model_is_named_in_full() -> None:
    headings = [h.text for h in tree().every("h4") if "SmolLM2" in h.text]
    assert headings and all("Q4_1, dequantised" in h for h in headings)


def test_a_model_whose_weights_were_written_anew_is_not_said_to_be_quantised() -> None:
    made = material(small=True)
    first, second = made.findings.models
    anew = second.model_copy(update={"title": "Gemma 3 270M, trained", "quantisation": "float32, from Q4_K_M"})
    found = made.findings.model_copy(update={"models": (first, anew)})
    (box,) = read(document(replace(made, findings=found))).every("section", id="limits")
    said = [item.text for item in box.every("li")]
    assert any("Quantised weights answered: SmolLM2-135M-Instruct, Q4_1, dequantised." in each for each in said)
    (told,) = [each for each in said if "written anew in float32" in each]
    assert "Gemma 3 270M, trained (out of Q4_K_M)" in told and "SmolLM2" not in told


def test_the_other_language_is_linked_only_where_the_plan_has_it() -> None:
    assert [a.text for a in tree().every("a", href="report.zh.html")] == ["中文"]
    made = material(small=True)
    stages = tuple(s.model_copy(update={"languages": ("en",)}) if s.kind == "render" else s for s in made.plan.stages)
    alone = Material(made.plan.model_copy(update={"stages": stages}), made.findings, made.items, made.run, "en")
    assert "report.zh.html" not in document(alone)


def test_keys_of_cells_are_shown_and_capped() -> None:
    rows = {row.cells for row in material(small=True).items}
    text = page()
    assert all(cells[0][:12] in text for cells in rows if cells)
    assert "and 17 more" in text


def test_a_large_audit_shows_some_items_and_says_where_the_others_are() -> None:
    made = material(small=True)
    rows = tuple(r.model_copy(update={"item": f"{r.item}-{k}"}) for r in made.items for k in range(200))
    assert len(rows) > ROWS
    page = document(replace(made, items=rows))
    shown = page.count('<article class="question"')
    assert shown < 200 * 3 * 2 and "of them are in items.json" in page
    assert "All of them are in items.json" not in document(made)
    assert len(page) < len(document(made)) + 3_000_000


def test_the_page_stays_small() -> None:
    assert len(page("en", False).encode()) < 1_500_000


def test_language_and_country_are_told_apart_where_both_languages_were_asked() -> None:
    both, alone = (document(material("en", small)) for small in (False, True))
    assert "were asked in different languages, and in another of the audit" in both
    assert "were asked in different languages, and in another of the audit" not in alone
    assert "What comes from the country and what comes from the language cannot be told apart here." in alone
