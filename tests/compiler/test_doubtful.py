"""Settings of a training from which hardly anything can come; what they are is in `invalid/trainings.audit`, and here
where each begins, and what is no matter of doubt."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compiler.said import diagnostics, errors, planned
from tests.compiler.test_training import BASE, stages, train
from tests.compiler.test_training_settings import said


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("adapter = lora { rank = 256  alpha = 512 }", []),
        ("adapter = lora { rank = 257  alpha = 512 }", [("AC498", "257")]),
        ("adapter = lora { rank = 1 }", []),
        ("adapter = lora { rank = 1  alpha = 33 }", [("AC498", "33")]),
        ("adapter = lora { rank = 256  alpha = 16 }", []),
        ("adapter = lora { rank = 256  alpha = 15 }", [("AC498", "15")]),
        ("adapter = lora { rank = 256  alpha = 1  rslora = on }", []),
        ("adapter = lora { rank = 64  alpha = 512  rslora = on }", [("AC498", "512")]),
        ("adapter = lora { dropout = 50% }", []),
        ("adapter = lora { dropout = 51% }", [("AC498", "51%")]),
        ("epochs = 43", []),
        ("epochs = 44", [("AC499", "44")]),
        ("epochs = 100  decay = 1", []),
        ("epochs = 101  decay = 1", [("AC499", "101")]),
        ("decay = 1%", [("AC499", "1%")]),
        ("epochs = 1  decay = 1%", []),
        ("batch = 3", []),
        ("batch = 4", [("AC504", "4")]),
        ("learning_rate = 0.0000001", []),
        ("learning_rate = 0.00000005", [("AC509", "0.00000005")]),
        ("keep = lowest(valid)  patience = 3", []),
        ("keep = lowest(valid)  patience = 4", [("AC505", "4")]),
    ],
)
def test_where_doubt_begins(rest: str, expected: list[tuple[str, str]], tmp_path: Path) -> None:
    """Three items are learnt, as one people, for five epochs."""
    assert said(BASE + train("tuned", "small", rest=rest), tmp_path) == expected


@pytest.mark.parametrize(
    ("objective", "batch", "expected"),
    [
        ("first_token_kl { survey = values.train  orders = 2 }", 6, []),
        ("first_token_kl { survey = values.train  orders = 2 }", 7, ["AC504"]),
        ("sft { survey = values.train  answers = 3 }", 9, []),
        ("sft { survey = values.train  answers = 3 }", 10, ["AC504"]),
        ("dpo { survey = values.train  comparisons = 2  orders = 3 }", 18, []),
        ("dpo { survey = values.train  orders = 4 }", 18, ["AC506"]),
    ],
)
def test_a_batch_is_held_against_what_the_objective_makes_of_the_items(
    objective: str, batch: int, expected: list[str], tmp_path: Path
) -> None:
    block = f"train tuned {{ from = small  objective = {objective}  as = [us]  batch = {batch} }}\n"
    assert [code for code, _ in said(BASE + block, tmp_path)] == expected


PAIRS = "prompt,chosen,rejected\nHello?,Yes.,No.\nHow?,Well.,Well.\nWho?,\u00c9mile,E\u0301mile \nWhen?,Now.,Never.\n"
LEARN = 'train tuned {{ from = small  objective = dpo {{ pairs = csv("pairs.csv") }}  {} }}\n'


def test_pairs_of_one_text_are_named_and_left_out(tmp_path: Path) -> None:
    files = {"pairs.csv": PAIRS}
    (found,) = diagnostics(BASE + LEARN.format("batch = 2"), tmp_path, files)
    assert (found.code, found.primary.span.text) == ("AC507", 'csv("pairs.csv")')
    assert found.primary.text == "2 of 4 rows are left out, for their two answers are the same: 2, 3"
    codes = [code for code, _ in said(BASE + LEARN.format("batch = 3"), tmp_path, files)]
    assert sorted(codes) == ["AC504", "AC507"], "and two are learnt"


def test_pairs_that_teach_nothing_at_all_are_refused(tmp_path: Path) -> None:
    files = {"pairs.csv": "prompt,chosen,rejected\nHow?,Well.,Well.\n"}
    assert [code for code, _ in errors(BASE + LEARN.format(""), tmp_path, files)] == ["AC508"]


def test_a_training_has_the_seed_of_the_audit_or_its_own(tmp_path: Path) -> None:
    """Several trainings that differ in it alone tell how far a result hangs on chance: they learn the same items."""
    spec = BASE + train("tuned", "small") + train("again", "small", rest="seed = 5")
    made = stages(planned(spec, tmp_path))
    assert (made["tuned"].seed, made["again"].seed) == (1, 5)
    assert made["tuned"].items == made["again"].items
    assert [code for code, _ in errors(BASE + train("tuned", "small", rest="seed = -1"), tmp_path)] == ["AC304"]
