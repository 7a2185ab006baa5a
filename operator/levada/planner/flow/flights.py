"""Work that is under way: who wants the same waits for its results instead of doing it too."""

from __future__ import annotations

from typing import Generic, TypeVar

Who = TypeVar("Who")


class Flights(Generic[Who]):
    """The flights of one engine; who is at which work, and who waits for whom.

    A flight is not a lock: where it is lost (a restart), the work is done twice, and both results are right.
    """

    def __init__(self) -> None:
        self._pilots: dict[str, Who] = {}
        self._keys: dict[Who, str] = {}
        self._waiting: dict[str, dict[Who, None]] = {}

    def board(self, key: str, who: Who) -> Who | None:
        """Begin the work `key`, unless another is at it: then that one is returned, and `who` waits for it."""
        pilot = self._pilots.setdefault(key, who)
        if pilot != who:
            self._waiting.setdefault(key, {})[who] = None
            return pilot
        self._keys[who] = key
        return None

    def land(self, who: Who) -> list[Who]:
        """End what `who` was at, whatever became of it. Returns those who waited for it: they look again."""
        key = self._keys.pop(who, None)
        if key is None:
            return []
        del self._pilots[key]
        return list(self._waiting.pop(key, {}))
