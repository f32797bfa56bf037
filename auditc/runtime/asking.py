"""From a cell to what is asked: the prompt in its words, the request, and the key under which the answer is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from auditc.backends._contract import Identity
from auditc.ir.controls import country_named
from auditc.ir.exchange import GenerateRequest, Hint, Prompt, Request, Sampling, ScoreRequest, Turn
from auditc.ir.lists import ListWording
from auditc.ir.plan import Asked, Converse, Item, Plan, Questioning, Score, Wording
from auditc.ir.questions import Question, questions
from auditc.reading import label

from .cells import Participant, items_of, order_shown
from .identity import Said, Settings, decoding, key, looked_at, said, settings, stream
from .prompts import Renderer


@dataclass(slots=True, eq=False)
class Ask:
    """One cell, ready to be asked. Its request is put together when somebody wants to see it: the cells of a second run
    are looked up by their keys, and nobody is asked."""

    key: bytes
    settings: str
    stage: Asked
    """Whose cell it is."""
    _make: Callable[[], Request]
    _request: Request | None = None

    @property
    def request(self) -> Request:
        """What is put to the engine."""
        request = self._request
        if request is None:
            request = self._request = self._make()
        return request

    def again(self, key: bytes, stage: Asked) -> Ask:
        """The very request, marked as asked for the second time, as a cell of another stage; its answer is kept under
        another key."""
        return Ask(key, self.settings, stage, lambda: replace(self.request, again=True))


class Shown(NamedTuple):
    """The options of an item in the order of a cell."""

    options: list[dict[str, str]]
    spellings: tuple[tuple[str, ...], ...]
    spelled: str
    """The spellings, as they go into keys."""
    order: tuple[int, ...]


def wording_of(stage: Questioning, language: str) -> Wording:
    """How items are asked in a language; `*` serves every language."""
    return stage.wording[language] if language in stage.wording else stage.wording["*"]


@dataclass(slots=True, eq=False)
class _Asking:
    """What asking needs of a stage, looked up once."""

    plan: Plan
    renderer: Renderer
    items: tuple[Item, ...]
    _shown: dict[tuple[str, str, int], Shown] = field(default_factory=dict)
    _labels: dict[int, tuple[tuple[str, ...], tuple[tuple[str, ...], ...], str]] = field(default_factory=dict)

    def shown(self, stage: Questioning, item: Item, language: str, rotation: int) -> Shown:
        """The options of an item under a rotation, with their labels."""
        shown = self._shown.get((language, item.id, rotation))
        if shown is None:
            words = item.options[language]
            labels, spellings, spelled = self._labelled(stage, len(words))
            order = order_shown(len(words), rotation)
            options = [{"label": name, "text": words[index]} for name, index in zip(labels, order, strict=True)]
            shown = self._shown[language, item.id, rotation] = Shown(options, spellings, spelled, order)
        return shown

    def _labelled(self, stage: Questioning, size: int) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...], str]:
        """The labels of so many options, and the spellings in which a model may give each, also written out."""
        known = self._labels.get(size)
        if known is None:
            labels = tuple(label(position, stage.labels) for position in range(size))
            # With or without the space before it, a label is the same answer.
            spellings = tuple((name, " " + name) for name in labels)
            known = self._labels[size] = labels, spellings, repr(spellings)
        return known


@dataclass(slots=True, eq=False)
class ScoreAsking(_Asking):
    """Asks the cells of one Score stage. Made by `score_asking`."""

    stage: Score = field(kw_only=True)
    how: Settings = field(kw_only=True)
    _named: dict[tuple[int, int, int], str] = field(default_factory=dict)
    _countries: dict[tuple[int, str], str] = field(default_factory=dict)

    def ask(self, population: int, condition: int, item: int, rotation: int) -> Ask:
        """The cell at these indices. Raises WordingRejected."""
        people = self.plan.populations[self.stage.populations[population]]
        language = self.stage.language[self.stage.populations[population]]
        asked = self.items[item]
        country = self._named.get((population, condition, item))
        if country is None:
            country = self._named[population, condition, item] = country_named(
                self.stage.seed, people, self.stage.conditions[condition], asked.id, language
            )
        shown = self.shown(self.stage, asked, language, rotation)
        wording = wording_of(self.stage, language)
        values = {
            "country": country,
            "place": "",
            "group": "",
            "question": asked.text[language],
            "options": shown.options,
            "count": len(shown.options),
        }
        turn = said(Turn("user", self.renderer.render(wording.text, values)))
        hint = Hint(asked.id, self._meant(population, condition, country), shown.order)
        own = key(self.how, (turn,), wording.opening, shown.spelled, looked_at(self.how, hint))
        return Ask(
            own,
            self.how.text,
            self.stage,
            lambda: ScoreRequest(Prompt((turn.turn,), wording.opening), shown.spellings, hint),
        )

    def _meant(self, population: int, condition: int, named: str) -> str:
        """The country that a prompt names, as the survey calls it: a simulated model answers what it is asked. A
        country of which nothing is known here is called as the prompt calls it."""
        people = self.plan.populations[self.stage.populations[population]]
        if named in people.named.values():
            return people.country
        known = self._countries.get((condition, named))
        if known is None:
            entries = [entry for entry in self.stage.conditions[condition].countries if named in entry.values()]
            names = sorted({name for entry in entries for name in entry.values()})
            others = [p.country for p in self.plan.populations.values() if {*names} & {*p.named.values()}]
            surveyed = [name for name in names if name in self.plan.surveys[self.stage.survey].people]
            known = self._countries[condition, named] = (*others, *surveyed, named)[0]
        return known


@dataclass(slots=True, eq=False)
class _Voice:
    """What is the same for all turns of participants who are told of alike and sampled alike."""

    country: str
    language: str
    sampling: Sampling
    how: Settings
    asked: dict[str, Said] = field(default_factory=dict)
    """Each question in its words."""
    meant: dict[str, tuple[Hint, str, str]] = field(default_factory=dict)
    """Of each question the hint, what an engine looks at of it, written out, and how its answer begins."""


@dataclass(slots=True, eq=False)
class TurnAsking(_Asking):
    """Asks the turns of one Converse stage. Made by `turn_asking`."""

    stage: Converse = field(kw_only=True)
    identity: Identity = field(kw_only=True)
    _sampling: dict[tuple[bool, int], Sampling] = field(default_factory=dict)
    _how: dict[tuple[bool, int], Settings] = field(default_factory=dict)
    _voices: dict[tuple[str, int | None, int | None, bool, int], _Voice] = field(default_factory=dict)
    _answers: dict[tuple[str, str, tuple[int, ...]], Said] = field(default_factory=dict)
    questions: dict[str, Question] = field(default_factory=dict)
    """What is asked, by its name, in the order of the stage."""
    _lists: dict[tuple[str, str], list[dict[str, str]]] = field(default_factory=dict)

    def sampling(self, participant: Participant) -> Sampling:
        """How a participant's texts are generated."""
        known = self._sampling.get((participant.sample, participant.beams))
        if known is None:
            stage = self.stage
            known = self._sampling[participant.sample, participant.beams] = decoding(
                Sampling(
                    sample=participant.sample,
                    temperature=stage.temperature,
                    top_p=stage.top_p,
                    top_k=stage.top_k,
                    beams=participant.beams,
                    max_new_tokens=stage.max_new_tokens,
                    stop=stage.stop,
                )
            )
        return known

    def ask(
        self, population: str, participant: Participant, question: str, memory: Mapping[str, tuple[int, ...]]
    ) -> Ask:
        """One turn of a participant who remembers `memory`: in order, what was chosen of which question."""
        place = (population, participant.place, participant.group, participant.sample, participant.beams)
        voice = self._voices.get(place) or self._voice(population, participant)
        turns = []
        for earlier, chosen in memory.items():
            turns.append(voice.asked.get(earlier) or self._request(population, participant, earlier, voice))
            known = self._answers.get((earlier, voice.language, chosen))
            turns.append(known or self._answer(earlier, chosen, voice.language))
        turns.append(voice.asked.get(question) or self._request(population, participant, question, voice))
        country, how, sampling = voice.country, voice.how, voice.sampling
        hint, seen, opening = voice.meant.get(question) or self._means(question, voice)
        draw = repr((self.stage.seed, country, participant.draw, question) if sampling.sample else None)
        own = key(how, turns, opening, draw, seen)

        def request() -> GenerateRequest:
            prompt = Prompt(tuple([turn.turn for turn in turns]), opening)
            return GenerateRequest(prompt, sampling, stream(own), replace(hint, draw=participant.draw))

        return Ask(own, how.text, self.stage, request)

    def _means(self, question: str, voice: _Voice) -> tuple[Hint, str, str]:
        hint = self._hint(self.questions[question], voice.country)
        opening = self.questions[question].wording(self.stage, voice.language).opening
        found = voice.meant[question] = hint, looked_at(voice.how, hint), opening
        return found

    def _hint(self, question: Question, country: str) -> Hint:
        if question.form != "list":
            return Hint(question.name, country, order_shown(question.items[0].size, 0))
        order = order_shown(len(question.items), 0)
        listed = tuple(item.id for item in question.items)
        return Hint(question.name, country, order, listed=listed, choose=(question.at_least, question.at_most))

    def _voice(self, population: str, participant: Participant) -> _Voice:
        language, sampling = self.stage.language[population], self.sampling(participant)
        how = self._how.get((participant.sample, participant.beams))
        if how is None:
            how = settings("converse", self.identity, sampling)
            self._how[participant.sample, participant.beams] = how
        voice = _Voice(
            country=self.plan.populations[population].country,
            language=language,
            sampling=sampling,
            how=how,
        )
        place = (population, participant.place, participant.group, participant.sample, participant.beams)
        self._voices[place] = voice
        return voice

    def _request(self, population: str, participant: Participant, question: str, voice: _Voice) -> Said:
        """The words in which something is asked of a participant: the same wherever the turn stands."""
        language, people = voice.language, self.plan.populations[population]
        asked = self.questions[question]
        text = self.renderer.render(
            asked.wording(self.stage, language).text,
            {
                "country": people.named[language],
                "place": "" if participant.place is None else people.places[participant.place].name[language],
                "group": "" if participant.group is None else people.groups[participant.group].name[language],
                "question": asked.text(language),
                "options": self._offered(asked, language),
                "count": len(asked.options(language)),
                "at_least": asked.at_least,
                "at_most": asked.at_most,
            },
        )
        turn = voice.asked[question] = said(Turn("user", text))
        return turn

    def _offered(self, question: Question, language: str) -> list[dict[str, str]]:
        """What can be chosen, under labels."""
        if question.form != "list":
            return self.shown(self.stage, question.items[0], language, 0).options
        known = self._lists.get((question.name, language))
        if known is None:
            words = enumerate(question.options(language))
            known = [{"label": label(place, self.stage.labels), "text": text} for place, text in words]
            self._lists[question.name, language] = known
        return known

    def _answer(self, question: str, chosen: tuple[int, ...], language: str) -> Said:
        """A remembered answer, cleaned: the label and the words of each option that was read, as in ` 2 (Agree)`; the
        number on a scale is label and words at once."""
        asked = self.questions[question]
        wording = asked.wording(self.stage, language)
        opening, words = wording.opening, asked.options(language)
        space = " " if opening[-1:].isascii() and opening[-1:] not in ("", " ", "\n", "(", "[") else ""
        entries = [f"{label(option, self.stage.labels)} ({words[option]})" for option in chosen]
        if asked.form == "scale":
            entries = [words[option] for option in chosen]
        listed = (wording.comma.join(entries) or wording.nothing) if isinstance(wording, ListWording) else entries[0]
        turn = self._answers[question, language, chosen] = said(Turn("assistant", f"{opening}{space}{listed}"))
        return turn


def score_asking(plan: Plan, stage: Score, identity: Identity) -> ScoreAsking:
    """Ready to ask a Score stage of an engine of this identity."""
    items = items_of(stage, plan.surveys[stage.survey])
    return ScoreAsking(plan, Renderer(), items, stage=stage, how=settings("score", identity))


def turn_asking(plan: Plan, stage: Converse, identity: Identity) -> TurnAsking:
    """Ready to ask a Converse stage of an engine of this identity."""
    survey = plan.surveys[stage.survey]
    by_name = {question.name: question for question in questions(stage, survey)}
    return TurnAsking(plan, Renderer(), items_of(stage, survey), stage=stage, identity=identity, questions=by_name)
