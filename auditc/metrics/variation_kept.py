"""Cultural variation kept: how far a model's answers differ between the peoples it is asked as, against how far the
peoples' own answers do.

For an item and two populations a and b, with shares p_a and p_b, m = (p_a + p_b)/2 and entropy H, the Jensen–Shannon
divergence is how much, in nats, an answer says about which of the two gave it:

    JSD(p_a, p_b) = H(m) − ½ H(p_a) − ½ H(p_b)

An item's variation is the mean over all pairs of populations. With M the headline of the model's variation over items
(the mean over dimensions of means in a dimension) and P that of the peoples' answers to the same items,

    variation kept = M ÷ P

1 is as much as between the peoples themselves; below 1 the model makes countries more alike than they are, at 0 it
answers the same whomever it is asked as; above 1 it overdoes them. It says how much countries differ, not whether they
differ in the right way: read it beside the distance from people.

Divergences, and not their roots: what samples add to a divergence is taken off by the jackknife, pair by pair and on
both sides (of drawn answers, and always of people), so that few draws do not look like variation; an item may come out
below zero. Of a root, of two answers that are nearly the same, no such correction is known. One country counts once,
however many populations it is asked as.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

from auditc.ir.values import Form

from ._arrays import np
from ._contract import Metric, Sheet


class Params(Form):
    """Nothing to set: findings for each dimension are always made."""


def _values(x: Any, sheet: Sheet, params: Params) -> Any:
    """`[..., I, P, K]` shares to the mean over pairs of populations `[..., I]` in nats; a population without shares is
    in no pair, and NaN where there is no pair."""
    shares = np.where(sheet.options[:, None, :], x, 0.0)
    own = _entropy(shares)
    total, pairs = np.zeros(x.shape[:-2]), np.zeros(x.shape[:-2])
    for a, b in combinations(range(x.shape[-2]), 2):
        far = _entropy((shares[..., a, :] + shares[..., b, :]) / 2) - (own[..., a] + own[..., b]) / 2
        known = ~np.isnan(far)
        total, pairs = total + np.where(known, far, 0.0), pairs + known
    return np.where(pairs > 0, total / np.maximum(pairs, 1), np.nan)


def _entropy(shares: Any) -> Any:
    """In nats, over the last axis; NaN where a share is."""
    told = np.where(np.isnan(shares), np.nan, np.log(np.where(shares > 0, shares, 1.0)))
    return -(shares * told).sum(-1)


variation_kept = Metric(
    title="Cultural variation kept",
    params=Params,
    reads="shares",
    values=_values,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="of people's variation",
    better="neither",
    bounds=(0.0, float("inf")),
    needs_people=True,
    bias="jackknife",
    aggregate="dimensions",
    source="auditc; Lin (1991), Divergence measures based on the Shannon entropy",
    across=True,
)
