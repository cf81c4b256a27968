"""The other end of a link, PDU by PDU or octet by octet: an SMSC that does what a test says, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateways.smpp.pdu import (
    HEADER,
    RESPONSE,
    Address,
    Body,
    Bound,
    Command,
    Empty,
    Message,
    Pdu,
    Submitted,
    length_of,
    read,
    write,
)

SECONDS = 5.0
"""What nothing here takes."""


@dataclass
class Peer:
    """One connection, as the SMSC sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def get(self) -> Pdu:
        """The next PDU. Raises IncompleteReadError where the connection ended."""
        async with asyncio.timeout(SECONDS):
            header = await self.reader.readexactly(HEADER)
            return read(header + await self.reader.readexactly(length_of(header) - HEADER))

    async def expect(self, command: Command) -> Pdu:
        """The next PDU, which has this command."""
        pdu = await self.get()
        assert pdu.command == command, hex(pdu.command)
        return pdu

    def put(self, command: int, sequence: int, body: Body | None = None, status: int = 0) -> None:
        """Send one PDU."""
        self.writer.write(write(Pdu(command, sequence, body or Empty(), status)))

    def answer(self, pdu: Pdu, status: int = 0, body: Body | None = None) -> None:
        """Send the response to a PDU."""
        usual = Submitted() if isinstance(pdu.body, Message) else Empty()
        self.put(pdu.command | RESPONSE, pdu.sequence, body or usual, status)

    async def bound(self, command: Command = Command.BIND_TRANSCEIVER, status: int = 0) -> Pdu:
        """Take the bind, which comes first."""
        pdu = await self.expect(command)
        self.answer(pdu, status, Bound("smsc"))
        return pdu

    async def is_over(self) -> bool:
        """Whether the connection ends, with nothing said before."""
        async with asyncio.timeout(SECONDS):
            return await self.reader.read(1) == b""

    def close(self) -> None:
        """End the connection without a word."""
        self.writer.transport.abort()


@dataclass
class Peers:
    """An SMSC that listens: every connection is a Peer, and waits to be picked up."""

    port: int = 0
    server: asyncio.Server | None = None
    arrived: "asyncio.Queue[Peer]" = field(default_factory=asyncio.Queue)
    all: list[Peer] = field(default_factory=list)

    async def next(self) -> Peer:
        """The next connection."""
        async with asyncio.timeout(SECONDS):
            return await self.arrived.get()

    def took(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keep a connection."""
        peer = Peer(reader, writer)
        self.all.append(peer)
        self.arrived.put_nowait(peer)


@asynccontextmanager
async def peers(port: int = 0, tls: object = None) -> AsyncIterator[Peers]:
    """Listen on loopback."""
    found = Peers()
    found.server = await asyncio.start_server(found.took, "127.0.0.1", port, ssl=tls)  # type: ignore[arg-type]
    found.port = found.server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        found.server.close()
        for peer in found.all:
            peer.close()


def delivered(text: bytes = b"*4*1420#", **more: object) -> Message:
    """What an SMSC delivers when the sample subscriber dials."""
    return Message(Address("989120000001"), Address("1420", 0, 1), 0, text, **more)  # type: ignore[arg-type]
