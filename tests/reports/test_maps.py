"""The culture map: equal scales, names that lie on nothing, regions in their places, and what cannot be known said."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditc.reports.html.figures import Map, Place, Region, scatter
from auditc.reports.html.page import document
from tests.reports.material import extreme, material
from tests.reports.reading import Element, read
from tests.reports.test_figures import assert_readable


def drawn(*places: Place) -> tuple[Element, bool]:
    drawing, numbered = scatter(Map("m", "a map", places, "PC1", "PC2"))
    return read(str(drawing)).every("svg")[0], numbered


def place(x: float, y: float, name: str = "Model", region: Region | None = None, *, people: bool = False) -> Place:
    return Place(name, "1", "here", x, y, 0, people, region)


def ticks(drawing: Element, end: bool) -> list[tuple[float, float]]:
    """Values and where they stand: on the upright axis (`end`) or the lower one."""
    axis = "y" if end else "x"
    texts = [t for t in drawing.every("text") if t.attributes["class"] == "tick"]
    own = [t for t in texts if (t.attributes["text-anchor"] == "end") == end]
    return [(float(t.text.replace("\u2212", "-")), float(t.attributes[axis])) for t in own]


COORDINATES = st.floats(-50, 50, allow_nan=False)


@settings(max_examples=40)
@given(st.lists(st.tuples(COORDINATES, COORDINATES), min_size=2, max_size=12))
def test_a_unit_is_as_long_across_as_up(points: list[tuple[float, float]]) -> None:
    drawing, _ = drawn(*(place(x, y) for x, y in points))
    (a, x1), *_, (b, x2) = ticks(drawing, end=False)
    (c, y1), *_, (d, y2) = ticks(drawing, end=True)
    assert abs(x2 - x1) / abs(b - a) == pytest.approx(abs(y2 - y1) / abs(d - c), rel=0.02)


@settings(max_examples=40)
@given(st.lists(st.tuples(COORDINATES, COORDINATES, st.text("ab 中国W%", min_size=1, max_size=30)), max_size=24))
def test_names_never_lie_on_each_other(points: list[tuple[float, float, str]]) -> None:
    if points:
        assert_readable(drawn(*(place(x, y, name, people=k < 2) for k, (x, y, name) in enumerate(points)))[0])


def test_a_region_lies_around_its_place_and_turns_with_its_angle() -> None:
    region = Region(2.0, 0.5, math.pi / 6)
    drawing, _ = drawn(place(0, 0, region=region), place(4, 4), place(-4, -4))
    ellipse = drawing.every("ellipse")[0].attributes
    (a, x1), *_, (b, x2) = ticks(drawing, end=False)
    unit = (x2 - x1) / (b - a)
    assert float(ellipse["rx"]) == pytest.approx(2 * unit, abs=0.2)
    assert float(ellipse["ry"]) == pytest.approx(0.5 * unit, abs=0.2)
    assert float(re.findall(r"rotate\((-?[\d.]+)", ellipse["transform"])[0]) == pytest.approx(-30)
    assert region.half[0] == pytest.approx(math.hypot(2 * math.cos(math.pi / 6), 0.5 * math.sin(math.pi / 6)))


def test_a_place_without_a_region_is_hollow_and_people_are_told_from_models() -> None:
    drawing, _ = drawn(place(0, 0, region=Region(1, 1, 0)), place(1, 1), place(2, 0, "People of X", people=True))
    models = [c.attributes for c in drawing.every("circle") if c.attributes.get("r") == "4.6"]
    assert sorted(c["fill"] for c in models) == ["#0b5c95", "#fff"]
    assert len(drawing.every("circle", **{"class": "people-ring"})) == 1
    assert [t.text for t in drawing.every("text", **{"class": "place people"})] == ["People of X"]


def test_numbers_stand_for_names_only_where_these_have_no_room() -> None:
    few, numbered = drawn(place(0, 0, "First"), place(1, 1, "Second"))
    assert not numbered and "First" in few.text
    many = [place(math.cos(k), math.sin(k), f"A model with a rather long name {k}") for k in range(40)]
    crowd, numbered = drawn(*many)
    assert numbered and not any(t.text.startswith("A model") for t in crowd.every("text"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_has_the_map_with_its_tables(language: str) -> None:
    made = material(language)
    content = made.findings.maps[0]
    figure = read(document(made)).every("figure", **{"class": "plot map"})[0]
    drawing = figure.every("svg", role="img")[0]
    assert len(drawing.every("ellipse")) == len([p for p in content.places if p.ellipse])
    assert len(figure.every("table")[0].every("tbody")[0].every("tr")) == len(content.loadings) + 1
    assert "61.4%" in drawing.text and "21.3%" in drawing.text
    said = {"en": "depends on who else is on the map", "zh": "取决于图上还有谁"}[language]
    assert said in figure.text
    assert len(drawing.every("desc")[0].text) > 100


def test_a_crowded_map_has_a_key_of_numbers() -> None:
    made = extreme("en")
    figure = read(document(made)).every("figure", **{"class": "plot map"})[0]
    key = figure.every("ol", **{"class": "legend numbered"})[0].every("li")
    assert len(key) == len(made.findings.models)


def test_places_that_could_not_be_computed_are_in_the_table_and_not_on_the_map() -> None:
    made = material("en", small=True)
    content = made.findings.maps[0]
    lost = content.places[-1].model_copy(update={"at": (math.nan, math.nan), "scores": {}})
    changed = content.model_copy(update={"places": (*content.places[:-1], lost)})
    page = read(document(replace(made, findings=made.findings.model_copy(update={"maps": (changed,)}))))
    rows = page.every("table", **{"class": "places"})[0].every("tbody")[0].every("tr")
    assert len(rows) == len(content.places)
    assert "nan" not in page.every("figure", **{"class": "plot map"})[0].text


def test_why_there_is_no_map_is_said() -> None:
    made = material("en", small=True)
    why = "2 subjects and 2 dimensions: there is no map with fewer than 3 of each"
    none = made.findings.maps[0].model_copy(update={"places": (), "loadings": {}, "notes": (why,)})
    page = read(document(replace(made, findings=made.findings.model_copy(update={"maps": (none,)}))))
    assert any(why in metric.text for metric in page.every("div", **{"class": "metric"}))
    assert not page.every("figure", **{"class": "plot map"})


def test_the_map_stands_with_the_distances_of_its_metric() -> None:
    own = next(
        m
        for m in read(document(material("en"))).every("div", **{"class": "metric"})
        if m.every("h3")[0].text == "Culture map"
    )
    captions = [f.every("figcaption")[0].text for f in own.every("figure")]
    assert len(captions) == 2 and "places of models and peoples" in captions[0]
    assert "distance from people" in captions[1]
