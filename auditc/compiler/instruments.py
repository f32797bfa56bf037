"""Whether what a block measures by can be trusted: judges, groups of people, panels of models, options."""

from __future__ import annotations

from typing import Any, Final

from auditc.backends import backends
from auditc.ir.audit import MethodUse, MetricUse
from auditc.ir.plan import Model
from auditc.ir.values import Table
from auditc.metrics import metrics

from .claims import AXES
from .itemsets import Asked
from .mistakes import Poison, close, listing, report
from .sound import Asking
from .surveys import CheckedSurvey
from .wants import referred

MANY_PEOPLE: Final = 500
"""Of so many asked, somebody chooses any option that was really offered, as good as always."""


FEWEST_CASES: Final = 50
"""Of each fault, with it and without: with fewer a judge's errors are too uncertain to correct by."""


def trustworthy(use: MethodUse, asking: Asking) -> bool:
    """Whether each metric of a block has what it measures by; warns of judges that may be partial."""
    good = True
    for metric in use.metrics:
        good = _judged(metric, use, asking) and good
        good = _panel(metric, use, asking) and good
    return good


def _judged(metric: MetricUse, use: MethodUse, asking: Asking) -> bool:
    """Whether the judge of a metric can be had, is of another family than those it judges, and is calibrated."""
    at = asking.metric(metric.metric)
    for name in referred(metric.params):
        judge = asking.bound.models.get(name)
        if isinstance(judge, Poison) or judge is None:
            return False
        if name in use.models:
            label = f"`{name}` judges what it wrote itself"
            report(asking.scope.sink, "AC448", at, label, remedy="Let another model judge, best one of another family.")
            return False
        kin = [model for model, judged in use.models.items() if akin(judge, judged)]
        if kin:
            label = f"`{name}` judges {listing(kin)} of its own family"
            remedy = "Let a model of another family judge."
            report(asking.scope.sink, "AC425", at, label, remedy=remedy)
        unread = misread(metric.params)
        if unread:
            remedy = "Mend these rows, or leave them out: a case that nobody can read would be left out in silence."
            report(asking.scope.sink, "AC481", at, unread, remedy=remedy)
            return False
        lacks = uncalibrated(metric.params)
        if lacks:
            label = f"how often `{name}` errs is not known: {lacks}"
            report(asking.scope.sink, "AC426", at, label, remedy=calibrating(metric.params))
    return True


def misread(params: Any) -> str:
    """Which cases cannot be read, by words in them that nothing knows; empty where all can."""
    cases: Table | None = getattr(params, "calibrate", None)
    if cases is None:
        return ""
    for column, known in (("fault", type(params).known), ("present", _IS_SO), ("language", params.languages)):
        values = cases.column(column)
        unknown = sorted({*values} - {*known})
        if unknown:
            first = next(row for row, value in enumerate(values, 1) if value not in known)
            count = sum(value in unknown for value in values)
            rows = f"case {first}" if count == 1 else f"{count} cases, the first of them case {first},"
            has = "has" if count == 1 else "have"
            return f"{rows} of `{cases.path}` {has} {listing(unknown, 2)} as `{column}`; known are {listing(known)}"
    return ""


def uncalibrated(params: Any) -> str:
    """What the cases lack by which a judge's errors are measured; empty where they can be."""
    cases: Table | None = getattr(params, "calibrate", None)
    if cases is None:
        return "it has no cases that people judged"
    judged = list(zip(cases.column("fault"), cases.column("present"), strict=True))
    lacking = [fault for fault in params.faults if min(judged.count((fault, is_so)) for is_so in _IS_SO) < FEWEST_CASES]
    if not lacking:
        return ""
    there, not_there = (judged.count((lacking[0], is_so)) for is_so in _IS_SO)
    has = f"`{cases.path}` has {there} cases with `{lacking[0]}` and {not_there} without"
    more = f" (and too few of {listing(lacking[1:], 6)})" if len(lacking) > 1 else ""
    return f"{has}, {FEWEST_CASES} of each are needed{more}"


def calibrating(params: Any) -> str:
    """What to do where a judge's errors cannot be measured: the file may be there already, and hold too little."""
    cases: Table | None = getattr(params, "calibrate", None)
    if cases is not None:
        return f"Let people judge more cases, with the fault and without, and add them to `{cases.path}`."
    return 'Give it cases that people judged, with a fault and without: `calibrate = csv("judged.csv")`.'


_IS_SO: Final = ("yes", "no")


def akin(one: Model, other: Model) -> bool:
    """Whether two models are of one family: by its name, however it is spelt, or because they are the same."""
    return _plain(one.family) == _plain(other.family) or bool(_identity(one) & _identity(other))


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _identity(model: Model) -> set[tuple[str, ...]]:
    """What a model is whatever its card says: its weights in any revision, and its name at a provider."""
    found: set[tuple[str, ...]] = set()
    if model.weights is not None:
        kept = {key: value for key, value in model.weights.params.items() if key not in ("revision", "version")}
        found.add(("weights", model.weights.kind, repr(sorted(kept.items()))))
    if backends.take(model.backend.kind).hosted:
        found.add(("api", *(str(model.backend.params.get(key)) for key in ("url", "model"))))
    return found


def _panel(metric: MetricUse, use: MethodUse, asking: Asking) -> bool:
    """Whether a metric that places models among each other has several. One that only settles its values among them
    can do so with one; and on a map a model that is asked as two peoples has these two beside it."""
    taken = metrics.take(metric.metric)
    if not taken.placed or taken.settle is not None or len(use.models) > 1:
        return True
    if taken.panel is not None and len(use.populations) > 1:
        return True
    label = f"`{metric.metric}` places models among each other, and the block asks one"
    report(asking.scope.sink, "AC437", asking.metric(metric.metric), label, remedy="Ask several: `of = [one, two]`.")
    return False


def grouped(use: Any, asked: Asked, asking: Asking) -> bool:
    """Whether the reference tells the groups apart that a metric compares, for every country and item that is asked."""
    good = True
    for metric in use.metrics:
        scales = metrics.take(metric.metric).scales
        items = [item.id for item in asked.items if item.scale in scales]
        for column in getattr(metric.params, "by", ()):
            good = _told_apart(column, metric.metric, use, items, asked.checked, asking) and good
    return good


def _told_apart(column: str, metric: str, use: Any, items: list[str], checked: CheckedSurvey, asking: Asking) -> bool:
    at = asking.metric(metric)
    if column in (*AXES, *metrics.take(metric).usual):
        label = f"`{column}` is an axis of every figure, and groups are told apart by one more"
        remedy = "Give the column another name in the reference."
        report(asking.scope.sink, "AC371", at, label, remedy=remedy)
        return False
    if column == "country":
        label = "groups of people are compared within a country"
        report(asking.scope.sink, "AC432", at, label, remedy="Leave `country` out of `by`.")
        return False
    for name, population in use.populations.items():
        groups = checked.groups.get(population.country, {})
        if column not in groups:
            columns = ", ".join(("country", *groups, column))
            remedy = close(column, groups) or f"Tell it apart: `by = [{columns}]` in the reference."
            label = f"the reference does not tell people apart by `{column}`"
            report(asking.scope.sink, "AC432", at, label, remedy=remedy)
            return False
        told = [len(groups[column].get(item, ())) for item in items]
        if max(told, default=0) < 2:
            label = f"for `{name}` the reference has no groups by `{column}`"
            remedy = f"Add rows with a `{column}`, ask other items, or leave `{column}` out of `by`."
            report(asking.scope.sink, "AC432", at, label, remedy=remedy)
            return False
        # A group that an item lacks has no value there, nor has a majority among all of them.
        most = max(len(own) for own in groups[column].values())
        lacking = [item for item, count in zip(items, told, strict=True) if count < most]
        if lacking:
            missing = f"{len(lacking)} of {len(items)} items are left out: {listing(lacking, 6)}"
            label = f"for `{name}` the reference does not tell people apart by `{column}` for every item, and {missing}"
            remedy = f"Add rows with the `{column}`, ask other items, or leave `{column}` out of `by`."
            report(asking.scope.sink, "AC450", at, label, remedy=remedy)
    return True


def offered(use: Any, asked: Asked, asking: Asking) -> None:
    """Warn of options that nobody of many chose: where an option was not offered, its share is missing and not 0."""
    for index, (name, population) in enumerate(use.populations.items()):
        people = asked.checked.survey.people.get(population.country, {})
        empty = [
            item.id
            for item in asked.items
            if item.id in people and people[item.id].n >= MANY_PEOPLE and min(people[item.id].shares) == 0
        ]
        if empty:
            label = f"for `{name}`, {len(empty)} of {len(asked.items)} items have an option that nobody chose"
            remedy = f"See whether it was offered there: {listing(empty, 6)}. If not, leave the item out."
            report(asking.scope.sink, "AC429", asking.entry("as", index), label, remedy=remedy)
