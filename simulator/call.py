"""A call from a handset, in any gateway's wire format, to the engine in this process or to a server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote, urlsplit
from uuid import uuid4

from aiohttp import ClientError, ClientSession, ClientTimeout

from simulator.operators import Leg, Operator
from ussd.callback import Phase, Reply, WireReply, WireRequest
from ussd.service import Service
from ussd.web.callbacks import Door, exchange

TIMEOUT = ClientTimeout(total=15)


class CallFailed(Exception):
    """No screen came back; one line says why."""


class Carrier(Protocol):
    """What brings a gateway's request to the engine, and its reply back."""

    async def carry(self, wire: WireRequest) -> WireReply:
        """Bring one request. Raises CallFailed."""


@dataclass(frozen=True, slots=True)
class InProcess:
    """The engine in this process, behind the gateway's own wire format all the same."""

    door: Door
    service: Service

    async def carry(self, wire: WireRequest) -> WireReply:
        """Bring one request."""
        return await exchange(self.door, self.service, wire)


@dataclass(frozen=True, slots=True)
class OverHttp:
    """A running server. A `url` without a path gets the gateway's path."""

    url: str
    gateway: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """By which a caller proves who it is."""

    async def carry(self, wire: WireRequest) -> WireReply:
        """Bring one request."""
        path = "" if urlsplit(self.url).path.strip("/") else f"/gateways/{self.gateway}"
        path += f"/{quote(wire.path)}" if wire.path else ""
        path += f"?{wire.query}" if wire.query else ""
        headers = {**wire.headers, **self.headers}
        try:
            async with (
                ClientSession(timeout=TIMEOUT) as client,
                client.request(wire.method, self.url.rstrip("/") + path, headers=headers, data=wire.body) as reply,
            ):
                named = {name.lower(): value for name, value in reply.headers.items()}
                return WireReply(await reply.read(), reply.content_type, reply.status, named)
        except (ClientError, TimeoutError) as fault:
            raise CallFailed(f"{self.url} does not answer: {type(fault).__name__}") from None


@dataclass(slots=True)
class Call:
    """One session, from its first callback to its last."""

    operator: Operator
    carrier: Carrier
    msisdn: str
    dialled: str
    session: str = field(default_factory=lambda: uuid4().hex)
    typed: tuple[str, ...] = ()

    async def dial(self) -> Reply:
        """Dial, and read the first screen. Raises CallFailed."""
        return await self._send(Phase.BEGIN)

    async def type(self, text: str) -> Reply:
        """Answer the screen that is shown. Raises CallFailed."""
        self.typed = (*self.typed, text)
        return await self._send(Phase.CONTINUE)

    async def hang_up(self) -> None:
        """Tell the engine that the line is gone, where the operator would. Raises CallFailed."""
        await self._send(Phase.ABORT)

    async def _send(self, phase: Phase) -> Reply:
        leg = Leg(self.session, self.msisdn, self.dialled, phase, self.typed)
        wire = self.operator.ask(leg)
        if wire is None:
            return Reply("", ends=True)
        reply = await self.carrier.carry(wire)
        if reply.status != 200:
            raise CallFailed(f"the gateway got HTTP {reply.status}: {reply.body.decode(errors='replace')}")
        try:
            return self.operator.read(reply)
        except (ValueError, KeyError):
            raise CallFailed("the gateway could not read the reply") from None
