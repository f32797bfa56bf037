"""What is compared, in the report: groups of models and conditions, with the test that ran, in both languages."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from auditc.evidence.contrasts import PUBLISHED
from auditc.ir.finding import Contrast
from auditc.reports.html.contrasts import chance
from auditc.reports.html.page import document
from auditc.reports.html.words import words
from tests.reports.material import at, finding, material
from tests.reports.reading import Element, read

ATTACK = '<script>alert("east")</script>'


def contrast(test: str, of: str = "origin", **more: Any) -> Contrast:
    settings: dict[str, Any] = {
        "id": f"compare.places/us/{more.get('left', 'east')} - west/{test}",
        "of": of,
        "left": "east",
        "right": "west",
        "metric": "diversity",
        "block": "citizens",
        "population": "us",
        "estimate": -0.0763152,
        "low": -0.134506,
        "high": -0.0181245,
        "level": 0.975,
        "statistic": -3.28261,
        "freedom": 14.3165,
        "p": 0.005309,
        "test": test,
        "unit": "different answers beyond the first, for each draw",
        "n": {"items": 12, "left": 5, "right": 6},
        "origin": at(9),
    }
    return Contrast(**(settings | more))


ROWS = (
    contrast(
        "models and items clustered, t", adjusted=0.010618, notes=("Holm over 2 tests: the interval is one of 97.5 %",)
    ),
    contrast(
        "Welch t-test",
        published=True,
        p=1.33e-10,
        level=0.95,
        n={"items": 12, "left": 5, "right": 6, "values": 44},
        notes=(
            "20 and 24 values, one for each model and value dimension, are taken as independent: they share models and "
            "items, and p does not mean what it says",
        ),
    ),
    contrast("Wilcoxon rank-sum test", published=True, freedom=None, low=None, high=None, statistic=33.0, p=0.2),
    contrast(
        "none: described",
        left=ATTACK,
        estimate=None,
        low=None,
        high=None,
        statistic=None,
        freedom=None,
        p=None,
        notes=("1 of 5 models of east have too few answers and are left out", f"of tomorrow {ATTACK}"),
    ),
)


def ablation(metric: str, estimate: float | None, low: float | None, high: float | None, **more: Any) -> Contrast:
    return contrast(
        "two-way jackknife over draws and items, t",
        of="ablation",
        id=f"ablation/citizens.{metric}/smollm2/us/without_memory" + "".join(more.get("axes", {}).values()),
        left="without_memory",
        right="asked",
        model="smollm2",
        metric=metric,
        estimate=estimate,
        low=low,
        high=high,
        level=0.95,
        statistic=None,
        freedom=None,
        p=None,
        **({"n": {"items": 24}} | more),
    )


CONDITIONS = (
    ablation("diversity", -0.0512, -0.0612, -0.0412),
    ablation("kl", 0.034, None, None, notes=("every item has the same value: their variation cannot be measured",)),
    ablation("preference_bias", 0.2, 0.1, 0.3, axes={"sex": "female", "profile": "mismatching"}),
)


@cache
def tree(language: str = "en", which: str = "all") -> Element:
    made = material(language, small=True)
    rows = {"all": (*ROWS, *CONDITIONS), "groups": ROWS, "conditions": CONDITIONS, "none": ()}[which]
    extra = finding("citizens", "diversity", "smollm2", "us", "without_memory", 24)
    found = made.findings.model_copy(update={"contrasts": rows, "findings": (*made.findings.findings, extra)})
    return read(document(made.__class__(**{**{f: getattr(made, f) for f in made.__slots__}, "findings": found})))


def section(language: str = "en", which: str = "all") -> Element:
    [found] = tree(language, which).every("section", id="contrasts")
    return found


def row_of(test: str) -> Element:
    return next(r for r in section().every("tr") if r.attributes.get("data-contrast", "").endswith(f"/{test}"))


def test_what_ran_is_what_is_printed() -> None:
    rows = [row for row in section().every("tr") if row.attributes.get("data-contrast", "").startswith("compare.")]
    assert len(rows) == len(ROWS)
    for row, own in zip(rows, ROWS, strict=True):
        cells = {cell.attributes["data-label"]: " ".join(cell.text.split()) for cell in row.every("td")}
        assert cells["Test"].startswith(own.test) and ("as published" in cells["Test"]) == own.published
        assert row.attributes["data-estimate"] == ("" if own.estimate is None else repr(own.estimate))
        assert ("t −3.28" in cells["Test statistics"]) == (own.freedom is not None)
    own = {
        c.attributes["data-label"]: " ".join(c.text.split())
        for c in row_of("models and items clustered, t").every("td")
    }
    assert own["Models"] == "5 / 6" and own["Interval"] == "−0.135, −0.018 97.5%"
    assert "p, two-sided 0.005" in own["Test statistics"] and "p, Holm 0.011" in own["Test statistics"]
    assert "U 33.00" in row_of("Wilcoxon rank-sum test").text.replace("\n", " ").replace("  ", " ")
    assert "< 0.001" in row_of("Welch t-test").text


def test_a_difference_that_was_not_tested_has_no_number() -> None:
    text = row_of("none: described").text
    assert "–" in text and "None" not in text and "nan" not in text


def test_conditions_stand_beside_what_was_asked() -> None:
    [table] = [t for t in section().every("table") if "ablation" in t.attributes["class"]]
    head = [" ".join(cell.text.split()) for cell in table.every("th", scope="col")]
    assert head[0] == "Condition" and len(head) == 3 and "Diversity" in head[1]
    rows = [row for row in table.every("tr") if row.every("td")]
    assert [row.every("th")[0].text for row in rows] == ["as asked", "without memory"]
    asked, without = ([" ".join(c.text.split()) for c in row.every("td")] for row in rows)
    assert "difference" not in asked[0] and "difference −0.051 (−0.061, −0.041)" in without[0]
    assert "difference +0.034 (–)" in without[1]
    assert "mismatching" in section().every("details")[0].text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_section_is_there_where_something_is_compared_and_only_there(language: str) -> None:
    for which in ("all", "groups", "conditions"):
        assert len(section(language, which).every("table")) == {"all": 3, "groups": 1, "conditions": 2}[which]
        assert [a for a in tree(language, which).every("a") if a.attributes.get("href") == "#contrasts"]
    assert not tree(language, "none").every("section", id="contrasts")
    assert not [a for a in tree(language, "none").every("a") if a.attributes.get("href") == "#contrasts"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_tables_say_what_their_cells_are_and_notes_are_found(language: str) -> None:
    for table in section(language).every("table"):
        assert table.every("caption") and table.every("th", scope="col")
        for row in (row for row in table.every("tr") if row.every("td")):
            assert len(row.every("th", scope="row")) == 1
            assert all(cell.attributes["data-label"] for cell in row.every("td"))
    targets = {e.attributes["id"] for e in section(language).every("li") if "id" in e.attributes}
    wanted = {a.attributes["href"][1:] for a in section(language).every("a")}
    assert wanted and wanted <= targets


def test_what_a_stranger_wrote_stays_text() -> None:
    assert not tree().every("script") and ATTACK in section().text


def test_what_the_evidence_says_is_known_in_chinese() -> None:
    chinese = words("zh")
    for each in (*ROWS, *CONDITIONS):
        for text in (each.test, *(note for note in each.notes if "tomorrow" not in note)):
            assert chinese.said(text)[1] == "zh-CN", text
    left, right = np.array([1.0, 2, 4]), np.array([2.0, 5, 9])
    for word in PUBLISHED:
        assert chinese.said(PUBLISHED[word](left, right, 0.95).test)[1] == "zh-CN"
    for column in ("family", "origin", "stage"):
        assert chinese.said(f"{column} differs between the groups too: it cannot be told apart")[1] == "zh-CN"
    assert "models and items clustered" not in section("zh").text


def test_chances_are_never_zero() -> None:
    assert (chance(0.0), chance(0.0004), chance(0.0041), chance(1.0)) == ("< 0.001", "< 0.001", "0.004", "1.000")


def test_the_axes_of_a_difference_are_named_in_the_language_of_the_page() -> None:
    told = section("zh", "conditions").every("details")[0].text
    assert "female" not in told and "mismatching" not in told and "profile" not in told
