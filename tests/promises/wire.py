"""Callbacks over bare sockets: cheaper than a client library, and cut wherever a test wants."""

import asyncio
from asyncio import StreamReader, StreamWriter

Ends = tuple[StreamReader, StreamWriter]


class Broken(Exception):
    """The connection did not carry an answer: it could not be made, or it ended before."""


class Wire:
    """Connections to a server on loopback, kept alive, each with one request at a time."""

    def __init__(self, port: int, path: str = "/gateways/reference") -> None:
        """Connect to nothing yet."""
        self.port = port
        head = f"POST {path} HTTP/1.1\r\nHost: ussd\r\nContent-Type: application/json\r\nContent-Length: "
        self._head = head.encode()
        self._idle: list[Ends] = []

    async def post(self, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer. Raises Broken; whoever is cancelled leaves no answer behind for the next."""
        ends = await self._ends()
        try:
            ends[1].write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
            answer = await _answer(ends[0])
        except (OSError, EOFError) as fault:
            raise Broken(type(fault).__name__) from fault
        else:
            self._idle.append(ends)
            ends = None  # type: ignore[assignment]
            return answer
        finally:
            if ends:
                ends[1].transport.abort()

    def close(self) -> None:
        """Leave nothing open."""
        for _, writer in self._idle:
            writer.transport.abort()
        self._idle.clear()

    async def _ends(self) -> Ends:
        while self._idle:
            ends = self._idle.pop()
            if not ends[0].at_eof() and not ends[1].is_closing():
                return ends
            ends[1].transport.abort()
        try:
            return await asyncio.open_connection("127.0.0.1", self.port)
        except OSError as fault:
            raise Broken(type(fault).__name__) from fault


async def _answer(reader: StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = head.partition("content-length:")[2].partition("\r\n")[0]
    return int(head.split(" ", 2)[1]), await reader.readexactly(int(length))
