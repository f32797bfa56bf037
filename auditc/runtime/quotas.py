"""Shares participants out over the groups of a population: by turns, not by chance."""

from __future__ import annotations

from collections.abc import Sequence


def turns(weights: Sequence[float], draws: int) -> list[int]:
    """The group of each of the first `draws` draws, as an index into `weights`, which add up to 1.

    After any number of draws every group has within one of its share of them, and more draws leave the earlier ones as
    they were. Of the groups that are behind by enough to take a turn now, the one goes first that must have it soonest;
    of two alike, the one that stands first. To take the group furthest behind would be simpler, and can leave a group
    behind by more than one.
    Source: Tijdeman (1980), The chairman assignment problem, theorem 1: no group is off by more than 1 − 1 ⁄ (2n − 2).
    """
    if len(weights) == 1:
        return [0] * draws
    enough = 1 / (2 * len(weights) - 2)
    held = [0] * len(weights)
    found: list[int] = []
    for count in range(1, draws + 1):
        behind = [weight * count - taken for weight, taken in zip(weights, held, strict=True)]
        # Where rounding leaves none of them behind by enough, the one furthest behind is.
        least = min(enough, max(behind))
        ready = [group for group, lag in enumerate(behind) if lag >= least and weights[group] > 0]
        turn = min(ready, key=lambda group: (1 - enough - behind[group]) / weights[group])
        held[turn] += 1
        found.append(turn)
    return found
