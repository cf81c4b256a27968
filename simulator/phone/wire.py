"""What goes over the wire, both ways, in the gateway's own format."""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.call import CallFailed, Carrier
from simulator.phone.masking import masked
from ussd.callback import WireReply, WireRequest


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened between the handset and the engine."""

    sign: str
    """`→` to the engine, `←` from it, `·` for what the network did."""
    said: str

    def line(self, *, shown: bool = False) -> str:
        """One line of the log; numbers are masked unless they are to be `shown`."""
        return f"{self.sign} {self.said if shown else masked(self.said)}"


Told = Callable[[Entry], None]

_OF_HTTP = frozenset({"connection", "content-length", "content-type", "date", "keep-alive", "server"})
"""Headers that are not the gateway's own."""


@dataclass(frozen=True, slots=True)
class Overseen:
    """A carrier that tells of all that it carries."""

    carrier: Carrier
    gateway: str
    told: Told

    async def carry(self, wire: WireRequest) -> WireReply:
        """Bring one request. Raises CallFailed."""
        self.told(_sent(self.gateway, wire))
        try:
            reply = await self.carrier.carry(wire)
        except CallFailed as fault:
            self.told(Entry("←", f"nothing: {fault}"))
            raise
        self.told(_came(reply))
        return reply


def noted(said: str) -> Entry:
    """What the network did."""
    return Entry("·", said)


def _sent(gateway: str, wire: WireRequest) -> Entry:
    path = "/".join(filter(None, ("", "gateways", gateway, wire.path)))
    path = "/" + path.lstrip("/") + (f"?{wire.query}" if wire.query else "")
    kind = wire.headers.get("content-type", "")
    return Entry("→", " ".join(filter(None, (wire.method, path, kind, _body(wire.body)))))


def _came(reply: WireReply) -> Entry:
    own = " ".join(f"{name}: {value}" for name, value in reply.headers.items() if name.lower() not in _OF_HTTP)
    return Entry("←", " ".join(filter(None, (str(reply.status), reply.content_type, own, _body(reply.body)))))


def _body(body: bytes) -> str:
    """The body on one line, with a sign for the end of each of its own."""
    return body.decode(errors="replace").replace("\r\n", "\n").replace("\n", "⏎")
