"""Headlines in which each item counts by its size: ratios of two sums over texts, and geometric means of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from auditc.evidence.estimate import Nature, estimate
from auditc.evidence.spread import WHOLE, Spread, combine, constant, exponential, placed, sized, spread_of

LEVEL = 0.95


def _perplexity(surprise: Any, tokens: Any) -> Spread:
    """Of a corpus, from the mean surprise of each text's tokens in nats."""
    strata = np.where(np.isfinite(surprise), WHOLE, -1)
    weights = sized(strata, tokens)
    return exponential(replace(spread_of(surprise, weights, strata), sizes=weights))


def _texts(generator: np.random.Generator, count: int) -> tuple[Any, Any]:
    """Mean surprise and tokens of texts: longer ones are a little easier."""
    tokens = generator.integers(40, 200, size=count).astype(float)
    return 3.2 - 0.001 * tokens + generator.gamma(4.0, 0.08, size=count), tokens


def test_every_token_counts_alike() -> None:
    surprise, tokens = np.array([1.0, 3.0, np.nan, 2.0]), np.array([10.0, 30.0, 50.0, 0.0])
    found = _perplexity(surprise, tokens)
    assert found.point == pytest.approx(np.exp((10 * 1.0 + 30 * 3.0) / 40))
    assert found.items[2] == 0 and found.strata[2] == -1


def test_what_a_text_does_is_what_leaving_it_out_does() -> None:
    surprise, tokens = _texts(np.random.default_rng(1), 40)
    found = _perplexity(surprise, tokens)
    without = [_perplexity(np.delete(surprise, i), np.delete(tokens, i)).point for i in range(40)]
    jackknife = 39 / 40 * float(((np.array(without) - np.mean(without)) ** 2).sum())
    assert float((found.items**2).sum()) == pytest.approx(jackknife, rel=0.1)


def test_a_ratio_of_two_models_on_the_same_texts_is_paired() -> None:
    generator = np.random.default_rng(2)
    surprise, tokens = _texts(generator, 30)
    after = surprise + 0.02 + generator.normal(0, 0.005, 30)
    one, two = _perplexity(surprise, tokens), _perplexity(after, tokens)
    limit = combine("*", constant(1.05, 30), one)
    decided = estimate(combine("-", two, limit), Nature(sure=True), "items like these", 3)
    assert decided.chance("below", 0.0) < 0.001
    alone = [estimate(each, Nature(), "items like these", 3).interval(0.025) for each in (one, two)]
    assert alone[0] and alone[1] and alone[0][1] > alone[1][0], "side by side the two could not be told apart"


def test_its_interval_holds_the_corpus_as_often_as_it_says() -> None:
    generator = np.random.default_rng(4)
    surprise, tokens = _texts(generator, 400_000)
    truth = float(np.exp((surprise * tokens).sum() / tokens.sum()))
    held = 0
    for seed in range(400):
        found = estimate(_perplexity(*_texts(generator, 30)), Nature(repetitions=999), "items like these", seed)
        low, high = found.interval((1 - LEVEL) / 2) or (0.0, 0.0)
        held += low <= truth <= high
    assert 0.925 <= held / 400 <= 0.98


@pytest.mark.parametrize("texts", [12, 30])
def test_leaving_a_text_out_makes_the_interval(texts: int) -> None:
    """The standard error is that of the ratio without each text in turn; of one long text it says little."""
    generator = np.random.default_rng(6)
    surprise, tokens = _texts(generator, texts)
    strata = np.full(texts, WHOLE)
    weights = sized(strata, tokens)
    spread = replace(spread_of(surprise, weights, strata), sizes=weights)
    found = estimate(spread, Nature(), "items like these", 3)
    without = [np.average(np.delete(surprise, i), weights=np.delete(tokens, i)) for i in range(texts)]
    whole = np.average(surprise, weights=tokens)
    assert found.error == pytest.approx(np.sqrt((texts - 1) / texts * ((np.array(without) - whole) ** 2).sum()))
    assert found.freedom == pytest.approx(1 / (weights**2).sum() - 1) and "jackknife" in found.procedure
    tokens[0] = 1e6
    weights = sized(strata, tokens)
    alone = estimate(replace(spread_of(surprise, weights, strata), sizes=weights), Nature(), "items like these", 3)
    assert alone.error is None and "one text holds 100 %" in alone.notes[0]


def test_sizes_are_kept_where_both_sides_have_the_same_and_lost_where_they_do_not() -> None:
    generator = np.random.default_rng(7)
    surprise, tokens = _texts(generator, 20)
    one, two = _perplexity(surprise, tokens), _perplexity(surprise + 0.1, tokens)
    other = _perplexity(surprise, tokens[::-1])
    assert combine("-", one, combine("*", constant(1.05, 20), two)).sizes is not None
    assert combine("-", one, other).sizes is None
    assert placed(one, np.arange(5, 25), 30).sizes is not None
    wide = estimate(placed(one, np.arange(5, 25), 30), Nature(), "items like these", 3)
    assert wide.interval(0.025) == estimate(one, Nature(), "items like these", 3).interval(0.025)
