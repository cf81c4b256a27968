"""One connection to a server, with one request under way at most."""

import asyncio
from typing import cast

from simulator.call import CallFailed
from simulator.load.answer import Answer, Unreadable
from ussd.callback import WireReply

SECONDS = 15.0
"""What an answer may take."""


class Connection(asyncio.Protocol):
    """Requests go out as they are, answers come back whole."""

    def __init__(self) -> None:
        """Not connected yet; asyncio says when it is."""
        self.usable = False
        """Whether another request may go out on it."""
        self.idle_since = 0.0
        self._answer = Answer()
        self._awaited: asyncio.Future[WireReply] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def ask(self, request: bytes) -> "asyncio.Future[WireReply]":
        """Send a request; its answer, or CallFailed."""
        loop = asyncio.get_running_loop()
        self._answer, self._awaited = Answer(), loop.create_future()
        self._timer = loop.call_later(SECONDS, self._fail, "TimeoutError")
        awaited = self._awaited
        if self._transport.is_closing():
            self._fail("closed without an answer")
        else:
            self._transport.write(request)
        return awaited

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._awaited is not None

    def close(self) -> None:
        """Close it, whatever was still to come on it."""
        self.usable = False
        self._released()
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is connected."""
        self._transport, self.usable = cast(asyncio.Transport, transport), True

    def data_received(self, data: bytes) -> None:
        """Some of the answer."""
        if self._awaited is None:
            self.close()  # nobody asked
            return
        try:
            self._answer.take(data)
        except Unreadable:
            self._fail("unreadable")
        else:
            self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended, from either side."""
        self.usable = False
        if self._awaited is not None:
            self._answer.end()
            self._look()
            self._fail(type(exc).__name__ if exc else "closed without an answer")

    def _look(self) -> None:
        if (reply := self._answer.whole) is None:
            return
        if not self._answer.stays:
            self.usable = False
            self._transport.close()
        awaited = self._released()
        if awaited and not awaited.done():
            awaited.set_result(reply)

    def _fail(self, kind: str) -> None:
        self.usable = False
        self._transport.abort()
        awaited = self._released()
        if awaited and not awaited.done():
            awaited.set_exception(CallFailed(f"no answer: {kind}", kind))

    def _released(self) -> "asyncio.Future[WireReply] | None":
        """Whoever waited; nobody does any more."""
        if self._timer:
            self._timer.cancel()
        awaited, self._timer, self._awaited = self._awaited, None, None
        return awaited
