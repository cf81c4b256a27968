"""No reply of one request is ever taken for another's: neither where replies slip, nor where calls are cancelled."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace

from tests.rigs.proxy import Proxy
from ussd.callback import Reply
from ussd.core.session import Session
from ussd.sessions import Request, SessionKey, StoreAway
from ussd.store import RedisStore


def line(key: SessionKey, number: int) -> SessionKey:
    return replace(key, msisdn=f"98912{number:07}")


def own(key: SessionKey) -> Session:
    """A session that says whose it is."""
    return Session("*4*1420#", "main", answers={"canary": key.msisdn})


async def test_a_reply_that_slipped_is_not_read_and_its_connection_not_used_again(
    open_store: Callable[..., RedisStore], proxy: Proxy, key: SessionKey
) -> None:
    store = open_store(proxy.url)
    lines = [line(key, number) for number in range(2)]
    for one in lines:
        await store.commit(one, Request("1", ""), 0, own(one), Reply("1", False), offer=True)
    before = proxy.connections
    proxy.slipped = True
    assert (await store.load(lines[0], Request("2", ""), "")).session == own(lines[0])
    assert proxy.connections > before
    shown = Reply("2", False)
    assert await store.commit(lines[0], Request("2", ""), 1, own(lines[0]), shown, offer=True) == shown
    proxy.slipped = False
    for one in lines:
        assert (await store.load(one, Request("3", ""), "")).session == own(one)


async def test_calls_under_way_on_a_slipping_server_get_their_own_or_nothing(
    open_store: Callable[..., RedisStore], proxy: Proxy, key: SessionKey
) -> None:
    store = open_store(proxy.url)
    lines = [line(key, number) for number in range(40)]
    for one in lines:
        await store.commit(one, Request("1", ""), 0, own(one), Reply("1", False), offer=True)
    proxy.latest_ms = 4

    async def load(one: SessionKey) -> Session | None:
        try:
            return (await store.load(one, Request("2", ""), "")).session
        except StoreAway:
            return own(one)

    async def slip() -> None:
        for proxy.slipped in [True, False] * 10:
            await asyncio.sleep(0.005)

    slipping = asyncio.create_task(slip())
    while not slipping.done():
        assert await asyncio.gather(*map(load, lines)) == [own(one) for one in lines]
    assert await asyncio.gather(*(store.load(one, Request("2", ""), "") for one in lines))


async def test_a_storm_of_cancelled_calls_mixes_nothing_up_and_uses_nothing_up(
    open_store: Callable[..., RedisStore], proxy: Proxy, key: SessionKey
) -> None:
    store, chance = open_store(proxy.url), random.Random(7)
    proxy.latest_ms = 4
    lines = [line(key, number) for number in range(24)]
    cancelled = answered = 0

    async def dialogue(one: SessionKey) -> None:
        for number in range(12):
            request = Request(f"{number}", "")
            held = await store.load(one, request, "*4*1420#")
            assert held.session in (None, own(one))
            if held.dropped:
                assert await store.recall(one, held.dropped) == own(one)
            reply = await store.commit(one, request, held.version, own(one), Reply(one.msisdn, False), offer=True)
            assert reply.text == one.msisdn

    for _ in range(12):
        calls = [asyncio.create_task(dialogue(one)) for one in lines for _ in range(3)]
        for call in calls:
            asyncio.get_running_loop().call_later(chance.uniform(0, 0.15), call.cancel)
        for done in await asyncio.gather(*calls, return_exceptions=True):
            cancelled += isinstance(done, asyncio.CancelledError)
            answered += done is None
            assert done is None or isinstance(done, asyncio.CancelledError), repr(done)
    assert cancelled > 300
    proxy.latest_ms = 0
    assert all(await asyncio.gather(*(store.load(one, Request("end", ""), "") for one in lines * 10)))
