"""A subscriber's line: the call that is open on it, and what the network does to its callbacks. Nothing is drawn."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import uuid4

from simulator.call import Call, CallFailed, Carrier
from simulator.phone.network import Network, operator_of
from simulator.phone.trouble import Trouble
from simulator.phone.wire import Overseen, Told, noted
from ussd.callback import Reply
from ussd.settings.sending import ASYNCHRONOUS

ON_ITS_WAY = 0.1
"""Seconds after which a subscriber hangs up who does not wait for the answer."""
ASK_AGAIN = 1.0
"""Seconds after which a gateway asks again whose reply was lost."""
WORTH_TELLING = 1.0
"""Seconds of waiting that a transcript is told of: how soon a callback comes again decides what it is taken for."""

_NO_SCREEN = "it was acknowledged, and no screen was sent for it"


class Recorder(Protocol):
    """Writes down what happens."""

    def dialled(self, line: str, gateway: str, code: str) -> None:
        """A line dialled."""

    def typed(self, text: str) -> None:
        """An answer was sent."""

    def shown(self, reply: Reply) -> None:
        """A screen came."""

    def trouble(self, name: str) -> None:
        """What the network did, by the value of a Trouble; of what happens to a callback it is told before."""

    def waited(self, seconds: float) -> None:
        """Nothing happened for so long, and what comes next depends on it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One callback, which goes out as often as the network likes, and is the same each time."""

    before: Call
    typed: str | None = None

    async def go(self) -> Reply:
        """Send it. Raises CallFailed."""
        call = replace(self.before)
        return await (call.dial() if self.typed is None else call.type(self.typed))

    def after(self) -> Call:
        """The call as it is from then on."""
        return self.before if self.typed is None else replace(self.before, typed=(*self.before.typed, self.typed))


@dataclass(slots=True)
class Subscriber:
    """A line on a network.

    What is sent comes back as the screen to show, or as None where none comes that anybody reads.
    """

    msisdn: str
    network: Network
    gateway: str
    told: Told = lambda entry: None
    """Who is told of all that goes over the wire."""
    recorder: Recorder | None = None
    clock: Callable[[], float] = time.monotonic
    sessions: Callable[[], str] = lambda: uuid4().hex
    ask_again: float = ASK_AGAIN
    armed: Trouble | None = None
    """What is to happen to the next callback."""
    call: Call | None = None
    """The call that is open."""
    _began: float = 0.0
    _last: Sent | None = None
    _sent_at: float = 0.0
    _awaited: Sent | None = None
    _held: list[Sent] = field(default_factory=list)
    _unread: set[asyncio.Task[Reply]] = field(default_factory=set)

    @property
    def seconds_left(self) -> float:
        """What is left of the session."""
        return max(self.network.session_seconds - (self.clock() - self._began), 0.0)

    @property
    def seconds_waited(self) -> float | None:
        """How long a screen has been waited for; None where none is."""
        return self.clock() - self._sent_at if self._awaited else None

    @property
    def is_held(self) -> bool:
        """Whether the last callback is held up."""
        return self._last in self._held

    async def dial(self, code: str) -> Reply | None:
        """Open a call. Raises CallFailed."""
        carrier: Carrier = Overseen(await self.network.open(self.gateway), self.gateway, self.told)
        call = Call(operator_of(self.gateway), carrier, self.msisdn, code, session=self.sessions())
        self._began = self.clock()
        self._happens(self.armed)
        if self.recorder:
            self.recorder.dialled(self.msisdn, self.gateway, code)
        return await self._send(Sent(call))

    async def type(self, text: str) -> Reply | None:
        """Answer the screen that is shown. Raises CallFailed."""
        if self.call is None:
            raise CallFailed("no call is open")
        self._happens(self.armed)
        if self.recorder:
            self.recorder.typed(text)
        return await self._send(Sent(self.call, text))

    async def again(self) -> Reply | None:
        """The last callback, once more. Raises CallFailed; the call is then what it was.

        An asynchronous gateway acknowledges it, and sends no second screen, so none is waited for beside the first.
        """
        if self._last is None:
            raise CallFailed("nothing was sent yet")
        self._waited(self.clock() - self._sent_at)
        self._happens(Trouble.AGAIN)
        if self.gateway in ASYNCHRONOUS and self.call is not None:
            self._left(self._last)
            return None
        self._awaited, self._sent_at = self._last, self.clock()
        return await self._read(self._last, self._last.go())

    async def hang_up(self) -> None:
        """End the call, and have the operator say so where it ever does. Raises CallFailed."""
        call, self.call, self._awaited = self.call, None, None
        if call is not None:
            self._happens(Trouble.HANG_UP)
            await call.hang_up()

    async def expire(self) -> None:
        """The operator ends the call, as its time is up. Raises CallFailed."""
        self._waited(self.network.session_seconds)
        await self.hang_up()

    def drop(self) -> None:
        """Lose the session: nobody is told."""
        self.call = self._awaited = None
        self._happens(Trouble.DROP)

    async def settle(self) -> None:
        """Let what was held up arrive, where another callback has overtaken it."""
        arriving = [one for one in self._held if one is not self._last]
        self._held = [one for one in self._held if one is self._last]
        for sent in arriving:
            self.told(noted("what was held up arrives; nobody reads the answer"))
            with suppress(CallFailed):
                await sent.go()

    async def close(self) -> None:
        """Leave the network: no answer is waited for any more."""
        for task in self._unread:
            task.cancel()
        await asyncio.gather(*self._unread, return_exceptions=True)

    def _happens(self, trouble: Trouble | None) -> None:
        if trouble and self.recorder:
            self.recorder.trouble(trouble.value)
        if trouble:
            self.told(noted(trouble.value))

    def _waited(self, seconds: float) -> None:
        if self.recorder and seconds >= WORTH_TELLING:
            self.recorder.waited(seconds)

    async def _send(self, sent: Sent) -> Reply | None:
        trouble, self.armed = self.armed, None
        self.call, self._last, self._sent_at = sent.after(), sent, self.clock()
        self._awaited = None if trouble in (Trouble.LATE, Trouble.HANG_UP) else sent
        try:
            return await self._befallen(sent, trouble)
        except CallFailed:
            self.call = None
            raise

    async def _befallen(self, sent: Sent, trouble: Trouble | None) -> Reply | None:
        match trouble:
            case Trouble.LATE:
                self._held.append(sent)
                return None
            case Trouble.HANG_UP:
                await self._hung_up(sent)
                return None
            case Trouble.TWICE:
                return await self._read(sent, self._twice(sent))
            case Trouble.LOSE:
                return await self._read(sent, self._lost(sent))
            case _:
                return await self._read(sent, sent.go())

    async def _read(self, sent: Sent, coming: Awaitable[Reply]) -> Reply | None:
        """What comes, if it is still waited for then. Raises CallFailed, also for a mere acknowledgement."""
        try:
            reply = await coming
            if self.gateway in ASYNCHRONOUS and not reply.text:
                raise CallFailed(_NO_SCREEN)
        except CallFailed:
            if self._awaited is not sent:
                return None
            self._awaited = None
            raise
        if self._awaited is not sent:
            self.told(noted("nobody reads that answer"))
            return None
        return self._shown(sent, reply)

    def _shown(self, sent: Sent, reply: Reply) -> Reply:
        self._awaited = None
        self.call = None if reply.ends else sent.after()
        if self.recorder:
            self.recorder.shown(reply)
        return reply

    async def _twice(self, sent: Sent) -> Reply:
        """Two at once; what the first got, or the other where that one got nothing."""
        if self.gateway in ASYNCHRONOUS:
            return await self._first_screen([self._left(sent), self._left(sent)])
        both = await asyncio.gather(sent.go(), sent.go(), return_exceptions=True)
        replies = [one for one in both if isinstance(one, Reply)]
        if not replies:
            raise next(one for one in both if isinstance(one, BaseException))
        self.told(noted("both got the same screen" if both[0] == both[1] else "the two got different answers"))
        return replies[0]

    async def _first_screen(self, tasks: "list[asyncio.Task[Reply]]") -> Reply:
        """An asynchronous gateway's: one of two has the screen, and the other a mere acknowledgement, or nothing."""
        for coming in asyncio.as_completed(tasks):
            with suppress(CallFailed):
                reply = await coming
                if reply.text:
                    return reply
        raise CallFailed(_NO_SCREEN)

    async def _lost(self, sent: Sent) -> Reply:
        await sent.go()
        self.told(noted(f"that reply is lost; the gateway asks again after {self.ask_again:g} s"))
        await asyncio.sleep(self.ask_again)
        return await sent.go()

    async def _hung_up(self, sent: Sent) -> None:
        """The callback stays under way: whoever hangs up stops no lookup."""
        self._left(sent)
        await asyncio.sleep(ON_ITS_WAY)
        call, self.call = self.call, None
        if call is not None:
            await call.hang_up()

    def _left(self, sent: Sent) -> "asyncio.Task[Reply]":
        """Send it, and let nobody wait for the answer."""
        task = asyncio.ensure_future(sent.go())
        self._unread.add(task)
        task.add_done_callback(self._forgotten)
        return task

    def _forgotten(self, task: "asyncio.Task[Reply]") -> None:
        self._unread.discard(task)
        if not task.cancelled():
            task.exception()  # it is in the log of the wire
