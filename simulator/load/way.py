"""The way of one dialogue to the server, with what goes wrong on it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from simulator.load.client import Client
from simulator.load.plan import Mix
from ussd.callback import WireReply, WireRequest


class RetryDiffers(Exception):
    """A callback was sent twice, and the answers are not the same bytes."""


@dataclass(frozen=True, slots=True)
class Way:
    """A carrier that is now and then left by its subscriber's operator, and now and then sends what it has twice."""

    client: Client
    sent: Callable[[], None]
    """Told of each moment at which something is sent."""
    mix: Mix
    chance: Random | None
    """By which it goes wrong; without it nothing does."""

    async def carry(self, wire: WireRequest) -> WireReply:
        """Bring one request. Raises CallFailed, and RetryDiffers."""
        request = self.client.written(wire)
        if self.chance is None:
            return await self.client.ask(request, self.sent)
        if self.chance.random() < self.mix.leave:
            # Before the server has read it, or while it is at work, or when the answer is on its way.
            seconds = self.chance.random() * self.client.took
            await self.client.leave(request, seconds, self.sent)
        if self.chance.random() < self.mix.duplicates:
            return await self._twice(request)
        return await self.client.ask(request, self.sent)

    async def _twice(self, request: bytes) -> WireReply:
        answers = await asyncio.gather(
            self.client.ask(request, self.sent), self.client.ask(request, self.sent), return_exceptions=True
        )
        said = [_said(answer) for answer in answers]
        if _bytes(said[0]) != _bytes(said[1]):
            raise RetryDiffers
        return said[0]


def _said(answer: WireReply | BaseException) -> WireReply:
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _bytes(reply: WireReply) -> tuple[int, str, bytes]:
    return reply.status, reply.content_type, reply.body
