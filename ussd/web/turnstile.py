"""What stands before aiohttp on each connection: in a crowd, who is turned away is told so before all else.

To read a request, make a task of it and write a response costs aiohttp more than it costs us to see that nobody can
be served. So in a crowd a plain request (`ussd/web/sight.py`) that comes while nothing else of its connection is under
way is answered here, if it is one that would be turned away. All others go to aiohttp, as if nothing stood before it;
what was read of them here is handed on, unless more has come on that connection meanwhile.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol, cast

from aiohttp import web

from ussd.admission import Slot
from ussd.callback import Callback
from ussd.web.sight import Seen, seen


class LetIn(NamedTuple):
    """Who was read at the door, and proved to be the gateway: it is not read again."""

    callback: Callback
    slot: Slot | None
    """Its place, if it got one there: it is for who answers to leave it."""


class Keeper(Protocol):
    """Who knows whether somebody can be let in."""

    @property
    def overrun(self) -> bool:
        """Whether more come than can be served, so that it is worth to ask."""

    def verdict(self, request: Seen, peer: str) -> bytes | LetIn | None:
        """The whole response to who is turned away; else it is let through, and if it was read, that is handed on."""


class Turnstile(asyncio.Protocol):
    """One connection, with what serves it behind."""

    __slots__ = ("_answering", "_behind", "_keeper", "_let_in", "_peer", "_plain", "_transport", "_under_way")

    def __init__(self, behind: asyncio.Protocol, keeper: Keeper) -> None:
        """`behind` is aiohttp's side of the connection."""
        self._behind, self._keeper, self._peer = behind, keeper, ""
        self._transport: asyncio.Transport | None = None
        self._plain = True
        """Whatever came was one plain request each time, so that the next one begins with what comes next."""
        self._under_way = 0
        """Requests that were let through, less those that somebody has begun to answer."""
        self._answering: asyncio.Task[object] | None = None
        """Who has begun to answer the last of them."""
        self._let_in: LetIn | None = None
        """Who was let through last, until somebody begins to answer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody has connected."""
        self._transport = cast(asyncio.Transport, transport)  # of a stream it is one that can be written to
        self._peer = str((transport.get_extra_info("peername") or ("",))[0])
        self._behind.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Octets have come: a request, some, or a part of one."""
        self._forget()  # with more behind it nothing says any more that whom aiohttp begins with is who was let in
        if request := seen(data) if self._plain else None:
            if self._transport and self._keeper.overrun and self._is_quiet():
                verdict = self._keeper.verdict(request, self._peer)
                if isinstance(verdict, bytes):
                    self._transport.write(verdict)
                    if request.head.last:
                        self._transport.close()
                    return
                self._let_in = verdict
            self._under_way += 1
        else:
            self._plain = False
        self._behind.data_received(data)

    def _is_quiet(self) -> bool:
        """Whether all that was let through has its response, which goes out before the next one."""
        return not self._under_way and (self._answering is None or self._answering.done())

    def begun(self, answering: "asyncio.Task[object]") -> LetIn | None:
        """A task has begun to answer the next request that was let through; that, if it was read at the door."""
        self._under_way, self._answering = self._under_way - 1, answering
        let_in, self._let_in = self._let_in, None
        return let_in

    def _forget(self) -> None:
        """Who was let in and is not answered yet is read again, if it still is."""
        let_in, self._let_in = self._let_in, None
        if let_in and let_in.slot:
            let_in.slot.leave()

    def pause_writing(self) -> None:
        """The peer does not read; who has a response for it waits."""
        self._plain = False
        self._behind.pause_writing()

    def resume_writing(self) -> None:
        """The peer has read."""
        self._behind.resume_writing()

    def eof_received(self) -> bool | None:
        """The peer will send nothing more."""
        return self._behind.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._transport = None
        self._forget()
        self._behind.connection_lost(exc)


def turnstile(behind: Callable[[], asyncio.Protocol], keeper: Keeper) -> Turnstile:
    """A turnstile before a new connection."""
    return Turnstile(behind(), keeper)


def answering(request: web.Request) -> LetIn | None:
    """Tell the turnstile, where there is one, that the task which runs now answers this request.

    What the request says, if it was read at the door.
    """
    turnstile = request.transport and request.transport.get_protocol()
    task = asyncio.current_task()
    return turnstile.begun(task) if isinstance(turnstile, Turnstile) and task else None
