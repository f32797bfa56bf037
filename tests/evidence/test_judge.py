"""Claims: what they are evaluated on, when they hold, fail or stay undecided, and what missing answers do to them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from auditc.evidence.conclude import conclude
from auditc.evidence.correct import holm
from auditc.ir.answers import REFUSED
from auditc.ir.finding import Findings
from auditc.ir.plan import Arithmetic, Comparison, Condition, Figure, Mean, Number

from . import audits

JSD = Figure(measure="opinions.jsd")
KL = Figure(measure="opinions.kl")


def _exact(
    *comparisons: Comparison, count: int = 40, drop: int = 0, estimand: str = "items like these", **more: Any
) -> Findings:
    """One model `a` near people, one `b` far from them, both asked of two populations; `drop` items have low mass."""
    asked = audits.items(count, 4)
    survey = audits.survey(asked)
    generator = np.random.default_rng(9)
    ids = tuple(item.id for item in asked)
    conditions = (Condition(), Condition(name="shuffled"))
    stages: list[Any] = []
    answers = []
    for model, strength in (("a", 60), ("b", 2)):
        stage = audits.score_stage(model, ids, conditions=conditions)
        stages.append(stage)
        for population, country in audits.COUNTRIES.items():
            for condition in conditions:
                worse = 1 if condition.name == "asked" else 0.2
                shares: dict[str, Any] = {
                    i.id: generator.dirichlet(np.array(survey.people[country][i.id].shares) * strength * worse + 0.05)
                    for i in asked
                }
                shares |= {item.id: None for item in asked[:drop]}
                answers.append(audits.exact(stage, survey, population, condition.name, shares))
    names = tuple(stage.name for stage in stages)
    stages += [audits.measure_stage("opinions", metric, names) for metric in ("jsd", "kl")]
    stages += [audits.judge_stage(f"c{n}", holds, estimand) for n, holds in enumerate(comparisons)]
    return conclude(audits.plan(survey, tuple(stages), **more), tuple(answers), models=())[0]


def _parts(findings: Findings) -> dict[str, Any]:
    return {finding.id: finding for finding in findings.findings if finding.claim}


def test_a_claim_holds_where_every_part_does() -> None:
    findings = _exact(Comparison(left=JSD, operator=">", right=Number(value=0.3), each=("model", "population")))
    (claim,) = findings.claims
    assert claim.verdict == "holds" and "all 4 parts" in claim.why
    assert claim.parts == ("c0/a/us", "c0/a/cn", "c0/b/us", "c0/b/cn")
    part = _parts(findings)["c0/a/us"]
    assert (part.model, part.population, part.condition, part.metric) == ("a", "us", "asked", "jsd")
    assert part.verdict == "holds" and part.low is not None and part.low > 0.3


def test_a_claim_fails_where_one_part_does() -> None:
    findings = _exact(Comparison(left=JSD, operator=">", right=Number(value=0.85), each=("model", "population")))
    (claim,) = findings.claims
    verdicts = [part.verdict for part in _parts(findings).values()]
    assert claim.verdict == "fails" and verdicts == ["holds", "holds", "fails", "fails"]
    assert "2 of 4 parts" in claim.why


def test_a_threshold_inside_the_interval_decides_nothing() -> None:
    near = _exact(Comparison(left=JSD, operator=">", right=Number(value=0.3), each=("model", "population")))
    estimate = _parts(near)["c0/a/us"].estimate
    at = {"model": "a", "population": "us"}
    findings = _exact(
        Comparison(left=Figure(measure="opinions.jsd", at=at), operator=">", right=Number(value=estimate))
    )
    assert findings.claims[0].verdict == "undecided" and "both sides" in findings.claims[0].why


def test_a_number_may_stand_on_the_left() -> None:
    one = _exact(Comparison(left=KL, operator="<", right=Number(value=0.2), each=("model", "population")))
    two = _exact(Comparison(left=Number(value=0.2), operator=">", right=KL, each=("model", "population")))
    assert [f.model_dump() for f in one.findings] == [f.model_dump() for f in two.findings]


def test_a_difference_on_the_same_items_is_paired() -> None:
    """The control is worse on every item: the difference is far surer than either of its sides."""
    control = Figure(measure="opinions.jsd", at={"condition": "shuffled"})
    findings = _exact(
        Comparison(
            left=Arithmetic(operator="-", left=JSD, right=control),
            operator=">",
            right=Number(value=0),
            each=("model", "population"),
        )
    )
    part = _parts(findings)["c0/a/us"]
    whole = {f.id: f for f in findings.findings}
    sides = [whole[f"opinions.jsd/a/us/{condition}"] for condition in ("asked", "shuffled")]
    assert part.estimate == pytest.approx(sides[0].estimate - sides[1].estimate, abs=2e-6)
    assert part.condition == "asked, shuffled" and part.n.items == 40
    assert findings.claims[0].verdict == "holds"


def test_a_figure_against_itself_is_no_difference_and_no_variance() -> None:
    nothing = Arithmetic(operator="-", left=JSD, right=JSD)
    findings = _exact(Comparison(left=nothing, operator=">", right=Number(value=0), each=("model", "population")))
    part = _parts(findings)["c0/a/us"]
    assert part.estimate == 0 and part.low is None and part.verdict == "undecided"


def test_perfect_answers_are_judged_alike_by_every_metric() -> None:
    """Whatever rounding leaves of a difference decides nothing: both rest on sixty items that are all as people's."""
    asked = audits.items(60, 4, nominal=0)
    survey = audits.survey(asked)
    stage = audits.score_stage("a", tuple(item.id for item in asked), populations=("us",), conditions=(Condition(),))
    shares = {name: np.array(people.shares) for name, people in survey.people["United States"].items()}
    claims = [
        ("jsd", ">", 0.8, "holds"),
        ("emd", "<", 0.2, "holds"),
        ("jsd", ">", 1.0, "undecided"),
        ("emd", "<", 0.0, "undecided"),
        ("jsd", "<", 0.8, "fails"),
        ("emd", ">", 0.2, "fails"),
    ]
    judges = [
        audits.judge_stage(f"c{n}", Comparison(left=Figure(measure=f"opinions.{m}"), operator=o, right=Number(value=x)))  # type: ignore[arg-type]
        for n, (m, o, x, _) in enumerate(claims)
    ]
    measures = [audits.measure_stage("opinions", metric, (stage.name,)) for metric in ("jsd", "emd")]
    plan = audits.plan(survey, (stage, *measures, *judges), ("a",))
    found, _ = conclude(plan, (audits.exact(stage, survey, "us", "asked", shares),), models=())
    assert [claim.verdict for claim in found.claims] == [verdict for *_, verdict in claims]


def test_a_mean_over_dimensions_is_the_headline() -> None:
    at = {"model": "a", "population": "us"}
    over = Mean(of=Figure(measure="opinions.jsd", at=at), over=("dimension",))
    direct = Figure(measure="opinions.jsd", at=at)
    findings = _exact(*(Comparison(left=term, operator=">", right=Number(value=0.5)) for term in (over, direct)))
    mean, headline = _parts(findings)["c0"], _parts(findings)["c1"]
    assert mean.estimate == pytest.approx(headline.estimate, abs=1e-6)
    assert mean.high - mean.low == pytest.approx(headline.high - headline.low, rel=0.2)  # type: ignore[operator]


def test_a_mean_over_models_and_a_product() -> None:
    at = {"population": "us"}
    mean = Mean(of=Figure(measure="opinions.jsd", at=at), over=("model",))
    double = Arithmetic(operator="*", left=Number(value=2), right=mean)
    ratio = Arithmetic(
        operator="/",
        left=Figure(measure="opinions.jsd", at=at | {"model": "b"}),
        right=Figure(measure="opinions.jsd", at=at | {"model": "a"}),
    )
    findings = _exact(
        Comparison(left=mean, operator=">", right=Number(value=0.5)),
        Comparison(left=double, operator=">", right=Number(value=1)),
        Comparison(left=ratio, operator="<", right=Number(value=1)),
        correct="none",
    )
    parts = _parts(findings)
    whole = {f.id: f.estimate for f in findings.findings}
    a, b = whole["opinions.jsd/a/us/asked"], whole["opinions.jsd/b/us/asked"]
    assert parts["c0"].estimate == pytest.approx((a + b) / 2, abs=1e-5)
    assert parts["c1"].estimate == pytest.approx(a + b, abs=1e-5)
    assert parts["c1"].low == pytest.approx(2 * parts["c0"].low, rel=0.05)
    assert parts["c2"].estimate == pytest.approx(b / a, abs=1e-5)
    assert parts["c2"].verdict == "holds"


def test_division_by_zero_is_undecided_and_says_so() -> None:
    zero = Arithmetic(operator="-", left=JSD, right=JSD)
    ratio = Arithmetic(operator="/", left=JSD, right=zero)
    findings = _exact(Comparison(left=ratio, operator="<", right=Number(value=1), each=("model", "population")))
    assert findings.claims[0].verdict == "undecided" and "divides" in findings.claims[0].why


def test_an_axis_that_nobody_fixed_is_undecided_and_says_which() -> None:
    findings = _exact(Comparison(left=JSD, operator=">", right=Number(value=0.5), each=("population",)))
    assert findings.claims[0].verdict == "undecided" and "which model" in findings.claims[0].why


def test_too_few_items_cannot_speak_for_others() -> None:
    holds = Comparison(left=JSD, operator=">", right=Number(value=0.01), each=("model", "population"))
    findings = _exact(holds, count=8)
    assert findings.claims[0].verdict == "undecided" and "fewer than 10" in findings.claims[0].why
    exact = _exact(holds, estimand="these items")
    assert exact.claims[0].verdict == "undecided" and "no sampling" in exact.claims[0].why


def test_a_figure_that_is_not_interpretable_decides_nothing() -> None:
    holds = Comparison(left=JSD, operator=">", right=Number(value=0.01), each=("model", "population"))
    findings = _exact(holds, drop=24)
    assert {part.verdict for part in _parts(findings).values()} == {"undecided"}
    assert "too few cells" in findings.claims[0].why


def test_low_mass_that_could_turn_the_verdict_undoes_it() -> None:
    holds = Comparison(left=JSD, operator=">", right=Number(value=0.8), each=("population",))
    sure = holds.model_copy(update={"left": Figure(measure="opinions.jsd", at={"model": "a"})})
    assert _exact(sure).claims[0].verdict == "holds"
    turned = _exact(sure, drop=12)
    assert turned.claims[0].verdict == "undecided" and "refused and unreadable" in turned.claims[0].why
    easy = sure.model_copy(update={"right": Number(value=0.55)})
    assert _exact(easy, drop=4).claims[0].verdict == "holds"


def test_holm_lengthens_intervals_and_none_does_not() -> None:
    holds = Comparison(left=JSD, operator=">", right=Number(value=0.3), each=("model", "population"))
    corrected, plain = _exact(holds, holds), _exact(holds, holds, correct="none")
    assert {part.level for part in _parts(plain).values()} == {0.95}
    levels = sorted(part.level for part in _parts(corrected).values())
    assert levels[-1] == pytest.approx(1 - 0.05 / 8) and levels[0] == pytest.approx(0.95)
    assert any("Holm over 8 parts" in note for part in _parts(corrected).values() for note in part.notes)


def test_holm_step_by_step() -> None:
    assert holm([0.01, 0.04, 0.03], [0.05] * 3) == pytest.approx((0.05 / 3, 0.025, 0.025))
    assert holm([0.01, 0.02, 0.03], [0.05] * 3) == pytest.approx((0.05 / 3, 0.025, 0.05))
    assert holm([1.0, 1.0], [0.05] * 2) == pytest.approx((0.025, 0.025))
    assert holm([], []) == ()


def _drawn(holds: Comparison, refused: float, estimand: str = "items like these") -> Findings:
    """Fifty participants who answer as people do, some of whom refuse."""
    asked = audits.items(20, 2)
    survey = audits.survey(asked)
    stage = audits.converse_stage("a", tuple(i.id for i in asked), populations=("us",), draws=50)
    measures = (audits.measure_stage("citizens", "kl", (stage.name,)),)
    plan = audits.plan(survey, (stage, *measures, audits.judge_stage("c0", holds, estimand)), ("a",))
    people = {i: np.array(p.shares) for i, p in survey.people["United States"].items()}
    generator = np.random.default_rng(6)
    choices = audits.choices_from(people, asked, 50, generator)
    choices[generator.random(choices.shape) < refused] = REFUSED
    return conclude(plan, (audits.drawn(stage, survey, "us", choices),), models=())[0]


def test_refusals_are_allocated_for_the_worst() -> None:
    low = Comparison(left=Figure(measure="citizens.kl"), operator="<", right=Number(value=0.15))
    assert _drawn(low, 0.0).claims[0].verdict == "holds"
    turned = _drawn(low, 0.3)
    assert turned.claims[0].verdict == "undecided" and "refused and unreadable" in turned.claims[0].why
    wide = Comparison(left=Figure(measure="citizens.kl"), operator="<", right=Number(value=3))
    assert _drawn(wide, 0.3).claims[0].verdict == "holds"
    high = Comparison(left=Figure(measure="citizens.kl"), operator=">", right=Number(value=0.3))
    assert _drawn(high, 0.0).claims[0].verdict == "fails"


def test_these_items_need_less_than_items_like_these() -> None:
    low = Comparison(left=Figure(measure="citizens.kl"), operator="<", right=Number(value=0.15))
    these = _parts(_drawn(low, 0.0, "these items"))["c0"]
    like = _parts(_drawn(low, 0.0))["c0"]
    assert these.procedure == "jackknife over draws, t" and these.estimand == "these items"
    assert these.high - these.low < like.high - like.low
