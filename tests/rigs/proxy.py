"""A faulty way to a server: what passes is late, cut, lost, in small pieces, or the reply before it again.

It runs in the event loop of a test, or, for a test without one, in a thread: `threaded`. What goes wrong may be changed
at any time by setting what is below; by chance goes only what its seed says.
"""

import asyncio
import random
import ssl
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

_PIECE = 65_536


class Proxy:
    """A port of loopback before a server at a URL, of which host and port count, or the path of `unix://`."""

    def __init__(self, server: str, seed: int = 1, tls: ssl.SSLContext | None = None) -> None:
        """Listen to nobody yet; with `tls` what comes is TLS, and what goes on is not."""
        self._server, self._tls = server, tls
        self._chance = random.Random(seed)
        self._ways: set[asyncio.Task[None]] = set()
        self._served: set[asyncio.Task[None]] = set()
        self.port = 0
        self.earliest_ms = 0.0
        """What passes is late by at least this, each way,"""
        self.latest_ms = 0.0
        """and up to this."""
        self.slices = False
        """All comes in pieces of 1 to 7 octets."""
        self.slipped = False
        """From now on each reply is the one that its connection gave before."""
        self.drop = 0
        """The n-th piece of a reply from now on is swallowed; the connection stays open. 0: none."""
        self.silent = 0
        """So many connections, the oldest, carry nothing any more; negative: all, also those that are made now."""
        self.refuses = False
        """Whoever connects is hung up on."""
        self.connections = 0
        """How many there have been."""

    @property
    def url(self) -> str:
        return f"redis{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._listener.close()
        await self.hang_up()

    async def hang_up(self) -> None:
        """Close all connections, whatever is on its way; new ones are welcome."""
        while self._served:
            for way in self._ways:
                way.cancel()
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        this = asyncio.current_task()
        assert this
        self._served.add(this)
        try:
            if not self.refuses:
                await self._join(self.connections, reader, writer)
        finally:
            self._served.discard(this)
            writer.close()

    async def _join(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            server_reader, server_writer = await self._connect()
            ways = {
                asyncio.create_task(self._carry(number, reader, server_writer, replies=False)),
                asyncio.create_task(self._carry(number, server_reader, writer, replies=True)),
            }
            self._ways |= ways
            _, open_still = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in open_still:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._ways -= ways
            server_writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        url = urlsplit(self._server)
        if url.hostname:
            return await asyncio.open_connection(url.hostname, url.port)
        return await asyncio.open_unix_connection(unquote(url.path))

    async def _carry(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, replies: bool
    ) -> None:
        before = b""
        while piece := await reader.read(_PIECE):
            await asyncio.sleep(self._chance.uniform(self.earliest_ms, max(self.earliest_ms, self.latest_ms)) / 1000)
            if self._is_lost(number, replies):
                continue
            await self._write(writer, before if replies and self.slipped and before else piece)
            before = piece

    def _is_lost(self, number: int, replies: bool) -> bool:
        if replies and self.drop:
            self.drop -= 1
            if not self.drop:
                return True
        return self.silent < 0 or number <= self.silent

    async def _write(self, writer: asyncio.StreamWriter, piece: bytes) -> None:
        while piece and self.slices:
            size = self._chance.randint(1, 7)
            writer.write(piece[:size])
            piece = piece[size:]
            await asyncio.sleep(0)
        writer.write(piece)


class Threaded:
    """A proxy whose event loop is in a thread of its own; its attributes may be set from anywhere."""

    def __init__(self, proxy: Proxy, loop: asyncio.AbstractEventLoop) -> None:
        self.proxy, self._loop = proxy, loop

    def hang_up(self) -> None:
        """Close all connections."""
        self._do(self.proxy.hang_up())

    def _do(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(5)


@asynccontextmanager
async def before(server: str, seed: int = 1, tls: ssl.SSLContext | None = None) -> AsyncIterator[Proxy]:
    """A proxy in this event loop."""
    proxy = Proxy(server, seed, tls)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()


@contextmanager
def threaded(server: str, seed: int = 1) -> Iterator[Threaded]:
    """A proxy in a thread."""
    loop, proxy = asyncio.new_event_loop(), Proxy(server, seed)
    thread = threading.Thread(target=loop.run_forever, name="proxy")
    thread.start()
    made = Threaded(proxy, loop)
    try:
        made._do(proxy.start())
        yield made
        made._do(proxy.stop())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
