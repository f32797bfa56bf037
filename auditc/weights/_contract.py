"""What a source of weights is: typed parameters, a pin that identifies them, and a way to fetch them into the cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

P = TypeVar("P", bound=BaseModel)


class WeightsUnavailable(Exception):
    """The weights could not be fetched, or are not what their pin says. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Weights in the cache. `format` is `gguf` (one file `model.gguf` in `folder`) or `safetensors` (a model folder).
    `digest` is sha256 over the content, whatever the file's name or the library that wrote it."""

    folder: Path
    format: str
    digest: str
    licence: str


@dataclass(frozen=True, slots=True)
class Weights(Generic[P]):
    """`pin` is what the lock holds before anything is fetched; `None` says that the author pinned nothing."""

    params: type[P]
    pin: Callable[[P], str | None]
    fetch: Callable[[P, Path, Callable[[str], None]], Fetched]
    """(parameters, cache folder, a function that is told of progress in words) -> fetched. Does nothing twice."""
    locate: Callable[[P, Path], Fetched | None]
    """What is in the cache already, or None; opens no network."""
    adapters: bool = False
    """Whether adapters come from here as well: a folder with `adapter_config.json` is then as good as a model's."""
    modules: Callable[[P], tuple[str, ...]] = lambda params: ()
    """The names of the network's linear modules in a layer, where they are known without its files; else nothing."""
