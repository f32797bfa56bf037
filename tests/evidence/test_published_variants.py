"""The paper's variants, which are for comparison only, and how far the interval of diversity can be trusted."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from auditc.evidence.conclude import conclude
from auditc.evidence.estimate import Nature, estimate
from auditc.evidence.jackknife import jackknife, jackknife_of_texts
from auditc.evidence.spread import spread_of, weigh
from auditc.ir.answers import FAILED, REFUSED, UNPARSABLE
from auditc.ir.exchange import Failure, GenerateReply
from auditc.ir.finding import Findings
from auditc.ir.plan import Comparison, Figure, Number, People, Survey
from auditc.metrics import metrics
from auditc.runtime.texts import text_numbers

from . import audits
from .test_maps import by_id, scored, spoken

LN2 = float(np.log(2))


def two_option_items(count: int = 2, dimensions: int = 1) -> tuple[Any, ...]:
    return audits.items(count, dimensions, sizes=(2,), nominal=0)


def with_people(items: tuple[Any, ...], shares: dict[str, tuple[float, ...]]) -> Survey:
    people = {name: People(n=1000, nominal=False, shares=own) for name, own in shares.items()}
    return Survey(items=items, people=dict.fromkeys(audits.COUNTRIES.values(), people), digests={})


def test_an_infinite_divergence_is_the_largest_finite_one_of_all_models_plus_one() -> None:
    """Half of people chose each option of Q0; nobody chose the first of Q1."""
    survey = with_people(two_option_items(), {"Q0": (0.5, 0.5), "Q1": (0.0, 1.0)})
    answers = {"a": [[1, 0], [1, 0]], "b": [[0.5, 0.5], [0, 1]], "c": [[0.5, 0.5], [0.5, 0.5]]}

    def make(model: str, population: str) -> Any:
        return dict(zip(("Q0", "Q1"), map(np.array, answers[model]), strict=True))

    found = by_id(scored(survey, "kl_def2025", make, "ab"))
    assert found["opinions.kl_def2025/a/us/asked"].estimate == pytest.approx((LN2 + LN2 + 1) / 2, abs=1e-5)
    assert found["opinions.kl_def2025/b/us/asked"].estimate == 0
    alone = by_id(scored(survey, "kl_def2025", make, "bc"))
    assert alone["opinions.kl_def2025/c/us/asked"].estimate == pytest.approx((0 + 0 + 1) / 2), "nobody's LN2 any more"
    together = by_id(scored(survey, "kl_def2025", make, "abc"))
    assert together["opinions.kl_def2025/c/us/asked"].estimate == pytest.approx((0 + LN2 + 1) / 2, abs=1e-5)
    for finding in together.values():
        assert finding.low is None and finding.high is None and finding.procedure == "none"
        assert any("who else is compared" in note for note in finding.notes), finding.notes
        assert any("no interval" in note for note in finding.notes)


def test_missing_people_are_zeros_and_where_all_is_infinite_there_is_no_value() -> None:
    survey = with_people(two_option_items(), {"Q0": (0.5, 0.5)})
    found = by_id(scored(survey, "kl_def2025", lambda m, p: {"Q0": np.array([0, 1]), "Q1": np.array([0, 1])}))
    assert found["opinions.kl_def2025/a/us/asked"].estimate == pytest.approx((LN2 + LN2 + 1) / 2, abs=1e-5)
    nobody = with_people(two_option_items(), {"Q0": (0.0, 1.0)})
    found = by_id(scored(nobody, "kl_def2025", lambda m, p: {"Q0": np.array([1, 0]), "Q1": np.array([0, 1])}))
    assert found["opinions.kl_def2025/a/us/asked"].estimate is None


def test_drawn_answers_get_no_correction_and_a_claim_no_verdict() -> None:
    survey = with_people(two_option_items(20), {f"Q{n}": (0.5, 0.5) for n in range(20)})
    choices = np.tile(np.array([[0], [0], [0], [1]]), (1, 20))
    choices[:, 3] = [0, UNPARSABLE, 0, 0]
    plan, answers = spoken(survey, "kl_def2025", lambda model, population: choices, 4)
    figure = Figure(measure="citizens.kl_def2025", at={"model": "a", "population": "us"})
    claim = audits.judge_stage("close", Comparison(left=figure, operator="<", right=Number(value=5)))
    plan = plan.model_copy(update={"stages": (*plan.stages, claim)})
    found, _ = conclude(plan, answers, models=(audits.row("a"), audits.row("b")))
    plain = 0.75 * np.log(0.75 / 0.5) + 0.25 * np.log(0.25 / 0.5)
    own = by_id(found)["citizens.kl_def2025/a/us/asked"]
    assert own.estimate == pytest.approx((19 * plain + LN2) / 20, abs=1e-5) and own.low is None
    assert found.claims[0].verdict == "undecided"


def test_whole_texts_are_counted_and_leaving_one_out_is_what_it_says() -> None:
    generator = np.random.default_rng(4)
    texts = generator.integers(0, 6, size=(12, 7))
    texts[generator.random(texts.shape) < 0.2] = -1
    weights = generator.integers(1, 4, size=12).astype(float)
    metric = metrics.take("diversity_def2025")

    def evaluate(counts: Any) -> Any:
        return metric.values(counts, None, None)  # type: ignore[arg-type]

    found = jackknife_of_texts(texts, weights, evaluate)

    def parsed(counts: Any) -> Any:
        n = counts.sum(-1)
        return ((counts > 0).sum(-1) - 1) / np.where(n > 0, n, 1)

    table = jackknife(texts, weights, 6, parsed, correct=False)
    np.testing.assert_allclose(found.values, table.values, atol=1e-12)
    np.testing.assert_allclose(found.influence, table.influence, atol=1e-12)


@pytest.mark.parametrize("draws", [20, 50])
def test_the_intervals_of_both_diversities_are_not_too_short(draws: int) -> None:
    """What is estimated is the mean figure of so many draws: (expected number of different answers − 1) ÷ draws."""
    generator = np.random.default_rng(draws)
    chances = 1 / np.arange(1, 41)
    chances /= chances.sum()
    truth = ((1 - (1 - chances) ** draws).sum() - 1) / draws
    held = dict[str, list[bool]](diversity=[], diversity_def2025=[])
    for repetition in range(150):
        codes = generator.choice(40, size=(draws, 12), p=chances)
        for name, hits in held.items():
            metric = metrics.take(name)

            def evaluate(counts: Any, metric: Any = metric) -> Any:
                return metric.values(counts, None, None)

            ones = np.ones(draws)
            if metric.reads == "texts":
                made = jackknife_of_texts(codes, ones, evaluate)
            else:
                made = jackknife(codes, ones, 40, evaluate, correct=False)
            weights, strata = weigh(made.values, np.zeros(12, dtype=np.int64), by_dimension=False)
            spread = spread_of(made.values, weights, strata, made.influence, "all", draws)
            ends = estimate(spread, Nature(), "these items", repetition).interval(0.025)
            assert ends is not None
            hits.append(bool(ends[0] <= truth <= ends[1]))
    assert all(np.mean(hits) >= 0.93 for hits in held.values()), held


def test_a_thousand_draws_are_cheap() -> None:
    texts = np.random.default_rng(1).integers(0, 2**62, size=(1000, 70))
    metric = metrics.take("diversity_def2025")
    started = time.process_time()
    found = jackknife_of_texts(texts, np.ones(1000), lambda c: metric.values(c, None, None))  # type: ignore[arg-type]
    assert time.process_time() - started < 0.5
    assert found.values == pytest.approx(np.full(70, 0.999))


def test_rewording_is_diverse_for_the_paper_and_not_for_us() -> None:
    survey = audits.survey(audits.items(12, 1, nominal=0))
    choices = np.zeros((20, 12), dtype=np.int64)
    choices[0] = REFUSED
    choices[1] = FAILED
    texts = np.arange(240).reshape(20, 12)
    texts[1] = -1
    plan, answers = spoken(survey, "diversity_def2025", lambda m, p: choices, 20, texts=texts)
    parsed = plan.stages[-1].model_copy(update={"name": "citizens.diversity", "metric": "diversity"})
    plan = plan.model_copy(update={"stages": (*plan.stages, parsed)})
    found: Findings = conclude(plan, answers, models=(audits.row("a"), audits.row("b")))[0]
    own = by_id(found)["citizens.diversity_def2025/a/us/asked"]
    assert own.estimate == pytest.approx(18 / 19, abs=1e-5) and own.n.draws == 18
    assert any("rewording counts as diversity" in note for note in own.notes)
    assert by_id(found)["citizens.diversity/a/us/asked"].estimate == 0


def test_numbers_of_texts_are_equal_where_the_texts_are() -> None:
    def said(text: str) -> GenerateReply:
        return GenerateReply(text, 1, 1, "stop")

    stored: dict[bytes, Any] = {
        b"a": said("Yes."),
        b"b": said("Yes, indeed."),
        b"c": said("Yes."),
        b"d": Failure("x", "x"),
    }
    numbers = text_numbers([[b"a", b"b"], [b"c", b"d"], [b"", b"e"]], stored.get)
    assert numbers[0, 0] == numbers[1, 0] >= 0 and numbers[0, 1] not in (numbers[0, 0], -1)
    assert numbers[1:, 1].tolist() == [-1, -1] and numbers[2, 0] == -1
    assert text_numbers([[b"a"]], stored.get)[0, 0] == numbers[0, 0]
