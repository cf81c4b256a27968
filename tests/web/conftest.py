"""The callbacks' port as a gateway reaches it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from ussd.app import App
from ussd.web.callbacks import MAX_BODY, routes

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(app: App) -> AsyncIterator[Client]:
    """A client of a server on loopback that is set up as `ussd serve` sets it up."""
    application = web.Application(client_max_size=MAX_BODY)
    application.add_routes(routes(app.doors.values(), app.service))
    server = TestServer(application)
    await server.start_server(auto_decompress=False)
    async with TestClient(server) as client:
        yield client
