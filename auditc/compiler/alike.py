"""Which items of two sets may be one question in other words, told by the letters that they share.

Texts are cut into runs of letters, four at a time, or two where the writing is wide (Chinese). A run that stands in
more than a few items of either set says nothing: it belongs to what a battery of questions has in common. The others
are weighted by how rare they are, and two items are as alike as the cosine of what is left. Of each two sets, only an
item's closest counterpart counts whose closest counterpart it is. Pure Python and an index of runs: 260 items against
260 take less than a tenth of a second. What this finds and misses is measured in docs/decisions/0035.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from auditc.ir.plan import Item

CLOSE: Final = 0.35
"""The cosine from which on two items are shown to the author."""
COMMON: Final = 5
"""A run of letters that more items of a set share belongs to all of them, and tells none from another."""

_RUN: Final = {False: 4, True: 2}
"""Letters in a run, by whether the writing is wide."""
_BETWEEN: Final = re.compile(r"[\W_]+")


def alike(asked: Sequence[Item], learnt: Sequence[Item]) -> list[tuple[str, str]]:
    """Ids of items of `asked`, each with that of the item of `learnt` that it is like in any language that both have;
    the closest first."""
    if not asked or not learnt:
        return []
    found: dict[tuple[str, str], float] = {}
    for language in sorted(asked[0].text.keys() & learnt[0].text.keys()):
        mine, theirs = ({item.id: item.text[language] for item in items} for items in (asked, learnt))
        for pair, cosine in closest(mine, theirs).items():
            found[pair] = max(cosine, found.get(pair, 0.0))
    return sorted((pair for pair, cosine in found.items() if cosine >= CLOSE), key=lambda pair: (-found[pair], pair))


def closest(mine: Mapping[str, str], theirs: Mapping[str, str]) -> dict[tuple[str, str], float]:
    """The cosine of each two texts that are each other's closest counterparts, by their names."""
    wide = any(unicodedata.east_asian_width(sign) in "WF" for text in mine.values() for sign in text)
    left, right = ({name: _runs(text, _RUN[wide]) for name, text in texts.items()} for texts in (mine, theirs))
    counts = [Counter(run for runs in texts.values() for run in runs) for texts in (left, right)]
    often = {run: max(count[run] for count in counts) for run in counts[0].keys() & counts[1].keys()}
    size = max(len(mine), len(theirs))
    weights = {run: math.log1p(size / times) for run, times in often.items() if times <= COMMON}
    # A run that only one side has lowers the cosine, unless it is common there.
    for count in counts:
        weights |= {r: math.log1p(size / n) for r, n in count.items() if r not in often and n <= COMMON}
    index: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for name, runs in right.items():
        for run, share in _unit(runs, weights).items():
            index[run].append((name, share))
    cosines: dict[tuple[str, str], float] = defaultdict(float)
    for name, runs in left.items():
        for run, share in _unit(runs, weights).items():
            for other, its in index.get(run, ()):
                cosines[name, other] += share * its
    return _mutual(cosines)


def _mutual(cosines: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Those pairs of which each is the closest to the other; of equally close ones the first by name."""
    best: tuple[dict[str, tuple[float, str]], dict[str, tuple[float, str]]] = ({}, {})
    for pair in sorted(cosines):
        for side, (name, other) in enumerate((pair, pair[::-1])):
            if cosines[pair] > best[side].get(name, (0.0, ""))[0]:
                best[side][name] = (cosines[pair], other)
    mutual = ((name, other, cosine) for name, (cosine, other) in best[0].items() if best[1][other][1] == name)
    return {(name, other): cosine for name, other, cosine in mutual}


def _runs(text: str, length: int) -> set[str]:
    """Every run of letters of a text, blanks between words and at both ends among them."""
    words = _BETWEEN.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()
    padded = f" {words} "
    return {padded[at : at + length] for at in range(len(padded) - length + 1)}


def _unit(runs: set[str], weights: Mapping[str, float]) -> dict[str, float]:
    """The weights of a text's runs, so that their squares add up to 1."""
    known = {run: weights[run] for run in runs if run in weights}
    length = math.sqrt(math.fsum(weight * weight for weight in known.values()))
    return {run: weight / length for run, weight in known.items()}
