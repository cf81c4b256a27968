"""One server for the whole corpus, with every gateway that is built in."""

import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import cast

import pytest
import pytest_asyncio
from aiohttp import web
from redis.asyncio import Redis

from tests.corpus.front import Front, Sending, logged
from tests.homes import a_home
from tests.web.crowds import room_in_a_crowd
from ussd.app import running
from ussd.redis_server import own_server
from ussd.settings import Settings
from ussd.web.callbacks import MAX_BODY, routes
from ussd.web.keeper import DoorKeeper
from ussd.web.push import Push
from ussd.web.server import serving_on


@pytest_asyncio.fixture(scope="package", loop_scope="package", params=["at ease", "in a crowd"])
async def front(request: pytest.FixtureRequest) -> AsyncIterator[Front]:
    """It is set up as `ussd serve` sets it up, and has a Redis of its own.

    In a crowd, for which there are places here, what is plain is read before aiohttp has it.
    """
    with a_home() as home, own_server(home) as url:
        settings = Settings(home=home, redis_url=url, secret=secrets.token_hex(32))
        async with running(settings, url) as app, Redis.from_url(url) as redis:
            if request.param == "in a crowd":
                app.service.turns = room_in_a_crowd()
            sendings = {name: Sending(door.push) for name, door in app.doors.items() if door.push}
            pushes = cast(Mapping[str, Push], sendings)
            doors = [replace(door, push=pushes.get(name)) for name, door in app.doors.items()]
            application = web.Application(client_max_size=MAX_BODY)
            application.add_routes(routes(doors, app.service))
            runner = web.AppRunner(application, access_log=None, auto_decompress=False, shutdown_timeout=1.0)
            keeper = DoorKeeper(doors, app.service)
            async with serving_on(runner, "127.0.0.1", 0, keeper=keeper) as port:
                with logged() as log:
                    front = Front(port, redis, log, home, sendings)
                    yield front
                    front.leave()
            assert app.service.turns.at_work() == 0, "somebody has kept a place"
