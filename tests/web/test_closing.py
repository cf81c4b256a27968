"""Who has connected as the port is closed is answered, and keeps nobody waiting."""

import asyncio
import socket
import time

import pytest
from aiohttp import web

from ussd.web.server import serving_on

REQUEST = b"GET / HTTP/1.1\r\nHost: ussd\r\nConnection: close\r\n\r\n"


async def answer(_: web.Request) -> web.Response:
    return web.Response(text="here")


@pytest.fixture
def runner() -> web.AppRunner:
    application = web.Application()
    application.add_routes([web.get("/", answer)])
    return web.AppRunner(application, access_log=None, shutdown_timeout=5)


@pytest.mark.parametrize("turns", range(6))
async def test_whoever_has_connected_by_then_is_answered_and_the_stop_is_short(
    runner: web.AppRunner, turns: int
) -> None:
    """`turns` of the loop after the connection is made: in which of them aiohttp begins to read is its own affair."""
    serving = serving_on(runner, "127.0.0.1", 0)
    port = await serving.__aenter__()
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(turns):
        await asyncio.sleep(0)
    closing = asyncio.create_task(serving.__aexit__(None, None, None))
    await asyncio.sleep(0)
    writer.write(REQUEST)
    assert (await reader.read()).endswith(b"here")
    await closing
    assert time.monotonic() - began < 3
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await writer.wait_closed()


async def test_where_the_port_is_taken_nothing_stays_open(runner: web.AppRunner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        async with serving_on(runner, "127.0.0.1", taken.getsockname()[1]):
            pass
    assert runner.server is None
