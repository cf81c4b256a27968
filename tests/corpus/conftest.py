"""One server for the whole corpus, with every gateway that is built in."""

import secrets
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest_asyncio
from aiohttp import web
from redis.asyncio import Redis

from tests.corpus.front import Front, Sending, logged
from ussd.app import running
from ussd.redis_server import own_server
from ussd.settings import Settings
from ussd.web.callbacks import MAX_BODY, routes
from ussd.web.push import Push


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def front() -> AsyncIterator[Front]:
    """It is set up as `ussd serve` sets it up, and has a Redis of its own."""
    with tempfile.TemporaryDirectory(prefix="ussd-") as home, own_server(Path(home)) as url:
        settings = Settings(home=Path(home), redis_url=url, secret=secrets.token_hex(32))
        async with running(settings, url) as app, Redis.from_url(url) as redis:
            sendings = {name: Sending(door.push) for name, door in app.doors.items() if door.push}
            pushes = cast(Mapping[str, Push], sendings)
            doors = [replace(door, push=pushes.get(name)) for name, door in app.doors.items()]
            application = web.Application(client_max_size=MAX_BODY)
            application.add_routes(routes(doors, app.service))
            runner = web.AppRunner(application, access_log=None, auto_decompress=False, shutdown_timeout=1.0)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            with logged() as log:
                front = Front(runner.addresses[0][1], redis, log, Path(home), sendings)
                yield front
                front.leave()
            await runner.cleanup()
