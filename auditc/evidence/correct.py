"""Correct: Holm's correction over all parts of all claims of an audit.

Each part is decided by an interval. With m of them, the smallest p-value is held to α/m, the next to α/(m − 1), and so
on until one is not below its share; that one and all after it share the same threshold. The chance that any decided
part is decided wrongly is then at most α, whatever depends on what. Source: Holm (1979), A simple sequentially
rejective multiple test procedure.
"""

from __future__ import annotations

from collections.abc import Sequence


def holm(chances: Sequence[float], alphas: Sequence[float]) -> tuple[float, ...]:
    """The threshold that each part's p-value is held to, in the order given.

    Claims may have levels of their own: parts are ordered by p ÷ α (weighted Holm with equal weights), and each is held
    to its own α divided by the number of parts still undecided.
    """
    m = len(chances)
    order = sorted(range(m), key=lambda part: (chances[part] / alphas[part], part))
    thresholds = [0.0] * m
    left = m
    for part in order:
        thresholds[part] = alphas[part] / left
        if chances[part] <= thresholds[part]:
            left -= 1
    return tuple(thresholds)


def adjusted(chances: Sequence[float]) -> list[float]:
    """Holm's p-values: the least level at which each would be rejected together with those before it."""
    order = sorted(range(len(chances)), key=lambda index: chances[index])
    found, so_far = [0.0] * len(chances), 0.0
    for before, index in enumerate(order):
        so_far = max(so_far, min(1.0, (len(chances) - before) * chances[index]))
        found[index] = so_far
    return found


def uncorrected(chances: Sequence[float], alphas: Sequence[float]) -> tuple[float, ...]:
    """Every part at its own level: for an author who says so."""
    return tuple(alphas)
