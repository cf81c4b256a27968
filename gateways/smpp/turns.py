"""How many callbacks of a gateway begin at once: an SMSC delivers a thousand in a moment, and all want Redis first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

AT_ONCE = 64
"""As many as the store has connections (ussd/store/client.py): with more, each waits longer than the store has patience
for, and all get its apology."""
SECONDS = 0.5
"""What has not ended by then waits for a registry, and holds nobody up."""


class Turns:
    """First come, first served."""

    def __init__(self, at_once: int = AT_ONCE, seconds: float = SECONDS) -> None:
        """`seconds`: after which who has a turn loses it, and goes on."""
        self._free, self._seconds = asyncio.Semaphore(at_once), seconds

    @asynccontextmanager
    async def one(self, until: float) -> AsyncIterator[None]:
        """Wait for a turn. Raises TimeoutError where there is none by `until`, the loop's time."""
        async with asyncio.timeout_at(until):
            await self._free.acquire()
        turn = _Turn(self._free)
        timer = asyncio.get_running_loop().call_later(self._seconds, turn.end)
        try:
            yield
        finally:
            timer.cancel()
            turn.end()


class _Turn:
    """Ends once, whoever ends it first."""

    def __init__(self, free: asyncio.Semaphore) -> None:
        self._free, self._ended = free, False

    def end(self) -> None:
        if not self._ended:
            self._ended = True
            self._free.release()
