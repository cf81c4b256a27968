"""An HTTP client that costs little: it is to load a server, and not to measure itself.

Requests are written as they are, connections are opened as needed and kept, and it knows of no cookies, redirects or
compression.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from ssl import create_default_context
from urllib.parse import quote, urlsplit

from simulator.call import CallFailed, OverHttp
from simulator.load.connection import SECONDS, Connection
from ussd.callback import WireReply, WireRequest

_IDLE_SECONDS = 15.0
"""A connection that was idle for so long is not used again: its server may be about to close it."""
_IN_PATHS = "/%:@!$&'()*+,;=~"


class Client:
    """The connections to one server."""

    def __init__(self, server: OverHttp, most: int) -> None:
        """`most` connections at a time. Raises CallFailed where the server's URL is none."""
        try:
            split = urlsplit(server.url)
            host, port = split.hostname, split.port
        except ValueError:
            host = None
        if not host or split.scheme not in ("http", "https"):
            raise CallFailed(f"{server.url} is no URL of a server", "no URL")
        self._tls = create_default_context() if split.scheme == "https" else None
        self._place = host, port or (443 if self._tls else 80)
        self._path = quote(split.path.rstrip("/"), _IN_PATHS) or f"/gateways/{server.gateway}"
        self._query = split.query
        self._fixed = "".join(f"{name}: {value}\r\n" for name, value in server.headers.items())
        self._fixed += f"Host: {split.netloc.rpartition('@')[2]}\r\n"
        self._most, self._open = most, 0
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self.waited = 0
        """How many requests found every connection taken."""
        self.took = 0.0
        """Seconds that the last answer took."""

    def written(self, wire: WireRequest) -> bytes:
        """A request in octets."""
        below = f"/{quote(wire.path)}" if wire.path else ""
        query = "&".join(filter(None, (self._query, wire.query)))
        headers = "".join(f"{name}: {value}\r\n" for name, value in wire.headers.items())
        length = f"Content-Length: {len(wire.body)}\r\n" if wire.body or wire.method != "GET" else ""
        target = f"{self._path}{below}{f'?{query}' if query else ''}"
        return f"{wire.method} {target} HTTP/1.1\r\n{self._fixed}{headers}{length}\r\n".encode() + wire.body

    async def ask(self, request: bytes, sent: Callable[[], None]) -> WireReply:
        """Send a request, and call `sent` at that moment; its answer. Raises CallFailed."""
        connection = self._unused() or await self._had()
        began = time.perf_counter()
        sent()
        try:
            return await connection.ask(request)
        finally:
            self.took = time.perf_counter() - began
            self._give_back(connection)

    async def leave(self, request: bytes, seconds: float, sent: Callable[[], None]) -> None:
        """Send a request, and close its connection after so many seconds, unread. Raises CallFailed."""
        connection = self._unused() or await self._had()
        sent()
        try:
            connection.ask(request).add_done_callback(_unheard)
            await asyncio.sleep(seconds)
        finally:
            connection.close()
            self._give_back(connection)

    async def close(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop().close()
        await asyncio.sleep(0)  # asyncio lets go of them in its next round

    def _unused(self) -> Connection | None:
        """A connection that waits for a request: that which waited least, so that those too many grow old."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and time.perf_counter() - connection.idle_since < _IDLE_SECONDS:
                return connection
            connection.close()
            self._open -= 1
        return None

    async def _had(self) -> Connection:
        """A new connection, or the next that is free. Raises CallFailed."""
        try:
            async with asyncio.timeout(SECONDS):
                if self._open < self._most:
                    self._open += 1
                    return await self._opened()
                self.waited += 1
                connection = await self._next()
                return connection if connection and connection.usable else await self._opened()
        except TimeoutError:
            raise CallFailed("no answer: TimeoutError", "TimeoutError") from None

    async def _next(self) -> Connection | None:
        """The next that is free; None where one was lost in whose place another may be opened."""
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give(turn.result())
            raise

    async def _opened(self) -> Connection:
        host, port = self._place
        try:
            _, connection = await asyncio.get_running_loop().create_connection(Connection, host, port, ssl=self._tls)
        except OSError as fault:
            self._give(None)
            kind = type(fault).__name__
            raise CallFailed(f"no connection: {kind}", kind) from None
        except asyncio.CancelledError:
            self._give(None)
            raise
        return connection

    def _give_back(self, connection: Connection) -> None:
        if connection.busy:
            connection.close()  # what is still to come on it is nobody's
        self._give(connection if connection.usable else None)

    def _give(self, connection: Connection | None) -> None:
        """Give a connection, or the place of one that is lost, to who waits longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        if connection:
            connection.idle_since = time.perf_counter()
            self._idle.append(connection)
        else:
            self._open -= 1


def _unheard(answer: "asyncio.Future[WireReply]") -> None:
    """Of an answer that nobody reads, no failure is told either."""
    if not answer.cancelled():
        answer.exception()
