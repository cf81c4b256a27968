"""Who has connected as the port is closed is answered, and keeps nobody waiting."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from ussd.web.server import close

REQUEST = b"GET / HTTP/1.1\r\nHost: ussd\r\nConnection: close\r\n\r\n"


async def answer(_: web.Request) -> web.Response:
    return web.Response(text="here")


@pytest.fixture
async def runner() -> AsyncIterator[web.AppRunner]:
    application = web.Application()
    application.add_routes([web.get("/", answer)])
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner
    await runner.cleanup()


@pytest.mark.parametrize("turns", range(6))
async def test_whoever_has_connected_by_then_is_answered_and_the_stop_is_short(
    runner: web.AppRunner, turns: int
) -> None:
    """`turns` of the loop after the connection is made: in which of them aiohttp begins to read is its own affair."""
    port = runner.addresses[0][1]
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(turns):
        await asyncio.sleep(0)
    closing = asyncio.create_task(close(runner))
    while runner.sites:
        await asyncio.sleep(0)
    writer.write(REQUEST)
    assert (await reader.read()).endswith(b"here")
    await closing
    assert time.monotonic() - began < 3
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await writer.wait_closed()


async def test_where_nothing_was_opened_there_is_nothing_to_close() -> None:
    await close(web.AppRunner(web.Application()))
