"""Prevalence: how often something is so of a model's answers, from what a judge says who errs.

    prevalence = (apparent + specificity − 1) / (sensitivity + specificity − 1)

`apparent` is the share of the judged answers of which the judge says that it is so; its sensitivity and specificity are
measured on cases that people judged. All three are counts of samples, so the interval is a parametric bootstrap over
all three: each is drawn anew from the binomial with its own number, around (k + ½)/(n + 1), so that a judge who made no
mistake in fifty cases is not taken to make none. The ends are the quantiles of what the formula gives, within 0 and 1.
An answer counts as often as draws share it. The cases are those in the language of the answers, where they are enough.

Answers of one participant, answers to one item, and answers in the very same words may be alike in what is so of them
and in what the judge makes of them. Where at least two of a kind were judged and the variance between them is larger
than that of independent answers, it takes its place: as many answers are drawn as would be worth as much, with
Student's t for the number of clusters. Where the judge says the same of all, half an answer of the other kind is taken
to be there.
Source: Rogan and Gladen (1978), Estimating prevalence from the results of a screening test, Am J Epidemiol 107. How
well the interval covers: docs/benchmarks/statistics.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from auditc.ir.answers import FAILED, NOT_RUN, REFUSED, UNPARSABLE, Tally
from auditc.ir.assessed import NOT_THERE, THERE, Assessed
from auditc.ir.canonical import seeded
from auditc.ir.finding import Finding, Missing, N, TallyRow
from auditc.ir.plan import Assess, Converse, Measure, Plan
from auditc.metrics._contract import Metric, Sheet

from .estimate import wilson
from .findings import LEVEL, rounded
from .spread import ANYTHING

Array = NDArray[np.float64]

LEAST: Final = 1.2
"""Sensitivity and specificity together: with less the judge tells so little apart that the correction is noise."""
FEWEST_CASES: Final = 50
"""Of each kind: with fewer the judge's errors are too uncertain to correct by."""
FEWEST_CLUSTERS: Final = 10
CORRECTION: Final = "Rogan–Gladen, parametric bootstrap over answers and cases"
CASES: Final = "cases"
"""In the place of a condition, where a judge's answers to cases are counted."""
REPETITIONS: Final = 10_000
"""Of the bootstrap."""
UNSAID: Final = (REFUSED, UNPARSABLE)


@dataclass(frozen=True, slots=True)
class Counted:
    """Of `of`, `count` are so."""

    count: float
    of: float

    @property
    def share(self) -> float:
        """NaN of nothing."""
        return self.count / self.of if self.of else float("nan")


@dataclass(frozen=True, slots=True)
class Corrected:
    """A prevalence; None where it is refused, and `why`. `raw` is what the formula gave before it was brought within 0
    and 1."""

    point: float | None
    raw: float
    low: float | None
    high: float | None
    why: str = ""
    replicates: Array | None = field(default=None, compare=False)
    """`[R]` what the formula gave in the bootstrap; None without a correction."""


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What is found of one question to a judge, as a finding and as what a claim on it is decided by. `least` and
    `most` are what the formula would give if all that the judge left unsaid, of answers and of cases, had been said in
    the worst way."""

    finding: Finding
    corrected: Corrected
    least: float
    most: float


def corrected(
    apparent: Counted,
    true_positives: Counted,
    true_negatives: Counted,
    *,
    worth: float,
    seed: int,
    metric: Metric[Any],
    params: Any,
) -> Corrected:
    """The prevalence and its interval. `true_positives` are of the cases where it is so, `true_negatives` of those
    where it is not; `worth` is how many independent answers the judged ones are worth."""
    few = round(min(true_positives.of, true_negatives.of))
    if few < FEWEST_CASES:
        return _refused(f"the judge's errors rest on {few} cases of a kind, fewer than {FEWEST_CASES}")
    together = true_positives.share + true_negatives.share
    if together < LEAST:
        said = f"sensitivity and specificity are {together:.3g} together, less than {LEAST}"
        return _refused(f"{said}: the judge tells too little apart")
    generator = np.random.default_rng(seed)
    drawn = np.stack(
        [
            _redrawn(generator, apparent.share, worth),
            _redrawn(generator, true_positives.share, true_positives.of),
            _redrawn(generator, true_negatives.share, true_negatives.of),
        ],
        axis=-1,
    )
    values = _formula(metric, params, drawn)
    values = values[np.isfinite(values)]
    raw = float(_formula(metric, params, np.array([[apparent.share, true_positives.share, true_negatives.share]]))[0])
    low, high = np.clip(np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]), 0, 1).tolist()
    return Corrected(min(max(raw, 0.0), 1.0), raw, low, high, replicates=values)


def _refused(why: str) -> Corrected:
    return Corrected(None, float("nan"), None, None, why)


def _formula(metric: Metric[Any], params: Any, shares: Array) -> Array:
    """`[R, 3]` shares to `[R]` prevalences, by the metric."""
    nothing = Sheet(np.ones((1, 2), dtype=bool), None, None, None)
    return np.asarray(metric.values(shares[:, None, :], nothing, params), dtype=np.float64)[:, 0]


def _redrawn(generator: np.random.Generator, share: float, number: float) -> Array:
    whole = max(1, round(number))
    return generator.binomial(whole, (share * whole + 0.5) / (whole + 1), REPETITIONS) / whole


def worth(said: NDArray[np.bool_], clusters: Sequence[NDArray[Any]], weights: NDArray[np.int64] | None = None) -> float:
    """As how many independent answers the judged ones count, for the variance of their weighted share: as many as there
    are, or fewer where weights differ or the variance between clusters of some kind is larger."""
    number = len(said)
    if not number:
        return 0.0
    weight = np.ones(number) if weights is None else weights.astype(np.float64)
    whole = float(weight.sum())
    is_so = said.astype(np.float64)
    if is_so.min() == is_so.max():
        is_so[int(np.argmax(weight))] = 0.5
    share = float((weight * is_so).sum()) / whole
    independent = whole**2 / float((weight**2).sum())
    alone = share * (1 - share) / independent
    largest = alone
    for of in clusters:
        names, index = np.unique(of, return_inverse=True)
        count = len(names)
        if count < 2 or count == number:
            continue
        off = np.bincount(index, weight * (is_so - share), minlength=count)
        between = count / (count - 1) * float((off**2).sum()) / whole**2
        tail = (1 - LEVEL) / 2
        largest = max(largest, between * float(stdtrit(count - 1, tail) / ndtri(tail)) ** 2)
    return independent * alone / largest


def judged_in_order(plan: Plan, assessed: Sequence[Assessed]) -> tuple[Assessed, ...]:
    """By stage and population as the plan has them, whatever order they arrived in."""
    rank = {place: number for number, place in enumerate(_planned(plan))}
    return tuple(sorted(assessed, key=lambda one: rank[one.stage, one.of, one.population]))


def judged_whole(plan: Plan, assessed: Sequence[Assessed]) -> bool:
    """Whether every judge of the plan was asked all that it was to be asked."""
    left = any(one.tally.not_run or one.tally_of_cases.not_run for one in assessed)
    return not left and {(one.stage, one.of, one.population) for one in assessed} == set(_planned(plan))


def _planned(plan: Plan) -> list[tuple[str, str, str]]:
    judging = [stage for stage in plan.stages if isinstance(stage, Assess)]
    read = [(stage.name, source) for stage in judging for source in map(plan.stage, stage.of)]
    return [(name, of.name, place) for name, of in read if isinstance(of, Converse) for place in of.populations]


def said_by_judges(plan: Plan, metrics: Mapping[str, Metric[Any]], assessed: Sequence[Assessed]) -> list[Said]:
    """What is found of each question to a judge, of each model, population and condition that it judged. `metrics` by
    the name of the measure."""
    measures = [stage for stage in plan.stages if isinstance(stage, Measure)]
    found = []
    for measure in (stage for stage in measures if metrics[stage.name].reads == "assessed"):
        metric = metrics[measure.name]
        params = metric.params.model_validate(measure.params)
        for one in assessed:
            if one.stage in measure.needs:
                asked = enumerate(one.questions)
                found += [_prevalence(plan, measure, metric, params, one, column, asks) for column, asks in asked]
    return found


def _prevalence(
    plan: Plan, measure: Measure, metric: Metric[Any], params: Any, one: Assessed, column: int, asks: str
) -> Said:
    said = one.said[:, column]
    read = (said == THERE) | (said == NOT_THERE)
    there = said[read] == THERE
    weights = one.weights[read]
    apparent = Counted(float(weights[there].sum()), float(weights.sum()))
    mine, others = _cases_of(one, asks)
    of_cases, present = one.of_cases[mine], one.present[mine]
    known = (of_cases == THERE) | (of_cases == NOT_THERE)
    positives = Counted(int((of_cases[known & present] == THERE).sum()), int((known & present).sum()))
    negatives = Counted(int((of_cases[known & ~present] == NOT_THERE).sum()), int((known & ~present).sum()))
    counts = worth(there, (one.draws[read], one.items[read], one.texts[read]), weights)
    place = [measure.name, one.model, one.population, one.condition, asks]
    interpretable, procedure = not others, "none"
    found = _refused("no answer has been judged")
    if apparent.of and mine.any():
        seed = seeded(plan.seed, "judged", *place)
        found = corrected(apparent, positives, negatives, worth=counts, seed=seed, metric=metric, params=params)
        procedure = "none" if found.why else CORRECTION
    elif apparent.of:
        low, high = wilson(apparent.share, max(1, round(counts)), float(-ndtri((1 - LEVEL) / 2)))
        found, interpretable = Corrected(apparent.share, apparent.share, low, high), False
        procedure = "apparent share, uncorrected; Wilson score interval"
    items, people = len(set(one.items[read].tolist())), len(set(one.draws[read].tolist()))
    lines = {"apparent": apparent.share, "sensitivity": positives.share, "specificity": negatives.share}
    finding = Finding(
        id="/".join(place),
        metric=measure.metric,
        block=one.block,
        method=one.method,
        model=one.model,
        population=one.population,
        condition=one.condition,
        axes={one.axis: asks},
        estimate=None if found.point is None else rounded(found.point),
        low=None if found.low is None else rounded(found.low),
        high=None if found.high is None else rounded(found.high),
        level=LEVEL,
        procedure=procedure,
        estimand="items like these" if min(items, people) >= FEWEST_CLUSTERS else "these items",
        unit=metric.unit,
        better=metric.better,
        n=N(items=items, draws=people, answers=int(read.sum()), people=None),
        missing=_missing(said),
        lines={name: rounded(value) for name, value in lines.items() if np.isfinite(value)},
        interpretable=interpretable,
        notes=(*_notes(one, found, int(read.sum()), counts, said, of_cases, items, people), *others),
        origin=measure.origin,
    )
    unsaid = [
        float(one.weights[np.isin(said, UNSAID)].sum()),
        *(int(np.isin(of_cases[which], UNSAID).sum()) for which in (present, ~present)),
    ]
    return Said(finding, found, *_ends(metric, params, (apparent, positives, negatives), unsaid))


def _ends(
    metric: Metric[Any], params: Any, counted: tuple[Counted, ...], unsaid: Sequence[float]
) -> tuple[float, float]:
    """The least and the most that the formula gives with what is unsaid of the three counts said either way."""
    shares = [
        [(each.count + more) / max(each.of + left, 1) for more in (0, left)]
        for each, left in zip(counted, unsaid, strict=True)
    ]
    found = _formula(metric, params, np.array(list(product(*shares))))
    return (float(found.min()), float(found.max())) if np.isfinite(found).all() else ANYTHING


def _cases_of(one: Assessed, asks: str) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Which cases the errors are measured on: those in the language of the answers where they are enough of either
    kind, else those of all languages; and then what is to be said of it."""
    mine = one.asks == asks
    own = mine & (one.spoken == one.language)
    if min(int((own & one.present).sum()), int((own & ~one.present).sum())) >= FEWEST_CASES:
        return own, ()
    languages = sorted(set(one.spoken[mine].tolist()))
    if not languages or languages == [one.language]:
        return mine, ()
    if len(languages) > 1:
        return mine, (f"cases of {len(languages)} languages together: the judge may err differently in each",)
    return mine, ("the cases are in another language than the answers: the judge may err differently in each",)


def _missing(said: NDArray[np.int64]) -> Missing:
    """What the judge left unsaid of the sample, by reason."""
    count = {code: int((said == code).sum()) for code in (REFUSED, UNPARSABLE, FAILED, NOT_RUN)}
    return Missing(
        refused=count[REFUSED], unparsable=count[UNPARSABLE], failed=count[FAILED], not_run=count[NOT_RUN], items=0
    )


def _notes(
    one: Assessed,
    found: Corrected,
    answers: int,
    counts: float,
    said: NDArray[np.int64],
    of_cases: NDArray[np.int64],
    items: int,
    people: int,
) -> Iterator[str]:
    """What a reader must know to take the figure for what it is."""
    yield f"judged by {one.judge}: answered, refused and unparsable texts alike"
    if found.why:
        yield found.why
    if answers and not len(of_cases):
        yield (
            "raw: the share of answers of which the judge says so. It has no cases that people judged, so nobody knows "
            "how often it errs, and this decides nothing"
        )
    if found.point is not None and len(of_cases) and found.raw != found.point:
        yield f"clipped: the judge's errors alone explain what it said; the formula gives {found.raw:.3g}"
    for what, codes in (("answers", said), ("cases", of_cases)):
        unread = int(np.isin(codes, UNSAID).sum())
        if unread:
            yield f"of {len(codes)} {what} the judge said neither yes nor no to {unread}; they are left out"
    if round(counts) < answers:
        alike = "those of one participant or item, or in the same words, are alike"
        yield f"{answers} judged answers are worth {round(counts)} independent ones: {alike}"
    if 0 < items < FEWEST_CLUSTERS:
        yield f"answers to {items} items were judged: with fewer than {FEWEST_CLUSTERS} this is about these items only"
    if 0 < people < FEWEST_CLUSTERS:
        yield (
            f"answers of {people} participants were judged: with fewer than {FEWEST_CLUSTERS} this is about these "
            "participants only"
        )


def judge_tallies(assessed: Sequence[Assessed]) -> Iterator[TallyRow]:
    """The counts of what judges were asked about the answers of each population, and once of each stage about its
    cases."""
    stages: set[str] = set()
    for one in assessed:
        yield _tally(one, one.population, one.condition, one.tally)
        if one.stage not in stages and len(one.of_cases):
            yield _tally(one, "", CASES, one.tally_of_cases)
        stages.add(one.stage)


def _tally(one: Assessed, population: str, condition: str, tally: Tally) -> TallyRow:
    return TallyRow(
        stage=one.stage,
        block=one.block,
        model=one.judge,
        population=population,
        condition=condition,
        **tally.counts(),
    )
