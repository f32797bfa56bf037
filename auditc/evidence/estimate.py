"""Estimate: from a spread to an interval, by the procedure that fits what was sampled.

Two things can be a sample: the draws (simulated participants, who each answer every item, so that items within a draw
depend on each other) and the items (taken from all that could have been asked). Resampling one of them only gives
intervals that are far too short, so for drawn answers the variance is two-way:

    V = V_draws + V_items − V_overlap

V_draws is the jackknife variance of the whole headline over draws; V_items the variance between the items' values
within their dimensions; what is in both, each answer's own chance, is counted twice and taken off once: V_overlap =
I/(I − 1) · Σ_di (influence of draw d through item i − its mean over items)². V is never taken smaller than either
part. The interval is t with the smaller of (draws − 1) and (items − strata) degrees of freedom. Claims use V_draws +
V_items, which errs on the wide side (statistics.md 2).

Exact probabilities have no draws. Their interval is a studentised bootstrap over items within dimensions:

    t* = (T* − T) / se*,   low = T − t*(1 − α)·se,   high = T − t*(α)·se

Where items' values are skewed, as distances are, t misses the truth on one side. For drawn answers the same bootstrap
over items then gives a second pair of ends, and the further of the two counts at each end: t covers 90 to 93 % there,
this 94 to 97 %. A logarithmic scale was tried in its place; it covers no better and its ends explode. Fewer than 30
skewed items remain too few, which a note says; fewer than 10 cannot speak for others like them.

A ratio of two sums over items, as perplexity and bits for a byte are, hangs on the sizes w of the items as well (their
shares of the sum below). With few items its linear form is too sure of itself: an item of large w draws the ratio
towards itself. So it is left out, z_i being what item i does to the ratio to first order,

    V = (n − 1)/n · Σ (z_i ÷ (1 − w_i))²

with t for 1 ÷ Σ w² − 1 degrees of freedom, which is n − 1 where all are of one size; and the bootstrap draws items with
their sizes and takes the ratio anew, T* − T = Σ z* ÷ Σ w*. The further of the two counts at each end.

Where all items have one value (`spread.SAME`) no variance can be measured, and no interval is given. A claim that holds
such a figure, or a mean of figures with that same value, against a number is decided by the value
all the same, as it is by items that differ ever so little: else perfect answers would bear out less than worse ones do.
Where each dimension or each figure has a value of its own, nothing says how much others would differ, and nothing is
decided. Two figures that nowhere differ are no comparison.
Source: Efron and Tibshirani (1993), An introduction to the bootstrap, 12.5 (bootstrap-t); Cameron, Gelbach and Miller
(2011), Robust inference with multiway clustering; Wilson (1927); Royall and Cumberland (1981), An empirical study of
the ratio estimator and estimators of its variance (leaving items out); Kish (1965), Survey sampling, 11.7 (1 ÷ Σ w²).
Why these: docs/benchmarks/statistics.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from .spread import SAME, Spread

Array = NDArray[np.float64]
Estimand = Literal["items like these", "these items"]

FEWEST_ITEMS = 10
"""With fewer, no interval is given for items like these."""
FEW_ITEMS = 30
"""With fewer, intervals are known to be too short where values are skewed."""
FEWEST_TEXTS = 2
"""Of one size that a ratio's texts are worth at the least, (Σw)² / Σw²: below, one of them is nearly all."""
SKEWED = 0.5
"""Size of the sample skewness from which Student's t alone is not trusted with drawn answers."""
CELLS_AT_ONCE = 4_000_000
"""Of a bootstrap, held in memory."""
NEGLIGIBLE = 1e-12
"""A standard error below this is rounding."""
ONE_VALUE = "every item has the same value"
NO_SPREAD = "too few draws, or none of them moves the figure: their variation cannot be measured"


@dataclass(frozen=True, slots=True)
class Nature:
    """What is known of a figure: a proportion lies in 0..1 and counts yes or no, of `independent` units when no two of
    them share an item, a `share` of items, each of which is one yes or no; claims are `sure` and get the wider
    variance; `smooth` where leaving a draw out says how much draws vary; `repetitions` of the bootstrap."""

    proportion: bool = False
    share: bool = False
    independent: bool = False
    sure: bool = False
    smooth: bool = True
    repetitions: int = 1999
    no_interval: str = ""
    """Why there is none; empty where there is."""


@dataclass(frozen=True, slots=True, eq=False)
class Uncertainty:
    """How sure an estimate is. `error` None: no interval, and `notes` say why."""

    point: float
    error: float | None
    procedure: str
    estimand: Estimand
    notes: tuple[str, ...] = ()
    freedom: float = np.inf
    replicates: Array | None = None
    """Sorted t* of a bootstrap; None for Student's t."""
    both: bool = False
    """Of Student's t and the bootstrap the one that reaches further, at each end."""
    units: int = 0
    """Independent yes-or-no units of a Wilson interval; 0 for the other procedures."""
    certain: bool = False
    """Whether every item of every figure has the same value, which alone decides."""

    def interval(self, tail: float) -> tuple[float, float] | None:
        """Ends with the probability `tail` beyond each."""
        if self.error is None or self.certain:
            return None
        if self.units:
            return wilson(self.point, self.units, float(-ndtri(tail)))
        reach = float(stdtrit(self.freedom, 1 - tail))
        low_t, high_t = reach, -reach
        if self.replicates is not None:
            k = max(1, int(tail * (len(self.replicates) + 1) + 1e-9))
            ends = float(self.replicates[-k]), float(self.replicates[k - 1])
            low_t, high_t = (max(low_t, ends[0]), min(high_t, ends[1])) if self.both else ends
        return self.point - low_t * self.error, self.point - high_t * self.error

    def chance(self, side: Literal["below", "above"], threshold: float) -> float:
        """The one-sided p-value for the statement that the truth lies on that side of `threshold`: how likely an
        estimate at least this far on that side would be if it did not. 1 where there is no interval."""
        if self.error is None:
            return 1.0
        sign = 1.0 if side == "below" else -1.0
        if self.certain:
            return 0.0 if sign * (threshold - self.point) > SAME * max(1.0, abs(threshold)) else 1.0
        if self.units:
            null = self.units * threshold * (1 - threshold)
            if null <= 0:
                return 1.0
            return float(ndtr(sign * (self.point - threshold) * self.units / np.sqrt(null)))
        distance = (self.point - threshold) / self.error
        by_t = float(stdtr(self.freedom, sign * distance))
        if self.replicates is None:
            return by_t
        beyond = (self.replicates <= distance) if side == "below" else (self.replicates >= distance)
        by_bootstrap = float((1 + beyond.sum()) / (1 + len(self.replicates)))
        return max(by_t, by_bootstrap) if self.both else by_bootstrap


def estimate(spread: Spread, nature: Nature, estimand: Estimand, seed: int) -> Uncertainty:
    """The uncertainty of a spread for that estimand. `seed` makes the bootstrap; equal spreads give equal results."""
    if nature.no_interval:
        return Uncertainty(spread.point, None, "none", estimand, (nature.no_interval,))
    if estimand == "these items":
        return _these_items(spread, nature)
    if nature.independent and spread.used:
        return _wilson_of(spread, nature.share)
    if spread.used < FEWEST_ITEMS:
        why = f"{_count(spread.used, 'item')}: fewer than {FEWEST_ITEMS} cannot speak for items like these"
        return Uncertainty(spread.point, None, "none", estimand, (why,))
    between = float((spread.items**2).sum())
    if spread.draws:
        return _two_way(spread, nature, between, seed)
    return _exact(spread, nature, between, seed)


def estimate_as_can_be(spread: Spread, nature: Nature, seed: int) -> Uncertainty:
    """For items like these; with too few items for that, for these items alone, and a note says so."""
    if spread.used >= FEWEST_ITEMS or nature.independent:
        return estimate(spread, nature, "items like these", seed)
    found = estimate(spread, nature, "these items", seed)
    few = f"{spread.used} of at least {FEWEST_ITEMS} items that could speak for others: this is about these items only"
    return replace(found, notes=(few, *found.notes))


def draws_variance(spread: Spread) -> float:
    """The part of the variance that draws make: the jackknife on the whole statistic, summed over who was asked."""
    return sum(float((influence.sum(1) ** 2).sum()) for influence in spread.draws.values())


def _these_items(spread: Spread, nature: Nature) -> Uncertainty:
    if not spread.draws:
        why = "probabilities are exact and the items are the ones asked: there is no sampling to give an interval for"
        return Uncertainty(spread.point, None, "none", "these items", (why,))
    freedom = min(spread.count.values()) - 1
    error = float(np.sqrt(draws_variance(spread)))
    if freedom < 1 or error < NEGLIGIBLE:
        return Uncertainty(spread.point, None, "none", "these items", (NO_SPREAD,))
    words = "jackknife over draws, t" if nature.smooth else "draws drawn again, t"
    return Uncertainty(spread.point, error, words, "these items", (), freedom)


def _two_way(spread: Spread, nature: Nature, between: float, seed: int) -> Uncertainty:
    within = draws_variance(spread)
    if not nature.smooth:
        overlap = 0.0 if nature.sure else _overlap(spread)
        variance = max(between + within - overlap, between, within)
        words = "draws drawn again and variance between items" + (", summed" if nature.sure else "")
    elif nature.sure:
        variance, words = between + within, "jackknife over draws and variance between items, summed"
    else:
        variance = max(between + within - _overlap(spread), between, within)
        words = "two-way jackknife over draws and items"
    error = float(np.sqrt(variance))
    freedom = min(*(n - 1 for n in spread.count.values()), _items_freedom(spread))
    if freedom < 1 and not nature.proportion:
        return Uncertainty(spread.point, None, "none", "items like these", (NO_SPREAD,))
    if error < NEGLIGIBLE or freedom < 1:
        return _no_variation(spread, nature)
    if nature.share:
        # As many independent items as have the variance at hand (Korn and Graubard, 1998): t would leave the range.
        # Where all items agree, half an item is taken for the one that does not.
        point = min(max(spread.point, 0.5 / spread.used), 1 - 0.5 / spread.used)
        units = max(1, min(spread.used, round(point * (1 - point) / variance)))
        point = min(max(spread.point, 0.0), 1.0)
        return Uncertainty(point, 0.0, f"{words}, Wilson", "items like these", units=units)
    notes = _warning(spread)
    if abs(_skewness(spread)) > SKEWED:
        replicates = _replicates(spread, nature.repetitions, seed)
        if replicates is not None:
            words = f"{words}, t or bootstrap t over items, whichever reaches further"
            return Uncertainty(spread.point, error, words, "items like these", notes, freedom, replicates, both=True)
    return Uncertainty(spread.point, error, f"{words}, t", "items like these", notes, freedom)


def _exact(spread: Spread, nature: Nature, between: float, seed: int) -> Uncertainty:
    error = float(np.sqrt(between))
    if error < NEGLIGIBLE:
        return _no_variation(spread, nature)
    if spread.sizes is not None:
        return _ratio(spread, spread.sizes, nature, seed)
    freedom = _items_freedom(spread)
    if nature.proportion:
        return Uncertainty(spread.point, error, "variance between items, t", "items like these", (), freedom)
    notes = _warning(spread)
    replicates = _replicates(spread, nature.repetitions, seed)
    if replicates is None:
        notes = (*notes, "too few different values for the bootstrap: Student's t instead")
        return Uncertainty(spread.point, error, "variance between items, t", "items like these", notes, freedom)
    words = "studentised bootstrap over items"
    return Uncertainty(spread.point, error, words, "items like these", notes, freedom, replicates)


def _ratio(spread: Spread, sizes: Array, nature: Nature, seed: int) -> Uncertainty:
    """Of a ratio of two sums over items."""
    used = spread.strata >= 0
    count, shares = spread.used, sizes[used] / sizes[used].sum()
    moved = spread.items[used] * np.sqrt((count - 1) / count)
    worth = 1 / float((shares**2).sum())
    if worth < FEWEST_TEXTS:
        why = f"one text holds {100 * shares.max():.0f} % of all that is counted: the others are too little beside it"
        return Uncertainty(spread.point, None, "none", "items like these", (why,))
    without = moved / (1 - shares)
    error = float(np.sqrt((count - 1) / count * (without**2).sum()))
    freedom = max(1.0, min(count - 1.0, worth - 1))
    replicates = _ratio_replicates(moved, shares, nature.repetitions, seed)
    words, notes = "jackknife over items", _warning(spread)
    if replicates is None:
        notes = (*notes, "too few different values for the bootstrap: Student's t instead")
        return Uncertainty(spread.point, error, f"{words}, t", "items like these", notes, freedom)
    linear = np.sqrt(count / (count - 1) * (moved**2).sum())
    words = f"{words}, t or bootstrap t over items, whichever reaches further"
    scaled = replicates * linear / error
    return Uncertainty(spread.point, error, words, "items like these", notes, freedom, scaled, both=True)


def _ratio_replicates(moved: Array, shares: Array, repetitions: int, seed: int) -> Array | None:
    """Sorted t* of a bootstrap over items with their sizes; None where too many resamples have no variance."""
    generator = np.random.default_rng(seed)
    count = len(moved)
    found, error = np.zeros(repetitions), np.zeros(repetitions)
    step = max(1, CELLS_AT_ONCE // count)
    for first in range(0, repetitions, step):
        some = slice(first, min(first + step, repetitions))
        again = generator.integers(count, size=(some.stop - first, count))
        values, sizes = moved[again], shares[again]
        whole = sizes.sum(1)
        found[some] = values.sum(1) / whole
        left = values - sizes * found[some, None]
        error[some] = np.sqrt(count / (count - 1) * (left**2).sum(1)) / whole
    flat = error < NEGLIGIBLE
    if flat.mean() > 0.001:
        return None
    return np.sort(found[~flat] / error[~flat])


def _warning(spread: Spread) -> tuple[str, ...]:
    if spread.used >= FEW_ITEMS or abs(_skewness(spread)) <= SKEWED:
        return ()
    return (f"{spread.used} items with skewed values, fewer than {FEW_ITEMS}: the interval may be too short",)


def _no_variation(spread: Spread, nature: Nature) -> Uncertainty:
    """Equal values show no variance; for a proportion the number of units still says how sure it is."""
    if nature.proportion:
        return _wilson_of(spread, nature.share)
    if nature.sure and spread.alike is not None:
        said = (f"{ONE_VALUE}: there is no interval, and the value decides",)
        return Uncertainty(spread.point, 0.0, "every item has one value", "items like these", said, certain=True)
    why = f"{ONE_VALUE}: their variation cannot be measured"
    return Uncertainty(spread.point, None, "none", "items like these", (why,))


def _wilson_of(spread: Spread, share: bool) -> Uncertainty:
    """Wilson's interval; units that share an item or a participant count once. Of a share of items, each is one."""
    units = max(1, spread.used if share else min([spread.used, *spread.count.values()]))
    words = f"Wilson, {_count(units, 'independent unit')}"
    point = min(max(spread.point, 0.0), 1.0)  # a mean of ones may be a rounding above one
    return Uncertainty(point, 0.0, words, "items like these", units=units)


def _overlap(spread: Spread) -> float:
    """What both parts count: each answer's own chance, without what a draw does to all items alike."""
    used = spread.strata >= 0
    total = 0.0
    for influence in spread.draws.values():
        mine = influence[:, used]
        own = mine - mine.mean(1, keepdims=True)
        total += float((own**2).sum()) * mine.shape[1] / max(mine.shape[1] - 1, 1)
    return total


def _items_freedom(spread: Spread) -> int:
    return spread.used - len(np.unique(spread.strata[spread.strata >= 0]))


def _skewness(spread: Spread) -> float:
    """Of the items' influence, which has the shape of their values."""
    values = spread.items[spread.strata >= 0]
    scale = float(np.sqrt((values**2).mean()))
    return float((values**3).mean()) / scale**3 if scale > 0 else 0.0


def _replicates(spread: Spread, repetitions: int, seed: int) -> Array | None:
    """Sorted t* of a bootstrap over items within strata; None where too many resamples have no variance."""
    generator = np.random.default_rng(seed)
    moved = np.zeros(repetitions)
    variance = np.zeros(repetitions)
    for stratum in np.unique(spread.strata[spread.strata >= 0]):
        inside = spread.strata == stratum
        count = int(inside.sum())
        if count < 2:
            continue
        shrink = count / (count - 1)
        values = spread.items[inside] / np.sqrt(shrink)
        step = max(1, CELLS_AT_ONCE // count)
        for first in range(0, repetitions, step):
            some = slice(first, min(first + step, repetitions))
            again = values[generator.integers(count, size=(some.stop - first, count))]
            sums = again.sum(1)
            moved[some] += sums
            variance[some] += shrink * np.maximum((again**2).sum(1) - sums**2 / count, 0.0)
    error = np.sqrt(variance)
    flat = error < NEGLIGIBLE
    if flat.mean() > 0.001:
        return None
    return np.sort(moved[~flat] / error[~flat])


def wilson(point: float, units: int, z: float) -> tuple[float, float]:
    """Wilson's score interval for a proportion of independent units, `z` standard errors to each side."""
    shrink = 1 + z**2 / units
    middle = (point + z**2 / (2 * units)) / shrink
    reach = z / shrink * np.sqrt(point * (1 - point) / units + z**2 / (4 * units**2))
    # At none or all of them one end is the point itself, which rounding may miss.
    return (
        max(0.0, float(middle - reach)) if point > 0 else 0.0,
        min(1.0, float(middle + reach)) if point < 1 else 1.0,
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
