"""A model that is not one: it answers as people do, or as it is told to differ from them. Its truth is known.

Asked to judge somebody else's answer it does look at the words: at whether they have the mark that the share `fault` of
a simulated model's texts carries. It errs as often as it is told to, so that what it finds can be compared with the
truth. Whatever a judge is asked about, the mark is the fault. Asked which option an answer chooses, it looks for the
sentence in which the share `veiled` of a simulated model's texts states its choice, where no parser takes it for one.

It serves tutorials, tests, the calibration of the statistics, and the measure of auditc's own cost per cell. An answer
depends on the seed, the request's random stream and the item, country and order it stands for, and never on the words
of the prompt; its identity says so (`answers_by`). A country or item without human shares is answered uniformly; the
country is the one that the prompt names, which for a control is another than the population's own.

Of a list each item is chosen as often as its shares say, by systematic sampling: the shares are laid end to end in an
order of their own for each answer, and points one apart choose. So the shares stay exact, and no answer chooses more or
fewer than their sum, rounded up or down. Where that sum is more or less than may be chosen, they are scaled to what
may; then they are not exact, and nothing could make them so.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Ge, Le
from pydantic import Field

from auditc.backends._contract import Backend, Capability, Identity, ModelSource
from auditc.ir.canonical import digest
from auditc.ir.exchange import (
    Failure,
    GenerateReply,
    GenerateRequest,
    Hint,
    LikelihoodReply,
    LikelihoodRequest,
    Prompt,
    ScoreReply,
    ScoreRequest,
)
from auditc.ir.reread import CHOICE
from auditc.ir.values import Count, CountryOf, Form, RefTo, Seconds, Share, Tokens, Unit

VERSION = 2
"""Raised whenever an answer changes for the same request: old answers are then not reused."""

MASS = 0.98
"""What the options hold of the probability."""

PERPLEXITY = 20.0
"""Of a simulated model that is told of none."""

MARK = {"en": "(This text has a fault.)", "zh": "（这段文字有毛病。）"}
"""What a text with a planted fault says."""

VEILED = {
    "en": " Hard to say, but in the end I come down on the side of no. {}.",
    "zh": "很难说，说到底我会偏向第{}项。",
}
"""What a text says whose choice a parser cannot read, and a second reader can."""

_VEILED = re.compile(r"come down on the side of no\. (\d+)|说到底我会偏向第(\d+)项")
_LETTERS = re.compile(r"^\W*A\W", re.MULTILINE)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_PLANTED = 0x5DEECE66D0000B
"""Told from what a text chooses, whether it has a fault hangs on nothing else."""
_COVERED = 0x2545F4914F6CDD
"""As `_PLANTED`, of whether a choice is veiled."""
_REFUSALS = {"en": " I'm sorry, but I cannot answer that question.", "zh": "抱歉，我无法回答这个问题。"}
_NOISE = {"en": " It depends on many things, and people differ.", "zh": "这取决于很多因素，各人看法不同。"}
_NONE = {"en": " None of these.", "zh": "都不选。"}
_REASON = {"en": "\nExplanation: this is what I think.", "zh": "\n解释：这是我的看法。"}


class Params(Form):
    """How a simulated model answers."""

    like: Annotated[str, RefTo("survey")]
    """The survey whose human shares it answers from."""
    country: Annotated[str, CountryOf("like")] = ""
    """The country whose people it answers like, whoever is asked for; without it, like those who are asked for."""
    tilt: Annotated[float, Unit("number"), Ge(-1), Le(100)] = 0.0
    """Shares are raised to 1 + tilt: 0 answers as people do, more is sharper, less is flatter, -1 is uniform."""
    lean: Share = 0.0
    """How much of the probability is moved to the survey's last option."""
    position_bias: Share = 0.0
    """How much of the probability is moved to the option shown first."""
    refuse: Share = 0.0
    """The share of texts that decline to answer."""
    unparsable: Share = 0.0
    """The share of texts that are no answer."""
    fault: Annotated[Share, Field(exclude_if=lambda share: not share)] = 0.0
    """The share of texts with a planted fault: they say so in a sentence, which a simulated judge looks for."""
    veiled: Annotated[Share, Field(exclude_if=lambda share: not share)] = 0.0
    """The share of answers to single items that state their choice so that the parser cannot read it, and a simulated
    second reader can."""
    misses: Annotated[Share, Field(exclude_if=lambda share: not share)] = 0.0
    """Asked to judge: the share of planted faults that it overlooks; to read again: of veiled choices."""
    alarms: Annotated[Share, Field(exclude_if=lambda share: not share)] = 0.0
    """Asked to judge: the share of texts without one in which it sees a fault; to read again: the share of texts that
    state no choice which it takes for the first option."""
    perplexity: Annotated[
        float, Unit("number"), Ge(1), Le(1e6), Field(exclude_if=lambda perplexity: perplexity == PERPLEXITY)
    ] = PERPLEXITY
    """About how perplexed it is by a text, counted in tokens of four characters; by some texts more, by some less, and
    by a text as all simulated models are."""
    window: Tokens | None = Field(default=None, exclude_if=lambda window: window is None)
    """The longest prompt that it takes, with room for an answer of one token; a longer one fails. Without it, any."""
    latency: Seconds = 0.0
    """Time that a batch takes."""
    seed: Count = 0
    """Another seed gives other answers of the same model."""


@dataclass(slots=True, eq=False)
class _Simulated:
    """An engine that draws from human shares."""

    identity: Identity
    params: Params
    source: ModelSource
    _chances: dict[tuple[str, str], tuple[float, ...]] = field(default_factory=dict)

    def lengths(self, prompts: Sequence[Prompt]) -> list[int]:
        return [_tokens(prompt) for prompt in prompts]

    def score(self, requests: Sequence[ScoreRequest]) -> list[ScoreReply | Failure]:
        self._wait()
        replies: list[ScoreReply | Failure] = []
        for request in requests:
            if (long := self._beyond(request.prompt)) is not None:
                replies.append(long)
                continue
            chances = self._shown(request.hint)
            logs = tuple([math.log(MASS * chance) if chance else -math.inf for chance in chances])
            replies.append(ScoreReply(logs, _tokens(request.prompt)))
        return replies

    def generate(self, requests: Sequence[GenerateRequest]) -> list[GenerateReply | Failure]:
        self._wait()
        replies: list[GenerateReply | Failure] = []
        for request in requests:
            if (long := self._beyond(request.prompt)) is not None:
                replies.append(long)
                continue
            text = self._text(request)
            replies.append(GenerateReply(text, _tokens(request.prompt), 1 + len(text) // 4, "stop"))
        return replies

    def likelihoods(self, requests: Sequence[LikelihoodRequest]) -> list[LikelihoodReply | Failure]:
        self._wait()
        replies: list[LikelihoodReply | Failure] = []
        for request in requests:
            if (long := self._beyond(request.prompt)) is not None:
                replies.append(long)
                continue
            tokens = _tokens(request.prompt)
            # How hard a text is hangs on its item alone; at most half again as many bits, or half as many.
            hard = 0.5 + _uniform(0, int(digest(request.hint.item)[:16], 16))
            replies.append(LikelihoodReply((-math.log(self.params.perplexity) * hard,) * tokens, tokens))
        return replies

    def close(self) -> None:
        """Nothing is held."""

    def _beyond(self, prompt: Prompt) -> Failure | None:
        tokens, window = _tokens(prompt), self.params.window
        if window is None or tokens < window:
            return None
        return Failure("too_long", f"the prompt has {tokens} tokens, the model's window {window}")

    def _wait(self) -> None:
        if self.params.latency:
            time.sleep(self.params.latency)

    def _text(self, request: GenerateRequest) -> str:
        asked = request.prompt.turns[-1].text
        language = "zh" if _CHINESE.search(asked) else "en"
        if request.hint.asks == CHOICE:
            return self._read_again(asked, language, request.stream, len(request.hint.order))
        if request.hint.asks:
            return self._judged(asked, language, request.stream)
        faulty = self.params.fault and _uniform(self.params.seed, request.stream ^ _PLANTED) < self.params.fault
        return self._answer(request, asked, language) + (f" {MARK[language]}" if faulty else "")

    def _judged(self, asked: str, language: str, stream: int) -> str:
        """What it says of a text that the prompt shows: 1 for a fault, 2 for none."""
        there = any(mark in asked for mark in MARK.values())
        errs = _uniform(self.params.seed, stream) < (self.params.misses if there else self.params.alarms)
        return f"{' ' if language == 'en' else ''}{1 if there != errs else 2}"

    def _read_again(self, asked: str, language: str, stream: int, none: int) -> str:
        """The number of the option that a text states, or the one that stands for none of them."""
        stated = _VEILED.search(asked)
        errs = _uniform(self.params.seed, stream) < (self.params.misses if stated else self.params.alarms)
        number = next(filter(None, stated.groups())) if stated and not errs else str(none if stated or not errs else 1)
        return f"{' ' if language == 'en' else ''}{number}"

    def _answer(self, request: GenerateRequest, asked: str, language: str) -> str:
        if request.hint.listed:
            return self._list(request, language)
        chances = self._shown(request.hint)
        declined, lost = self.params.refuse, self.params.unparsable * (1 - self.params.refuse)
        if request.sampling.sample:
            point = _uniform(self.params.seed, request.stream)
        else:
            most = max(range(len(chances)), key=chances.__getitem__)
            point = declined + lost if max(declined, lost) < max(chances) else 0.0
            chances = tuple(float(position == most) for position in range(len(chances)))
        if point < declined:
            return _REFUSALS[language]
        if point < declined + lost:
            return _NOISE[language]
        point = (point - declined - lost) / max(1 - declined - lost, 1e-12)
        chosen = _at(chances, point)
        label = chr(ord("A") + chosen) if _LETTERS.search(asked) else str(chosen + 1)
        if self.params.veiled and _uniform(self.params.seed, request.stream ^ _COVERED) < self.params.veiled:
            return VEILED[language].format(label)
        space = " " if language == "en" else ""
        return f"{space}{label}{_REASON[language]}"

    def _list(self, request: GenerateRequest, language: str) -> str:
        """An answer to a list: labels of the items that are chosen."""
        hint, sample = request.hint, request.sampling.sample
        declined, lost = self.params.refuse, self.params.unparsable * (1 - self.params.refuse)
        point = _uniform(self.params.seed, request.stream)
        if not sample:
            point = 0.0 if max(declined, lost) > 0.5 else 1.0
        if point < declined:
            return _REFUSALS[language]
        if point < declined + lost:
            return _NOISE[language]
        own = [self._shown(Hint(item, hint.population, (0, 1)))[0] for item in hint.listed]
        bias = self.params.position_bias
        chances = [(1 - bias) * chance + bias * (place == 0) for place, chance in enumerate(own)] if bias else own
        if sample:
            point = (point - declined - lost) / max(1 - declined - lost, 1e-12)
            order = sorted(range(len(own)), key=lambda place: _uniform(place + 1, request.stream))
            found = _systematic(_bounded(chances, *hint.choose), order, point, hint.choose)
        else:
            likely = sorted(range(len(own)), key=lambda place: -chances[place])
            most = sum(chance > 0.5 for chance in chances)
            found = sorted(likely[: min(max(most, hint.choose[0]), hint.choose[1])])
        if not found:
            return f"{_NONE[language]}{_REASON[language]}"
        space, comma = (" ", ", ") if language == "en" else ("", "、")
        return f"{space}{comma.join(str(place + 1) for place in found)}{_REASON[language]}"

    def _shown(self, hint: Hint) -> tuple[float, ...]:
        """Probabilities of the options in the order shown."""
        own = self._chances.get((hint.population, hint.item))
        if own is None:
            own = self._chances[hint.population, hint.item] = self._own(hint)
        bias = self.params.position_bias
        if not bias:
            return tuple([own[option] for option in hint.order])
        return tuple([(1 - bias) * own[option] + bias * (place == 0) for place, option in enumerate(hint.order)])

    def _own(self, hint: Hint) -> tuple[float, ...]:
        """Probabilities of the options in the survey's own order."""
        size = len(hint.order)
        shares = self.source.reference.get(self.params.country or hint.population, {}).get(hint.item, ())
        if len(shares) != size:
            shares = (1 / size,) * size
        raised = [share ** (1 + self.params.tilt) for share in shares]
        lean, total = self.params.lean, sum(raised)
        return tuple((1 - lean) * share / total + lean * (place == size - 1) for place, share in enumerate(raised))


def _at(chances: tuple[float, ...], point: float) -> int:
    """The option in whose part of the unit interval a point lies."""
    end = 0.0
    for place, chance in enumerate(chances):
        end += chance
        if point < end:
            return place
    return max(place for place, chance in enumerate(chances) if chance)


def _bounded(chances: Sequence[float], least: int, most: int) -> list[float]:
    """Chances whose sum lies between `least` and `most`: scaled down, or what is left to 1 is."""
    total = sum(chances)
    if math.ceil(total - 1e-9) > most:
        return [chance * most / total for chance in chances]
    if math.floor(total + 1e-9) < least:
        left = len(chances) - total
        return [1 - (1 - chance) * (len(chances) - least) / left for chance in chances]
    return list(chances)


def _systematic(chances: Sequence[float], order: Sequence[int], point: float, choose: tuple[int, int]) -> list[int]:
    """Each place with its chance, by points one apart over the chances laid end to end (Madow 1949)."""
    found: list[int] = []
    end = 0.0
    for place in order:
        begin, end = end, end + chances[place]
        if math.ceil(end - point - 1e-12) > math.ceil(begin - point - 1e-12):
            found.append(place)
    rest = [place for place in order if place not in found]
    # Rounding may put a point just outside.
    return sorted([*found, *rest[: max(0, choose[0] - len(found))]][: choose[1]])


def _uniform(seed: int, stream: int) -> float:
    """A number in [0, 1) out of a seed and a stream (the finaliser of SplitMix64)."""
    word = (stream + 0x9E3779B97F4A7C15 * (seed + 1)) & 0xFFFFFFFFFFFFFFFF
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return ((word ^ (word >> 31)) >> 11) / 2**53


def _tokens(prompt: Prompt) -> int:
    return 1 + (sum([len(turn.text) for turn in prompt.turns]) + len(prompt.opening)) // 4


def _can(params: Params) -> frozenset[Capability]:
    return frozenset({"score", "generate", "beams", "beam_sampling", "streams", "likelihood"})


def _identify(source: ModelSource, params: Params) -> Identity:
    settings = params.model_dump(mode="json", exclude={"like", "latency"})
    return {
        "engine": "simulated",
        "version": VERSION,
        "answers_by": "hint",
        "settings": digest(settings),
        "reference": digest({country: dict(items) for country, items in source.reference.items()}),
    }


def _open(source: ModelSource, params: Params) -> _Simulated:
    return _Simulated(_identify(source, params), params, source)


simulated = Backend(
    params=Params,
    needs_weights=False,
    in_process=True,
    can=_can,
    identify=_identify,
    open=_open,
    memory=lambda source, params: 0,
    window=lambda source, params: params.window,
)
