"""Calls of scripts that share round trips: those of all who wait now go out together, in one pipeline.

A call by itself costs redis-py more than Redis and the step together, and one of thirty in a pipeline a fifth of that.
Every script may be run twice with the effect of once, or, of a rate, with the effect of one fewer let through; so a
call whose reply was lost is sent again, once.
"""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha1
from pathlib import Path
from typing import cast

from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import NoScriptError, RedisError
from redis.exceptions import TimeoutError as TookTooLong

from ussd.store.places import Client, lane_of

Args = Sequence[str | bytes | int]
UNDER_WAY = 2
"""Pipelines at a time on one lane: while Redis works on one, the next is written."""
TOGETHER = 256
"""Calls in one pipeline: more would keep the first of them waiting for the last."""
PATIENCE = 0.44
"""Seconds that a pipeline may take."""
_TURN = 0.05
"""Seconds by which the loop may be late, and in which it reads what came while it was."""
YOUNG = 0.46
"""Seconds since a call was made in which it may be sent again: after the first pipeline's time, and with time left."""


class Stray(RedisError):
    """A reply was to another request."""


@dataclass(frozen=True, slots=True)
class Script:
    """A script, by its text and by the name that Redis has for it."""

    text: bytes
    sha: str

    @classmethod
    def beside(cls, name: str) -> "Script":
        """The script `<name>.lua` of this folder."""
        text = Path(__file__).with_name(f"{name}.lua").read_bytes()
        return cls(text, sha1(text, usedforsecurity=False).hexdigest())


@dataclass(slots=True)
class _Call:
    """One call of a script, from when it is made until it is answered."""

    script: Script
    keys: Sequence[str]
    args: Args
    answer: asyncio.Future[Sequence[bytes | None]]
    since: float
    nonce: bytes
    unknown: bool = False
    """Redis has forgotten the script."""
    sent: bool = False

    def words(self) -> tuple[str | bytes | int, ...]:
        command: tuple[str | bytes, ...] = ("EVAL", self.script.text) if self.unknown else ("EVALSHA", self.script.sha)
        return (*command, len(self.keys), *self.keys, self.nonce, *self.args)

    def read(self, found: object) -> None:
        """Take what came for it. Raises what was the matter."""
        match found:
            case [bytes() as echo, *rest] if echo == self.nonce:
                if not self.answer.done():
                    self.answer.set_result(cast(list[bytes | None], rest))
            case Exception():
                raise found
            case _:
                raise Stray("Redis answered another request")

    def fail(self, fault: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(fault)


@dataclass(slots=True)
class _Lane:
    """Those who wait for the same server."""

    waiting: deque[_Call] = field(default_factory=deque)
    under_way: int = 0


class Pipelines:
    """All calls of one event loop."""

    def __init__(self, client: Client, stray: Callable[[], None]) -> None:
        """`stray` is told of replies that were to another request."""
        self._client, self._stray = client, stray
        self._lanes: dict[str, _Lane] = {}
        self._carrying: set[asyncio.Task[None]] = set()

    def run(self, script: Script, keys: Sequence[str], args: Args) -> asyncio.Future[Sequence[bytes | None]]:
        """What a script found. The future raises RedisError, OSError or TimeoutError, within a second.

        Every script says our nonce before what it found, so that a reply to another request is never read.
        """
        loop = asyncio.get_running_loop()
        call = _Call(script, keys, args, loop.create_future(), loop.time(), os.urandom(8))
        self._wait(call)
        return call.answer

    async def close(self) -> None:
        """See through what is under way."""
        while self._carrying:
            await asyncio.wait(self._carrying)

    def _wait(self, call: _Call) -> None:
        name = lane_of(self._client, call.keys[0])
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = _Lane()
        lane.waiting.append(call)
        if lane.under_way < UNDER_WAY:
            lane.under_way += 1
            carrying = asyncio.get_running_loop().create_task(self._carry(lane))
            self._carrying.add(carrying)
            carrying.add_done_callback(self._carrying.discard)

    async def _carry(self, lane: _Lane) -> None:
        """Send what waits, until nothing does. It begins after all that is ready now, which so goes along."""
        try:
            while calls := _next(lane.waiting):
                await self._send(calls)
        finally:
            lane.under_way -= 1

    async def _send(self, calls: Sequence[_Call]) -> None:
        again: list[tuple[_Call, Exception]] = []
        for call, found in zip(calls, await self._found(calls), strict=True):
            try:
                call.read(found)
            except NoScriptError:
                call.unknown = True
                self._wait(call)
            except (Stray, Disconnected, TookTooLong, OSError) as fault:
                again.append((call, fault))
            except Exception as fault:
                call.fail(fault)
        if any(not isinstance(why, Disconnected) for _, why in again):
            await self._begin_anew(sum(isinstance(why, Stray) for _, why in again))
        for call, why in again:
            self._once_more(call, why)

    async def _begin_anew(self, strays: int) -> None:
        """A connection that answers others, or says nothing, is not used again; nor is one that is idle beside it."""
        for _ in range(strays):
            self._stray()
        await self._client.hang_up()

    async def _found(self, calls: Sequence[_Call]) -> Sequence[object]:
        """What came for each; where nothing came at all, why."""
        pipeline = self._client.pipeline(transaction=False)
        for call in calls:
            pipeline.execute_command(*call.words())
        try:
            async with _in_time(PATIENCE):
                return await pipeline.execute(raise_on_error=False)
        except Exception as fault:
            return [fault] * len(calls)

    def _once_more(self, call: _Call, fault: Exception) -> None:
        young = asyncio.get_running_loop().time() - call.since < YOUNG
        if call.sent or not young or call.answer.done():
            call.fail(fault)
        else:
            call.sent = True
            self._wait(call)


@asynccontextmanager
async def _in_time(seconds: float) -> AsyncIterator[None]:
    """As `asyncio.timeout`; but where the loop itself was late, what has come meanwhile is read before time is up."""
    clock = asyncio.get_running_loop().time
    due = clock() + seconds

    async with asyncio.timeout(None) as limit:

        def over() -> None:
            limit.reschedule(clock() + (_TURN if clock() - due > _TURN else 0))

        handle = asyncio.get_running_loop().call_at(due, over)
        try:
            yield
        finally:
            handle.cancel()


def _next(waiting: deque[_Call]) -> list[_Call]:
    """Those who are sent together. Whoever has gone away meanwhile is not."""
    calls: list[_Call] = []
    while waiting and len(calls) < TOGETHER:
        call = waiting.popleft()
        if not call.answer.done():
            calls.append(call)
    return calls
