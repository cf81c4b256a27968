"""An operator's network whose SMSC is not ours: smpp34 (PyPI), which has no part in the codec that it is to test.

Its server, 1.5.0, answers a receiver's deliver_sm_resp with a generic_nack (RINVCMDID), as if only a transceiver could
send one; the message is delivered all the same. What it cannot do from Python: refuse a bind or see its password (it
lets everyone in), tell its port where that was 0, send data_sm, an enquire_link now (its own come every 30 s), or any
octets that are no PDU, nor end a session without an unbind while its process lives. A Peer does those. TLVs it carries
raw, both ways.
"""

import asyncio
import re
import socket
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import smpp34

from ussd.callback import Reply

SECONDS = 20.0
"""What nothing here takes."""
OP, INFO, REFERENCE = smpp34.TLV_USSD_SERVICE_OP, smpp34.TLV_ITS_SESSION_INFO, smpp34.TLV_USER_MESSAGE_REFERENCE
_CODES = re.compile("n[0-9]{6}|[0-9]{4}(-[0-9]{4}){3}")


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Network:
    """The SMSC, and the lines behind it: what is submitted waits for the line that it is for."""

    port: int = field(default_factory=free_port)
    submitted: "defaultdict[str, asyncio.Queue[smpp34.SubmitSmEvent]]" = field(
        default_factory=lambda: defaultdict(asyncio.Queue)
    )
    refusals: list[int] = field(default_factory=list)
    """What the next messages get, in this order, in place of an answer that they are taken."""
    tries: int = 0
    bound: "asyncio.Queue[smpp34.Esme]" = field(default_factory=asyncio.Queue)
    unbound: "asyncio.Queue[smpp34.Unbound]" = field(default_factory=asyncio.Queue)
    esme: smpp34.Esme | None = None
    """The last that was bound and can receive."""

    async def until_bound(self, times: int = 1) -> None:
        """Wait for a bind, or for a pair of them."""
        async with asyncio.timeout(SECONDS):
            for _ in range(times):
                esme = await self.bound.get()
                self.esme = esme if esme.can_receive else self.esme

    async def until_unbound(self) -> None:
        """Wait until a bound session ends."""
        async with asyncio.timeout(SECONDS):
            await self.unbound.get()

    async def serve(self, server: smpp34.Server) -> None:
        """Sort what happens."""
        while True:
            match await server.next():
                case smpp34.Esme() as esme:
                    self.bound.put_nowait(esme)
                case smpp34.Unbound() as gone:
                    self.unbound.put_nowait(gone)
                case event:
                    self._submitted(event)

    def _submitted(self, event: smpp34.SubmitSmEvent) -> None:
        self.tries += 1
        if self.refusals:
            event.reject(self.refusals.pop(0))
        else:
            event.accept(f"{self.tries:x}")
            self.submitted[event.destination_addr].put_nowait(event)


@asynccontextmanager
async def network() -> AsyncIterator[Network]:
    """A network whose SMSC listens."""
    found = Network()
    server = smpp34.Server("127.0.0.1", found.port, system_id="smsc", inbound_capacity=10_000)
    await server.start()
    serving = asyncio.ensure_future(found.serve(server))
    try:
        yield found
    finally:
        serving.cancel()
        await asyncio.wait([serving])
        await server.stop()


@dataclass(frozen=True)
class Speech:
    """What a vendor's SMSC writes, and where it reads that a dialogue is over; written here once more, from notes."""

    begin: int = 0x01
    typed: int = 0x12
    abort: int = 0x81
    by: int | None = INFO
    """The TLV that has the session; None where only the two addresses tell it."""
    ask: int = 0x02
    end: int = 0x11
    end_bit: bool = True


SPEECHES = {
    "default": Speech(),
    "tata": Speech(typed=0x02, abort=0x11, end=0x02),
    "sixdee": Speech(),
    "mica": Speech(by=REFERENCE, end_bit=False),
    "huawei": Speech(by=None, end_bit=False),
}


@dataclass
class Phone:
    """A line that dials through the network."""

    network: Network
    msisdn: str
    session: bytes = b"\xfe\x80"
    speech: Speech = SPEECHES["default"]
    shortcode: str = "1420"
    acknowledged: bool = True
    """Whether what is delivered is seen to be taken, which smpp34 does not see of a receiver."""
    last: smpp34.SubmitSmEvent | None = None

    async def dial(self, dialled: str) -> Reply:
        """Dial, and read the first screen."""
        return await self._said(self.speech.begin, dialled.encode(), 0)

    async def type(self, text: str) -> Reply:
        """Type, and read the next screen."""
        return await self._said(self.speech.typed, text.encode("utf-16-be"), 8)

    async def hang_up(self) -> int:
        """End it; the status that the network gets."""
        return await self.deliver(self.speech.abort, b"", 0)

    async def deliver(self, op: int, text: bytes, data_coding: int) -> int:
        """Have the SMSC deliver something; the status of the response."""
        assert self.network.esme
        taken = asyncio.ensure_future(
            self.network.esme.deliver_sm(
                self.shortcode, text, source_addr=self.msisdn, source_addr_ton=1, source_addr_npi=1,
                dest_addr_npi=1, service_type="USSD", data_coding=data_coding,
                tlvs=[smpp34.Tlv(tag, value) for tag, value in self._tlvs(op).items()],
            )
        )  # fmt: skip
        if not self.acknowledged:
            return smpp34.ESME_ROK
        async with asyncio.timeout(SECONDS):
            return (await taken).command_status

    async def read(self) -> Reply:
        """The next screen that comes."""
        async with asyncio.timeout(SECONDS):
            self.last = await self.network.submitted[self.msisdn].get()
        tlvs = {tlv.tag: tlv.value for tlv in self.last.tlvs}
        [op], session = tlvs[OP], int.from_bytes(tlvs.get(self.speech.by or 0, self.session))
        over = bool(session & 1) if self.speech.end_bit else op == self.speech.end
        assert op == (self.speech.end if over else self.speech.ask)
        assert session == int.from_bytes(self.session) | (over and self.speech.end_bit)
        assert tlvs.keys() == self._tlvs(op).keys()
        assert (self.last.source_addr, self.last.service_type) == (self.shortcode, "USSD")
        return Reply(self.last.short_message.decode("utf-16-be" if self.last.data_coding == 8 else "ascii"), over)

    def _tlvs(self, op: int) -> dict[int, bytes]:
        return {OP: bytes([op])} | ({self.speech.by: self.session} if self.speech.by else {})

    async def _said(self, op: int, text: bytes, data_coding: int) -> Reply:
        assert await self.deliver(op, text, data_coding) == smpp34.ESME_ROK
        return await self.read()


def plain(reply: Reply) -> Reply:
    """A screen without its code, which is another each time."""
    return Reply(_CODES.sub("code", reply.text), reply.ends)
