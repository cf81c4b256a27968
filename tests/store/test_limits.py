"""How often a line may dial, ask and mistype, counted by all processes together."""

import asyncio
import os
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from tests.store.fakes import Clock
from ussd.backends import LedgerAway
from ussd.keys import Keys
from ussd.limits import Allowed, Excess
from ussd.sessions import StoreAway
from ussd.store import RedisStore
from ussd.store.limits import RedisLimits

LINE, CENTRE = "989120000001", "989120001666"
PERSON = {"national_code": "0007569602"}
Opened = Callable[..., RedisLimits]


@pytest.fixture
def limits(open_store: Callable[..., RedisStore], server: str, keys: Keys, clock: Clock) -> Opened:
    """Limits of one process of an installation; each call gives those of another process."""

    async def is_centre(msisdn: str) -> bool:
        return msisdn == CENTRE

    def opened(url: str = server, is_exempt: object = is_centre, **allowed: float) -> RedisLimits:
        return RedisLimits(open_store(url).scripts, keys, Allowed(**allowed), is_exempt, clock)  # type: ignore[arg-type]

    return opened


async def dials(limits: RedisLimits, names: range, msisdn: str = LINE) -> list[Excess | None]:
    return [await limits.dialled("mci", 0, msisdn, f"dial {name}") for name in names]


async def test_ten_dials_a_minute_pass_and_the_next_waits_until_the_first_is_a_minute_old(
    limits: Opened, clock: Clock
) -> None:
    mine = limits()
    for number in range(10):
        assert await dials(mine, range(number, number + 1)) == [None]
        clock.now += 1
    assert await dials(mine, range(10, 12)) == [Excess("too_often", 50_000)] * 2
    clock.now += 49.5
    assert await dials(mine, range(12, 13)) == [Excess("too_often", 500)]
    clock.now += 0.5
    assert await dials(mine, range(13, 15)) == [None, Excess("too_often", 1000)]


async def test_a_hundred_and_twenty_an_hour_pass_and_the_next_waits_for_the_hour(limits: Opened, clock: Clock) -> None:
    mine = limits()
    for number in range(120):
        assert await dials(mine, range(number, number + 1)) == [None]
        clock.now += 10
    assert await dials(mine, range(120, 121)) == [Excess("too_often", 2_400_000)]
    clock.now += 2400
    assert await dials(mine, range(121, 122)) == [None]


async def test_a_retry_of_a_dial_counts_once(limits: Opened) -> None:
    mine = limits()
    assert await dials(mine, range(10)) == [None] * 10
    assert await dials(mine, range(10)) == [None] * 10
    assert await dials(mine, range(10, 11)) == [Excess("too_often", 60_000)]


async def test_all_processes_count_together_and_at_once_no_more_pass(limits: Opened) -> None:
    several = [limits() for _ in range(4)]
    asked = (several[number % 4].dialled("mci", 0, LINE, f"dial {number}") for number in range(100))
    assert (await asyncio.gather(*asked)).count(None) == 10


async def test_another_line_has_its_own_count(limits: Opened) -> None:
    mine = limits()
    await dials(mine, range(10))
    assert await dials(mine, range(1), "989120000002") == [None]


async def test_a_centre_has_no_limit(limits: Opened) -> None:
    mine = limits(people_per_day=1, wrong_codes=1)
    assert await dials(mine, range(30), CENTRE) == [None] * 30
    assert [await mine.asked(CENTRE, {"national_code": str(code)}) for code in range(5)] == [None] * 5
    assert [await mine.mistyped(CENTRE, f"step {step}") for step in range(5)] == [None] * 5
    assert await mine.asked(CENTRE, PERSON) is None


async def test_where_nobody_can_tell_whether_a_line_is_a_centres_it_gets_through(limits: Opened) -> None:
    async def away(_: str) -> bool:
        raise LedgerAway

    assert await dials(limits(is_exempt=away), range(11)) == [None] * 11


async def test_two_hundred_people_a_day_may_be_asked_about_each_as_often_as_one_likes(limits: Opened) -> None:
    mine = limits()
    people = [{"national_code": f"{number:010}"} for number in range(200)]
    assert [await mine.asked(LINE, one) for one in people * 2] == [None] * 400
    assert await mine.asked(LINE, PERSON) == Excess("too_many_people")
    assert await mine.asked(LINE, {"insurance_number": "00000101"}) == Excess("too_many_people")
    assert await mine.asked(LINE, people[0]) is None
    assert await mine.asked("989120000002", PERSON) is None


async def test_the_day_is_the_one_of_tehran(limits: Opened, clock: Clock) -> None:
    mine = limits(people_per_day=1)
    clock.now = 1_795_200_000 - 1_795_200_000 % 86400 + 20 * 3600  # 20:00 UTC, half an hour before midnight there
    assert await mine.asked(LINE, PERSON) is None
    assert await mine.asked(LINE, {"national_code": "1"}) == Excess("too_many_people")
    clock.now += 1800
    assert await mine.asked(LINE, {"national_code": "1"}) is None


async def test_a_lookup_about_nobody_is_not_counted(limits: Opened) -> None:
    assert await limits(people_per_day=1).asked(LINE, {}) is None


async def test_five_wrong_codes_pause_and_more_do_not_lengthen_the_pause(limits: Opened, redis: Redis) -> None:
    mine = limits()
    assert [await mine.mistyped(LINE, f"step {step}") for step in range(4)] == [None] * 4
    assert await mine.asked(LINE, PERSON) is None
    paused = await mine.mistyped(LINE, "step 4")
    assert paused
    assert paused.word == "paused"
    assert 899_000 < paused.milliseconds <= 900_000
    await asyncio.sleep(0.05)
    still, refused = await mine.mistyped(LINE, "step 5"), await mine.asked(LINE, PERSON)
    assert still
    assert refused
    assert refused.word == "paused"
    assert refused.milliseconds <= still.milliseconds <= paused.milliseconds - 50


async def test_a_step_that_is_taken_many_times_at_once_counts_once(limits: Opened) -> None:
    several = [limits() for _ in range(4)]
    asked = (several[number % 4].mistyped(LINE, "step 1") for number in range(20))
    assert await asyncio.gather(*asked) == [None] * 20
    assert [await several[0].mistyped(LINE, f"step {step}") for step in (2, 3, 4)] == [None] * 3
    assert await several[0].mistyped(LINE, "step 5")


async def test_after_the_pause_the_line_may_ask_and_mistype_anew(limits: Opened) -> None:
    mine = limits(wrong_codes=2, pause=0.1)
    assert await mine.mistyped(LINE, "step 1") is None
    assert await mine.mistyped(LINE, "step 2")
    await asyncio.sleep(0.12)
    assert await mine.asked(LINE, PERSON) is None
    assert await mine.mistyped(LINE, "step 3") is None


async def test_a_gateway_brings_what_was_agreed_on_and_no_more(limits: Opened) -> None:
    mine, began = limits(), time.monotonic()
    passed = [await mine.dialled("mci", 20, f"98912{number:07}", "dial") for number in range(60)]
    due = 20 * (time.monotonic() - began)  # while they are asked
    assert 20 <= passed.count(None) <= 21 + due
    assert set(passed) == {None, Excess("busy")}
    assert await mine.dialled("irancell", 20, LINE, "dial") is None
    await asyncio.sleep(0.2)
    again = [await mine.dialled("mci", 20, f"98913{number:07}", "dial") for number in range(20)]
    assert 3 <= again.count(None) <= 8


async def test_zero_is_no_limit(limits: Opened) -> None:
    mine = limits(dials_per_minute=0, dials_per_hour=0, people_per_day=0, wrong_codes=0)
    assert await dials(mine, range(200)) == [None] * 200
    assert [await mine.asked(LINE, {"national_code": str(code)}) for code in range(300)] == [None] * 300
    assert [await mine.mistyped(LINE, f"step {step}") for step in range(20)] == [None] * 20


async def test_nothing_of_it_names_anybody_or_stays_for_ever(limits: Opened, redis: Redis) -> None:
    before = set(await redis.keys("*"))
    mine = limits()
    await mine.dialled("mci", 5, LINE, "dial")
    await mine.asked(LINE, PERSON)
    await mine.mistyped(LINE, "step 1")
    kept = set(await redis.keys("*")) - before
    assert len(kept) == 4
    for name in kept:
        assert await redis.pttl(name) > 0
        assert LINE.encode() not in name
        dump = await redis.dump(name)
        assert dump
        assert PERSON["national_code"].encode() not in dump


async def test_where_redis_is_away_nothing_is_known(limits: Opened) -> None:
    away = limits("unix:///nowhere/redis.sock")
    for asked in (away.dialled("mci", 1, LINE, "dial"), away.asked(LINE, PERSON), away.mistyped(LINE, "step 1")):
        with pytest.raises(StoreAway):
            await asked


@given(st.lists(st.integers(0, 30), max_size=60))
def test_never_more_than_allowed_pass_in_any_minute(server: str, gaps: list[int]) -> None:
    clock = Clock()

    async def is_exempt(_: str) -> bool:
        return False

    async def passed() -> list[float]:
        store = RedisStore(server, keys := Keys(os.urandom(32)))
        limits = RedisLimits(store.scripts, keys, Allowed(dials_per_minute=3), is_exempt, clock)
        times = []
        for number, gap in enumerate(gaps):
            clock.now += gap
            if await limits.dialled("mci", 0, LINE, f"dial {number}") is None:
                times.append(clock.now)
        await store.close()
        return times

    times = asyncio.run(passed())
    assert all(late - early >= 60 for early, late in zip(times, times[3:], strict=False))
