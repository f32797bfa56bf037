"""One answer, with everything that explains it: what was asked, of whom, how, what came back, and which line asked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from auditc.ir.exchange import Failure, GenerateReply, LikelihoodReply, Reply, ScoreReply
from auditc.ir.plan import Asked, Assess, Converse, Plan, Predict, Questioning
from auditc.ir.questions import Question, alone, questions
from auditc.ir.reading import Choices, Reading
from auditc.methods import methods
from auditc.reading import label

from .cells import Participant, order_shown, participants, sources_of
from .probe import second
from .runs import Run
from .segment import KEY_BYTES
from .sheets import choice_of, judged
from .store import Store, Stored
from .testimony import moment
from .understood import Reader, choices


class NoSuchCell(LookupError):
    """No cell of the run, or more than one, is meant by the beginning of a key."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cell stands in a run. `rotation` is -1 for a turn, `draw` is -1 for a score."""

    stage: str
    block: str
    model: str
    population: str
    condition: str
    item: str
    rotation: int
    draw: int
    origin: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ShownOption:
    """One option as it was shown; `probability` only where it was asked for."""

    label: str
    text: str
    index: int
    probability: float | None


@dataclass(frozen=True, slots=True)
class Second:
    """The second answer to a probed cell. `probabilities` are in the survey's own order of options."""

    status: str
    """`answered`, `failed` or `not run`, as it was when the run ended."""
    text: str | None
    reading: dict[str, Any] | None
    probabilities: list[float] | None
    failure: dict[str, str] | None
    reported: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One cell. `places` has every cell of the run that rests on this answer; mostly one."""

    key: str
    places: tuple[Place, ...]
    turns: tuple[tuple[str, str], ...]
    opening: str
    settings: dict[str, Any]
    options: tuple[ShownOption, ...]
    text: str | None
    reading: dict[str, Any] | None
    failure: dict[str, str] | None
    tokens: dict[str, int]
    reported: str = ""
    """What a server said of who answered; empty where the engine's identity says it all."""
    at: str = ""
    """When the answer was taken in, as ISO 8601 in UTC; empty where the store does not say."""
    second: Second | None = None
    """What came back the second time; None where the cell was not probed."""
    likelihood: dict[str, Any] | None = None
    """Of a text that was put as it stands: the sum of the natural-log probabilities of its tokens, how many tokens were
    predicted, and the beginning that was not."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def show(run: Run, workspace: Path, prefix: str) -> Shown:
    """The cell of a run whose key begins with `prefix`. Raises NoSuchCell."""
    plan, cells = run.plan(), run.cells()
    hexes = {key.hex() for key in cells.column("key").unique().to_pylist()}
    found = sorted(key for key in hexes if key.startswith(prefix.lower()))
    if len(found) != 1:
        what = f"{len(found)} cells of run {run.id} begin" if found else f"no cell of run {run.id} begins"
        raise NoSuchCell(f"{what} with `{prefix}`")
    key = bytes.fromhex(found[0])
    with Store.open(workspace / "store", write=False) as store:
        at = cells.filter(pc.equal(cells.column("key"), pa.scalar(key, pa.binary(KEY_BYTES)))).to_pylist()
        status = at[0]["status"]
        if status == "not run":
            raise NoSuchCell(f"cell `{found[0]}` was not run in run {run.id}")
        stored = store.show(key, failed=status == "failed")
        again = run.second().get(found[0])
        other = None if again in (None, "not run") else store.show(second(key), failed=again == "failed")
    if stored is None:
        raise NoSuchCell(f"the store no longer holds the answer `{found[0]}`")
    shown = _shown(plan, stored, tuple(_place(plan, row) for row in at))
    return shown if again is None else replace(shown, second=_second(plan, shown.places[0], again, other))


def every(run: Run, workspace: Path) -> Iterator[dict[str, Any]]:
    """Every asked cell of a run with its raw answer, one flat row each, for people with tools of their own. A list that
    was asked at once has a row for each of its items, with one text and one key.

    `probabilities` are as the model gave them, not normalised; they and `choice` (1-based) are in the survey's own
    order of options. Of a participant a row also has its place, group, longest memory, beams, and whether its texts
    were `sampled`; these are empty for a cell that nobody draws. Of a text that was put as it stands, `probabilities`
    are those of its tokens, in the order of the text, without the first where nothing stood before it. `reading` says
    how a text was read, `status` what the cell had when the run ended.
    """
    plan, cells = run.plan(), run.cells()
    asked, people = _Questions(plan), _People(plan)
    with Store.open(workspace / "store", write=False) as store:
        for row in cells.to_pylist():
            stage, name = _stage(plan, row["stage"]), row["item"]
            language, words = _shown_options(asked, stage, row["population"], name)
            # The store may have got an answer since: it is none of this run's.
            reply = store.get(row["key"]) if row["status"] == "answered" else None
            flat = {**row, "key": row["key"].hex(), "block": stage.block, "model": stage.model, "language": language}
            chances = _chances(len(words), max(row["rotation"], 0), reply) if isinstance(reply, ScoreReply) else None
            if isinstance(reply, LikelihoodReply):
                chances = [math.exp(logprob) for logprob in reply.logprobs]
            yield flat | {
                "answered": reply is not None,
                "text": reply.text if isinstance(reply, GenerateReply) else None,
                **people.drawn(stage, row["population"], row["draw"]),
                **_chosen(asked, stage, name, language, reply),
                "probabilities": chances,
                "reported": "" if reply is None or isinstance(reply, Failure) else reply.reported,
                "at": moment(None if reply is None else store.taken(row["key"])),
            }


def _chosen(asked: _Questions, stage: Asked, item: str, language: str, reply: Reply | None) -> dict[str, Any]:
    """How a text was read, and the option (1-based) that it gives an item."""
    if not isinstance(reply, GenerateReply):
        return {"reading": None, "choice": None}
    reading = _reading(asked, stage, item, language, reply)
    if isinstance(stage, Assess):
        choice = choice_of(reading) if isinstance(reading, Reading) else -1
    else:
        question = asked.of(stage, item)
        choice = choices(reading, question)[[one.id for one in question.items].index(item)]
    return {"reading": reading.reason, "choice": choice + 1 if choice >= 0 else None}


def _shown(plan: Plan, stored: Stored, places: tuple[Place, ...]) -> Shown:
    first = places[0]
    stage, reply = _stage(plan, first.stage), stored.reply
    asked = _Questions(plan)
    language, words = _shown_options(asked, stage, first.population, first.item)
    order = order_shown(len(words), max(first.rotation, 0))
    chances = _chances(len(words), max(first.rotation, 0), reply) if isinstance(reply, ScoreReply) else None
    options = tuple(
        ShownOption(
            label=label(position, stage.labels),
            text=words[index],
            index=index,
            probability=None if chances is None else chances[index],
        )
        for position, index in enumerate(order)
    )
    return Shown(
        key=stored.key.hex(),
        places=places,
        turns=tuple((turn.role, turn.text) for turn in stored.prompt.turns),
        opening=stored.prompt.opening,
        settings=stored.settings,
        options=options,
        text=reply.text if isinstance(reply, GenerateReply) else None,
        reading=_read(asked, stage, first.item, language, reply),
        failure={"reason": reply.reason, "detail": reply.detail} if isinstance(reply, Failure) else None,
        tokens=_tokens(reply),
        reported=_reported(reply),
        at=moment(stored.at),
        likelihood=_likelihood(reply),
    )


def _second(plan: Plan, place: Place, status: str, stored: Stored | None) -> Second:
    stage, reply = _stage(plan, place.stage), stored.reply if stored else None
    asked = _Questions(plan)
    language, words = _shown_options(asked, stage, place.population, place.item)
    return Second(
        status=status,
        text=reply.text if isinstance(reply, GenerateReply) else None,
        reading=_read(asked, stage, place.item, language, reply),
        probabilities=_chances(len(words), max(place.rotation, 0), reply) if isinstance(reply, ScoreReply) else None,
        failure={"reason": reply.reason, "detail": reply.detail} if isinstance(reply, Failure) else None,
        reported=_reported(reply),
    )


def _likelihood(reply: Reply) -> dict[str, Any] | None:
    if not isinstance(reply, LikelihoodReply):
        return None
    return {"logprob": math.fsum(reply.logprobs), "tokens": len(reply.logprobs), "given": reply.given}


def _reported(reply: Reply | None) -> str:
    return "" if reply is None or isinstance(reply, Failure) else reply.reported


def _place(plan: Plan, row: dict[str, Any]) -> Place:
    stage = _stage(plan, row["stage"])
    return Place(
        stage=stage.name,
        block=stage.block,
        model=stage.model,
        population=row["population"],
        condition=row["condition"],
        item=row["item"],
        rotation=row["rotation"],
        draw=row["draw"],
        origin=stage.origin.model_dump(),
    )


def _chances(size: int, rotation: int, reply: ScoreReply) -> list[float]:
    """Probabilities in the survey's own order."""
    own = [0.0] * size
    for index, logprob in zip(order_shown(size, rotation), reply.logprobs, strict=True):
        own[index] = math.exp(logprob)
    return own


@dataclass(slots=True)
class _Questions:
    """What the cells of a plan asked; put together once for each stage."""

    plan: Plan
    _known: dict[str, dict[str, Question]] = field(default_factory=dict)

    def of(self, stage: Questioning, item: str) -> Question:
        """What a cell asked, of which an item is one."""
        known = self._known.get(stage.name)
        if known is None:
            survey = self.plan.surveys[stage.survey]
            asked = questions(stage, survey) if isinstance(stage, Converse) else alone(stage.items, survey)
            known = self._known[stage.name] = {one.id: question for question in asked for one in question.items}
        return known[item]

    def shown(self, stage: Assess, item: str, language: str) -> tuple[str, ...]:
        """The options of an item that a second reader chooses among; a judge is shown none."""
        return self.of(sources_of(self.plan, stage)[0], item).options(language) if stage.picks else ()


@dataclass(slots=True)
class _People:
    """Who answered the cells of a plan that are drawn; each stage's participants are drawn once."""

    plan: Plan
    _known: dict[tuple[str, str], dict[int, Participant]] = field(default_factory=dict)

    def drawn(self, stage: Asked, population: str, draw: int) -> dict[str, Any]:
        """What was drawn for a participant, as an export has it."""
        if not isinstance(stage, Converse):
            return dict.fromkeys(("place", "group", "memory", "beams", "sampled"))
        people, language = self.plan.populations[population], stage.language[population]
        known = self._known.get((stage.name, population))
        if known is None:
            persons = participants(stage, people, questions(stage, self.plan.surveys[stage.survey]))
            known = self._known[stage.name, population] = {one.draw: one for one in persons}
        one = known[draw]
        return {
            "place": None if one.place is None else people.places[one.place].name[language],
            "group": None if one.group is None else people.groups[one.group].name[language],
            "memory": one.memory,
            "beams": one.beams,
            "sampled": one.sample,
        }


def _read(asked: _Questions, stage: Asked, item: str, language: str, reply: Reply | None) -> dict[str, Any] | None:
    """How a text is read: an option, or of a list the `options`, and the rule."""
    return asdict(_reading(asked, stage, item, language, reply)) if isinstance(reply, GenerateReply) else None


def _reading(asked: _Questions, stage: Asked, item: str, language: str, reply: GenerateReply) -> Reading | Choices:
    if isinstance(stage, Assess):
        return judged(stage, reply, language, asked.shown(stage, item, language))
    return Reader(methods.take(stage.method)).reading(reply, asked.of(stage, item), language)


def _tokens(reply: Reply) -> dict[str, int]:
    if isinstance(reply, GenerateReply):
        return {"in": reply.tokens_in, "out": reply.tokens_out}
    return {"in": 0 if isinstance(reply, Failure) else reply.tokens_in, "out": 0}


def _stage(plan: Plan, name: str) -> Asked:
    stage = plan.stage(name)
    assert isinstance(stage, Asked)
    return stage


def _shown_options(asked: _Questions, stage: Asked, population: str, item: str) -> tuple[str, tuple[str, ...]]:
    """The language of a cell, and the words of the options that were shown, in the survey's own order."""
    if isinstance(stage, Assess):
        read = sources_of(asked.plan, stage)
        spoken = {name: source.language[name] for source in read for name in source.populations}
        # A case is of no population; its number stands in its name.
        language = spoken.get(population) or stage.cases[int(item.rpartition("_")[2]) - 1].language
        return language, (*asked.shown(stage, item, language), *stage.options[language])
    language = stage.language[population]
    if isinstance(stage, Predict):
        return language, ()
    return language, asked.of(stage, item).options(language)
