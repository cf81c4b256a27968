"""Registries of the tests: real servers on loopback, as good or as bad as a test needs them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from ussd.backends import Asked, Subject
from ussd.registries import new_session

CODE, LINE = "0007569602", "989120000001"
ASKED = Asked("op-1", Subject("national_code", CODE), "inpatient", "1021")
KNOWN = {"operation_id": "op-1", "known": True, "entitled": True, "insurer": "sso", "as_of": "2026-11-21T08:00:00Z"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[[Handler], Awaitable[str]]
Listen = Callable[[Talk], Awaitable[str]]


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """The session that all registries share."""
    async with new_session() as session:
        yield session


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serves whatever is asked of it by one handler; gives the URL."""
    async with AsyncExitStack() as stack:

        async def serving(handler: Handler) -> str:
            application = web.Application()
            application.router.add_route("*", "/{path:.*}", handler)
            server = TestServer(application)
            await server.start_server(shutdown_timeout=0.1)
            stack.push_async_callback(server.close)
            return str(server.make_url("/"))

        yield serving


@pytest.fixture
async def listen() -> AsyncIterator[Listen]:
    """Listens on a bare socket, for what no HTTP server would do; gives the URL."""
    async with AsyncExitStack() as stack:

        async def listening(talk: Talk) -> str:
            under_way: set[asyncio.Task[None]] = set()

            async def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                try:
                    await talk(reader, writer)
                finally:
                    writer.transport.abort()

            def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                under_way.add(asyncio.create_task(taken(reader, writer)))

            async def stop() -> None:
                server.close()
                for task in under_way:
                    task.cancel()
                await asyncio.gather(*under_way, return_exceptions=True)
                await asyncio.sleep(0.01)  # the transports' own goodbyes

            server = await asyncio.start_server(accept, "127.0.0.1", 0)
            stack.push_async_callback(stop)
            return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        yield listening
