"""Which items of two sets may be one question in other words, told by the letters that they share.

Texts are cut into runs of letters, four at a time, or two where the writing is wide (Chinese). A run that stands in
more than a few items of either set says nothing: it belongs to what a battery of questions has in common. The others
are weighted by how rare they are, and two items are as alike as the cosine of what is left. Of each item that is asked
the closest one that was learnt counts, so that two that are one in other words are both shown. In small sets there is
little to tell what they have in common: fewer items make a run common, and items must be more alike. Pure Python and an
index of runs: 260 items against 260 take less than a tenth of a second. What this finds and misses is measured in
docs/decisions/0035.
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
SMALL: Final = 12
"""Sets of fewer items say little about what is rare in them."""
CLOSE_IN_SMALL: Final = 0.4
"""The cosine from which on items of two small sets are shown."""
COMMON: Final = 5
"""A run of letters that more items of a set share belongs to all of them, and tells none from another. In sets of fewer
than 36 items it is a sixth of them, and 2 at least: an item may be asked in two ways."""

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
    close = CLOSE_IN_SMALL if max(len(asked), len(learnt)) < SMALL else CLOSE
    return sorted((pair for pair, cosine in found.items() if cosine >= close), key=lambda pair: (-found[pair], pair))


def closest(mine: Mapping[str, str], theirs: Mapping[str, str]) -> dict[tuple[str, str], float]:
    """The cosine of each text of `mine` with the one of `theirs` that is closest to it, by their names."""
    wide = any(unicodedata.east_asian_width(sign) in "WF" for text in mine.values() for sign in text)
    left, right = ({name: _runs(text, _RUN[wide]) for name, text in texts.items()} for texts in (mine, theirs))
    counts = [Counter(run for runs in texts.values() for run in runs) for texts in (left, right)]
    common = [min(COMMON, max(2, len(texts) // 6)) for texts in (left, right)]
    size = max(len(mine), len(theirs))
    # A run that only one side has lowers the cosine, unless it is common there.
    weights = {
        run: math.log1p(size / max(count[run] for count in counts))
        for run in counts[0].keys() | counts[1].keys()
        if all(count[run] <= most for count, most in zip(counts, common, strict=True))
    }
    index: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for name, runs in right.items():
        for run, share in _unit(runs, weights).items():
            index[run].append((name, share))
    cosines: dict[tuple[str, str], float] = defaultdict(float)
    for name, runs in left.items():
        for run, share in _unit(runs, weights).items():
            for other, its in index.get(run, ()):
                cosines[name, other] += share * its
    return _closest(cosines)


def _closest(cosines: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Of each left one the pair with the closest right one; of equally close ones the first by name."""
    best: dict[str, tuple[float, str]] = {}
    for name, other in sorted(cosines):
        if cosines[name, other] > best.get(name, (0.0, ""))[0]:
            best[name] = (cosines[name, other], other)
    return {(name, other): cosine for name, (cosine, other) in best.items()}


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
