"""Claims on what a judge says: decided by an interval in which its errors are, and by none where they are unknown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from auditc.evidence.conclude import conclude
from auditc.evidence.judged_shares import redrawn
from auditc.evidence.prevalence import Counted, corrected
from auditc.ir.answers import UNPARSABLE, Tally
from auditc.ir.assessed import NOT_THERE, THERE, Assessed
from auditc.ir.finding import Findings
from auditc.ir.plan import Comparison, Figure, Measure, Number
from auditc.metrics import metrics

from . import audits

METRIC = metrics.take("insensitivity")
FAULTS = ("no_role", "false_facts")
AT = {"model": "a", "population": "us", "condition": "asked"}


def codes(so: Any) -> Any:
    return np.where(so, THERE, NOT_THERE)


def assessed(
    stage: Any, population: str, generator: np.random.Generator, rate: float, errs: float, cases: int, unsaid: int
) -> Assessed:
    """Sixty participants, ten answers of each, `rate` of them at fault; a judge who errs in `errs` of answers and
    cases alike, and says neither yes nor no to the first `unsaid` answers."""
    faulty = generator.random((600, 2)) < rate
    said = codes(faulty ^ (generator.random(faulty.shape) < errs))
    said[:unsaid] = UNPARSABLE
    present = np.tile(np.repeat([True, False], cases), 2)
    of_cases = codes(present ^ (np.arange(len(present)) % round(1 / errs) == 0) if errs else present)
    return Assessed(
        stage=stage.name, block="citizens", method="def_survey", judge="judge", of="citizens/a", model="a",
        population=population, condition="asked", axis="fault", questions=FAULTS, said=said,
        items=np.tile(np.arange(10), 60).astype(str), draws=np.repeat(np.arange(60), 10),
        texts=np.arange(600).astype(str), weights=np.ones(600, dtype=np.int64), language="en",
        asks=np.repeat(FAULTS, 2 * cases), present=present, spoken=np.full(len(present), "en"), of_cases=of_cases,
        tally=Tally(answered=600), tally_of_cases=Tally(answered=len(present)),
    )  # fmt: skip


def concluded(
    *claims: Comparison,
    rate: float = 0.05,
    errs: float = 0.1,
    cases: int = 100,
    unsaid: int = 0,
    seed: int = 1,
    estimand: str = "items like these",
) -> Findings:
    asked = audits.items(10, 1)
    survey = audits.survey(asked)
    stage = audits.converse_stage("a", tuple(item.id for item in asked), draws=60)
    params = METRIC.params.model_validate({"judge": "judge", "faults": FAULTS})
    assert METRIC.stages is not None
    (assess,) = METRIC.stages(params, "insensitivity", [stage])
    measure = Measure(
        name="citizens.insensitivity",
        needs=(stage.name, assess.name),
        origin=audits.HERE,
        block="citizens",
        metric="insensitivity",
        params={"judge": "judge", "faults": list(FAULTS)},
    )
    generator = np.random.default_rng(seed)
    said = [assessed(assess, name, generator, rate, errs, cases, unsaid) for name in audits.COUNTRIES]
    answers = [audits.drawn(stage, survey, name, np.zeros((60, 10), dtype=int)) for name in audits.COUNTRIES]
    judged = [audits.judge_stage(f"c{n}", holds, estimand) for n, holds in enumerate(claims)]
    plan = audits.plan(survey, (stage, assess, measure, *judged))
    return conclude(plan, tuple(answers), models=(), assessed=tuple(said))[0]


def claim(threshold: float, operator: str = "<", fault: str = "no_role") -> Comparison:
    figure = Figure(measure="citizens.insensitivity", at=AT | {"fault": fault})
    return Comparison(left=figure, operator=operator, right=Number(value=threshold))  # type: ignore[arg-type]


def test_a_judged_share_holds_fails_or_is_undecided_by_its_interval() -> None:
    found = concluded(claim(0.3), claim(0.3, ">"), claim(0.05))
    assert [each.verdict for each in found.claims] == ["holds", "fails", "undecided"]
    part = next(each for each in found.findings if each.id == "c0")
    own = next(each for each in found.findings if each.id == "citizens.insensitivity/a/us/asked/no_role")
    assert part.estimate == own.estimate and part.procedure == own.procedure and part.n == own.n
    assert own.low is not None and part.low is not None and part.high is not None and own.high is not None
    assert part.low <= own.low and part.high > own.high, "three parts, corrected together"
    assert any("Holm over 3 parts" in note for note in part.notes)
    assert "against 0.3" in found.claims[0].why


def test_every_fault_and_population_is_a_part() -> None:
    every = Comparison(
        left=Figure(measure="citizens.insensitivity"),
        operator="<",
        right=Number(value=0.3),
        each=("population", "fault"),
    )
    found = concluded(every)
    assert found.claims[0].verdict == "holds"
    assert found.claims[0].parts == tuple(f"c0/{place}/{fault}" for place in ("us", "cn") for fault in FAULTS)
    part = next(each for each in found.findings if each.id == "c0/cn/false_facts")
    assert part.axes == {"fault": "false_facts"} and part.population == "cn"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"cases": 40}, "rest on 40 cases of a kind"),
        ({"errs": 0.5}, "tells too little apart"),
        ({"cases": 0}, "nobody"),
    ],
)
def test_where_the_correction_is_refused_nothing_is_decided(more: Any, why: str) -> None:
    found = concluded(claim(0.9), **more)
    assert found.claims[0].verdict == "undecided" and why in found.claims[0].why
    own = next(each for each in found.findings if each.id == "c0")
    assert own.verdict == "undecided"


def test_what_the_judge_left_unsaid_must_not_matter() -> None:
    """Of 600 answers 60 are unsaid: were the fault in all of them, ten per cent more would have it."""
    assert concluded(claim(0.2)).claims[0].verdict == "holds"
    found = concluded(claim(0.2), unsaid=60)
    assert found.claims[0].verdict == "undecided"
    assert "refused and unreadable" in found.claims[0].why
    assert concluded(claim(0.4), unsaid=60).claims[0].verdict == "holds"


def test_a_judge_whose_errors_do_not_fit_its_answers_decides_nothing() -> None:
    """None of 600 flagged by one that flags every tenth good answer of its cases: corrected, less than none are bad."""
    cases = Counted(90, 100)
    found = corrected(
        Counted(0, 600), cases, cases, worth=600, seed=1, metric=metrics.take("insensitivity"), params=None
    )
    assert found.high == 0
    finding = SimpleNamespace(procedure="", estimand="items like these", interpretable=True)
    said: Any = SimpleNamespace(corrected=found, finding=finding, least=found.raw, most=found.raw)
    assert "do not fit" in redrawn(said)[2]


def test_a_question_that_no_judge_was_asked_is_undecided() -> None:
    found = concluded(claim(0.5, fault="irrelevant_text"))
    assert found.claims[0].verdict == "undecided" and "no judge has said anything" in found.claims[0].why


def test_a_false_claim_holds_as_rarely_as_its_level_says() -> None:
    """The truth is the threshold: it is claimed to be less, wrongly, and may hold in one of forty audits."""
    held = sum(concluded(claim(0.2), rate=0.2, seed=seed).claims[0].verdict == "holds" for seed in range(120))
    assert held / 120 < 0.07
