"""A call from a handset, in any gateway's wire format, to the engine in this process or to a server."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
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
    """No screen came back; one line says why, and `kind` what sort of failure it is, for those who count them."""

    def __init__(self, said: str, kind: str = "no screen") -> None:
        self.kind = kind
        super().__init__(said)


class Dialogue(Protocol):
    """A call, whatever carries it."""

    async def dial(self) -> Reply:
        """Dial, and read the first screen. Raises CallFailed."""

    async def type(self, text: str) -> Reply:
        """Answer the screen that is shown. Raises CallFailed."""

    async def hang_up(self) -> None:
        """Tell the engine that the line is gone, where the operator would. Raises CallFailed."""


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
        """Bring one request; where a screen is sent for it, that is the reply, and not the acknowledgement."""
        if self.door.push is None:
            return await exchange(self.door, self.service, wire)
        kept = _Kept()
        push = self.door.push.through(kept)
        acknowledged = await exchange(replace(self.door, push=push), self.service, wire)
        await push.close()
        return kept.sent or acknowledged


@dataclass(slots=True)
class _Kept:
    """Takes what an asynchronous gateway sends."""

    sent: WireReply | None = None

    async def __call__(self, wire: WireReply) -> WireReply:
        """Keep it."""
        self.sent = wire
        return WireReply(b"", "")


@dataclass(frozen=True, slots=True)
class OverHttp:
    """A running server. A `url` without a path gets the gateway's path."""

    url: str
    gateway: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """By which a caller proves who it is."""
    client: ClientSession | None = None
    """Whose connections are used, and kept; without one, each request has its own."""

    async def carry(self, wire: WireRequest) -> WireReply:
        """Bring one request."""
        path = "" if urlsplit(self.url).path.strip("/") else f"/gateways/{self.gateway}"
        path += f"/{quote(wire.path)}" if wire.path else ""
        path += f"?{wire.query}" if wire.query else ""
        headers = {**wire.headers, **self.headers}
        try:
            async with (
                nullcontext(self.client) if self.client else ClientSession(timeout=TIMEOUT) as client,
                # A gateway does not send its callers elsewhere.
                client.request(
                    wire.method, self.url.rstrip("/") + path, headers=headers, data=wire.body, allow_redirects=False
                ) as reply,
            ):
                named = {name.lower(): value for name, value in reply.headers.items()}
                return WireReply(await reply.read(), reply.content_type, reply.status, named)
        except (ClientError, TimeoutError) as fault:
            kind = type(fault).__name__
            raise CallFailed(f"{self.url} does not answer: {kind}", kind) from None


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
            status = f"HTTP {reply.status}"
            raise CallFailed(f"the gateway got {status}: {reply.body.decode(errors='replace')}", status)
        try:
            return self.operator.read(reply)
        except (ValueError, KeyError):
            raise CallFailed("the gateway could not read the reply", "unreadable") from None
