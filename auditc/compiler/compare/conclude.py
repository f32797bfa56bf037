"""Two plans to one comparison: views, differences, and what follows for figures and claims."""

from __future__ import annotations

from auditc.ir.plan import Plan

from .cells import cells
from .changes import Difference, differences
from .claims import Side, claims
from .consequences import Effect, Rule, Touched
from .figures import Judged, asked_as, figures, judge, strongest
from .names import Names
from .outcome import Change, ClaimOutcome, Comparability, Comparison, FigureOutcome, together
from .places import Places
from .renames import renames
from .view import view


def compare(before: Plan, places_before: Places, after: Plan, places_after: Places) -> Comparison:
    """What changed from one plan to the other, and what can still be compared.

    Nothing but content counts: layout, comments, paths and the order of blocks are not in a plan.
    Comparing the other way round gives the mirror image.
    """
    names = renames(before, after)
    first = Side(before, names, cells(before, names))
    second = Side(after, Names(), cells(after, Names()))
    found = differences(
        view(before, names, places_before),
        view(after, Names(), places_after),
    )
    both = sorted(first.cells.keys() & second.cells.keys())
    judged = {key: judge(found, first.cells[key], second.cells[key]) for key in both}
    by_figure = figures(judged, {new: old for old, new in names.renamed.get("method", {}).items()})
    by_claim = claims(found, first, second)
    return Comparison(
        verdict=_overall(by_figure, by_claim),
        changes=tuple(_change(difference, list(judged.values()), {c.claim for c in by_claim}) for difference in found),
        figures=by_figure,
        claims=by_claim,
        only_before=_alone(first, second),
        only_after=_alone(second, first),
    )


def _overall(by_figure: tuple[FigureOutcome, ...], by_claim: tuple[ClaimOutcome, ...]) -> Comparability:
    """All that both audits have, in one word. Without a figure that can be compared there is nothing to compare."""
    figure = together([outcome.verdict for outcome in by_figure])
    if figure == "not comparable":
        return figure
    return together([figure, *(outcome.verdict for outcome in by_claim)])


def _change(difference: Difference, judged: list[Judged], claimed: set[str]) -> Change:
    """A difference with the heaviest of its effects on what both audits have."""
    rules: list[Rule] = []
    for found in judged:
        rule = strongest(difference, found.before, found.after)
        if rule is not None:
            rules.append(rule)
    if difference.reach.claim in (None, *claimed) and claimed:
        rules.extend(rule for rule in difference.rules if rule.effect is Effect.VERDICT)
    heaviest = max(rules, key=lambda rule: rule.effect.weight, default=None)
    return Change(
        section=difference.section,
        name=difference.name,
        key=difference.key,
        kind=difference.kind,
        before=difference.before,
        after=difference.after,
        origin_before=difference.origin_before,
        origin_after=difference.origin_after,
        consequence=heaviest.effect if heaviest else Effect.NONE,
        reason=_because(heaviest) if heaviest else _idle(difference),
        was=difference.was,
    )


def _because(rule: Rule) -> str:
    """Why, and for which figures where it is not for all."""
    return rule.why if rule.touched in (Touched.ALL, Touched.CLAIMS) else f"for {rule.touched.value}, {rule.why}"


def _idle(difference: Difference) -> str:
    """Why a difference touches nothing."""
    if difference.kind == "renamed":
        return "only the name differs"
    said = [rule.why for rule in difference.rules if rule.effect is Effect.NONE]
    return said[0] if said else "it touches no figure that both audits have"


def _alone(side: Side, other: Side) -> tuple[str, ...]:
    """Figures and claims that one audit alone has, as it calls them."""
    block = {new: old for old, new in side.names.renamed.get("method", {}).items()}
    asked: dict[str, list[str]] = {}
    kept = {key[:2] for key in side.cells if key in other.cells}
    for key, cell in sorted(side.cells.items()):
        if key not in other.cells:
            asked.setdefault(f"{block.get(cell.block, cell.block)}.{cell.metric}", []).append(
                asked_as(cell) if key[:2] in kept else ""
            )
    named = side.claims()
    return (
        *(f"{figure} as {' and as '.join(ways)}" if all(ways) else figure for figure, ways in asked.items()),
        *(f"claim {named[name].claim}" for name in sorted(named.keys() - other.claims().keys())),
    )
