"""Small real objects for the tests of the store: a clock, and a proxy before the server."""

import asyncio
import random
import shutil
import tempfile


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Proxy:
    """A way to the server on which every piece of a reply may be late, or be the one before it again."""

    def __init__(self, server: str) -> None:
        self._server = server.removeprefix("unix://")
        self._folder = tempfile.mkdtemp(prefix="ussd-proxy-")
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = f"unix://{self._folder}/s"
        self.latest_ms = 0.0
        """Each way, up to this."""
        self.slipped = False
        """From now on each reply is the one that the connection should have given before."""
        self.connections = 0

    async def start(self) -> None:
        self._listener = await asyncio.start_unix_server(self._serve, self.url.removeprefix("unix://"))

    async def stop(self) -> None:
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        shutil.rmtree(self._folder)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        server_reader, server_writer = await asyncio.open_unix_connection(self._server)
        try:
            there = asyncio.ensure_future(self._carry(reader, server_writer, replies=False))
            back = asyncio.ensure_future(self._carry(server_reader, writer, replies=True))
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in (there, back):
                way.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
            writer.close()
            server_writer.close()
            self._tasks.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, replies: bool) -> None:
        before = b""
        while piece := await reader.read(65536):
            await asyncio.sleep(random.uniform(0, self.latest_ms) / 1000)
            writer.write(before if replies and self.slipped and before else piece)
            before = piece
