"""An event loop in which nobody waits: where nothing is ready its clock jumps to the next timer.

What runs when is a function of the seed alone, and hours pass in milliseconds.
"""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

BEGAN = 1_700_000_000.0
"""Seconds since 1970 at which each schedule begins."""


class Stuck(Exception):
    """Somebody waits for what will never happen."""


class VirtualLoop(asyncio.BaseEventLoop):
    """It watches no sockets, and what is ready at one time runs in an order that is drawn."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance, self._now = chance, 0.0
        self._selector = self

    def time(self) -> float:
        """Seconds since the schedule began."""
        return self._now

    def wall(self) -> float:
        """Seconds since 1970."""
        return BEGAN + self._now

    def select(self, timeout: float | None) -> Sequence[object]:
        """Let that much time pass. Raises Stuck."""
        if timeout is None:
            raise Stuck
        self._now += timeout
        return ()

    def _process_events(self, events: object) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody waits in a selector who would have to be woken."""

    def _run_once(self) -> None:
        ready: Any = self._ready  # type: ignore[attr-defined]
        if len(ready) > 1:
            self._chance.shuffle(ready)
        super()._run_once()  # type: ignore[misc]
