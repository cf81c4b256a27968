"""`ussd serve`: two ports, and a stop that drops nobody's callback."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from ssl import SSLContext
from typing import cast

import structlog
from aiohttp import web

from ussd.app import App
from ussd.settings import Settings
from ussd.web.admin import application
from ussd.web.api import routes as api_routes
from ussd.web.callbacks import MAX_BODY, routes
from ussd.web.elsewhere import nowhere
from ussd.web.keeper import DoorKeeper
from ussd.web.listening import listen
from ussd.web.loop import running_loop
from ussd.web.tls import context_of
from ussd.web.turnstile import Keeper, turnstile

FINISH_SECONDS = 10.0
"""What a callback under way may still take when the server stops; longer than any gateway waits."""
_LAST_SECONDS = 0.1
"""For those who have connected as the port was closed, to be heard and answered."""

_log = structlog.get_logger(__name__)


async def serve(
    app: App, settings: Settings, *, shared: bool = False, serving: Callable[[], None] | None = None
) -> None:
    """Serve until SIGTERM or SIGINT. SIGTERM first says on `/readyz` that it is going, and waits `drain` seconds.

    `shared`: whether other processes listen on the same port. `serving` is called once callbacks can come. Raises
    TlsError where it cannot begin.
    """
    tls = context_of(settings.tls_certificate, settings.tls_key, settings.tls_client_ca)
    stop: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _stop, stop, number)
    async with app.at_work(), _listening(app, settings, tls, shared=shared):
        if serving:
            serving()
        number = await stop
        app.readiness.draining = True
        _log.info("stopping", signal=number.name)
        if number is signal.SIGTERM:
            await asyncio.sleep(settings.drain)
    _log.info("stopped")


def _stop(stop: asyncio.Future[signal.Signals], number: signal.Signals) -> None:
    if not stop.done():
        stop.set_result(number)


@asynccontextmanager
async def _listening(app: App, settings: Settings, tls: SSLContext | None, *, shared: bool) -> AsyncIterator[None]:
    callbacks = web.Application(client_max_size=MAX_BODY)
    ours = [*routes(app.doors.values(), app.service), *api_routes(app.desks, app.service.turns_away)]
    callbacks.add_routes([*ours, nowhere()])
    # Bodies stay as they came: aiohttp would answer a broken gzip body with 500.
    runner = web.AppRunner(callbacks, access_log=None, auto_decompress=False, shutdown_timeout=FINISH_SECONDS)
    keeper = DoorKeeper(app.doors.values(), app.service)
    admin = web.AppRunner(application(app.readiness, app.metrics), access_log=None, shutdown_timeout=1.0)
    async with (
        serving_on(admin, settings.admin_host, settings.admin_port) as admin_port,
        serving_on(runner, settings.host, settings.port, tls, keeper, shared=shared) as port,
    ):
        places = {"host": settings.host, "port": port, "admin_host": settings.admin_host, "admin_port": admin_port}
        _log.info("serving", **places, loop=running_loop())
        yield


@asynccontextmanager
async def serving_on(
    runner: web.AppRunner,
    host: str,
    port: int,
    tls: SSLContext | None = None,
    keeper: Keeper | None = None,
    *,
    shared: bool = False,
) -> AsyncIterator[int]:
    """Serve on a port, which is given; at the end it is closed, and a moment later its connections are.

    Where there is a keeper, a turnstile stands before each connection.

    At once, aiohttp closes those that are silent as yet, and never reads one that is a loop's turn old: who has made
    that one waits for nothing, and the stop waits for who waits. Raises OSError.
    """
    await runner.setup()
    try:
        server = cast(web.Server, runner.server)
        protocol = partial(turnstile, server, keeper) if keeper else server
        listening = await listen(protocol, host, port, tls, shared=shared)
        try:
            yield listening.port
        finally:
            listening.close()
            await asyncio.sleep(_LAST_SECONDS)
    finally:
        await runner.cleanup()
