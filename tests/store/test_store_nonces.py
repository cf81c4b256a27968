"""A nonce is used once, by whichever process, and its use may be asked again by who did not hear."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis

import ussd
from tests.rigs.proxy import Proxy
from ussd.sessions import StoreAway
from ussd.store import RedisStore


async def test_a_second_use_is_refused_by_every_store(open_store: Callable[..., RedisStore], server: str) -> None:
    stores = [open_store(server) for _ in range(4)]
    uses = await asyncio.gather(*(store.claim("irancell", "nonce-1", 60) for store in stores * 5))
    assert sorted(uses) == [False] * 19 + [True]


async def test_a_nonce_is_a_gateways_own(store: RedisStore) -> None:
    assert await store.claim("irancell", "nonce-1", 60)
    assert await store.claim("mci", "nonce-1", 60)


async def test_it_is_forgotten_in_time_and_is_kept_as_a_hash(store: RedisStore, redis: Redis) -> None:
    before = set(await redis.keys("*"))
    await store.claim("irancell", "a-nonce-in-clear", 60)
    [name] = set(await redis.keys("*")) - before
    assert name.startswith(b"ussd:n:")
    assert b"nonce" not in name
    assert 59_000 < await redis.pttl(name) <= 60_000


async def test_a_use_that_is_asked_again_where_nothing_was_heard_is_the_first(
    open_store: Callable[..., RedisStore], proxy: Proxy
) -> None:
    store = open_store(proxy.url)
    assert await store.claim("irancell", "nonce-0", 60)
    proxy.silent = 1
    assert await store.claim("irancell", "nonce-1", 60)
    assert not await store.claim("irancell", "nonce-1", 60)


async def test_only_who_asked_first_is_told_so_however_often_it_asks(redis: Redis) -> None:
    script = (Path(ussd.__file__).parent / "store" / "claim.lua").read_text()
    told = [await redis.eval(script, 1, "ussd:n:this-test", b"echo", token, 1000) for token in (b"a", b"a", b"b", b"a")]
    assert told == [[b"echo", b"a"]] * 4


async def test_where_redis_is_away_nobody_can_tell(open_store: Callable[..., RedisStore]) -> None:
    with pytest.raises(StoreAway):
        await open_store("unix:///nowhere/redis.sock").claim("irancell", "nonce-1", 60)
