"""An insurer's registry over bare sockets, which answers most questions, and does the rest of what a network can do."""

import asyncio
import json
import random
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Way = Callable[[StreamReader, StreamWriter, bytes], Awaitable[None]]
_HEAD = "HTTP/1.1 {} \r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no seconds: the connection is reset, socket(7)."""


class Wayward:
    """A registry that knows nobody, which is an answer."""

    def __init__(self, seed: int, sound: float) -> None:
        """`sound`: the share of questions that are answered as they should be, at once."""
        self._chance, self._sound = random.Random(seed), sound
        self.ways: Counter[str] = Counter()
        """How often each way was gone."""

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[str]:
        """Its URL."""
        talks: set[asyncio.Task[None]] = set()

        async def talk(reader: StreamReader, writer: StreamWriter) -> None:
            this = asyncio.current_task()
            assert this
            talks.add(this)
            with suppress(OSError, EOFError, asyncio.CancelledError):
                await self._talk(reader, writer)
            talks.discard(this)
            writer.transport.abort()

        server = await asyncio.start_server(talk, "127.0.0.1", port)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for one in talks:
                one.cancel()
            await asyncio.gather(*talks)

    async def _talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = int(head.partition("content-length:")[2].partition("\r\n")[0])
            asked = json.loads(await reader.readexactly(length))
            said = {"operation_id": asked["operation_id"], "known": False, "entitled": False, "insurer": "sso"}
            body = json.dumps(said | {"as_of": "2026-11-21T00:00:00+00:00"}).encode()
            await self._way()(reader, writer, body)

    def _way(self) -> Way:
        ways = (self._hang, self._be_slow, self._drip, self._say_half, self._half_close, self._reset, self._fail)
        way = self._answer if self._chance.random() < self._sound else self._chance.choice(ways)
        self.ways[way.__name__.removeprefix("_").replace("_", " ")] += 1
        return way

    async def _answer(self, _: StreamReader, writer: StreamWriter, body: bytes) -> None:
        writer.write(_HEAD.format(200, len(body)).encode() + body)

    async def _hang(self, reader: StreamReader, writer: StreamWriter, body: bytes) -> None:
        await asyncio.sleep(self._chance.uniform(0, 60))
        await self._answer(reader, writer, body)

    async def _be_slow(self, reader: StreamReader, writer: StreamWriter, body: bytes) -> None:
        """About as long as a callback may take."""
        await asyncio.sleep(self._chance.uniform(3.5, 5.5))
        await self._answer(reader, writer, body)

    async def _drip(self, _: StreamReader, writer: StreamWriter, body: bytes) -> None:
        for octet in _HEAD.format(200, len(body)).encode() + body:
            writer.write(bytes([octet]))
            await asyncio.sleep(0.2)

    async def _say_half(self, _: StreamReader, writer: StreamWriter, body: bytes) -> None:
        writer.write(_HEAD.format(200, len(body)).encode() + body[:20])
        await asyncio.sleep(60)

    async def _half_close(self, _: StreamReader, writer: StreamWriter, __: bytes) -> None:
        """It will say nothing, and listens."""
        writer.write_eof()
        await asyncio.sleep(60)

    async def _reset(self, _: StreamReader, writer: StreamWriter, __: bytes) -> None:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        writer.transport.abort()

    async def _fail(self, _: StreamReader, writer: StreamWriter, __: bytes) -> None:
        writer.write(_HEAD.format(500, 2).encode() + b"{}")
