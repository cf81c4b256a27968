"""A real server for the tests of the store, and for each test a store with a secret of its own."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.homes import a_home, processes
from tests.rigs.proxy import Proxy, before
from tests.store.fakes import Clock
from ussd.core.session import Session
from ussd.keys import Keys
from ussd.redis_server import own_server
from ussd.sessions import SessionKey
from ussd.store import RedisStore


@pytest.fixture
def home() -> Iterator[Path]:
    """A home whose path is short enough for a socket, and in which no process is left behind."""
    with a_home() as home:
        yield home
        assert processes(home) == []


@pytest.fixture(scope="session")
def server_home() -> Iterator[Path]:
    with a_home() as home:
        yield home


@pytest.fixture(scope="session")
def server(server_home: Path) -> Iterator[str]:
    with own_server(server_home) as url:
        yield url


@pytest.fixture
def keys() -> Keys:
    return Keys(os.urandom(32))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def open_store(keys: Keys, clock: Clock) -> AsyncIterator[Callable[..., RedisStore]]:
    """Open stores that are closed after the test."""
    async with AsyncExitStack() as stack:

        def opened(url: str, keys: Keys = keys, **options: object) -> RedisStore:
            store = RedisStore(url, keys, **{"clock": clock, **options})  # type: ignore[arg-type]
            stack.push_async_callback(store.close)
            return store

        yield opened


@pytest.fixture
def store(open_store: Callable[..., RedisStore], server: str) -> RedisStore:
    return open_store(server)


@pytest.fixture
async def redis(server: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(server) as client:
        yield client


@pytest.fixture
async def proxy(server: str) -> AsyncIterator[Proxy]:
    async with before(server) as proxy:
        yield proxy


@pytest.fixture
def key() -> SessionKey:
    return SessionKey("irancell", "989120000001", "s-1")


@pytest.fixture
def session() -> Session:
    return Session("*4*1420#", "main", answers={"national_code": "0007569602"})
