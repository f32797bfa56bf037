"""What this machine trains with: asked once for all trainings of a plan, since each answer may take an interpreter."""

from __future__ import annotations

from dataclasses import dataclass, field

from .recipe import versions
from .spread import Spread, spread


@dataclass(slots=True, eq=False)
class Machine:
    """Remembers what it was told. What could not be told is asked again."""

    _versions: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)
    _spread: list[Spread | None] = field(default_factory=list)

    def versions(self, packages: tuple[str, ...]) -> dict[str, str]:
        """See `recipe.versions`. Raises OSError or ValueError."""
        if packages not in self._versions:
            self._versions[packages] = versions(packages)
        return self._versions[packages]

    def spread(self) -> Spread | None:
        """See `spread.spread`. Raises ValueError."""
        if not self._spread:
            self._spread.append(spread())
        return self._spread[0]
