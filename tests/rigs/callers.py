"""Subscribers who take steps at a store until told, whatever becomes of Redis, and look at what they are answered."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ussd.callback import Reply
from ussd.core.session import Session
from ussd.sessions import Request, SessionKey, StoreAway
from ussd.store import RedisStore

_REST = 0.01
"""Seconds between two steps."""


@dataclass
class Caller:
    """One who takes one step after the other."""

    store: RedisStore
    key: SessionKey
    session: Session
    answered: list[tuple[float, Request]] = field(default_factory=list)
    """When, and what."""
    refused: list[float] = field(default_factory=list)
    """When the store was away."""
    wrong: list[tuple[Request, Reply]] = field(default_factory=list)
    slowest: float = 0.0

    async def call(self) -> None:
        """Take steps until cancelled."""
        number, clock = 0, asyncio.get_running_loop().time
        while True:
            number, began = number + 1, clock()
            try:
                await self._step(Request(f"{number}", ""))
            except StoreAway:
                self.refused.append(clock())
            self.slowest = max(self.slowest, clock() - began)
            await asyncio.sleep(_REST)

    def reply(self, request: Request) -> Reply:
        """What nobody but this one is answered, and only to this."""
        return Reply(f"{self.key.msisdn} {request.id}", ends=False)

    async def _step(self, request: Request) -> None:
        held = await self.store.load(self.key, request, "")
        ours = self.reply(request)
        reply = await self.store.commit(self.key, request, held.version, self.session, ours, offer=True)
        if reply == ours:
            self.answered.append((asyncio.get_running_loop().time(), request))
        else:
            self.wrong.append((request, reply))


@asynccontextmanager
async def calling(callers: Sequence[Caller]) -> AsyncIterator[None]:
    """Callers at work; whatever else than StoreAway one of them meets is raised."""
    tasks = [asyncio.create_task(one.call()) for one in callers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
    for one in found:
        if not isinstance(one, asyncio.CancelledError):
            raise AssertionError from one if isinstance(one, BaseException) else None


def lines(key: SessionKey, count: int) -> list[SessionKey]:
    """Lines of their own."""
    return [SessionKey(key.gateway, f"98912{number:07}", key.session) for number in range(count)]
