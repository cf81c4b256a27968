"""One connection of the load: it asks, has the answer looked at, and asks on, dialogue after dialogue."""

import asyncio
import re
import time
from collections import Counter
from typing import Protocol, cast

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,7})[ \t]*\r\n", re.IGNORECASE)
_HTTP = b"HTTP/1.1 "
_LONGEST = 64 * 1024
"""Octets of an answer, with its headers."""
_PAUSE = 0.05
"""Seconds until a connection that was lost is opened again."""


class Shared(Protocol):
    """What connections have in common: what is to be said, and who looks at what comes back."""

    failed: Counter[str]
    goes_on: bool
    """Whether anything more is to be asked."""

    @property
    def steps(self) -> int:
        """Callbacks of a dialogue."""

    def dialogue(self) -> tuple[bytes, bytes]:
        """The session id and the line of a new dialogue."""

    def request(self, place: int, session: bytes, line: bytes) -> bytes:
        """A callback of a dialogue."""

    def answered(self, place: int, body: bytes, seconds: float) -> bool:
        """Look at an answer; whether the dialogue can go on."""


class Connection(asyncio.Protocol):
    """It never has more than one callback under way, as a gateway's that keeps its connections."""

    def __init__(self, shared: Shared, port: int) -> None:
        """Not open yet."""
        self._shared, self._port = shared, port
        self._transport: asyncio.Transport | None = None
        self._again: asyncio.Task[None] | None = None
        self._kept = b""
        self._place = 0
        self._session = self._line = b""
        self._asked = 0.0
        self.waits = False
        """Whether an answer is still to come."""

    async def open(self) -> None:
        """Connect. Raises OSError."""
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._port)

    def begin(self) -> None:
        """Begin a dialogue, unless all is over."""
        if self._shared.goes_on:
            self._place = 0
            self._session, self._line = self._shared.dialogue()
            self._ask()

    def give_up_after(self, seconds: float) -> None:
        """Hang up where an answer does not come in time."""
        if self.waits and time.perf_counter() - self._asked > seconds:
            self._fail(f"no answer in {seconds:g} s")

    def close(self) -> None:
        """Close it for good."""
        self.waits = False
        if self._again:
            self._again.cancel()
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed: open it again, if it is still needed."""
        self._transport, self._kept = None, b""
        if self.waits:
            self._shared.failed["connection closed"] += 1
            self.waits = False
        if self._shared.goes_on:
            self._again = asyncio.get_running_loop().create_task(self._reopened())

    def data_received(self, data: bytes) -> None:
        """Something of an answer has come."""
        data = self._kept + data
        cut = data.find(b"\r\n\r\n")
        if cut < 0:
            self._keep(data)
            return
        length = _LENGTH.search(data, 0, cut + 2)
        end = cut + 4 + int(length[1]) if length else 0
        if not data.startswith(_HTTP):
            self._fail("no HTTP/1.1")
        elif len(data) < end:
            self._keep(data)
        elif not self.waits or len(data) > end > 0:
            self._fail("more than was asked for")
        elif not length:
            self._fail("no length")
        else:
            self._kept, self.waits = b"", False
            self._answered(data[9:12], data[cut + 4 :])

    def _keep(self, data: bytes) -> None:
        self._kept = data
        if len(data) > _LONGEST:
            self._fail("no end")

    def _answered(self, status: bytes, body: bytes) -> None:
        if status != b"200":
            self._shared.failed[f"HTTP {status.decode(errors='replace')}"] += 1
            self.begin()
            return
        sound = self._shared.answered(self._place, body, time.perf_counter() - self._asked)
        if sound and self._place + 1 < self._shared.steps:
            self._place += 1
            self._ask()
        else:
            self.begin()

    def _ask(self) -> None:
        if self._shared.goes_on and self._transport:
            self.waits, self._asked = True, time.perf_counter()
            self._transport.write(self._shared.request(self._place, self._session, self._line))

    def _fail(self, kind: str) -> None:
        self._shared.failed[kind] += 1
        self.waits = False
        if self._transport:
            self._transport.abort()

    async def _reopened(self) -> None:
        while self._shared.goes_on:
            await asyncio.sleep(_PAUSE)
            try:
                await self.open()
            except OSError:
                self._shared.failed["cannot connect"] += 1
            else:
                self.begin()
                return
