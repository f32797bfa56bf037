"""Whether a server still answers at all: when it does not, the run stops and asks no further ten thousand times."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from auditc.backends._contract import EngineStopped

from .trouble import Trouble

AT_FIRST = 8
"""So many requests may fail for good, one after the other, before there was any answer."""

LATER = 64
"""And so many afterwards."""

DOORS = 5
"""So many may be turned away as a wrong key is, one after the other, once there was an answer; before it, one."""


@dataclass(slots=True)
class Standing:
    """Counts what failed since the last answer. Used by many threads."""

    whom: str
    """The model and the server, in words."""
    remedies: dict[str, str]
    """What to do, by the first three digits of what the server said; `""` for the rest."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _answered: bool = False
    _failed: int = 0
    _turned_away: int = 0
    _stopped: EngineStopped | None = None

    def check(self) -> None:
        """Raises EngineStopped once it was raised."""
        if self._stopped is not None:
            raise self._stopped

    def good(self) -> None:
        """A request was answered."""
        with self._lock:
            self._answered, self._failed, self._turned_away = True, 0, 0

    def bad(self, trouble: Trouble, at_once: bool = False) -> None:
        """A request failed for good. Raises EngineStopped where the server seems to answer nobody, or says so
        (`at_once`)."""
        with self._lock:
            self._failed += 1
            self._turned_away += trouble.closed
            doors, failed = (DOORS, LATER) if self._answered else (1, AT_FIRST)
            if self._stopped is None and (at_once or self._turned_away >= doors or self._failed >= failed):
                self._stopped = EngineStopped(self._message(trouble, at_once), self._remedy(trouble))
        self.check()

    def _message(self, trouble: Trouble, at_once: bool) -> str:
        if at_once:
            return f"{self.whom} asks to be left alone for {trouble.wait or 0:,.0f} seconds: {trouble.detail}"
        if self._turned_away:
            return f"{self.whom} takes no request: {trouble.detail}"
        return f"{self.whom} has not answered {self._failed} requests in a row; the last: {trouble.detail}"

    def _remedy(self, trouble: Trouble) -> str:
        return self.remedies.get(trouble.detail[:3], self.remedies.get("", ""))
