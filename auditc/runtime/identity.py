"""What makes a stored answer an answer to this cell: its key.

A key is a hash of everything that can change what is answered: who answers (the engine's identity), how (every
sampling setting), what is asked (the words of the prompt and the spellings that are looked for), and for a sampled
text whose draw it is. Nothing else is in it, so names of blocks, layout, paths and places in the spec change no key.
The random stream of a text is made of its key, so that it hangs on the same things and on nothing else.

An engine that says `answers_by = hint` in its identity looks at the item, country and order that a request stands for,
so for such an engine they are in the key as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from auditc.backends._contract import Identity
from auditc.ir.canonical import canonical
from auditc.ir.exchange import Hint, Prompt, Sampling, Turn

from .segment import KEY_BYTES


@dataclass(frozen=True, slots=True)
class Settings:
    """Who answers and how, for all cells of a stage that are asked alike. `text` is stored beside each answer."""

    text: str
    digest: bytes
    by_hint: bool


def settings(kind: str, identity: Identity, sampling: Sampling | None = None) -> Settings:
    """The settings under which an engine of this identity answers."""
    content = canonical(described(kind, identity, sampling))
    return Settings(content.decode(), hashlib.sha256(content).digest(), identity.get("answers_by") == "hint")


def described(kind: str, identity: Identity, sampling: Sampling | None) -> dict[str, Any]:
    """The settings as JSON."""
    engine = answering(identity, sampling.beams if sampling else 1)
    return {"kind": kind, "engine": engine, "sampling": asdict(sampling) if sampling else None}


def answering(identity: Identity, beams: int) -> dict[str, str | int | float | bool]:
    """What of an engine's identity can change what it answers with so many beams."""
    return {name: said for name, said in identity.items() if beams > 1 or not name.startswith("beams_")}


def decoding(sampling: Sampling) -> Sampling:
    """The sampling settings that matter: deterministic decoding has no temperature, and no cuts."""
    if sampling.sample:
        return sampling
    return Sampling(sample=False, beams=sampling.beams, max_new_tokens=sampling.max_new_tokens, stop=sampling.stop)


class Said(NamedTuple):
    """A turn as it goes into keys: the lengths of its texts, and the texts. Made once for all prompts that hold it."""

    turn: Turn
    lengths: str
    texts: bytes


def said(turn: Turn) -> Said:
    """A turn, ready for keys."""
    return Said(turn, f"{len(turn.role)}, {len(turn.text)}", (turn.role + turn.text).encode())


def score_key(how: Settings, prompt: Prompt, spellings: tuple[tuple[str, ...], ...], hint: Hint) -> bytes:
    """The key of a Score cell."""
    return _key_of(how, prompt, spellings, hint)


def text_key(how: Settings, prompt: Prompt, draw: tuple[int, str, int, str] | None, hint: Hint) -> bytes:
    """The key of a turn. `draw` is (seed, country, draw index, item id); None for deterministic decoding."""
    return _key_of(how, prompt, draw, hint)


def stream(key: bytes) -> int:
    """The 64-bit seed of a text's own random stream."""
    return int.from_bytes(hashlib.sha256(b"stream" + key).digest()[:8], "big")


def _key_of(how: Settings, prompt: Prompt, more: object, hint: Hint) -> bytes:
    return key(how, [said(turn) for turn in prompt.turns], prompt.opening, repr(more), looked_at(how, hint))


def looked_at(how: Settings, hint: Hint) -> str:
    """What an engine looks at of a hint, written out for `key`."""
    if not how.by_hint:
        return repr(None)
    together = (hint.listed, hint.choose) if hint.listed else ()
    return repr((hint.item, hint.population, hint.order, *together))


def key(how: Settings, turns: Sequence[Said], opening: str, more: str, looked_at: str) -> bytes:
    """The key of a cell whose parts are written out: `more` is the `repr` of the spellings of a Score cell, and of the
    draw of a turn."""
    # The lengths go in before the texts, so that no two different lists of texts make the same bytes.
    lengths = "".join([turn.lengths + ", " for turn in turns])
    content = [how.digest, f"([{lengths}{len(opening)}], {more}, {looked_at})".encode()]
    content += [turn.texts for turn in turns]
    content.append(opening.encode())
    return hashlib.sha256(b"".join(content)).digest()[:KEY_BYTES]
