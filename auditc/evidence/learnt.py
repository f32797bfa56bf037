"""Learnt: what the trainings that lie between two models had seen of the items on which these are compared."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from auditc.ir.controls import country_named
from auditc.ir.plan import Plan, Score, Train


def ancestors(made: dict[str, Train], model: str) -> tuple[str, ...]:
    """What a model was made of: its base first, and last the one that was there from the start; none for that one."""
    found: list[str] = []
    while model in made and made[model].base not in found:
        model = made[model].base
        found.append(model)
    return tuple(found)


def between(made: dict[str, Train], left: str, right: str) -> tuple[Train, ...]:
    """The trainings that one of the two has gone through and the other has not."""
    chains = [{name, *ancestors(made, name)} & set(made) for name in (left, right)]
    return tuple(made[name] for name in sorted(chains[0] ^ chains[1]))


def seen_of(
    plan: Plan, trainings: Sequence[Train], survey: str, items: Collection[str], people: Sequence[str]
) -> dict[str, int]:
    """How many of the items were `learnt` as any of these people answer them, how many only as `others` do, and how
    many decided which state was kept (`valid`). Without people: as anybody answers them."""
    countries = {plan.populations[each].country for each in people}
    kinds: dict[str, set[str]] = {"learnt": set(), "others": set(), "valid": set()}
    for stage in trainings:
        if stage.survey != survey:
            continue
        these = not countries or bool(countries & {plan.populations[each].country for each in stage.populations})
        kinds["learnt" if these else "others"].update(stage.items)
        if these:
            kinds["valid"].update(stage.valid)
    kinds["others"] -= kinds["learnt"]
    return {kind: len(ids & set(items)) for kind, ids in kinds.items()}


def told_of(
    plan: Plan, trainings: Sequence[Train], stage: Score, condition: str, items: Collection[str], people: Sequence[str]
) -> int:
    """For how many of the items a control named people whom one of the trainings had learnt from, when asked as any of
    these people; without people, as any of those whom the stage asks as."""
    control = next(each for each in stage.conditions if each.name == condition)
    taught = [plan.populations[each] for training in trainings for each in training.populations]
    learnt = {name for each in taught for name in (each.country, *each.named.values())}
    told = 0
    for item in items:
        names = {
            country_named(stage.seed, plan.populations[each], control, item, stage.language[each])
            for each in people or stage.populations
        }
        entries = [entry for entry in control.countries if names & set(entry.values())]
        told += any(set(entry.values()) & learnt for entry in entries)
    return told
