"""Small real objects for the tests of the store: a clock, and a proxy before the server."""

import asyncio
import random


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Proxy:
    """A way to the server by TCP, on which things are late or lost, or a reply is the one before it again."""

    def __init__(self, server: str) -> None:
        self._server = server.removeprefix("unix://")
        self._chance = random.Random(1)
        self._ways: set[asyncio.Task[None]] = set()
        self._served: set[asyncio.Task[None]] = set()
        self.latest_ms = 0.0
        """Each way, up to this."""
        self.slipped = False
        """From now on each reply is the one that its connection gave before."""
        self.silent = 0
        """So many connections, the oldest, carry nothing any more."""
        self.connections = 0

    async def start(self) -> None:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._listener.sockets[0].getsockname()[1]
        self.url = f"redis://127.0.0.1:{port}"

    async def stop(self) -> None:
        self._listener.close()
        await self.hang_up()

    async def hang_up(self) -> None:
        """Close all connections; new ones are welcome."""
        while self._served:
            for way in self._ways:
                way.cancel()
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        this = asyncio.current_task()
        assert this
        self._served.add(this)
        server_reader, server_writer = await asyncio.open_unix_connection(self._server)
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
        self._served.discard(this)
        for end in (writer, server_writer):
            end.close()

    async def _carry(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, replies: bool
    ) -> None:
        before = b""
        while piece := await reader.read(65536):
            await asyncio.sleep(self._chance.uniform(0, self.latest_ms) / 1000)
            if number <= self.silent:
                continue
            writer.write(before if replies and self.slipped and before else piece)
            before = piece
