"""Figures: round ticks, labels that never lie on each other, and every number inside the frame, on extremes too."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditc.reports.html.figures import Band, Line, Mark, Panel, Row, bar, panel, parts_bar, symbol
from auditc.reports.html.figures.axis import Axis, nice, span
from auditc.reports.html.figures.svg import fit, width
from auditc.reports.html.page import document
from tests.reports.material import LONG, extreme
from tests.reports.reading import Element, read

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)
SIZES = {"name": 12.0}


def boxes(drawing: Element) -> list[tuple[str, float, float, float, float]]:
    """Where each text stands: its words, left, top, right, bottom."""
    found = []
    for text in drawing.every("text"):
        size = SIZES.get(text.attributes["class"], 10.5)
        x, baseline, wide = float(text.attributes["x"]), float(text.attributes["y"]), width(text.text, size)
        left = {"end": x - wide, "middle": x - wide / 2}.get(text.attributes.get("text-anchor", ""), x)
        found.append((text.text, left, baseline - 0.8 * size, left + wide, baseline + 0.2 * size))
    return found


def assert_readable(drawing: Element) -> None:
    """No two texts overlap, and none leaves the figure by more than half a tick's label."""
    _, _, wide, high = (float(v) for v in drawing.attributes["viewbox"].split())
    found = boxes(drawing)
    for k, (a, left, top, right, bottom) in enumerate(found):
        assert left >= -16 and right <= wide + 16 and top >= -1 and bottom <= high + 1, a
        for b, left2, top2, right2, bottom2 in found[k + 1 :]:
            apart = right <= left2 or right2 <= left or bottom <= top2 or bottom2 <= top
            assert apart, f"{a!r} lies on {b!r}"


def drawn(content: Panel) -> Element:
    return read(str(panel(content))).every("svg")[0]


def row(name: str, *values: float, lines: tuple[Line, ...] = ()) -> Row:
    told = "0.512 (0.470–0.551)"
    return Row(name, tuple(Mark(f"place {k}", told, v, v - 0.05, v + 0.05, k) for k, v in enumerate(values)), lines)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_labels_never_overlap_on_extremes(language: str) -> None:
    drawings = [d for d in read(document(extreme(language))).every("svg") if d.attributes.get("role") == "img"]
    assert len(drawings) > 10
    for drawing in drawings:
        assert_readable(drawing)
        assert not any(c in str(drawing.attributes) for c in ("nan", "inf"))


@given(st.lists(st.tuples(st.text("ab 中国W%", max_size=60), st.floats(0, 1)), max_size=5), st.text(max_size=80))
def test_labels_of_lines_never_overlap(lines: list[tuple[str, float]], name: str) -> None:
    known = tuple(Line(f"{k} {label}", value) for k, (label, value) in enumerate(lines))
    assert_readable(drawn(Panel("p", "t", (row(name, 0.2, 0.9, lines=known),), (0.0, 1.0), axis="axis " * 30)))


@given(NUMBERS, st.floats(1e-9, 1e6), st.integers(3, 9))
def test_ticks_are_round_few_and_inside(low: float, spread: float, most: int) -> None:
    axis = Axis(low, low + max(spread, abs(low) * 1e-6), 0.0, 200.0)
    ticks = axis.ticks(most)
    assert 2 <= len(ticks) <= most + 1
    assert all(-0.5 <= axis.at(t) <= 200.5 for t in ticks)
    assert all(a < b for a, b in pairwise(ticks))


@given(st.floats(1e-9, 1e9))
def test_a_nice_step_is_one_two_or_five(step: float) -> None:
    chosen = nice(step)
    assert step * (1 - 1e-6) <= chosen <= step * 2.51
    assert round(chosen / 10 ** math.floor(math.log10(chosen) + 1e-9), 6) in (1.0, 2.0, 5.0)


@given(st.lists(NUMBERS), st.lists(st.floats()), st.booleans())
def test_an_axis_shows_all_estimates_and_is_never_empty(core: list[float], reach: list[float], share: bool) -> None:
    low, high = span(core, reach, share=share)
    assert math.isfinite(low) and math.isfinite(high) and low < high
    assert all(low <= v <= high for v in core)


def test_an_interval_beyond_the_axis_ends_in_an_arrow() -> None:
    low, high = span([0.4, 0.6], [-50.0, 80.0])
    assert high - low < 3
    mark = Mark("m", "0.5", 0.5, -50.0, 80.0, 0)
    assert len(drawn(Panel("p", "t", (Row("r", (mark,)),), (low, high))).every("polygon")) == 2


def test_what_was_not_estimated_is_said_in_words() -> None:
    nothing = Row("r", (Mark("m", "no estimate", None, None, None, 0),))
    drawing = drawn(Panel("p", "t", (nothing,), (0.0, 1.0), none="no estimate"))
    assert [t.text for t in drawing.every("text", **{"class": "none"})] == ["no estimate"]


def test_a_figure_that_must_not_be_interpreted_is_a_cross() -> None:
    sound = Mark("m", "0.5", 0.5, 0.4, 0.6, 0)
    unsound = Mark("m", "0.5", 0.5, 0.4, 0.6, 0, sound=False)
    assert drawn(Panel("p", "t", (Row("r", (sound,)),), (0.0, 1.0))).every("circle")
    assert not drawn(Panel("p", "t", (Row("r", (unsound,)),), (0.0, 1.0))).every("circle")


def test_populations_and_conditions_differ_in_shape_and_not_only_in_colour() -> None:
    shapes = {str(symbol(k)) for k in range(6)}
    assert len(shapes) == 6
    assert len({str(symbol(0, variant)).replace("#0b5c95", "") for variant in range(3)}) == 3


def test_the_band_of_people_is_drawn() -> None:
    mark = Mark("m", "0.5", 0.5, 0.4, 0.6, 0, band=Band(0.1, 0.2, 0.15))
    drawing = drawn(Panel("p", "t", (Row("r", (mark,)),), (0.0, 1.0)))
    assert len(drawing.every("rect", **{"class": "band"})) == 1


def test_bars_hold_their_share() -> None:
    assert 'd="M0 0h30v9H0z"' in bar(0.5, "model")
    assert bar(None, "model") == "" and bar(math.nan, "model") == ""
    whole = read(str(parts_bar([("answered", 3), ("refused", 1)]))).every("rect")
    assert [r.attributes["width"] for r in whole] == ["75", "25", "100"]
    assert read(str(parts_bar([]))).every("rect")


@given(st.text(max_size=200), st.floats(10, 400))
def test_a_fitted_text_fits(text: str, room: float) -> None:
    fitted = fit(text, 12.0, room)
    assert width(fitted, 12.0) <= room or fitted == "…"
    assert fit(LONG, 12.0, 100.0).endswith("…")
