"""From prompts to token numbers and back: the chat template, the opening, and which token a spelling is after it.

For every backend that feeds a model by itself: with one tokenizer they all feed the same tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from auditc.backends._faults import plain
from auditc.ir.exchange import Failure, Prompt, ScoreRequest

TAIL = 64
"""Characters before a spelling that are looked at to find its token; see `Prompts.tokens_of`."""


DATE = ("01 Jan 2026", "2026-01-01")
"""What a template is told when it asks what day it is: an answer must not depend on the day it was asked for."""


def dated(template: Any) -> Any:
    """The template with its `strftime_now` telling the same date for ever; others are left as they are."""
    if not isinstance(template, str) or "strftime_now" not in template:
        return template
    said = "{% if form == '%d %b %Y' %}" + DATE[0] + "{% else %}" + DATE[1] + "{% endif %}"
    return "{% macro strftime_now(form) %}" + said + "{% endmacro %}" + template


@dataclass(frozen=True, slots=True)
class Fed:
    """A prompt as the model gets it: its text, and its tokens."""

    text: str
    ids: tuple[int, ...]


@dataclass(slots=True)
class Prompts:
    """Feeds prompts to one tokenizer. `window` is the longest sequence the model knows, or None."""

    tokenizer: Any
    window: int | None

    def feed(self, prompts: Sequence[Prompt]) -> list[Fed | Failure]:
        """One for each prompt. A template that fails, or a prompt beyond the window, is a Failure of that prompt."""
        lead = () if self.tokenizer.chat_template else self._lead()
        return self._fed([_whole(self._text(prompt)) for prompt in prompts], lead, "prompt", 1)

    def plain(self, texts: Sequence[str]) -> list[Fed | Failure]:
        """Texts as they stand, after the token for the beginning of a text where the tokenizer puts one, whatever its
        chat template does. One without any token that follows another is a Failure, and so is one beyond the window."""
        return self._fed([_whole(text) for text in texts], self._lead(), "text", 2)

    def given(self, fed: Fed) -> str:
        """The beginning of a text that no token stands before: nothing of it where a token for the beginning of a text
        does. Where its first token ends within a character, that character is none of it."""
        if self._lead():
            return ""
        first = decoded(self.tokenizer, fed.ids[:1])
        return first if fed.text.startswith(first) else ""

    def encode(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        """Tokens of each text and nothing more: a template writes its own beginning of text."""
        if not texts:
            return []
        return [tuple(ids) for ids in self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]]

    def tokens_of(self, fed: Fed, spellings: Sequence[str], tails: dict[str, tuple[int, ...]]) -> list[int | None]:
        """The one token that each spelling is after the prompt, or None where it is not exactly one.

        A spelling may merge with what stands before it, so it is tokenised in place. Merges reach a few characters back
        and no further: the end of the prompt stands for all of it, wherever its last tokens come out the same alone.
        `tails` remembers what was tokenised.
        """
        tail = fed.text[-TAIL:]
        self.remember([tail, *(tail + spelling for spelling in spellings)], tails)
        context = tails[tail]
        if len(tail) < len(fed.text) and fed.ids[-4:] != context[-4:]:
            tail, context = fed.text, self.encode([fed.text])[0]
            self.remember([tail + spelling for spelling in spellings], tails)
        found: list[int | None] = []
        for spelling in spellings:
            ids = tails[tail + spelling]
            one = len(ids) == len(context) + 1 and ids[:-1] == context
            found.append(ids[-1] if one else None)
        return found

    def options(
        self, fed: Fed, request: ScoreRequest, tails: dict[str, tuple[int, ...]]
    ) -> tuple[tuple[int, ...], ...] | Failure:
        """The tokens of each option. An option needs a spelling that is one token here; no two share a token."""
        flat = [spelling for spellings in request.spellings for spelling in spellings]
        tokens = iter(self.tokens_of(fed, flat, tails))
        options: list[tuple[int, ...]] = []
        taken: set[int] = set()
        for position, spellings in enumerate(request.spellings):
            found = [next(tokens) for _ in spellings]
            ids = tuple(dict.fromkeys(token for token in found if token is not None))
            if not ids:
                return Failure("spelling", f"no spelling of option {position + 1} is one token here: {list(spellings)}")
            if taken.intersection(ids):
                return Failure(
                    "spelling", f"option {position + 1} shares a token with an earlier option: {list(spellings)}"
                )
            taken.update(ids)
            options.append(ids)
        return tuple(options)

    def beyond(self, fed: Fed, new: int) -> Failure | None:
        """A Failure where the prompt and `new` tokens after it do not fit into the window."""
        if self.window is None or len(fed.ids) + new <= self.window:
            return None
        asked = f"{len(fed.ids)} tokens and {new} new ones"
        return Failure("too_long", f"the prompt has {asked}, the model's window {self.window}")

    def remember(self, texts: Sequence[str], tails: dict[str, tuple[int, ...]]) -> None:
        """Tokenise those of `texts` that `tails` does not know yet, all at once."""
        new = [text for text in dict.fromkeys(texts) if text not in tails]
        tails.update(zip(new, self.encode(new), strict=True))

    def _text(self, prompt: Prompt) -> str | Failure:
        if not self.tokenizer.chat_template:
            return "\n\n".join(turn.text for turn in prompt.turns) + "\n" + prompt.opening
        turns = [{"role": turn.role, "content": turn.text} for turn in prompt.turns]
        try:
            text = self.tokenizer.apply_chat_template(
                turns, chat_template=dated(self.tokenizer.chat_template), add_generation_prompt=True, tokenize=False
            )
        except (
            Exception
        ) as fault:  # the template is the model maker's program: whatever it does is this request's fault
            return Failure("engine", f"the model's chat template failed: {plain(fault)}")
        return str(text) + prompt.opening

    def _fed(self, texts: Sequence[str | Failure], lead: tuple[int, ...], kind: str, least: int) -> list[Fed | Failure]:
        """Each text with its tokens after `lead`. Fewer than `least` are a Failure, and so is one beyond the window."""
        encoded = iter(self.encode([text for text in texts if isinstance(text, str)]))
        fed: list[Fed | Failure] = []
        for text in texts:
            if isinstance(text, Failure):
                fed.append(text)
                continue
            ids = lead + next(encoded)
            if self.window is not None and len(ids) > self.window:
                fed.append(Failure("too_long", f"the {kind} has {len(ids)} tokens, the model's window {self.window}"))
            elif len(ids) < least:
                few = "no tokens" if least == 1 else "no token that follows another"
                fed.append(Failure("engine", f"the {kind} has {few}"))
            else:
                fed.append(Fed(text, ids))
        return fed

    def _lead(self) -> tuple[int, ...]:
        """The beginning-of-text token, where the tokenizer puts one before a text that no template wrote."""
        first = self.tokenizer("", add_special_tokens=True)["input_ids"]
        begin = self.tokenizer.bos_token_id
        return (begin,) if begin is not None and list(first[:1]) == [begin] else ()


def _whole(text: str | Failure) -> str | Failure:
    """Half a character (a lone surrogate) is no text to a tokenizer, which would refuse the whole batch for it."""
    if isinstance(text, str) and not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return Failure("engine", "the prompt holds half a character, which no tokenizer takes")
    return text


def text(tokenizer: Any, prompt: Sequence[int], ids: Sequence[int]) -> str:
    """What `ids` add to the prompt. Decoded together with its end: some tokenizers drop a space at the beginning."""
    before = decoded(tokenizer, prompt[-4:])
    after = decoded(tokenizer, [*prompt[-4:], *ids])
    return after[len(before) :] if after.startswith(before) else decoded(tokenizer, ids)


def decoded(tokenizer: Any, ids: Sequence[int]) -> str:
    """The words of `ids`, without the tokens that only structure a conversation."""
    return str(tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))
