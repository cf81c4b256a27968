"""How many callbacks are worked on at once: a thousand may come in a moment, and all want Redis first.

With more than the store has connections each waits longer than the store has patience for, and all get its apology; so
the others wait for their turn, in their order, as long as their gateways do.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

AT_ONCE = 64
"""As many as the store has connections (ussd/store/client.py)."""


class NoSlot(Exception):
    """None was free in time."""


class Slot:
    """A place among those who are worked on. It is left once, by whoever leaves it first."""

    def __init__(self, free: asyncio.Semaphore) -> None:
        """It has been taken."""
        self._free, self._left = free, False

    def leave(self) -> None:
        """Make room: for who waits for the world outside, and at the end."""
        if not self._left:
            self._left = True
            self._free.release()


class Slots:
    """First come, first served."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        """All are free."""
        self._free = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def one(self, until: float) -> AsyncIterator[Slot]:
        """Wait for one until then, by the loop's time. Raises NoSlot."""
        try:
            async with asyncio.timeout_at(until):
                await self._free.acquire()
        except TimeoutError:
            raise NoSlot from None
        slot = Slot(self._free)
        try:
            yield slot
        finally:
            slot.leave()
