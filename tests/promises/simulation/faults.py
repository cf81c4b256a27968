"""A process that may be killed, and what lies between it and Redis, the ledger and the registries."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from tests.promises.simulation.clock import VirtualLoop
from tests.promises.simulation.history import History, trouble
from tests.promises.simulation.scripts import Counters
from tests.promises.simulation.store import MemoryStore
from ussd.callback import Reply
from ussd.core.session import Session
from ussd.sessions import Held, Late, Request, SessionKey, StoreAway

T = TypeVar("T")
_PATIENCE = 0.9
"""Seconds until a call to Redis is given up, as in ussd/store/client.py."""


@dataclass(slots=True)
class Weather:
    """How bad things are in one schedule: chances of a call."""

    late: float = 0.0
    away: float = 0.0
    lost: float = 0.0
    """It was done, and its reply is lost."""
    down_until: float = 0.0


@dataclass(eq=False, slots=True)
class Process:
    """One of our processes. After its death whatever it still does reaches nobody."""

    loop: VirtualLoop
    dead: bool = False
    under_way: set["asyncio.Future[None]"] = field(default_factory=set)
    """What its callers wait for."""
    after_death: list["asyncio.Future[None]"] = field(default_factory=list)
    """What its tasks wait for."""

    def kill(self) -> None:
        """SIGKILL: who waits for an answer sees the connection close."""
        self.dead = True
        for waiting in self.under_way:
            if not waiting.done():
                waiting.set_result(None)

    async def lives(self) -> None:
        """Go on, or never."""
        if self.dead:
            self.after_death.append(self.loop.create_future())
            await self.after_death[-1]


class Redis:
    """Redis as one process reaches it: the Store, and the scripts of the limits."""

    def __init__(
        self, memory: MemoryStore, counters: Counters, process: Process, weather: Weather, chance: random.Random
    ) -> None:
        self._memory, self._counters, self._process = memory, counters, process
        self._weather, self._chance = weather, chance

    async def load(self, key: SessionKey, request: Request, code: str) -> Held:
        """As the memory has it."""
        return await self._call(lambda: self._memory.load(key, request, code))

    async def recall(self, key: SessionKey, dropped: str) -> Session | None:
        """As the memory has it."""
        return await self._call(lambda: self._memory.recall(key, dropped))

    async def commit(
        self,
        key: SessionKey,
        request: Request,
        version: int,
        session: Session,
        reply: Reply,
        *,
        offer: bool,
        read_late: bool = False,
        language: str = "",
    ) -> Reply:
        """As the memory has it."""
        ways = {"offer": offer, "read_late": read_late, "language": language}
        return await self._call(
            lambda: self._memory.commit(key, request, version, session, reply, **ways)  # type: ignore[arg-type]
        )

    async def whose(self, gateway: str, session: str, msisdn: str = "") -> str:
        """As the memory has it."""
        return await self._call(lambda: self._memory.whose(gateway, session, msisdn))

    async def keep_late(self, key: SessionKey, late: Late) -> None:
        """As the memory has it."""
        await self._call(lambda: self._memory.keep_late(key, late))

    def script(self, name: str) -> str:
        """A script of the limits, by its name."""
        return name

    async def run(
        self, script: str, keys: Sequence[str], args: Sequence[str | bytes | int], *, again: bool = False
    ) -> Sequence[bytes | None]:
        """Run a script of the limits."""
        return await self._call(lambda: self._counters.run(script, keys, args))

    async def _call(self, does: Callable[[], T]) -> T:
        """There and back, or StoreAway within a second."""
        await self._process.lives()
        chance, weather = self._chance, self._weather
        fate = chance.random() if weather.away or weather.lost or weather.late else 1.0
        if self._process.loop.time() < weather.down_until or fate < weather.away:
            await self._give_up("Redis was away")
        await asyncio.sleep(chance.random() * (0.7 if fate > 1 - weather.late else 0.004))
        if self._process.loop.time() < weather.down_until:
            await self._give_up("Redis was away")
        found = does()
        if fate < weather.away + weather.lost:
            await self._give_up("Redis' reply was lost")
        if chance.random() < 0.5:
            await asyncio.sleep(chance.random() * 0.002)
        await self._process.lives()
        return found

    async def _give_up(self, why: str) -> None:
        await asyncio.sleep(self._chance.choice((0.0, 0.01, _PATIENCE)))
        await self._process.lives()
        trouble(why)
        raise StoreAway


class PowerCuts:
    """Redis that goes down and comes back without its last second."""

    def __init__(self, memory: MemoryStore, weather: Weather, history: History, loop: VirtualLoop) -> None:
        self._memory, self._weather, self._history, self._loop = memory, weather, history, loop

    def cut(self, lost: float, down: float) -> None:
        """Now; so many seconds are lost, and so many pass until it answers again."""
        now = self._loop.time()
        self._weather.down_until = now + down
        self._memory.forget(now - lost)
        self._history.forgotten.append(now)
        for taken in self._history.taken:
            taken.undone = taken.undone or taken.step.at >= now - lost
