"""What the report says first: the answer in words, warnings, claims with their verdicts, and key figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from auditc.ir.finding import TRUST, ClaimOutcome, Finding
from auditc.ir.plan import Predict
from auditc.ir.reread import SECOND_READING
from auditc.ir.unasked import silence

from . import numbers
from .entries import Entry, entry
from .figures import symbol
from .names import APPARENT, UNDRAWN, Names, ablation, estimates, published, questionings

ORDER = ("holds", "fails", "undecided")


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that must be known before any figure is read."""

    title: str
    text: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim with its verdict, why, and the figures that decided it."""

    anchor: str
    outcome: ClaimOutcome
    verdict: str
    why: str
    test: str
    measured: str
    parts: tuple[Entry, ...]
    procedure: str
    """Why, as the procedure puts it; empty where there was nothing to judge by."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One model, or one reference, across the populations."""

    name: str
    cells: tuple[tuple[str, str, bool, str], ...]
    """Estimate, interval, whether it can be interpreted, and the fragment identifier of the finding."""
    reference: bool


@dataclass(frozen=True, slots=True)
class Key:
    """The headline metric of a block: models and references by population."""

    block: str
    title: str
    reading: str
    level: str
    heads: tuple[tuple[Markup, str], ...]
    rows: tuple[KeyRow, ...]


def paragraph(names: Names) -> str:
    """What was done, and how many claims hold. Only claims have verdicts; all else describes."""
    words, findings = names.words, names.material.findings
    silent = silence(findings)
    if silent.whole:
        untested = words("sentence.space") + words("summary.untested") if findings.claims else ""
        return words("summary.nothing") + untested
    done = [s for s in questionings(names.material) if not silent.about(s.block, s.model)]
    given = [s for s in done if isinstance(s, Predict)]
    asking = [s for s in done if not isinstance(s, Predict)]
    items = {(s.survey, item) for s in asking for item in s.items}
    told = words(
        "summary.asked",
        models=words("count.models", n=len({s.model for s in asking})),
        items=words("count.items", n=len(items)),
        populations=words("list.comma").join(names.population(p) for p in names.peopled),
    )
    if given:
        read = words(
            "summary.given",
            models=words("count.models", n=len({s.model for s in given})),
            texts=words("count.texts", n=len({(s.survey, item) for s in given for item in s.items})),
        )
        told = f"{told}{words('sentence.space')}{read}" if asking else read
    return told + words("sentence.space") + _verdicts(names, [claim.verdict for claim in findings.claims])


def _verdicts(names: Names, verdicts: Sequence[str]) -> str:
    words = names.words
    if not verdicts:
        return words("summary.no_claims")
    if len(verdicts) == 1:
        return words(f"summary.only.{verdicts[0]}")
    counted = [words(f"summary.verdict.{v}", n=verdicts.count(v)) for v in ORDER if v in verdicts]
    return words("summary.claims", n=len(verdicts), verdicts=words.listed(counted))


def headlines(names: Names) -> list[str]:
    """For each block, between which estimates its headline metric lies, and what the references give."""
    return [sentence for block in names.blocks if (sentence := _headline(names, block))]


def headline(names: Names, block: str) -> list[Finding]:
    """The figures of a block's headline metric: one that a claim is about, else one beside which stands what people's
    own sampling gives, else any with references; of these one with a better side."""
    own = [f for f in estimates(names.material) if f.block == block and not f.axes and f.condition == "asked"]
    claimed = {f.metric for f in names.material.findings.findings if f.claim and f.block == block}
    metrics = [m for m in names.metrics[block] if m not in TRUST and not published(m)]
    measured = [fs for m in metrics if (fs := [f for f in own if f.metric == m])]

    def rank(figures: list[Finding]) -> tuple[bool, bool, bool, bool]:
        floor, lines = any(f.floor is not None for f in figures), any(f.lines for f in figures)
        return figures[0].metric not in claimed, not floor, not lines, figures[0].better == "neither"

    return min(measured, key=rank, default=[])


def _headline(names: Names, block: str) -> str:
    words, chosen = names.words, headline(names, block)
    if not chosen:
        return ""
    said = {"block": names.block(block), "metric": names.metric(chosen[0].metric)}
    sound = [f for f in chosen if f.interpretable and numbers.usable(f.estimate) is not None]
    if not sound:
        return words("summary.unsound", **said)
    sound.sort(key=lambda f: (f.estimate or 0.0, f.id))
    axis = words.known(f"metric.{chosen[0].metric}.axis", words(f"better.{chosen[0].better}"))
    if len(sound) == 1:
        text = words("summary.single", **said, estimate=_told(names, sound[0]), axis=axis)
    else:
        text = words("summary.range", **said, low=_told(names, sound[0]), high=_told(names, sound[-1]), axis=axis)
    known = [
        words(f"summary.reference.{key}", value=numbers.spread(values, sound[0].unit))
        for key, values in (
            ("uniform", [f.lines["uniform"] for f in sound if "uniform" in f.lines]),
            ("floor", [f.floor.estimate for f in sound if f.floor]),
        )
        if values
    ]
    return text + (words("sentence.space") + words("summary.references", values=words.listed(known)) if known else "")


def _told(names: Names, f: Finding) -> str:
    """`0.41 (0.38–0.44; Gemma 3 270M, China)`."""
    return names.words(
        "summary.told",
        model=names.short(f.model),
        population=names.population(f.population),
        estimate=numbers.figure(f.estimate, f.unit),
        interval=numbers.interval(f.low, f.high, f.unit),
    )


def alerts(names: Names) -> list[Alert]:
    if silence(names.material.findings).whole:
        return [alert for alert in [_incomplete(names)] if alert is not None]
    found = [
        _replayed(names),
        _simulated(names),
        _incomplete(names),
        _unsound(names),
        _uncalibrated(names),
        _published(names),
    ]
    return [alert for alert in found if alert is not None]


def _simulated(names: Names) -> Alert | None:
    """Says who was simulated, by what the engine is and not by what the author calls it."""
    words = names.words
    engines = {
        m.name: m.identity.get("recorded.engine", m.identity.get("engine")) for m in names.material.findings.models
    }
    silent = silence(names.material.findings)
    simulated = [name for name, engine in engines.items() if engine == "simulated" and not silent.about("", name)]
    if not simulated:
        return None
    text = words("alert.simulated.text", models=words.listed([names.model(name) for name in simulated]))
    return Alert(words("alert.simulated.title"), text)


def _replayed(names: Names) -> Alert | None:
    """Says who was not asked: the answers are those of an earlier run, out of a recording."""
    words = names.words
    replayed = [m for m in names.material.findings.models if m.identity.get("engine") == "replay"]
    if not replayed:
        return None
    text = words("alert.replayed.text", models=words.listed([names.model(m.name) for m in replayed]))
    details = [
        words("alert.replayed.detail", model=names.model(m.name), digest=str(m.identity.get("recording")))
        for m in replayed
    ]
    return Alert(words("alert.replayed.title"), text, tuple(details))


def _incomplete(names: Names) -> Alert | None:
    words, findings = names.words, names.material.findings
    if findings.complete and not names.material.run.stopped:
        return None
    rows = [t for t in findings.tallies if t.condition != SECOND_READING]  # of cells that are counted already
    planned, gone = sum(t.planned for t in rows), sum(t.not_run for t in rows)
    stopped, silent = names.material.run.stopped, silence(findings)
    details: tuple[str, ...] = (stopped,) if stopped else ()
    if silent.whole:
        return Alert(words("alert.nothing.title"), words("alert.nothing.text", planned=numbers.count(planned)), details)
    text = words("alert.incomplete.text", not_run=numbers.count(gone), planned=numbers.count(planned))
    details += tuple(
        words("alert.nothing.detail", block=names.block(block), model=names.model(model), planned=numbers.count(cells))
        for (block, model), cells in silent.parts.items()
    )
    return Alert(words("alert.incomplete.title"), text, details)


def _unsound(names: Names) -> Alert | None:
    """Names the model, population and block of each figure that rests on too few answers, with the share answered."""
    words, own = names.words, estimates(names.material)
    # A judge's figure is unsound for its judge's errors, as its notes say, and not for want of answers.
    unsound = [f for f in own if not f.interpretable and APPARENT not in f.lines]
    if not unsound:
        return None
    asked_in = {stage.name for stage in questionings(names.material)}  # and not what a judge was asked about answers
    tallies = [t for t in names.material.findings.tallies if t.stage in asked_in]
    details = []
    where = dict.fromkeys((f.block, f.model, f.population, _apart(f.condition)) for f in unsound)
    for block, model, population, condition in where:
        rows = [
            t
            for t in tallies
            if (t.block, t.model, _apart(t.condition)) == (block, model, condition)
            and population in ("", t.population)  # a figure over all populations is of none of them
        ]
        answered, asked = sum(t.answered for t in rows), sum(t.asked for t in rows)
        details.append(
            words(
                "alert.unsound.detail",
                block=names.block(block),
                model=names.model(model),
                population=words("list.comma").join(
                    [names.population(population), *([names.condition(condition)] if condition else [])]
                ),
                share=numbers.percent(answered, asked),
                answered=numbers.count(answered),
                asked=numbers.count(asked),
            )
        )
    title = words("alert.unsound.all" if len(unsound) == len(own) else "alert.unsound.title")
    text = words("alert.unsound.text", unsound=numbers.count(len(unsound)), figures=numbers.count(len(own)))
    return Alert(title, text, tuple(details))


def _apart(condition: str) -> str:
    """An ablation, which stands alone; what was asked and its controls are counted together."""
    return condition if ablation(condition) else ""


def _uncalibrated(names: Names) -> Alert | None:
    return _about(names, "uncalibrated", [f.metric for f in estimates(names.material) if _unmeasured(f)])


def _unmeasured(f: Finding) -> bool:
    """Whether a judge said it whose errors nobody measured: there is a share, and nothing to correct it by."""
    return APPARENT in f.lines and not set(UNDRAWN) <= set(f.lines)


def _published(names: Names) -> Alert | None:
    return _about(names, "published", [f.metric for f in estimates(names.material) if published(f.metric)])


def _about(names: Names, kind: str, metrics: Sequence[str]) -> Alert | None:
    if not metrics:
        return None
    told = names.words.listed([names.metric(metric) for metric in dict.fromkeys(metrics)])
    return Alert(names.words(f"alert.{kind}.title"), names.words(f"alert.{kind}.text", metrics=told))


def claims(names: Names) -> list[Claim]:
    words, material = names.words, names.material
    by_id = {f.id: f for f in material.findings.findings}
    shown, silent = [], silence(material.findings)
    for place, outcome in enumerate(material.findings.claims):
        parts = [by_id[part] for part in outcome.parts if part in by_id]
        nothing = bool(parts) and all(silent.of(f) for f in parts)
        test = words(
            "claim.test",
            level=numbers.level(outcome.level),
            correct=words.known(f"correct.{outcome.correct}", outcome.correct),
            estimand=words.known(f"estimand.{outcome.estimand.replace(' ', '_')}", outcome.estimand),
        )
        shown.append(
            Claim(
                anchor=f"claim-{place + 1}",
                outcome=outcome,
                verdict=words(f"verdict.{outcome.verdict}"),
                why=words("claim.why.unasked") if nothing else _why(names, outcome, parts),
                test="" if nothing else test,
                measured=words("list.comma").join(
                    dict.fromkeys(
                        f"{names.block(f.block)}{words('sentence.colon')}{names.metric(f.metric)}" for f in parts
                    )
                ),
                parts=() if nothing else tuple(entry(names, f) for f in parts),
                procedure="" if nothing else outcome.why,
            )
        )
    return shown


def _why(names: Names, outcome: ClaimOutcome, parts: Sequence[Finding]) -> str:
    """How many of a claim's cases hold, fail, are undecided, and which do not hold."""
    words = names.words
    verdicts = [f.verdict for f in parts if f.verdict]
    if not verdicts:
        return words(f"claim.why.{outcome.verdict}")
    if set(verdicts) == {"undecided"} and all(f.low is None and f.high is None for f in parts):
        return words("claim.why.none")
    if len(set(verdicts)) == 1:
        return words(f"claim.all.{verdicts[0]}", n=len(verdicts))
    counted = [
        words(f"summary.verdict.{v}", n=verdicts.count(v)) for v in ("holds", "fails", "undecided") if v in verdicts
    ]
    other = [_case(names, f) for f in parts if f.verdict and f.verdict != "holds"]
    text = words("claim.mixed", n=len(verdicts), verdicts=words.listed(counted))
    return text + words("sentence.space") + words("claim.not", cases=words.listed(other[:4]))


def _case(names: Names, f: Finding) -> str:
    parts = [names.short(f.model) if f.model else "", names.population(f.population) if f.population else ""]
    parts += [names.part(f.axes)]
    where = names.words("list.comma").join(p for p in parts if p) or names.words("table.all")
    return names.words("claim.case", where=where, verdict=names.words(f"verdict.{f.verdict}").lower())


def keys(names: Names) -> list[Key]:
    """For each block its headline metric: models down, populations across, and the references below."""
    tables = []
    for block in names.blocks:
        chosen = headline(names, block)
        if not chosen:
            continue
        populations = [p for p in names.populations if any(f.population == p for f in chosen)]
        rows = [_key_row(names, m, chosen, populations) for m in dict.fromkeys(f.model for f in chosen)]
        tables.append(
            Key(
                block=names.block(block),
                title=names.metric(chosen[0].metric),
                reading=names.words.known(f"metric.{chosen[0].metric}.axis", names.words(f"better.{chosen[0].better}")),
                level=numbers.level(chosen[0].level),
                heads=tuple((symbol(names.place(p)), names.heading(p)) for p in populations),
                rows=(*rows, *_references(names, chosen, populations)),
            )
        )
    return tables


def _key_row(names: Names, model: str, chosen: Sequence[Finding], populations: Sequence[str]) -> KeyRow:
    cells = []
    for population in populations:
        own = [f for f in chosen if f.model == model and f.population == population]
        if own:
            f = own[0]
            cells.append(
                (
                    numbers.figure(f.estimate, f.unit),
                    "" if numbers.usable(f.low) is None else numbers.interval(f.low, f.high, f.unit),
                    f.interpretable,
                    names.anchors[f.id],
                )
            )
        else:
            cells.append((numbers.NONE, "", True, ""))
    return KeyRow(names.model(model), tuple(cells), reference=False)


def _references(names: Names, chosen: Sequence[Finding], populations: Sequence[str]) -> list[KeyRow]:
    """People's own sampling, and the reference lines; where models differ in a reference, the range is given."""
    found = dict.fromkeys(key for f in chosen for key in f.lines)
    rows = []
    if any(f.floor for f in chosen):
        values = {p: [f.floor.estimate for f in chosen if f.population == p and f.floor] for p in populations}
        rows.append(_reference(names.words("line.floor"), values, populations, chosen[0].unit))
    for key in sorted(found, key=lambda key: (key == "uniform", key.startswith("people of "))):
        values = {p: [f.lines[key] for f in chosen if f.population == p and key in f.lines] for p in populations}
        rows.append(_reference(names.line(key), values, populations, chosen[0].unit))
    return rows


def _reference(name: str, values: dict[str, list[float]], populations: Sequence[str], unit: str) -> KeyRow:
    cells = []
    for population in populations:
        own = values[population]
        if not own:
            cells.append((numbers.NONE, "", True, ""))
            continue
        cells.append((numbers.spread(own, unit), "", True, ""))
    return KeyRow(name, tuple(cells), reference=True)
