"""A process that lets callbacks in, on a clock of its own."""

import asyncio

from ussd.admission import Kind, Shed, Slot, Turns
from ussd.admission.limit import Limit

GOING, DIAL = Kind.GOING, Kind.DIAL
LONG_AGO = 2000
"""Seconds."""


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Door:
    """A process with so many places, long after its start; whoever comes is written down when it is let in.

    Until now its dialogues were over with their first screen.
    """

    def __init__(self, places: int, fresh: bool = False, few: int = 0) -> None:
        self.clock = Clock()
        self.turns = Turns(clock=self.clock, few=few)
        for _ in range(0 if fresh else LONG_AGO * 20):
            slot = self.turns.at_once(DIAL)
            self.clock.now += 0.05
            slot and slot.leave()
        self.turns.limit = self.limit = Limit()
        self.limit.value = places
        self.let_in: list[str] = []
        self.shed: dict[str, float] = {}
        """Who was turned away, and after how many seconds."""
        self._slots: list[Slot] = []
        self._waiting: list[asyncio.Task[None]] = []

    async def comes(self, kind: Kind, name: str, seconds: float = 60.0) -> None:
        self._waiting.append(asyncio.create_task(self._comes(kind, name, seconds)))
        await asyncio.sleep(0)

    async def _comes(self, kind: Kind, name: str, seconds: float) -> None:
        came = self.clock.now
        try:
            slot = self.turns.at_once(kind) or await self.turns.wait(kind, asyncio.get_running_loop().time() + seconds)
        except Shed:
            self.shed[name] = self.clock.now - came
        else:
            self.let_in.append(name)
            self._slots.append(slot)

    async def passes(self, seconds: float, done: int = 1) -> None:
        """So long later, as many of those who were let in first are done."""
        self.clock.now += seconds
        for slot in self._slots[:done]:
            slot.leave()
        del self._slots[:done]
        for _ in range(3):
            await asyncio.sleep(0)

    async def gives_up(self, place: int) -> None:
        self._waiting[place].cancel()
        await asyncio.gather(self._waiting[place], return_exceptions=True)

    async def overrun(self) -> None:
        """For a while twice as many dials come as are served."""
        for number in range(140):
            await self.comes(DIAL, f"before {number}")
            if number % 2:
                await self.passes(0.01)
