"""Whose a session is, for gateways that name its line in the first callback alone."""

import asyncio
from collections.abc import Callable

from redis.asyncio import Redis

from ussd.keys import Keys
from ussd.store import Lifetimes, RedisStore

MSISDN = "989123456789"


async def test_what_one_process_was_told_another_says(open_store: Callable[..., RedisStore], server: str) -> None:
    await open_store(server).whose("irancell", "s1", MSISDN)
    assert await open_store(server).whose("irancell", "s1") == MSISDN


async def test_it_is_known_of_that_session_of_that_gateway_alone(store: RedisStore) -> None:
    await store.whose("irancell", "s1", MSISDN)
    assert await store.whose("irancell", "s2") == ""
    assert await store.whose("mci", "s1") == ""


async def test_a_session_that_begins_anew_is_the_new_lines(store: RedisStore) -> None:
    await store.whose("irancell", "s1", MSISDN)
    await store.whose("irancell", "s1", "989129999999")
    assert await store.whose("irancell", "s1") == "989129999999"


async def test_it_is_kept_for_as_long_as_it_is_asked_for(open_store: Callable[..., RedisStore], server: str) -> None:
    store = open_store(server, lifetimes=Lifetimes(replies=800))
    await store.whose("irancell", "s1", MSISDN)
    for _ in range(4):
        await asyncio.sleep(0.25)
        assert await store.whose("irancell", "s1") == MSISDN
    await asyncio.sleep(0.9)
    assert await store.whose("irancell", "s1") == ""


async def test_damaged_it_is_unknown(store: RedisStore, redis: Redis, keys: Keys) -> None:
    await store.whose("irancell", "s1", MSISDN)
    await redis.set(f"ussd:w:{keys.name('whose', 'irancell', 's1')}", b"damaged")
    assert await store.whose("irancell", "s1") == ""
