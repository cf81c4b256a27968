"""The operator's own end of an asynchronous gateway: where the engine sends the screens of the sessions that wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import cast

from aiohttp import web

from simulator.call import CallFailed, Carrier
from simulator.operators import AsynchronousOperator
from ussd.callback import WireReply, WireRequest
from ussd.settings.sending import ASYNCHRONOUS
from ussd.web.callbacks import written

SECONDS = 15.0
"""What a screen may take, from the acknowledgement of its request."""
PLACE = ("127.0.0.1", 8090)
"""Where nothing is configured, the engine sends its screens there."""
_MAX_BODY = 64 * 1024


@dataclass(slots=True)
class Listener:
    """Gives each screen that is sent to whoever waits for it."""

    operator: AsynchronousOperator
    place: str = ""
    """Where it listens, to be told to a person."""
    waiting: dict[str, asyncio.Future[WireReply]] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.Response:
        """Take a screen; 404 where no session waits for one."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        wire = WireRequest(headers=headers, body=await request.read())
        waiting = None
        with suppress(ValueError):
            waiting = self.waiting.pop(self.operator.session(wire), None)
        if waiting is None or waiting.done():
            raise web.HTTPNotFound
        waiting.set_result(WireReply(wire.body, wire.media_type))
        return written(self.operator.took())


@dataclass(frozen=True, slots=True)
class Overheard:
    """A carrier that brings back the screen, and not its acknowledgement; any number of sessions may share it."""

    carrier: Carrier
    listener: Listener
    seconds: float = SECONDS

    async def carry(self, wire: WireRequest) -> WireReply:
        """Bring one request, and wait for what is sent for it. Raises CallFailed."""
        session = self.listener.operator.follows(wire)
        if not session:
            return await self.carrier.carry(wire)
        screen: asyncio.Future[WireReply] = asyncio.get_running_loop().create_future()
        self.listener.waiting[session] = screen
        acknowledged = await self.carrier.carry(wire)
        if acknowledged.status != 200:
            return acknowledged
        try:
            async with asyncio.timeout(self.seconds):
                return await screen
        except TimeoutError:
            said = f"no screen was sent to {self.listener.place}, where the server's `send.url` is to point"
            raise CallFailed(said, "no screen") from None


@asynccontextmanager
async def listening(operator: AsynchronousOperator, host: str, port: int) -> AsyncIterator[Listener]:
    """Listen; port 0 is any that is free. Raises OSError where the address cannot be had."""
    listener = Listener(operator)
    served = web.Application(client_max_size=_MAX_BODY)
    served.router.add_post("/{below:.*}", listener.handle)
    runner = web.AppRunner(served, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound, number = runner.addresses[0][:2]
        listener.place = f"http://{f'[{bound}]' if ':' in bound else bound}:{number}/"
        yield listener
    finally:
        await runner.cleanup()


@asynccontextmanager
async def both_ways(carrier: Carrier, gateway: str, place: tuple[str, int] | None = None) -> AsyncIterator[Carrier]:
    """The carrier as it is, or, where the gateway is asynchronous, with an operator that listens at `place`.

    Raises OSError where the address cannot be had.
    """
    if gateway not in ASYNCHRONOUS:
        yield carrier
        return
    operator = cast(AsynchronousOperator, import_module(f"simulator.operators.{gateway}"))
    async with listening(operator, *(place or PLACE)) as listener:
        yield Overheard(carrier, listener)
