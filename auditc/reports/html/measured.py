"""How it was measured: methods with the plan's settings, procedures, people's side, models' cards, and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from auditc.ir.finding import ModelRow
from auditc.ir.plan import Answered, Converse, People, Predict, Score
from auditc.ir.reread import SECOND_READING, second_readers
from auditc.ir.training import ANEW

from . import numbers
from .names import OTHER_LANGUAGE, Names, estimates, questionings, titled

GLOSSARY = (
    "cell",
    "claim",
    "control",
    "floor",
    "interval",
    "likethese",
    "nominal",
    "quantised",
    "splithalf",
    "sound",
    "uniform",
)
"""Terms that the report explains, in the order in which it does."""

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Method:
    """One block: what was done in plain words, the settings, and the wordings as they were shown."""

    block: str
    title: str
    how: str
    settings: Pairs
    wordings: tuple[tuple[str, str, str], ...]
    """Language of asking, its name, and the text."""
    controls: tuple[tuple[str, str], ...]
    origin: str


@dataclass(frozen=True, slots=True)
class Reference:
    """People's side for one population of one survey."""

    population: str
    sources: str
    items: str
    n: str
    nominal: str
    few: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A model as the spec and the engine know it."""

    name: str
    row: ModelRow
    card: Pairs
    identity: Pairs


def methods(names: Names) -> list[Method]:
    """One for each block, out of its first stage; stages of a block differ in model and condition only."""
    words, stages, shown = names.words, questionings(names.material), []
    for block in names.blocks:
        own = [s for s in stages if s.block == block]
        if not own:
            continue
        first = own[0]
        controls: dict[str, str] = {}
        for stage in own:
            controls |= _controls(names, stage)
        asked_in = dict.fromkeys(first.wording)
        shown.append(
            Method(
                block=names.block(block),
                title=names.method(first.method),
                how=words.known(f"method.{first.method}.how", words(f"method.{first.kind}.how")),
                settings=_settings(names, first),
                wordings=tuple(
                    (lang, words.known(f"language.{lang}", lang), text)
                    for lang in asked_in
                    for text in _worded(first, lang)
                ),
                controls=tuple((names.condition(name), text) for name, text in controls.items()),
                origin=f"{first.origin.file}:{first.origin.line}",
            )
        )
    return shown


def _controls(names: Names, stage: Answered) -> dict[str, str]:
    """What each condition but `asked` exchanges, by name."""
    words = names.words
    if isinstance(stage, Score):
        return {c.name: _exchanged(names, c.countries) for c in stage.conditions if c.name != "asked"}
    if isinstance(stage, Predict):
        return {}
    if stage.condition == "asked":
        reader = second_readers(names.material.plan).get(stage.name)
        return (
            {SECOND_READING: words(f"condition.{SECOND_READING}_how", model=names.model(reader.model))}
            if reader
            else {}
        )
    key = f"condition.{stage.condition}_how"
    return {stage.condition: words(key, n=len(stage.items)) if words.has(key) else ""}


def _worded(stage: Answered, language: str) -> list[str]:
    """How items are asked, and where there are any, scales and lists."""
    others = (stage.scales, stage.lists) if isinstance(stage, Converse) else ()
    worded = [stage.wording[language], *(forms[language] for forms in others if language in forms)]
    return [one.text.rstrip("\n") + (f"\n\n{one.opening}" if one.opening else "") for one in worded]


def _exchanged(names: Names, countries: tuple[dict[str, str], ...]) -> str:
    return names.words(
        "setting.countries", n=len(countries), countries=names.words.listed([names.of(c) for c in countries])
    )


def _settings(names: Names, stage: Answered) -> Pairs:
    words = names.words
    if isinstance(stage, Predict):
        tongues = [words.known(f"language.{each}", each) for each in stage.language.values()]
        pairs = [("texts", str(len(stage.items))), ("language", words.listed(tongues))]
        return tuple((words(f"setting.{key}"), value) for key, value in pairs)
    asked_in = [
        words("setting.in", population=names.population(p), language=words.known(f"language.{c}", c))
        for p, c in stage.language.items()
    ]
    pairs = [
        ("items", str(len(stage.items))),
        ("language", words.listed(asked_in)),
        ("labels", words.known(f"labels.{stage.labels}", stage.labels)),
    ]
    if isinstance(stage, Score):
        pairs += [
            ("orders", words("setting.at_most", n=stage.orders)),
            ("low_mass", numbers.percent(round(stage.low_mass * 1000), 1000)),
        ]
    else:
        pairs += [
            ("draws", str(stage.draws)),
            ("memory", _range(stage.memory.low, stage.memory.high)),
            ("beams", _range(stage.beams.low, stage.beams.high)),
            ("sampling", words.listed([words("setting.on" if on else "setting.off") for on in stage.sampling])),
            ("item_order", words(f"order.{stage.item_order}")),
            ("max_new_tokens", str(stage.max_new_tokens)),
            ("temperature", f"{stage.temperature:g}"),
            ("top_p", f"{stage.top_p:g}"),
            ("top_k", str(stage.top_k) if stage.top_k else words("setting.no_cut")),
        ]
        people = {p: names.material.plan.populations[p] for p in stage.populations}
        for key, sizes in (
            ("places", {p: len(told.places) for p, told in people.items()}),
            ("groups", {p: len(told.groups) for p, told in people.items()}),
        ):
            counted = [words(f"setting.{key}_of", population=names.population(p), n=n) for p, n in sizes.items() if n]
            pairs += [(key, words.listed(counted))] if counted else []
    pairs.append(("seed", str(stage.seed)))
    return tuple((words(f"setting.{key}"), value) for key, value in pairs)


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}–{high}"


def procedures(names: Names) -> list[tuple[str, str, str]]:
    """Each procedure that gave an interval or a floor, the language it is told in, and how many figures it gave."""
    words, counted = names.words, dict[str, int]()
    for f in estimates(names.material):
        for name in (f.procedure, f.floor.procedure if f.floor else ""):
            if name not in ("", "none"):
                counted[name] = counted.get(name, 0) + 1
    return [(*words.said(text), words("count.figures", n=n)) for text, n in counted.items()]


def references(names: Names) -> list[Reference]:
    """For each survey and population: where people's answers come from, and from how many persons."""
    plan, words, rows = names.material.plan, names.words, []
    for survey in plan.surveys.values():
        for key, people in survey.people.items():
            chosen = [people[item.id] for item in survey.items if item.id in people]
            if not chosen:
                continue
            own = [p for p in plan.populations if key in (p, plan.populations[p].country)]
            sources = dict.fromkeys(_source(item.source) for item in survey.items if item.id in people and item.source)
            rows.append(
                Reference(
                    population=names.heading(own[0]) if own else key,
                    sources=words.listed(list(sources)) or numbers.NONE,
                    items=str(len(chosen)),
                    n=_spread(chosen),
                    nominal=words("people.nominal", n=sum(p.nominal for p in chosen)),
                    few=min(p.n for p in chosen) < 300,
                )
            )
    return rows


def dimensions(names: Names) -> list[tuple[str, str, str]]:
    """Each value dimension that a survey says more of than its name: the name, what high and low mean, and whose it
    is."""
    values = {
        value.id: value
        for survey in names.material.plan.surveys.values()
        for value in (survey.dimensions.values if survey.dimensions else ())
    }
    return [
        (names.dimension(name), names.of(values[name].description), values[name].source)
        for name in names.dimensions
        if name in values
    ]


def _source(text: str) -> str:
    """`WVS-7 Q4` is item Q4 of `WVS-7`."""
    head, _, tail = text.rpartition(" ")
    return head if head and any(c.isdigit() for c in tail) else text


def _spread(people: list[People]) -> str:
    low, high = min(p.n for p in people), max(p.n for p in people)
    return numbers.count(low) if low == high else f"{numbers.count(low)}–{numbers.count(high)}"


def cards(names: Names) -> list[Card]:
    words, shown = names.words, []
    for row in names.material.findings.models:
        fields = ("title", "family", "origin", "stage", "quantisation", "licence", "weights")
        card = tuple((words(f"card.{key}"), str(getattr(row, key)) or numbers.NONE) for key in fields)
        hosted = {"card.reported": _said(row.reported), "card.answered": " – ".join(dict.fromkeys(row.answered))}
        card += tuple((words(key), text) for key, text in hosted.items() if text)
        shown.append(Card(names.model(row.name), row, card, flat(row.identity)))
    return shown


def _said(reported: Mapping[str, int]) -> str:
    """What a server said of who answered, and of how many answers."""
    return "; ".join(f"{name or numbers.NONE} ({numbers.count(answers)})" for name, answers in reported.items())


def flat(tree: Mapping[str, object], prefix: str = "") -> Pairs:
    """Nested values as pairs of a dotted name and a text."""
    pairs: list[tuple[str, str]] = []
    for key, value in tree.items():
        if isinstance(value, Mapping):
            pairs.extend(flat(value, f"{prefix}{key}."))
        elif isinstance(value, list | tuple):
            pairs.append((prefix + str(key), ", ".join(str(v) for v in value)))
        else:
            pairs.append((prefix + str(key), str(value)))
    return tuple(pairs)


def confounded(names: Names) -> str:
    """Why differences between few models say nothing about origin, family or stage; empty where there are enough. What
    was trained here and what it was made of differ in that training, and count as one."""
    made = {row.model for row in names.material.findings.trainings}
    rows = [row for row in names.material.findings.models if row.name not in made]
    if len(rows) < 2:
        return names.words("limit.one_model") if rows and not made else ""
    fewest = min(sum(r.origin == origin for r in rows) for origin in {r.origin for r in rows})
    if len({r.origin for r in rows}) > 1 and fewest >= 5:
        return ""
    if len(rows) > 4:
        return names.words("limit.confounded_many", n=len(rows))
    facts = [
        names.words(
            "limit.fact",
            model=names.model(r.name),
            family=r.family or numbers.NONE,
            origin=r.origin or numbers.NONE,
            stage=r.stage or numbers.NONE,
        )
        for r in rows
    ]
    return names.words("limit.confounded", n=len(rows), facts=names.words.listed(facts))


def _languages(names: Names) -> list[str]:
    """What cannot be told apart where populations are asked in several languages, and where an ablation tells it."""
    stages = [stage for stage in questionings(names.material) if len(set(stage.language.values())) > 1]
    other = {f.block for f in estimates(names.material) if f.condition == OTHER_LANGUAGE}
    asked = {stage.block for stage in stages}
    apart = [block for block in names.blocks if block in asked & other]
    rest = [block for block in names.blocks if block in asked - other]
    said = []
    for key, blocks in (("limit.language_apart", apart), ("limit.language_in" if apart else "limit.language", rest)):
        if blocks:
            said.append(names.words(key, blocks=names.words.listed([names.block(block) for block in blocks])))
    return said


def _quantised(names: Names) -> list[str]:
    """Which models answered with quantised weights, and which with weights that a training made of such."""
    words, rows = names.words, names.material.findings.models
    anew = [row for row in rows if row.quantisation.startswith(ANEW)]
    stored = [row for row in rows if row.quantisation and row not in anew]
    told = {
        "quantised": [titled(row.title or row.name, row.quantisation) for row in stored],
        "anew": [
            words("limit.anew_one", model=row.title or row.name, stored=row.quantisation.removeprefix(ANEW))
            for row in anew
        ],
    }
    return [words(f"limit.{key}", models=words.listed(models)) for key, models in told.items() if models]


def limits(names: Names) -> list[str]:
    """What must not be read out of the figures: what is always so, and what this plan and these models bring."""
    words, rows = names.words, names.material.findings.models
    found = [confounded(names)]
    found += _quantised(names)
    base = [names.model(row.name) for row in rows if row.stage == "base"]
    if base:
        found.append(words("limit.base", models=words.listed(base)))
    found += _languages(names)
    if any(f.n.people_nominal for f in estimates(names.material)):
        found.append(words("limit.nominal"))
    if any(f.estimand == "items like these" for f in estimates(names.material)):
        found.append(words("limit.items"))
    found += [words(f"limit.{key}") for key in ("unweighted", "role", "wording", "verdict")]
    return [text for text in found if text]
