"""Whether what participants are asked and remember fits into the window of their model, told before they are asked.

Told by the number of characters, as tokens are counted in a forecast: a tokenizer would have to be loaded to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from auditc.backends._contract import Identity
from auditc.ir.plan import Converse, Plan
from auditc.ir.questions import questions

from .asking import turn_asking
from .bind import Bound
from .cells import participants
from .prompts import WordingRejected
from .schedule import stages
from .tokens import about, about_text


def tight(plan: Plan, bound: Mapping[str, Bound]) -> tuple[str, ...]:
    """A sentence for each block and model whose participants may remember more than fits, with a remedy."""
    said: dict[tuple[str, str], tuple[int, str]] = {}
    for stage in stages(plan):
        one = bound.get(stage.model)
        window = one.backend.window(one.source, one.params) if one and one.backend.window else None
        if isinstance(stage, Converse) and one is not None and window is not None:
            remembered, sentence = _of_stage(plan, stage, one.identity, window)
            key = (stage.block, stage.model)
            if sentence and remembered > said.get(key, (-1, ""))[0]:
                said[key] = remembered, sentence
    return tuple(sentence for _, sentence in said.values())


def _of_stage(plan: Plan, stage: Converse, identity: Identity, window: int) -> tuple[int, str]:
    """How many turns a participant may remember at most, and what to say of it; nothing where all fits."""
    try:
        fits = min(_fits(plan, stage, identity, window))
    except (WordingRejected, KeyError):
        return 0, ""  # binding says it better
    most = min(stage.memory.high, len(questions(stage, plan.surveys[stage.survey])) - 1)
    if fits >= most:
        return most, ""
    room = f"the window of {window:,} tokens of model {stage.model}, told by the number of characters"
    if fits < 0:
        what = f"{stage.block} asks questions that do not fit into {room}"
        return most, f"{what}: they will be missing. Ask shorter ones, or write a smaller `max_new_tokens`."
    what = f"{stage.block} lets participants remember up to {most} answers, and about {fits} fit into {room}"
    rest = f"longer memories will be missing. Write `memory = {min(stage.memory.low, fits)}..{fits}`"
    return most, f"{what}: {rest}, or a smaller `max_new_tokens`."


def _fits(plan: Plan, stage: Converse, identity: Identity, window: int) -> Iterator[int]:
    """Of each population, how many turns fit beside the longest question: the longest ones; -1 where none does."""
    asked = questions(stage, plan.surveys[stage.survey])
    asking = turn_asking(plan, stage, identity)
    for name in stage.populations:
        population, language = plan.populations[name], stage.language[name]
        person = participants(stage.model_copy(update={"draws": 1}), population, asked)[0]
        sizes = []
        for question in asked:
            alone = about(asking.ask(name, person, question.name, {}).request.prompt)
            words = sorted(map(about_text, question.options(language)))[-question.at_most :]
            sizes.append((alone, alone + sum(words)))
        left = window - stage.max_new_tokens - max(alone for alone, _ in sizes)
        count = -1 if left < 0 else 0
        for size in sorted((whole for _, whole in sizes), reverse=True)[:-1] if left >= 0 else ():
            left -= size
            if left < 0:
                break
            count += 1
        yield count
