"""Nothing of a person can be read in the server's memory, its files or its log."""

from pathlib import Path
from typing import cast

import pytest
from redis.asyncio import Redis

from ussd.callback import Reply
from ussd.core.session import Session
from ussd.sessions import Request, SessionKey
from ussd.store import RedisStore

MSISDN, NATIONAL_CODE, NAME = "989123456789", "0499370899", "زهرا محمدی"
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
CANARIES = [
    spelling.encode()
    for canary in (MSISDN, MSISDN[2:], NATIONAL_CODE, NAME)
    for spelling in (canary, canary.translate(PERSIAN), canary.translate(ARABIC))
]


@pytest.fixture
async def used(store: RedisStore) -> RedisStore:
    """A store after dialogues that are full of canaries, in every place that takes any."""
    session = Session(
        f"*4*1420*{NATIONAL_CODE}#",
        "entitled",
        answers={"national_code": NATIONAL_CODE, "persian": NATIONAL_CODE.translate(PERSIAN)},
        facts={"full_name": NAME},
        heard=f"1*{NATIONAL_CODE}",
    )
    for id in ("s", f"{MSISDN} ended"):
        key = SessionKey(f"irancell {MSISDN}", MSISDN, id)
        for number, asked in enumerate(("", f"{MSISDN} {NATIONAL_CODE}")):
            request = Request(asked, f"continue {NATIONAL_CODE.translate(PERSIAN)}")
            reply = Reply(f"{NAME} {NATIONAL_CODE.translate(ARABIC)}", ends=bool(number) and "ended" in id)
            await store.commit(key, request, number, session, reply, offer=True)
            await store.load(key, request, session.code)
        await store.whose(f"irancell {MSISDN}", id, MSISDN)
    return store


async def test_no_key_and_no_value_holds_anything_of_a_person(used: RedisStore, redis: Redis) -> None:
    names = cast(list[bytes], await redis.keys("*"))
    assert {name.split(b":")[2] for name in names if b"{" in name} >= {b"s", b"r"}
    assert [name for name in names if name.startswith(b"ussd:w:")]
    for name in names:
        kind = await redis.type(name)
        held = await redis.hgetall(name) if kind == b"hash" else {}
        held |= {b"": await redis.get(name)} if kind == b"string" else {}
        seen = b"\0".join(map(bytes, [name, await redis.dump(name), *held, *held.values()]))
        assert not [canary for canary in CANARIES if canary in seen]


async def test_no_file_and_no_slow_log_holds_anything_of_a_person(
    used: RedisStore, redis: Redis, server_home: Path
) -> None:
    await redis.config_set("slowlog-log-slower-than", 0)
    await used.load(SessionKey("irancell", MSISDN, "s"), Request("1", NATIONAL_CODE), f"*{NATIONAL_CODE}#")
    await redis.config_set("slowlog-log-slower-than", -1)
    slow = repr(await redis.slowlog_get(100)).encode()
    assert b"EVALSHA" in slow
    files = [path.read_bytes() for path in server_home.rglob("*") if path.is_file()]
    assert any(b"HSET" in seen for seen in files)
    for seen in (slow, *files):
        assert not [canary for canary in CANARIES if canary in seen]


async def test_two_lines_that_do_the_same_leave_nothing_alike(store: RedisStore, redis: Redis) -> None:
    """Or who knows one line could find others who asked the same."""
    before = set(await redis.keys("*"))
    for msisdn in ("989120000001", "989120000002"):
        key = SessionKey("irancell", msisdn, "s")
        await store.commit(key, Request("1", "dialled"), 0, Session("*1#", "main"), Reply("hello", False), offer=True)
    replies = [name for name in set(await redis.keys("*")) - before if b":r:" in name]
    (one, one_value), (other, other_value) = [next(iter((await redis.hgetall(name)).items())) for name in replies]
    assert one != other
    assert one_value[:16] != other_value[:16]
    assert one_value[16:] != other_value[16:]
