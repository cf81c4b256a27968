"""What is left of a session: for how long, for whom it may be opened again, and what counts as gone."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from tests.store.steps import BYE, NOBODY, SHOWN, only, prefix, step
from ussd.callback import Reply
from ussd.core.session import Session
from ussd.keys import Keys
from ussd.sessions import Held, Request, SessionKey
from ussd.store import Lifetimes, RedisStore


async def test_a_retry_is_answered_after_its_session_is_gone(
    open_store: Callable[..., RedisStore], server: str, key: SessionKey, session: Session
) -> None:
    store = open_store(server, lifetimes=Lifetimes(session=30))
    await step(store, key, session, "1")
    await asyncio.sleep(0.06)
    assert await store.load(key, Request("1", "content of 1"), "") == Held(answered=SHOWN)


async def test_a_session_without_ids_begins_again_after_it_is_gone(
    open_store: Callable[..., RedisStore], server: str, key: SessionKey, session: Session
) -> None:
    store = open_store(server, lifetimes=Lifetimes(session=30))
    await step(store, key, session, "", content="dialled")
    await asyncio.sleep(0.06)
    assert await step(store, key, session, "", BYE, content="dialled") == BYE


async def test_everything_goes_when_its_time_is_over(
    open_store: Callable[..., RedisStore], server: str, key: SessionKey, session: Session, redis: Redis, keys: Keys
) -> None:
    store = open_store(server, lifetimes=Lifetimes(session=300, replies=500, ended=400, dropped=250))
    await step(store, key, session, "1", offer=True)
    await step(store, replace(key, session="s-2"), session, "1", BYE)
    assert len(await redis.keys(f"{prefix(keys, key)}:*")) == 5
    await asyncio.sleep(0.6)
    assert await redis.keys(f"{prefix(keys, key)}:*") == []


async def test_the_default_lifetimes_are_those_of_the_design(
    store: RedisStore, key: SessionKey, session: Session, redis: Redis, keys: Keys
) -> None:
    async def seconds(kind: str) -> int:
        return round(await redis.pttl(await only(redis, keys, key, kind)) / 1000)

    await step(store, key, session, "1", offer=True)
    assert [await seconds(kind) for kind in "srd"] == [180, 780, 120]
    await step(store, key, session, "2", BYE)
    assert [await seconds(kind) for kind in "sr"] == [600, 780]


async def test_a_dropped_session_is_found_at_its_shortcode_by_its_line(
    store: RedisStore, key: SessionKey, session: Session
) -> None:
    await step(store, key, session, "1", offer=True)
    redial = replace(key, session="s-2")
    dropped = (await store.load(redial, Request("1", ""), session.code)).dropped
    assert await store.recall(redial, dropped) == session
    assert (await store.load(redial, Request("1", ""), "*4*1421#")).dropped == ""
    assert (await store.load(redial, Request("1", ""), "")).dropped == ""
    for other in (replace(redial, msisdn="989120000002"), replace(redial, gateway="mci")):
        assert (await store.load(other, Request("1", ""), session.code)).dropped == ""
        assert await store.recall(other, dropped) is None


@pytest.mark.parametrize(("reply", "offer"), [(BYE, True), (SHOWN, False)])
async def test_a_session_that_ends_or_may_not_be_offered_is_dropped_no_more(
    store: RedisStore, key: SessionKey, session: Session, reply: Reply, offer: bool
) -> None:
    await step(store, key, session, "1", offer=True)
    await step(store, key, session, "2", reply, offer=offer)
    assert (await store.load(replace(key, session="s-2"), Request("1", ""), session.code)).dropped == ""


async def test_another_session_s_end_leaves_the_dropped_one(
    store: RedisStore, key: SessionKey, session: Session
) -> None:
    await step(store, key, session, "1", offer=True)
    await step(store, replace(key, session="s-2"), session, "1", BYE)
    dropped = (await store.load(key, Request("next", ""), session.code)).dropped
    assert await store.recall(key, dropped) == session


async def test_a_dropped_session_that_is_gone_is_nobody_s(
    open_store: Callable[..., RedisStore], server: str, key: SessionKey, session: Session
) -> None:
    store = open_store(server, lifetimes=Lifetimes(session=30))
    await step(store, key, session, "1", offer=True)
    dropped = (await store.load(key, Request("2", ""), session.code)).dropped
    await asyncio.sleep(0.06)
    assert await store.recall(key, dropped) is None
    assert await store.recall(key, "") is None


async def test_another_secret_finds_nothing(
    open_store: Callable[..., RedisStore], store: RedisStore, server: str, key: SessionKey, session: Session
) -> None:
    await step(store, key, session, "1")
    other = open_store(server, Keys(b"another secret of 32 octets or so"))
    assert await other.load(key, Request("1", "content of 1"), session.code) == NOBODY


async def test_what_cannot_be_opened_counts_as_absent(
    store: RedisStore, key: SessionKey, session: Session, redis: Redis, keys: Keys
) -> None:
    await step(store, key, session, "1", offer=True)
    await redis.hset(await only(redis, keys, key, "s"), "b", b"damaged")
    replies = await only(redis, keys, key, "r")
    for name, reply in (await redis.hgetall(replies)).items():
        await redis.hset(replies, name, reply[:-1])
    held = await store.load(key, Request("1", "content of 1"), session.code)
    assert (held.version, held.session, held.answered) == (1, None, None)
    assert await store.recall(key, held.dropped) is None
    assert await step(store, key, session, "2", BYE) == BYE


async def test_a_session_in_an_older_form_counts_as_absent(
    store: RedisStore, key: SessionKey, session: Session, redis: Redis, keys: Keys
) -> None:
    await step(store, key, session, "1")
    name = await only(redis, keys, key, "s")
    seal = keys.seal("subscriber", key.gateway, key.msisdn)
    older = seal.close(b'["*4*1420#","main"]', b"session " + name.rpartition(b":")[2])
    await redis.hset(name, "b", older)
    assert (await store.load(key, Request("2", ""), "")).session is None


async def test_a_value_opens_only_in_its_place(
    store: RedisStore, key: SessionKey, session: Session, redis: Redis, keys: Keys
) -> None:
    mine, other = replace(key, session="s-1"), replace(key, session="s-2")
    await step(store, mine, session, "1")
    source = await only(redis, keys, key, "s")
    await step(store, other, session, "1")
    target = next(name for name in await redis.keys(f"{prefix(keys, key)}:s:*") if name != source)
    await redis.hset(target, "b", await redis.hget(source, "b"))
    assert (await store.load(mine, Request("2", ""), "")).session == session
    assert (await store.load(other, Request("2", ""), "")).session is None
