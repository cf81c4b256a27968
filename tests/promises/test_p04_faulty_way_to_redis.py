"""P4: the way to Redis delays, cuts, swallows and slices while dialogues go on."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator

import pytest

from tests.promises.engine import Engine, engine
from tests.promises.report import Kept
from tests.promises.scale import SEED, many
from tests.promises.test_p04_restart_of_redis import BACK, came_of, until_dialled
from tests.promises.traffic import Seen
from tests.rigs.proxy import Threaded, threaded
from tests.rigs.redis import redis

AT_ONCE = 8
GATE = 5.1
EXCUSED = {"apology", "busy", "unavailable"}
Fault = Callable[[Threaded, random.Random], Awaitable[None]]


async def delayed(way: Threaded, chance: random.Random) -> None:
    """Each way up to a third of what Redis may take."""
    way.proxy.latest_ms = chance.choice((5, 50, 150))
    await asyncio.sleep(0.3)


async def cut(way: Threaded, chance: random.Random) -> None:
    """All connections at once, again and again."""
    await asyncio.to_thread(way.hang_up)
    await asyncio.sleep(chance.uniform(0.02, 0.3))


async def dropped(way: Threaded, chance: random.Random) -> None:
    """A reply is swallowed, and its connection stays open."""
    way.proxy.drop = chance.randint(1, 30)
    await asyncio.sleep(0.1)


async def sliced(way: Threaded, chance: random.Random) -> None:
    """A few octets at a time."""
    way.proxy.slices = True
    await asyncio.sleep(0.3)


async def silenced(way: Threaded, chance: random.Random) -> None:
    """What connects is welcome, and carries nothing."""
    way.proxy.silent = -1
    await asyncio.sleep(chance.uniform(0.1, 0.6))
    way.proxy.silent = way.proxy.connections
    await asyncio.sleep(0.3)


async def refused(way: Threaded, chance: random.Random) -> None:
    """Nobody is let in."""
    way.proxy.refuses = True
    await asyncio.to_thread(way.hang_up)
    await asyncio.sleep(chance.uniform(0.1, 0.6))
    way.proxy.refuses = False
    await asyncio.sleep(0.3)


FAULTS: dict[str, tuple[Fault, int]] = {
    "delays": (delayed, 60),
    "cuts": (cut, 150),
    "swallows replies": (dropped, 150),
    "slices": (sliced, 60),
    "falls silent": (silenced, 30),
    "refuses": (refused, 30),
}
"""And how often in the long form; a twentieth of it, or once, in the quick one."""


def mend(way: Threaded) -> None:
    """All passes again."""
    way.proxy.latest_ms, way.proxy.slices, way.proxy.drop, way.proxy.refuses = 0.0, False, 0, False
    way.proxy.silent = max(way.proxy.silent, 0)


@pytest.fixture(scope="module")
def rig() -> Iterator[tuple[Engine, Threaded]]:
    with redis() as server, threaded(server.url, SEED) as way, engine(redis_url=way.proxy.url) as one:
        yield one, way


@pytest.mark.alone
@pytest.mark.parametrize("fault", FAULTS)
async def test_p4_a_way_to_redis_that_is_faulty_hangs_and_mixes_up_nothing(
    kept: Kept, rig: tuple[Engine, Threaded], fault: str
) -> None:
    (one, way), chance = rig, random.Random(SEED)
    break_it, often = FAULTS[fault]
    times = many(max(often // 40, 1), often)
    async with one.loaded(AT_ONCE, first=100_000 * (1 + list(FAULTS).index(fault))) as traffic:
        await asyncio.sleep(0.2)
        for _ in range(times):
            await break_it(way, chance)
        mend(way)
        back = await until_dialled(traffic)
        await asyncio.sleep(0.2)
    seen = traffic.seen
    said = f"new dials right again within {back:.2f} s; {came_of(seen)}"
    kept.seen(f"a way to Redis that {fault}", f"{times} times, {seen.callbacks} callbacks", said)
    await held(one, seen)
    assert back <= BACK, SEED


async def held(one: Engine, seen: Seen) -> None:
    """What holds whatever the way does."""
    assert not seen.wrong, (SEED, seen.wrong[:3])
    assert (seen.broken, seen.timeouts, seen.lost) == (0, 0, 0), SEED
    assert seen.in_time(GATE), (SEED, seen.slowest, seen.held_up)
    assert (seen.behind, seen.differing) == (0, 0), SEED
    assert seen.ended.keys() <= EXCUSED, (SEED, seen.ended)
    books = await one.books(seen)
    assert books.agree, (SEED, books)
    assert not one.faults(), one.faults()[:3]
    assert seen.finished
