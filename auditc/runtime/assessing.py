"""Judging: which answers a judge is shown, how it is asked about them, and the walk over its cells.

What a judge reads was written by a model, and may try to speak to it: every line of it stands behind a mark that opens
the line, and signs by which chat templates tell who speaks are made harmless, so that no text can end its quotation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

from auditc.backends._contract import Identity
from auditc.ir.answers import NOT_RUN, UNPARSABLE
from auditc.ir.exchange import Failure, GenerateReply, GenerateRequest, Hint, Prompt, Sampling, Turn
from auditc.ir.plan import Assess, Converse, Plan
from auditc.ir.questions import Question, questions
from auditc.reading import label

from .asking import Ask
from .cells import Foreseen, Participant, below, foreseen, participants, sources_of
from .identity import Settings, decoding, key, looked_at, said, settings, stream
from .prompts import Renderer
from .schedule import spread
from .sheets import AssessSheet, ConverseSheet, Known, Look, Sheet

MARK = "| "
"""Opens every line of what is quoted."""
LONGEST = 8_000
"""Characters of a text that a judge is shown."""
CUT = " […]"

_SIGNS = str.maketrans({"<": "‹", ">": "›", "＜": "‹", "＞": "›", "﹤": "‹", "﹥": "›"})
_INST = re.compile(r"\[(/?[A-Z_]{2,})\]")


def quoted(text: str) -> str:
    """A text as it is shown to a judge: cut when it is very long, each line behind `MARK`, and without the signs that a
    template could take for another turn (`<|im_end|>`, `[INST]`). Whatever breaks a line begins a marked one."""
    cut = text if len(text) <= LONGEST else text[:LONGEST] + CUT
    harmless = _INST.sub(r"⟦\1⟧", cut.translate(_SIGNS))
    return "\n".join(MARK + line for line in harmless.splitlines() or [""])


def inline(text: str) -> str:
    """A short text that stands within a marked line."""
    return _INST.sub(r"⟦\1⟧", " ".join(text.split()).translate(_SIGNS))


@dataclass(slots=True, eq=False)
class AssessAsking:
    """Asks the cells of one Assess stage. Made by `assess_asking`."""

    plan: Plan
    stage: Assess
    sources: dict[str, Converse]
    how: Settings
    sampling: Sampling
    questions: dict[tuple[str, str], Question]
    """What a stage asks, by the stage's name and the id of its first item."""
    renderer: Renderer = field(default_factory=Renderer)

    def about_answer(self, look: Look, person: Participant, text: str) -> Ask:
        """A question about what a participant wrote. Raises WordingRejected."""
        language, people = look.language, self.plan.populations[look.population]
        source = self.sources[look.of]
        question = self.questions[source.name, look.item]
        words = question.options(language)
        options = [{"label": label(place, source.labels), "text": inline(text)} for place, text in enumerate(words)]
        opening = question.wording(source, language).opening
        values = {
            "country": inline(people.named[language]),
            "place": "" if person.place is None else inline(people.places[person.place].name[language]),
            "group": "" if person.group is None else inline(people.groups[person.group].name[language]),
            "question": quoted(question.text(language)),
            "options": options,
            "count": len(options),
            "at_least": question.at_least,
            "at_most": question.at_most,
            "answer": quoted(opening + text),
        }
        order: tuple[int, ...] = (0, 1)
        if self.stage.picks:
            values["neither"] = {"label": label(len(words), self.stage.labels), "text": self.stage.options[language][0]}
            order = tuple(range(len(words) + 1))
        return self._ask(look, values, Hint(look.item, people.country, order, look.draw, asks=look.asks))

    def about_case(self, look: Look) -> Ask:
        """A question about a case that people judged. Raises WordingRejected."""
        case, labels = self.stage.cases[look.case], next(iter(self.sources.values())).labels
        values = {
            "country": inline(case.country),
            "place": inline(case.place),
            "group": "",
            "question": quoted(case.question),
            "options": [{"label": label(at, labels), "text": inline(text)} for at, text in enumerate(case.options)],
            "count": len(case.options),
            "at_least": 1,
            "at_most": 1,
            "answer": quoted(case.opening + case.text),
        }
        return self._ask(look, values, Hint(look.item, case.country, (0, 1), look.draw, asks=look.asks))

    def longest(self) -> Prompt:
        """A question about an answer that is as long as any can be."""
        source = max(self.sources.values(), key=lambda one: one.max_new_tokens)
        look, person = next(self.every(source, source.populations[0]))
        return self.about_answer(look, person, "word" * min(source.max_new_tokens, LONGEST // 4)).request.prompt

    def every(self, source: Converse, population: str) -> Iterator[tuple[Look, Participant]]:
        """Every question about the answers of one participant."""
        asked = questions(source, self.plan.surveys[source.survey])
        person = participants(source.model_copy(update={"draws": 1}), self.plan.populations[population], asked)[0]
        for asks in self.stage.questions:
            for question in asked:
                if self.stage.picks and question.form == "list":
                    continue
                first = question.items[0].id
                yield Look(0, asks, source.language[population], source.name, population, first), person

    def _ask(self, look: Look, values: dict[str, object], hint: Hint) -> Ask:
        wording = self.stage.wording[look.language]
        values["asks"] = self.stage.questions[look.asks][look.language]
        turn = said(Turn("user", self.renderer.render(wording.text, values, once=True)))
        own = key(self.how, (turn,), wording.opening, repr(None), looked_at(self.how, hint))
        prompt = Prompt((turn.turn,), wording.opening)
        return Ask(own, self.how.text, self.stage, lambda: GenerateRequest(prompt, self.sampling, stream(own), hint))


def assess_asking(plan: Plan, stage: Assess, identity: Identity) -> AssessAsking:
    """Ready to ask an Assess stage of an engine of this identity. A judge does not sample."""
    sources = sources_of(plan, stage)
    sampling = decoding(Sampling(sample=False, max_new_tokens=stage.max_new_tokens))
    asked = {
        (one.name, question.items[0].id): question
        for one in sources
        for question in questions(one, plan.surveys[one.survey])
    }
    how = settings("assess", identity, sampling)
    return AssessAsking(plan, stage, {one.name: one for one in sources}, how, sampling, asked)


def ask_all(asking: AssessAsking) -> None:
    """Word every question, about an answer of each population and about every case. Raises WordingRejected."""
    for source in asking.sources.values():
        for population in source.populations:
            for look, person in asking.every(source, population):
                asking.about_answer(look, person, "")
    for number, case in enumerate(asking.stage.cases):
        asking.about_case(Look(0, case.asks, case.language, case=number))


def assess_sheet(asking: AssessAsking, before: Mapping[str, Sheet], known: Known) -> AssessSheet:
    """The looks of a stage at the answers that are on the sheets `before`: at those that were drawn and have a text.
    One that brought none is left out; one that was not run stays, without a key. Where all that were drawn of a stage
    are left out, its answer with the least rank is read, so that there is one."""
    stage = asking.stage
    if stage.picks:
        return second_sheet(asking, before)
    wanted, looks, number = list(stage.questions), [], 0
    for name, source in asking.sources.items():
        sheet = before.get(name)
        drawn, spare = _drawn(asking, source, sheet if isinstance(sheet, ConverseSheet) else None, known)
        left = [(place, at) for place, at in enumerate(drawn) if at.text is not None]
        looks += [
            Look(
                number=number + place * len(wanted) + column,
                asks=asks,
                language=source.language[at.population],
                of=name,
                population=at.population,
                item=source.items[at.column],
                draw=at.person.draw,
                text=at.text or b"",
                weight=at.person.weight,
            )
            for place, at in left or ([(0, spare)] if spare else [])
            for column, asks in enumerate(wanted)
        ]
        number += max(1, len(drawn)) * len(wanted)
    looks += [
        Look(number=number + case, asks=one.asks, language=one.language, item=f"case_{case + 1}", case=case)
        for case, one in enumerate(stage.cases)
    ]
    return AssessSheet(stage, looks, [b""] * len(looks))


def second_sheet(asking: AssessAsking, before: Mapping[str, Sheet]) -> AssessSheet:
    """The looks of a second reader: at the answers on the sheets `before` of which the parser made nothing, lists left
    out. One that was not run stays, without a key: nobody knows yet how it will be read. They are numbered in the order
    of the plan, so that batches are full however few they are."""
    looks: list[Look] = []
    sheets: dict[str, ConverseSheet] = {}
    for name, source in asking.sources.items():
        sheet = before.get(name)
        asked = questions(source, asking.plan.surveys[source.survey])
        columns = [source.items.index(one.items[0].id) for one in asked if one.form != "list"]
        if isinstance(sheet, ConverseSheet):
            sheets[name] = sheet
        for population in source.populations:
            people = (
                sheets[name].participants[population]
                if name in sheets
                else participants(source, asking.plan.populations[population], asked)
            )
            for row, person in enumerate(people):
                for column in columns:
                    read = sheets[name].choices[population][row, column] if name in sheets else NOT_RUN
                    if read not in (UNPARSABLE, NOT_RUN):
                        continue
                    looks.append(
                        Look(
                            number=len(looks),
                            asks=next(iter(asking.stage.questions)),
                            language=source.language[population],
                            of=name,
                            population=population,
                            item=source.items[column],
                            draw=person.draw,
                            text=sheets[name].keys[population][row][column] if read == UNPARSABLE else b"",
                        )
                    )
    return AssessSheet(asking.stage, looks, [b""] * len(looks), asking.questions, sheets)


def _drawn(
    asking: AssessAsking, source: Converse, sheet: ConverseSheet | None, known: Known
) -> tuple[list[Foreseen], Foreseen | None]:
    """The answers of a stage that were drawn, and of the others with a text the one with the least rank."""
    bound = below(asking.stage)
    drawn: list[Foreseen] = []
    spare, least = None, 2**64
    for at in foreseen(asking.plan, asking.stage, source):
        if at.rank >= bound and at.rank >= least:
            continue
        at = replace(at, text=_text(sheet, known, at))
        if at.rank < bound:
            drawn.append(at)
        elif at.text:
            spare, least = at, at.rank
    return drawn, spare


def _text(sheet: ConverseSheet | None, known: Known, at: Foreseen) -> bytes | None:
    """The key of an answer that can be read; empty where it was not run, None where it brought no text."""
    own = sheet.keys[at.population][at.row][at.column] if sheet is not None else b""
    reply = known(own) if own else None
    if isinstance(reply, GenerateReply):
        return own if reply.text.strip() else None
    return None if isinstance(reply, Failure) else b""


def walk_assess(
    asking: AssessAsking, sheet: AssessSheet, known: Known, size: int, limit: int | None = None
) -> Iterator[list[Ask]]:
    """The batches of an Assess stage, of at most `size` cells: all questions about one answer stand together. With a
    limit, that many cells spread evenly over the stage."""
    people = {
        (source.name, name): {
            person.draw: person for person in participants(source, asking.plan.populations[name], asked)
        }
        for source in asking.sources.values()
        for asked in [questions(source, asking.plan.surveys[source.survey])]
        for name in source.populations
    }
    chosen = None if limit is None or limit >= len(sheet.looks) else spread(len(sheet.looks), limit)
    worded = [
        place
        for place, look in enumerate(sheet.looks)
        if (look.case >= 0 or look.text) and (chosen is None or chosen[place])
    ]
    for _, members in groupby(worded, key=lambda place: sheet.looks[place].number // size):
        batch = []
        for place in members:
            look = sheet.looks[place]
            if look.case >= 0:
                ask = asking.about_case(look)
            else:
                reply = known(look.text)
                assert isinstance(reply, GenerateReply)
                ask = asking.about_answer(look, people[look.of, look.population][look.draw], reply.text)
            sheet.keys[place] = ask.key
            batch.append(ask)
        yield batch
