"""A shelf: a folder whose every module is one thing of one kind, called by its module name.

Listing a shelf imports nothing from it; taking a thing imports that thing alone. A module or folder `x` on the
shelf holds an object named `x`; so the word in a spec, the file and the object are one name.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import pkgutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


@cache
def _listed(folders: tuple[str, ...]) -> tuple[str, ...]:
    """What stands in the folders of a shelf; looked up once, for every block of a spec asks."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(folders) if not m.name.startswith("_")))


@dataclass(frozen=True, slots=True)
class Shelf(Generic[T]):
    """Things of type `contract`, one for each public module of `package`."""

    package: str
    contract: type[T]

    def names(self) -> tuple[str, ...]:
        """The words a spec may use, sorted. Imports no thing."""
        return _listed(tuple(importlib.import_module(self.package).__path__))

    def take(self, name: str) -> T:
        """The thing called `name`. Raises KeyError for a name that is not on the shelf."""
        if name not in self.names():
            raise KeyError(name)
        thing = getattr(importlib.import_module(f"{self.package}.{name}"), name)
        if not isinstance(thing, self.contract):
            raise TypeError(f"{self.package}.{name} is not a {self.contract.__name__}")
        return thing

    def digest(self, name: str) -> str:
        """sha256 over the source files of one thing: what a cache of its results must be keyed by."""
        spec = importlib.util.find_spec(f"{self.package}.{name}")
        if spec is None or spec.origin is None:
            raise KeyError(name)
        origin = Path(spec.origin)
        files = sorted(origin.parent.rglob("*")) if origin.name == "__init__.py" else [origin]
        digest = hashlib.sha256()
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(file.relative_to(origin.parent).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
        return digest.hexdigest()
