"""Trainings in the report: cards, curves and what changed, in both languages, from findings made by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditc.ir.finding import Contrast, CurvePoint, TrainingRow
from auditc.reports.html.changes import outcome
from auditc.reports.html.figures import Curve, curve, thinned
from auditc.reports.html.page import document
from auditc.reports.html.words import words
from tests.reports.material import at, material, unasked
from tests.reports.reading import Element, read
from tests.reports.test_figures import assert_readable

ATTACK = '<script>alert("trained")</script>'


def training(**more: Any) -> TrainingRow:
    given: dict[str, Any] = {
        "stage": "train/gemma3",
        "model": "gemma3",
        "base": "smollm2",
        "objective": {"kind": "first_token_kl", "params": {"reduction": "items"}},
        "adapter": {"kind": "lora", "params": {"rank": 8, "targets": ["q_proj", "v_proj"], "rslora": False}},
        "settings": {"epochs": 2, "batch": 16, "learning_rate": 5e-5, "keep": "lowest", "seed": 7},
        "survey": "values",
        "populations": ("us", "cn"),
        "examples": 1200,
        "valid": 80,
        "parameters": 134_515_008,
        "trainable": 460_800,
        "recipe": "b" * 64,
        "data": "c" * 64,
        "lineage": ("a" * 64,),
        "weights": "d" * 64,
        "versions": {"torch": "2.8.0", "peft": "0.17.0"},
        "curve": (
            *(CurvePoint(step=k, epoch=k / 75, loss=1.2 - k / 200) for k in range(1, 151)),
            CurvePoint(step=75, epoch=1.0, valid=0.91),
            CurvePoint(step=150, epoch=2.0, valid=0.97),
        ),
        "kept": 75,
        "origin": at(21),
    }
    return TrainingRow(**(given | more))


def changed(of: str, estimate: float | None = 0.051, **more: Any) -> Contrast:
    given: dict[str, Any] = {
        "id": f"{of}/opinions.jsd/gemma3 - smollm2/us" + "".join(more.get("axes", {}).values()),
        "of": of,
        "left": "gemma3",
        "right": "smollm2",
        "metric": "jsd",
        "block": "opinions",
        "population": "us",
        "estimate": estimate,
        "low": None if estimate is None else estimate - 0.02,
        "high": None if estimate is None else estimate + 0.02,
        "level": 0.975,
        "statistic": None,
        "freedom": None,
        "p": None if estimate is None else 0.0021,
        "adjusted": None if estimate is None else 0.0042,
        "test": "studentised bootstrap over items",
        "unit": "1 − √JSD, base e",
        "n": {"items": 24, "learnt": 6, "others": 0, "valid": 2},
        "notes": (
            "6 of 24 items were learnt as these people answer them: a gain on these is no test",
            "2 of 24 items decided which state of the training was kept",
            "Holm over 2 tests: the interval is one of 97.5 %",
        ),
        "origin": at(21),
    }
    return Contrast(**(given | more))


CONTROL = {"condition": "shuffled_countries"}
ROWS = (
    changed("training"),
    changed("training", 0.004, axes=CONTROL),
    changed("beyond", 0.047, axes=CONTROL),
    changed("training", None, id="untested", population="cn", notes=(f"of tomorrow {ATTACK}",)),
    changed("training", -0.2, id="rate", metric="answer_rate", unit="share of cells asked"),
    changed("trainings", -0.051, id="pairs"),
    changed("trainings", 0.001, id="pairs/shuffled", axes=CONTROL),
)


@cache
def tree(language: str = "en", which: str = "all") -> Element:
    made = material(language, small=True)
    rows = {"all": ROWS, "card": (), "none": ()}[which]
    cards = () if which == "none" else (training(), training(model="smollm2", stopped="stopped by hand", curve=()))
    found = made.findings.model_copy(update={"contrasts": rows, "trainings": cards})
    return read(document(replace(made, findings=found)))


def section(language: str = "en", which: str = "all") -> Element:
    [found] = tree(language, which).every("section", id="trainings")
    return found


def cells(row: Element) -> dict[str, str]:
    return {cell.attributes["data-label"]: " ".join(cell.text.split()) for cell in row.every("td")}


def test_a_training_has_a_card_with_what_it_was_made_of_and_how_it_ended() -> None:
    first, second = section().every("article", **{"class": "card"})
    facts = {pair.every("dt")[0].text: pair.every("dd")[0].text for pair in first.every("div") if pair.every("dt")}
    assert facts["Made of"].startswith("SmolLM2-135M-Instruct") and facts["Examples"] == "1,200"
    assert facts["Adapter"] == "lora { rank = 8   targets = [q_proj, v_proj] }", "as a spec writes it"
    assert facts["learning_rate"] == "0.00005" and facts["keep"] == "lowest(valid)"
    assert facts["Weights that were trained"] == "460,800 of 134,515,008 (0.3%)"
    assert facts["State that was kept"] == "step 75 of 150" and facts["Ended"] == "after its last epoch"
    assert facts["Digest of what the training made"] == "d" * 64 and facts["Versions"] == "torch 2.8.0, peft 0.17.0"
    assert "stopped by hand" in second.text and not second.every("figure")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_curve_is_drawn_told_and_tabulated(language: str) -> None:
    [figure] = section(language).every("figure")
    [drawing] = figure.every("svg", role="img")
    assert_readable(drawing)
    lines = [p.attributes["d"] for p in drawing.every("path", **{"class": "curve"})]
    assert len(lines) == 2 and lines[0].count("L") == 149 and lines[1].count("L") == 1
    assert all(number in drawing.every("desc")[0].text for number in ("1.195", "0.450", "0.910", "0.970", "75"))
    [table] = section(language).every("table", **{"class": "points"})
    rows = table.every("tbody")[0].every("tr")
    assert len(rows) <= 26 and "0.910" in table.text and "0.970" in table.text


def by_id(table: Element) -> dict[str, Element]:
    """What stands for a difference: a row, or what of it is beyond a control."""
    return {e.attributes["data-contrast"]: e for e in table.every() if "data-contrast" in e.attributes}


def facts(row: TrainingRow, language: str = "en") -> tuple[dict[str, str], Element]:
    """What the card of a training says, and the card."""
    made = material(language, small=True)
    page = read(document(replace(made, findings=made.findings.model_copy(update={"trainings": (row,)}))))
    [card] = page.every("section", id="trainings")[0].every("article", **{"class": "card"})
    return {p.every("dt")[0].text: p.every("dd")[0].text for p in card.every("div") if p.every("dt")}, card


@pytest.mark.parametrize("language", ["en", "zh"])
def test_means_over_epochs_are_the_line_and_single_batches_stand_behind_it(language: str) -> None:
    singles = tuple(CurvePoint(step=k, epoch=k / 5, loss=1.0 + 9 * (k % 2)) for k in range(1, 11))
    ends = tuple(CurvePoint(step=5 * k, epoch=k, mean=0.875 / k, valid=0.75 / k) for k in (1, 2))
    _, card = facts(training(curve=(CurvePoint(step=0, epoch=0, valid=0.9), *singles, *ends), kept=10), language)
    lines = card.every("svg", role="img")[0].every("path", **{"class": "curve"})
    assert [path.attributes.get("stroke-opacity") for path in lines] == ["0.35", None, None]
    rows = card.every("table", **{"class": "points"})[0].every("tbody")[0].every("tr")
    assert ["".join(row.text.split()) for row in rows] == ["0–0.900", "50.8750.750", "100.4380.375"]
    told = card.every("desc")[0].text
    assert "0.875" in told and "0.438" in told and "10.0" not in told


def test_a_training_that_did_no_good_says_what_went_wrong() -> None:
    looks = [CurvePoint(step=5 * k, epoch=k, mean=None, valid=valid) for k, valid in enumerate((0.5, 4.0, 3.0))]
    grew = [CurvePoint(step=k, epoch=k / 5, loss=0.4 if k == 1 else 9.0) for k in range(1, 11)]
    said = facts(training(curve=(*looks, *grew), kept=10))[0]["Loss that decides"]
    assert "0.500 before, 3.000 of the state that was kept" in said and "no lower than before" in said
    assert "lowest of its epochs" in said and "never kept" in said
    assert "grew and never came back: 0.400 in the first step, 9.000 in the last ones" in said
    passed = [CurvePoint(step=5 * k, epoch=k, valid=valid) for k, valid in enumerate((0.5, 0.4, 0.6))]
    fell = [CurvePoint(step=k, epoch=k / 5, loss=1 / k) for k in range(1, 11)]
    said = facts(training(curve=(*passed, *fell), kept=10))[0]["Loss that decides"]
    assert "After step 5 it was 0.400" in said and "keep = lowest(valid)" in said and "grew" not in said
    well = facts(training(curve=(*passed, *fell), kept=5))[0]["Loss that decides"]
    assert well == "0.500 before, 0.400 of the state that was kept."


def test_before_and_after_stand_beside_the_difference_and_what_it_is_worth() -> None:
    table = section().every("table", **{"class": "stack overview"})[0]
    rows = by_id(table)
    assert set(rows) == {ROWS[0].id, ROWS[2].id, "untested"}
    own = {
        (f.model, f.condition): f.estimate
        for f in material(small=True).findings.findings
        if (f.block, f.metric, f.population) == ("opinions", "jsd", "us") and not f.axes and f.claim is None
    }
    told = cells(rows[ROWS[0].id])
    assert told["Before, or the second"].startswith(f"{own['smollm2', 'asked']:.3f}")
    assert told["After, or the first"].startswith(f"{own['gemma3', 'asked']:.3f}")
    assert told["Difference"].startswith("+0.051") and "0.031–0.071, 97.5%; p 0.004" in told["Difference"]
    assert told["Items"] == "24, 6 learnt, 2 chose the state"
    assert told["Told apart"] == "higher"
    assert told["Beyond the control"].startswith("+0.047") and told["Beyond the control"].endswith("higher")
    untested = cells(rows["untested"])
    assert untested["Told apart"] == "not tested" and untested["Beyond the control"] == ""
    assert "2 of 2 tested differences" in table.every("caption")[0].text
    folded = section().every("table", **{"class": "stack trainings"})[0]
    [control] = by_id(folded).values()
    told = cells(control)
    assert told["Condition"] == "country exchanged" and told["Told apart"] == "not told apart"
    assert (told["Interval"], told["p, Holm"]) == ("−0.016, 0.024 97.5%", "0.004")
    assert told["Items"] == "24, 6 learnt, 2 chose the state"


def test_a_model_that_was_not_asked_is_compared_with_nothing() -> None:
    made = material(small=True)
    rows = (changed("training", None), changed("training", id="kept", left="smollm2", right="smollm2", axes={}))
    found = made.findings.model_copy(update={"contrasts": rows, "trainings": (training(),)})
    shown = {True: unasked(replace(made, findings=found), "gemma3"), False: replace(made, findings=found)}
    for silent, each in shown.items():
        told = [e.attributes["data-contrast"] for e in read(document(each)).every() if "data-contrast" in e.attributes]
        assert told == (["kept"] if silent else [rows[0].id, "kept"])


def test_of_several_populations_the_mean_is_read_first_and_each_is_folded_away() -> None:
    mean = {"population": "", "over": ("us", "cn")}
    rows = (
        *ROWS[:4],
        changed("training", 0.04, id="mean", **mean),
        changed("training", 0.03, id="mean/shuffled", axes=CONTROL, **mean),
        changed("beyond", 0.01, id="beyond/mean", axes=CONTROL, **mean),
    )
    made = material("en", small=True)
    found = made.findings.model_copy(update={"contrasts": rows, "trainings": (training(),)})
    page = read(document(replace(made, findings=found)))
    [short] = page.every("table", **{"class": "stack overview"})
    assert set(by_id(short)) == {"mean", "beyond/mean"}
    head = short.every("th", scope="rowgroup")[0].text
    assert "mean over" in head and "United States" in head and "China" in head
    own = {
        (f.model, f.population): f.estimate
        for f in made.findings.findings
        if (f.block, f.metric, f.condition) == ("opinions", "jsd", "asked") and not f.axes and f.claim is None
    }
    before = (own["smollm2", "us"] + own["smollm2", "cn"]) / 2
    assert cells(by_id(short)["mean"])["Before, or the second"] == f"{before:.3f}"
    [folded] = page.every("table", **{"class": "stack trainings"})
    assert set(by_id(folded)) == {row.id for row in rows} - {"mean", "beyond/mean"}


def test_every_difference_is_told_once_and_the_rest_is_folded_away() -> None:
    before, pairs = section().every("table", **{"class": "stack overview"})
    further = section().every("table", **{"class": "stack trainings"})
    assert set(by_id(pairs)) == {"pairs"} and "Beyond the control" not in pairs.text
    folded = [table for fold in section().every("details") for table in fold.every("table")]
    assert all(any(table is one for one in folded) for table in further) and len(further) == 3
    assert not any(table is before or table is pairs for table in folded)
    shown = [e.attributes["data-contrast"] for e in section().every() if "data-contrast" in e.attributes]
    assert sorted(shown) == sorted(row.id for row in ROWS)
    assert not tree().every("section", id="contrasts")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_section_is_there_where_something_was_trained_and_only_there(language: str) -> None:
    assert len(section(language, "card").every("article")) == 2 and not section(language, "card").every("h3", id="x")
    for which, there in (("all", 1), ("card", 1), ("none", 0)):
        assert len(tree(language, which).every("section", id="trainings")) == there
        assert len([a for a in tree(language, which).every("a") if a.attributes.get("href") == "#trainings"]) == there


@pytest.mark.parametrize("language", ["en", "zh"])
def test_tables_say_what_their_cells_are_and_notes_are_found(language: str) -> None:
    tables = [(table, 9) for table in section(language).every("table", **{"class": "stack trainings"})]
    first, second = section(language).every("table", **{"class": "stack overview"})
    for table, columns in (*tables, (first, 7), (second, 6)):
        assert table.every("caption") and len(table.every("th", scope="col")) == columns
        for row in (row for row in table.every("tr") if row.every("td")):
            assert len(row.every("th", scope="row")) == 1
            assert all(cell.attributes["data-label"] for cell in row.every("td"))
    targets = {e.attributes["id"] for e in section(language).every("li") if "id" in e.attributes}
    wanted = {a.attributes["href"][1:] for a in section(language).every("a")}
    assert wanted and wanted <= targets
    ids = [element.attributes["id"] for element in tree(language).every() if "id" in element.attributes]
    assert len(ids) == len(set(ids))


def test_what_a_stranger_wrote_stays_text_and_the_evidence_is_known_in_chinese() -> None:
    assert not tree().every("script") and ATTACK in section().text
    chinese = words("zh")
    for each in ROWS:
        for text in (each.test, *(note for note in each.notes if "tomorrow" not in note)):
            assert chinese.said(text)[1] == "zh-CN", text


def test_only_an_interval_on_one_side_of_zero_tells_apart() -> None:
    assert [outcome(changed("training", value)) for value in (0.05, -0.05, 0.01, None)] == [
        "higher",
        "lower",
        "alike",
        "untested",
    ]


LOSSES = st.lists(st.tuples(st.integers(0, 5000), st.floats(0, 20)), max_size=30).map(sorted)


@settings(max_examples=60)
@given(LOSSES, LOSSES, LOSSES, st.integers(0, 5000), st.text("ab 中国W%", max_size=60))
def test_any_curve_can_be_read(learnt: list[Any], means: list[Any], valid: list[Any], kept: int, name: str) -> None:
    told = (kept, f"kept: step {kept} {name}"), "Step", "loss", "told"
    drawing = curve(Curve("c", "a curve", learnt, valid, *told, means=means))
    assert_readable(read(str(drawing)).every("svg")[0])


def test_a_long_curve_is_thinned_and_what_is_no_number_is_left_out() -> None:
    points = [(float(k), float(k % 2)) for k in range(10_001)]
    few = thinned(points)
    assert len(few) <= 300 and few[-1][0] == 10_000 and all(0.4 < loss < 0.6 for _, loss in few[:-1])
    drawing = str(curve(Curve("c", "t", [(1, math.nan), (2, 1.0), (3, 0.5)], [(3, math.inf)], (3, "k"), "x", "y", "z")))
    assert "nan" not in drawing and "inf" not in drawing


def test_a_small_difference_that_is_told_apart_is_not_printed_as_zero() -> None:
    """Variation kept may be a thousandth before and less after; a row says by how much."""
    tiny = changed("training", -0.0003, id="tiny", population="", low=-0.00046, high=-0.00017)
    near = changed("training", 0.02, id="near", low=0.0002, high=0.04)
    made = material("en", small=True)
    found = made.findings.model_copy(update={"contrasts": (tiny, near), "trainings": (training(),)})
    page = read(document(replace(made, findings=found)))
    rows = by_id(page)
    assert "−0.00046, −0.00017" in rows["tiny"].text and "−0.00030" in rows["tiny"].text
    assert "0.0002–0.0400" in rows["near"].text
    assert "Holm over" not in "".join(row.text for row in page.every("ol", **{"class": "notes"}))
    assert "for trained models, each against what it was made of" in page.text


def test_a_figure_of_other_items_than_the_difference_says_of_how_many() -> None:
    made = material("en", small=True)
    key = ("opinions", "jsd", "gemma3", "us", "asked", {})
    own = next(
        f for f in made.findings.findings if (f.block, f.metric, f.model, f.population, f.condition, f.axes) == key
    )
    few = changed("training", 0.05, id="few", n={"items": own.n.items - 1, "learnt": 0, "others": 0, "valid": 0})
    found = made.findings.model_copy(
        update={"contrasts": (few, changed("training", id="all", n={"items": own.n.items}))}
    )
    page = read(document(replace(made, findings=found)))
    rows = by_id(page)
    assert f"{own.n.items} items" in cells(rows["few"])["After, or the first"]
    assert "items" not in cells(rows["all"])["After, or the first"]


def test_beyond_a_control_stands_beside_the_difference_of_the_very_same_people() -> None:
    asked = changed("training", 0.04, id="mean", population="", over=("us", "cn"))
    others = changed("beyond", 0.01, id="beyond", axes=CONTROL, population="", over=("us",))
    made = material("en", small=True)
    found = made.findings.model_copy(update={"contrasts": (asked, others), "trainings": (training(),)})
    page = read(document(replace(made, findings=found)))
    [short] = page.every("table", **{"class": "stack overview"})
    assert set(by_id(short)) == {"mean"} and "beyond" in by_id(page)
