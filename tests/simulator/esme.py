"""The engine's side of SMPP, as small as it can be: somebody for our SMSC to talk to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from gateways.smpp.pdu import (
    HEADER,
    RESPONSE,
    Address,
    Bind,
    Body,
    Command,
    Message,
    Pdu,
    Status,
    Submitted,
    Tag,
    length_of,
    read,
    write,
)
from simulator.smsc import Account, SmppCall, Smsc

ACCOUNT = Account("tamin", "hush1234")
BIND = Bind(ACCOUNT.system_id, ACCOUNT.password)


@dataclass
class Esme:
    """An engine's side, as small as it can be."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sequence: int = 100

    async def next(self) -> Pdu | None:
        """What the SMSC says; None where it has ended the connection."""
        try:
            async with asyncio.timeout(5):
                header = await self.reader.readexactly(HEADER)
                return read(header + await self.reader.readexactly(length_of(header) - HEADER))
        except asyncio.IncompleteReadError:
            return None

    async def ask(self, command: int, body: Body) -> Pdu:
        """The response to a request."""
        self.sequence += 1
        self.say(Pdu(command, self.sequence, body))
        answer = await self.next()
        assert answer is not None
        assert answer.sequence == self.sequence
        return answer

    def say(self, pdu: Pdu) -> None:
        self.writer.write(write(pdu))

    async def delivered(self, status: int = 0) -> Message:
        """The next deliver_sm, taken with that status; responses before it must be good."""
        while (pdu := await self.next()) and pdu.command & RESPONSE:
            assert pdu.status == Status.OK
        assert pdu is not None
        assert isinstance(pdu.body, Message)
        self.say(Pdu(pdu.command | RESPONSE, pdu.sequence, Submitted(), status))
        return pdu.body


@asynccontextmanager
async def esme(smsc: Smsc, bind: Command | None = Command.BIND_TRANSCEIVER) -> AsyncIterator[Esme]:
    """Somebody who is connected to the SMSC, and bound."""
    async with smsc.listening() as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        one = Esme(reader, writer)
        if bind:
            assert (await one.ask(bind, BIND)).status == Status.OK
        try:
            yield one
        finally:
            writer.close()


def answer(call: SmppCall, text: bytes = b"hello", ends: bool = False, **other: object) -> Message:
    """A screen for a call, in the default dialect."""
    key = call.smsc.speech.key(call)
    tlvs = {
        Tag.USSD_SERVICE_OP: b"\x11" if ends else b"\x02",
        Tag.ITS_SESSION_INFO: (key.reference | ends).to_bytes(2),
    }
    message = Message(Address(key.service), Address(key.msisdn), 0, text, tlvs=tlvs)
    return replace(message, **other)  # type: ignore[arg-type]
