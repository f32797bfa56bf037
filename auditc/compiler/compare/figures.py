"""What follows from the changes for every figure that both audits have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from auditc.metrics import metrics

from .cells import CellKey
from .changes import Difference
from .consequences import Effect, Rule, Touched
from .outcome import Comparability, FigureOutcome, together
from .reach import Cell

_REMEMBERED = "participants remember other answers where items differ"


@dataclass(frozen=True, slots=True)
class Judged:
    """One cell that both audits have: `common` are the items on which it can be compared."""

    before: Cell
    after: Cell
    verdict: Comparability
    common: tuple[str, ...]
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]
    notes: tuple[str, ...]


def judge(
    differences: list[Difference],
    before: Cell,
    after: Cell,
    items: frozenset[str] | None = None,
    moved: frozenset[str] = frozenset(),
) -> Judged:
    """How far one figure can be compared.

    `items` limits it to some items, as a claim about one dimension does; those in `moved` are among them in one audit
    only.
    """
    old, new = (tuple(i for i in cell.items if items is None or i in items) for cell in (before, after))
    lost = (set(old) ^ set(new)) | (moved & {*old, *new})
    blocked: list[str] = []
    partial: list[str] = []
    cautions: list[str] = []
    notes: list[str] = []
    for difference in differences:
        rule = strongest(difference, before, after)
        if rule is None or (difference.reach.item is not None and difference.reach.item not in {*old, *new}):
            continue
        said = f"{told(difference)}: {rule.why}"
        if rule.effect is Effect.ITEMS and difference.reach.item is not None:
            lost.add(difference.reach.item)
            partial.append(said)
        elif rule.effect in (Effect.NOT, Effect.ITEMS):
            blocked.append(said)
        elif rule.effect is Effect.CAUTION:
            cautions.append(said)
        elif rule.effect is not Effect.NONE:
            notes.append(said)
    if before.roles != after.roles:
        blocked.append("it is made of the answers to other questions")
    common = tuple(item for item in old if item not in lost)
    if (before.remembers or after.remembers) and any(_remembered(d, before, after) for d in differences):
        cautions.append(_REMEMBERED)
    whole: Comparability = "comparable" if not lost else "comparable in part" if common else "not comparable"
    verdict: Comparability = "not comparable" if blocked else whole
    return Judged(
        before, after, verdict, () if blocked else common, (*blocked, *partial), tuple(cautions), tuple(notes)
    )


def _remembered(difference: Difference, before: Cell, after: Cell) -> bool:
    """Whether a difference is in the words of an item that participants may remember at others, of whatever scale."""
    reach = difference.reach
    everywhere = any(rule.touched is Touched.ALL and rule.effect is Effect.ITEMS for rule in difference.rules)
    whole = replace(reach, item=None)
    cells = [cell for cell in (before, after) if reach.item in cell.asked and whole.holds(cell)]
    return everywhere and bool(cells)


def strongest(difference: Difference, before: Cell, after: Cell) -> Rule | None:
    """The heaviest rule by which a difference touches a figure; None where it does not."""
    if not any(map(difference.reach.holds, (before, *before.beside, after, *after.beside))):
        return None
    metric = metrics.take(before.metric)
    judges = difference.reach.model in before.judges | after.judges
    rules = [rule for rule in difference.rules if rule.touched.holds(metric, judges=judges)]
    return max(rules, key=lambda rule: rule.effect.weight, default=None)


def told(difference: Difference) -> str:
    """A difference in a few words: `model gemma backend.params.dtype changed`."""
    what = " ".join(word for word in (difference.section, difference.name, difference.key) if word)
    return f"{what} {difference.kind}"


def figures(judged: dict[CellKey, Judged], own: dict[str, str]) -> tuple[FigureOutcome, ...]:
    """One outcome for each block and metric; `own` are the first audit's names of blocks that were renamed."""
    groups: dict[tuple[str, str], list[Judged]] = {}
    for (block, metric, _, _), found in sorted(judged.items()):
        groups.setdefault((block, metric), []).append(found)
    outcomes = []
    for (block, metric), group in groups.items():
        usable = [found for found in group if found.verdict != "not comparable"]
        common = set(usable[0].common).intersection(*(found.common for found in usable)) if usable else set()
        outcomes.append(
            FigureOutcome(
                block=block,
                metric=metric,
                verdict=together([found.verdict for found in group]),
                reasons=once(reason for found in group for reason in found.reasons),
                cautions=once(caution for found in group for caution in found.cautions),
                notes=once(note for found in group for note in found.notes),
                populations={asked_as(found.after): found.verdict for found in group},
                common=tuple(item for item in group[0].before.items if item in common),
                left_out=once(
                    item for cell in (group[0].before, group[0].after) for item in cell.items if item not in common
                ),
                items_before=len(group[0].before.items),
                items_after=len(group[0].after.items),
                was=own.get(block, ""),
            )
        )
    return tuple(outcomes)


def asked_as(cell: Cell) -> str:
    """A population, with the condition where it is not the plain one."""
    return cell.population if cell.condition == "asked" else f"{cell.population}, {cell.condition}"


def once(words: Iterable[str]) -> tuple[str, ...]:
    """Each text once, in the order given."""
    return tuple(dict.fromkeys(words))
