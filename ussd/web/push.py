"""The screens of an asynchronous gateway: its callback is acknowledged at once, and its screen goes out by our call.

A screen is sent until the operator takes it or refuses it, at most until the line's deadline and a grace are over: then
it is given up, since the network has let the session go. A call that was not answered in time is made again with the
same octets, the same session and the same number in it; what the operator does with the second is the operator's. Where
our calls end without an answer, the subscriber may therefore read a screen once more, but never another one.

A callback that comes again is acknowledged, and nothing else: of all processes, the one that claimed it in Redis sends
its screen. A process that dies between that claim and its call has sent nothing, and nobody does in its place: the
network times out, and whoever dials again is offered the session where it was. So it is too where a screen is given up.
Where Redis is away nobody can tell, and the apology goes out that all get then.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from random import SystemRandom
from typing import Protocol

import structlog
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout

from ussd.callback import Asynchronous, Callback, CallbackError, Phase, Reply, WireReply
from ussd.line import Line
from ussd.sessions import StoreAway
from ussd.web.auth import Nonces

TRY_SECONDS = 3.0
"""What the operator has for one answer, so that another try fits in the time that is left."""
MAX_ANSWER = 16 * 1024
CLAIMED, CLAIMED_BY_CONTENT = 600, 3
"""Seconds for which a callback is known again: by its id, or, without one, by what it says."""
_PAUSE, _LONGEST_PAUSE = 0.2, 2.0
"""Seconds between two tries: the first, and the most."""
_CLOSING = 1.0
"""Seconds beyond its time that a screen may take to give up."""

_chance = SystemRandom()
_log = structlog.get_logger(__name__)


class Unreachable(Exception):
    """The operator does not answer; the text names the fault, and nothing of what was sent."""


class Send(Protocol):
    """A way to the operator."""

    async def __call__(self, wire: WireReply) -> WireReply:
        """Make one call, and return what was answered. Raises Unreachable."""


class HttpSend:
    """The operator's URL."""

    def __init__(self, client: ClientSession, url: str, *, seconds: float = TRY_SECONDS) -> None:
        """The session stays its owner's."""
        self._client, self._url, self._timeout = client, url, ClientTimeout(total=seconds)

    async def __call__(self, wire: WireReply) -> WireReply:
        """POST it."""
        try:
            async with self._client.post(
                self._url,
                data=wire.body,
                headers={"Content-Type": wire.content_type, "Accept-Encoding": "identity", **wire.headers},
                timeout=self._timeout,
                allow_redirects=False,
            ) as answer:
                return WireReply(await _begun(answer), answer.content_type, answer.status)
        except (ClientError, TimeoutError, OSError) as fault:
            raise Unreachable(type(fault).__name__) from None


async def _begun(answer: ClientResponse) -> bytes:
    """The body of an answer; the beginning of one that is far too long."""
    octets = bytearray()
    while chunk := await answer.content.read(MAX_ANSWER - len(octets)):
        octets += chunk
    return bytes(octets)


@dataclass(frozen=True, slots=True)
class _Took:
    """The operator has the screen."""


@dataclass(frozen=True, slots=True)
class _Refused:
    """It does not want it, and will not."""

    why: str


@dataclass(frozen=True, slots=True)
class _NotNow:
    """It may take it in a moment."""

    why: str


Answer = Callable[[], Awaitable[Reply]]
"""Finds what the handset is to show. Raises CallbackError."""


class Push:
    """The way out of one asynchronous gateway."""

    def __init__(
        self,
        gateway: Asynchronous,
        line: Line,
        once: Nonces,
        send: Send,
        *,
        grace: float = 5.0,
        at_once: int = 1000,
    ) -> None:
        """Send nothing yet. `once` knows callbacks that come again; `grace`: seconds beyond the line's deadline."""
        self._gateway, self._line, self._once, self._send = gateway, line, once, send
        self._grace, self._at_once = grace, at_once
        self._tasks: set[asyncio.Task[None]] = set()
        self._names: dict[str, object] = {"gateway": line.gateway}
        self._open = True

    def through(self, send: Send) -> "Push":
        """The same by another way, and with nothing under way."""
        return Push(self._gateway, self._line, self._once, send, grace=self._grace, at_once=self._at_once)

    def take(self, callback: Callback, answer: Answer) -> WireReply | None:
        """Acknowledge a callback, whose screen is then found and sent; None where too much is under way."""
        if not self._open or len(self._tasks) >= self._at_once:
            _log.warning("push_full", **self._names)
            return None
        acknowledged = self._gateway.acknowledge(callback)
        until = asyncio.get_running_loop().time() + self._line.profile.deadline + self._grace
        task = asyncio.create_task(self._seen_through(callback, answer, until))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return acknowledged

    async def close(self) -> None:
        """Take no more, and see through what is under way; its own time bounds that."""
        self._open = False
        while tasks := set(self._tasks):
            _, late = await asyncio.wait(tasks, timeout=self._line.profile.deadline + self._grace + _CLOSING)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _seen_through(self, callback: Callback, answer: Answer, until: float) -> None:
        try:
            async with asyncio.timeout_at(until):
                await self._answered(callback, answer, until)
        except TimeoutError:
            _log.error("push_given_up", **self._names, why="no time is left")
        except CallbackError as error:
            _log.warning("callback_refused", **self._names, faults=error.faults)
        except asyncio.CancelledError:
            _log.error("push_given_up", **self._names, why="stopped")
            raise
        except Exception:
            _log.exception("push_failed", **self._names)

    async def _answered(self, callback: Callback, answer: Answer, until: float) -> None:
        if callback.phase is not Phase.ABORT and not await self._is_first(callback):
            _log.info("push_repeated", **self._names)
            return
        wire = self._gateway.encode(await answer(), callback)
        if wire.body:
            await self._sent(wire, until)

    async def _is_first(self, callback: Callback) -> bool:
        """Whether nobody has seen this callback yet. Its name is one that no nonce of a signed request has: a list."""
        content = (callback.request,) if callback.request else (callback.phase.value, callback.dialled, callback.typed)
        name = json.dumps(["push", callback.session, callback.msisdn, *content])
        seconds = CLAIMED if callback.request else CLAIMED_BY_CONTENT
        try:
            return await self._once.claim(self._line.gateway, name, seconds)
        except StoreAway:
            _log.warning("replay_unknown", **self._names)
            return True

    async def _sent(self, wire: WireReply, until: float) -> None:
        clock, pause = asyncio.get_running_loop().time, _PAUSE
        for tries in count(1):
            match await self._tried(wire):
                case _Took():
                    _log.info("push_sent", **self._names, tries=tries)
                    return
                case _Refused(why=why):
                    _log.error("push_refused", **self._names, tries=tries, why=why)
                    return
                case _NotNow(why=why):
                    wait = pause * _chance.uniform(0.5, 1.5)
            if clock() + wait >= until:
                _log.error("push_given_up", **self._names, tries=tries, why=why)
                return
            _log.warning("push_again", **self._names, tries=tries, why=why)
            await asyncio.sleep(wait)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _tried(self, wire: WireReply) -> _Took | _Refused | _NotNow:
        try:
            answer = await self._send(wire)
        except Unreachable as fault:
            return _NotNow(str(fault))
        if self._gateway.refused(answer):
            return _Refused("a fault of the operator's words")
        if answer.status >= 500:
            return _NotNow(f"HTTP {answer.status}")
        return _Took() if 200 <= answer.status < 300 else _Refused(f"HTTP {answer.status}")
