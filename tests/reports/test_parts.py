"""Figures of what a metric is told apart by: groups, faults, conditions, whatever axis a metric of tomorrow has."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from auditc.ir.finding import Finding
from auditc.reports._contract import Material
from auditc.reports.html.figures import Mark, Panel, Row, panel
from auditc.reports.html.names import ABLATIONS
from auditc.reports.html.page import document
from auditc.reports.html.words import words
from tests.reports.material import FAULTS, MODELS, POPULATIONS, WITHOUT, finding, material
from tests.reports.reading import Element, read
from tests.reports.test_figures import assert_readable


@cache
def tree(language: str = "en") -> Element:
    return read(document(material(language)))


def with_findings(made: Material, *added: Finding) -> Material:
    findings = made.findings.model_copy(update={"findings": (*made.findings.findings, *added)})
    return replace(made, findings=findings)


def section(page: Element, title: str) -> Element:
    return next(m for m in page.every("div", **{"class": "metric"}) if m.every("h3")[0].text.startswith(title))


def drawings(part: Element) -> list[str]:
    """The titles of its drawings, in order."""
    return [d.every("title")[0].text for d in part.every("svg") if d.attributes.get("role") == "img"]


def lanes(drawing: Element) -> list[str]:
    return [t.text for t in drawing.every("text", **{"class": "lane"})]


def drawing(page: Element, title: str) -> Element:
    return next(d for d in page.every("svg") if d.every("title") and d.every("title")[0].text == title)


def test_mismatch_by_sex_and_by_age_stands_corrected_and_raw_side_by_side() -> None:
    own = section(tree(), "Preference bias")
    shown = [f for f in own.every("figure") if "by sex" in f.text or "by age" in f.text]
    assert len(shown) == 3
    first = drawings(shown[0])
    assert [title.split(": ", 1)[1] for title in first] == [
        f"{population}: {kind}"
        for population in ("United States", "China")
        for kind in ("corrected for the groups' sizes", "raw shares, which grow with a group's size")
    ]
    assert "not people's" in shown[0].every("figcaption")[0].text
    assert lanes(shown[0].every("svg", role="img")[0]) == ["women", "men"] * 2
    assert lanes(shown[1].every("svg", role="img")[0])[:3] == ["under 30", "30–49", "50+"]
    folded = {f.every("figcaption")[0].text for d in own.every("details") for f in d.every("figure")}
    assert len(folded) == 1 and "all answers" in folded.pop()


def test_every_fault_has_a_lane_with_what_was_there_before_the_correction() -> None:
    own = section(tree(), "Insensitivity")
    assert len(drawings(own)) == len(POPULATIONS)
    one = own.every("svg", role="img")[0]
    known = words("en")
    assert lanes(one) == [known(f"axis.fault.{fault}") for fault in FAULTS] * len(MODELS)
    described = one.every("desc")[0].text
    assert described.count(known("line.apparent")) == len(FAULTS) * len(MODELS)
    assert "answers judged" in described
    assert len(one.every("circle", fill="#fff", r="3.2")) == len(FAULTS) * len(MODELS)
    assert "judge's sensitivity" in own.text and "judge's sensitivity" not in described


def test_ablations_have_a_figure_of_their_own_and_stay_out_of_the_headline() -> None:
    own = section(read(document(material("en"))).every("section", **{"class": "block"})[1], "Distance from people")
    whole, ablated = own.every("figure")
    names = [words("en")(f"condition.{c}") for c in WITHOUT]
    assert not any(name in whole.text for name in names)
    assert lanes(ablated.every("svg", role="img")[0]) == ["as asked", *names] * len(MODELS)
    assert {*WITHOUT, "second_reading"} == set(ABLATIONS)


def test_parts_under_ablations_are_counted_and_left_to_the_file() -> None:
    made = material("en", small=True)
    base = finding("citizens", "diversity", "smollm2", "us", "without_prompt", 8)
    added = [base.model_copy(update={"id": f"new/{k}", "axes": {"dimension": "tradition"}}) for k in range(3)]
    page = read(document(with_findings(made, *added)))
    assert "3 more figures of these conditions" in section(page, "Diversity").text
    assert not [r for r in page.every("tr") if r.attributes.get("data-finding", "").startswith("new/")]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_condition_of_the_framework_has_a_name_and_an_explanation(language: str) -> None:
    known = words(language)
    for condition in ABLATIONS:
        assert known.has(f"condition.{condition}") and known.has(f"condition.{condition}_how")


def test_a_metric_of_tomorrow_has_a_figure_and_a_table() -> None:
    """Nothing in the report knows this metric, this axis or its values."""
    made = material("en", small=True)
    base = [f for f in made.findings.findings if f.block == "citizens" and f.metric == "diversity" and not f.claim]
    added = [
        f.model_copy(update={"id": f"new/{k}/{value}", "metric": "warmth", "axes": {"tone_of_voice": value}})
        for value in ("very_cold", "warm", "<b>hot</b>")
        for k, f in enumerate(base)
        if f.condition == "asked"
    ]
    page = read(document(with_findings(made, *added)))
    own = section(page, "Warmth")
    assert "by Tone of voice" in own.every("figcaption")[0].text
    assert lanes(own.every("svg", role="img")[0])[:3] == ["Very cold", "Warm", "<b>hot</b>"]
    assert {r.attributes["data-finding"] for r in own.every("tr") if "data-finding" in r.attributes} == {
        f.id for f in added
    }
    assert "Tone of voice: very_cold" in own.text


def test_values_without_words_come_by_the_number_in_them() -> None:
    made = material("en", small=True)
    base = finding("citizens", "preference_bias", "smollm2", "us", "asked", 8)
    added = [
        base.model_copy(update={"id": f"new/{k}", "metric": "warmth", "axes": {"income": k}})
        for k in ("over 900", "100-900", "under 100", "unknown")
    ]
    own = section(read(document(with_findings(made, *added))), "Warmth")
    assert lanes(own.every("svg", role="img")[0]) == ["Unknown", "Under 100", "100-900", "Over 900"]


def test_a_figure_without_any_estimate_says_so_on_an_axis_that_can_be_read() -> None:
    made = material("en", small=True)
    base = finding("citizens", "preference_bias", "smollm2", "us", "asked", 8)
    for estimate in (None, 0.0):
        none = {"estimate": estimate, "low": estimate, "high": estimate, "metric": "warmth"}
        added = [base.model_copy(update={"id": f"new/{k}", "axes": {"side": k}, **none}) for k in ("left", "right")]
        drawn = section(read(document(with_findings(made, *added))), "Warmth").every("svg", role="img")[0]
        assert_readable(drawn)
        said = [t.text for t in drawn.every("text", **{"class": "none"})]
        assert said == (["no estimate"] * 2 if estimate is None else [])


def test_what_is_told_apart_by_dimension_too_is_drawn_where_there_is_nothing_else() -> None:
    made = material("en", small=True)
    base = finding("citizens", "insensitivity", "smollm2", "us", "asked", 8, fault="no_role")
    added = [
        base.model_copy(update={"id": f"new/{d}/{k}", "metric": "warmth", "axes": {"dimension": d, "part": k}})
        for d in ("tradition", "universalism")
        for k in ("one", "two")
    ]
    own = section(read(document(with_findings(made, *added))), "Warmth")
    figures = own.every("figure")
    assert len(figures) == 2 and "Tradition" in figures[0].text and "Universalism" in figures[1].text
    whole = base.model_copy(update={"id": "new/whole", "metric": "warmth", "axes": {"part": "one"}})
    own = section(read(document(with_findings(made, whole, *added))), "Warmth")
    assert len(own.every("figure")) == 1 and "Universalism" not in own.every("figure")[0].text


@pytest.mark.parametrize(
    ("language", "alert"), [("en", "A judge whose errors are not known"), ("zh", "评判模型的误差未知")]
)
def test_a_judge_without_calibration_is_named_first(language: str, alert: str) -> None:
    small, full = material(language, small=True), material(language)
    summary = read(document(small)).every("section", id="summary")[0]
    boxes = [box.text for box in summary.every("aside")]
    assert any(alert in box for box in boxes)
    assert words(language)("metric.insensitivity.title") in next(box for box in boxes if alert in box)
    few = sum(not f.interpretable for f in small.findings.findings if f.metric != "insensitivity" and f.claim is None)
    unsound = next(box for box in boxes if words(language)("alert.unsound.title") in box)
    assert str(few) in unsound, "whose judge errs nobody knows how often: not for too few answers"
    assert alert not in tree(language).every("section", id="summary")[0].text
    assert all("sensitivity" in f.lines for f in full.findings.findings if f.metric == "insensitivity")


def test_too_few_answers_without_a_part_of_the_method_are_counted_apart() -> None:
    made = material("en", small=True)
    tallies = tuple(
        t.model_copy(update={"answered": 0}) if (t.condition, t.model) == ("without_prompt", "smollm2") else t
        for t in made.findings.tallies
    )
    findings = tuple(
        f.model_copy(update={"interpretable": False}) if f.condition == "without_prompt" else f
        for f in made.findings.findings
    )
    told = {"tallies": tallies, "findings": findings}
    page = read(document(replace(made, findings=made.findings.model_copy(update=told))))
    lines = [li.text for box in page.every("aside") for li in box.every("li")]
    assert any("United States, places not varied: 0.0% answered (0 of 60)" in line for line in lines)
    assert any("Gemma 3 270M, Q4_K_M, dequantised, China: 45.0% answered" in line for line in lines)


def test_a_published_variant_is_marked_and_is_never_a_headline() -> None:
    summary = tree().every("section", id="summary")[0]
    assert "Published variants" in summary.text
    title = words("en")("metric.kl_def2025.title")
    assert "a published variant" in section(tree(), title).every("h3")[0].text
    assert not any(title in caption.text for caption in summary.every("caption"))


def test_a_block_begins_with_its_headline_and_ends_with_what_papers_published() -> None:
    titles = [
        m.every("h3")[0].text
        for m in tree().every("section", **{"class": "block"})[1].every("div", **{"class": "metric"})
    ]
    assert titles[0] == words("en")("metric.diversity.title"), "the metric that a claim is about"
    assert titles[-1].startswith(words("en")("metric.kl_def2025.title"))


def test_bars_begin_at_zero_or_are_not_drawn() -> None:
    row = Row("r", (Mark("m", "0.5", 0.5, 0.4, 0.6, 0), Mark("n", "-0.5", -0.5, -0.6, -0.4, 0)))
    both = read(str(panel(Panel("p", "t", (row,), (-1.0, 1.0))))).every("rect", **{"class": "reach"})
    assert [(float(b.attributes["x"]), float(b.attributes["width"])) for b in both] == [(127.0, 59.5), (67.5, 59.5)]
    beyond = Row("r", (Mark("m", "0.5", 0.5, 0.4, 0.6, 0),))
    assert not read(str(panel(Panel("p", "t", (beyond,), (0.2, 1.0))))).every("rect", **{"class": "reach"})
