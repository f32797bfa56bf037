"""The word an author probably meant, out of those that exist."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 64  # past this length nobody misspells a word of ours, and the distance would be slow
_MOST = 1_000  # of more candidates than this none is looked for: it would take seconds for each mistake


def distance(a: str, b: str, far: int | None = None) -> int:
    """Damerau-Levenshtein distance (optimal string alignment): a swap of two neighbours counts as one slip.

    Stops early, with any number above `far`, once the distance is sure to be larger.
    """
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        before, last = last, row
        if far is not None and min(last) > far and min(before) > far:
            return far + 1
    return last[-1]


def suggest(word: str, candidates: Iterable[str]) -> str | None:
    """The closest candidate, or None unless one is close: a third of the letters may differ, and never all of them.

    Case and the difference between `-` and `_` count as nothing. Of several equally close ones the first in
    alphabetical order is taken, so that the same spec gets the same advice everywhere.
    """
    if not word or len(word) > _LONGEST:
        return None
    folded = _folded(word)
    letters = set(folded)
    best: tuple[int, str] | None = None
    words = set(candidates)
    for candidate in sorted(words) if len(words) <= _MOST else ():
        if candidate == word or not candidate or len(candidate) > 2 * _LONGEST:
            continue
        other = _folded(candidate)
        allowed = max(1, max(len(folded), len(other)) // 3)
        # Each letter that only one of the two has takes a step of its own.
        if max(abs(len(folded) - len(other)), len(letters.difference(other)), len(set(other) - letters)) > allowed:
            continue
        apart = distance(folded, other, allowed)
        if apart <= allowed and apart < min(len(folded), len(other)) and (best is None or apart < best[0]):
            best = (apart, candidate)
    return best[1] if best else None


def _folded(word: str) -> str:
    return word.casefold().replace("-", "_")
