"""What happens where Redis is killed, hangs, forgets its scripts or comes back."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.homes import a_home
from tests.rigs.proxy import Proxy
from ussd.callback import Reply
from ussd.core.session import Session
from ussd.redis_server import own_server
from ussd.sessions import Request, SessionKey, StoreAway
from ussd.store import RedisStore
from ussd.store.pipelines import PATIENCE

SHOWN = Reply("1-استعلام", ends=False)


@pytest.fixture
def frail() -> Iterator[str]:
    """A server of this test alone, that it may kill."""
    with a_home() as home, own_server(home) as url:
        yield url


async def pid(url: str) -> int:
    async with Redis.from_url(url) as redis:
        return int((await redis.info("server"))["process_id"])


def answers(url: str) -> bool:
    """Asked without the event loop, which so does not notice what has become of its connections."""
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(url.removeprefix("unix://"))
            line.sendall(b"PING\r\n")
            return line.recv(64) == b"+PONG\r\n"
        except OSError:
            return False


def wait_until_back(url: str, killed: int) -> None:
    while Path(f"/proc/{killed}").exists() or not answers(url):
        time.sleep(0.005)


@asynccontextmanager
async def stopped(url: str) -> AsyncIterator[None]:
    hung = await pid(url)
    os.kill(hung, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(hung, signal.SIGCONT)


@dataclass
class Subscriber:
    """One who takes steps until told, and remembers what was answered."""

    store: RedisStore
    key: SessionKey
    session: Session
    answered: list[tuple[Request, Reply]] = field(default_factory=list)
    slowest: float = 0.0
    refused: int = 0
    last_answer: float = 0.0

    async def call(self, until: float) -> None:
        clock = asyncio.get_running_loop().time
        number = 0
        while (began := clock()) < until:
            number += 1
            try:
                await self.step(Request(f"{number}", ""), Reply(f"{self.key.session} {number}", ends=False))
                self.last_answer = clock()
            except StoreAway:
                self.refused += 1
                await asyncio.sleep(0.01)
            self.slowest = max(self.slowest, clock() - began)

    async def step(self, request: Request, reply: Reply) -> None:
        version = (await self.store.load(self.key, request, "")).version
        reply = await self.store.commit(self.key, request, version, self.session, reply, offer=True)
        self.answered.append((request, reply))


async def test_steps_acknowledged_before_a_kill_are_found_after_it(
    open_store: Callable[..., RedisStore], frail: str, key: SessionKey, session: Session
) -> None:
    store, clock = open_store(frail), asyncio.get_running_loop().time
    subscribers = [Subscriber(store, replace(key, session=f"s-{number}"), session) for number in range(8)]
    calls = [asyncio.create_task(one.call(clock() + 1.8)) for one in subscribers]
    for _ in range(2):
        await asyncio.sleep(0.3)
        os.kill(await pid(frail), signal.SIGKILL)
    killed = clock()
    await asyncio.gather(*calls)
    for one in subscribers:
        assert one.slowest < 1.1
        assert one.refused
        assert one.last_answer > killed
        for request, reply in one.answered:
            assert (await store.load(one.key, request, "")).answered == reply


async def test_the_first_load_after_a_restart_succeeds_on_a_pool_of_dead_connections(
    open_store: Callable[..., RedisStore], frail: str, key: SessionKey, session: Session
) -> None:
    store = open_store(frail)
    request = Request("1", "")
    await asyncio.gather(*(store.load(key, request, "") for _ in range(20)))
    await store.commit(key, request, 0, session, SHOWN, offer=False)
    server = await pid(frail)
    os.kill(server, signal.SIGKILL)
    wait_until_back(frail, server)
    found = await asyncio.gather(*(store.load(key, request, "") for _ in range(20)))
    assert {held.answered for held in found} == {SHOWN}


async def test_the_first_commit_after_a_restart_succeeds(
    open_store: Callable[..., RedisStore], frail: str, key: SessionKey, session: Session
) -> None:
    store = open_store(frail)
    await asyncio.gather(*(store.load(key, Request("1", ""), "") for _ in range(20)))
    server = await pid(frail)
    os.kill(server, signal.SIGKILL)
    await asyncio.to_thread(wait_until_back, frail, server)
    lines = [replace(key, session=f"s-{number}") for number in range(20)]
    await asyncio.gather(*(store.commit(line, Request("1", ""), 0, session, SHOWN, offer=False) for line in lines))


@pytest.mark.alone
async def test_a_server_that_hangs_is_away_within_a_second_and_back_at_once(
    open_store: Callable[..., RedisStore], frail: str, key: SessionKey, session: Session
) -> None:
    store = open_store(frail)
    request = Request("1", "")
    await store.commit(key, request, 0, session, SHOWN, offer=False)
    clock = asyncio.get_running_loop().time
    async with stopped(frail):
        began = clock()
        calls = [
            asyncio.create_task(call)
            for number in range(30)
            for call in (
                store.load(key, request, ""),
                store.recall(key, "0" * 16),
                store.commit(key, Request(f"{number}", ""), 1, session, SHOWN, offer=False),
            )
        ]
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(one) for one in done} == {StoreAway}
        assert clock() - began < 1.1
        began = clock()
        with pytest.raises(StoreAway):
            await store.ping()
        assert clock() - began < 0.3
    assert (await store.load(key, request, "")).answered == SHOWN
    await store.ping()


@pytest.mark.alone
@pytest.mark.parametrize("url", ["unix:///tmp/no-such-folder/s", "redis://127.0.0.1:1", "rediss://127.0.0.1:1"])
async def test_a_server_that_is_not_there_is_away(
    open_store: Callable[..., RedisStore], key: SessionKey, session: Session, url: str
) -> None:
    store = open_store(url)
    began = time.monotonic()
    with pytest.raises(StoreAway):
        await store.load(key, Request("1", ""), "")
    with pytest.raises(StoreAway):
        await store.recall(key, "0" * 16)
    with pytest.raises(StoreAway):
        await store.commit(key, Request("1", ""), 0, session, SHOWN, offer=False)
    with pytest.raises(StoreAway):
        await store.ping()
    assert time.monotonic() - began < 1


async def test_a_server_that_is_full_is_away_and_changes_nothing(
    open_store: Callable[..., RedisStore], frail: str, key: SessionKey, session: Session
) -> None:
    store = open_store(frail)
    await store.commit(key, Request("1", ""), 0, session, SHOWN, offer=False)
    async with Redis.from_url(frail) as redis:
        await redis.config_set("maxmemory", "1")
        with pytest.raises(StoreAway):
            await store.commit(key, Request("2", ""), 1, session, SHOWN, offer=False)
        assert (await store.load(key, Request("2", ""), "")).version == 1
        await redis.config_set("maxmemory", "0")
    assert await store.commit(key, Request("2", ""), 1, session, SHOWN, offer=False) == SHOWN


async def test_a_server_that_forgets_its_scripts_is_told_them_again(
    store: RedisStore, redis: Redis, key: SessionKey, session: Session
) -> None:
    for version in range(5):
        await redis.script_flush()
        assert await store.commit(key, Request(f"{version}", ""), version, session, SHOWN, offer=True) == SHOWN
        await redis.script_flush()
        held = await store.load(key, Request("next", ""), session.code)
        assert held.version == version + 1
        await redis.script_flush()
        assert await store.recall(key, held.dropped) == session


async def test_connections_that_the_other_side_closed_are_replaced(
    open_store: Callable[..., RedisStore], proxy: Proxy, key: SessionKey, session: Session
) -> None:
    store = open_store(proxy.url)
    lines = [replace(key, session=f"s-{number}") for number in range(20)]
    for version in range(3):
        request = Request(f"{version}", "")
        steps = (store.commit(line, request, version, session, SHOWN, offer=False) for line in lines)
        assert await asyncio.gather(*steps) == [SHOWN] * len(lines)
        await proxy.hang_up()
        await asyncio.sleep(0.01)


@pytest.mark.alone
async def test_connections_that_died_without_a_word_cost_time_and_no_screen(
    open_store: Callable[..., RedisStore], proxy: Proxy, key: SessionKey, session: Session
) -> None:
    store = open_store(proxy.url)
    await asyncio.gather(*(store.load(key, Request("1", ""), "") for _ in range(20)))
    proxy.silent = proxy.connections
    for _ in range(20):
        began = time.monotonic()
        version = (await store.load(key, Request("next", ""), "")).version
        await store.commit(key, Request(f"{version}", ""), version, session, SHOWN, offer=False)
        assert time.monotonic() - began < 1


async def test_a_loop_that_was_late_itself_reads_what_came_meanwhile(
    store: RedisStore, key: SessionKey, session: Session
) -> None:
    await store.commit(key, Request("1", ""), 0, session, SHOWN, offer=False)
    loading = asyncio.create_task(store.load(key, Request("1", ""), ""))
    for _ in range(3):
        await asyncio.sleep(0)  # until it is sent
    time.sleep(PATIENCE + 0.1)
    assert (await loading).answered == SHOWN


async def test_more_lines_than_connections_all_get_their_turn(
    store: RedisStore, key: SessionKey, session: Session
) -> None:
    async def call(line: SessionKey) -> None:
        for number in range(40):
            request, reply = Request(f"{number}", ""), Reply(f"{line.msisdn} {number}", ends=False)
            assert (await store.load(line, request, "")).version == number
            assert await store.commit(line, request, number, session, reply, offer=True) == reply

    await asyncio.gather(*(call(replace(key, msisdn=f"98912{number:07}")) for number in range(100)))
