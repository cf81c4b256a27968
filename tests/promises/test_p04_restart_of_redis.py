"""P4: Redis is killed, started again, halted, slowed down and emptied of scripts while dialogues go on."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.promises.engine import Engine, engine
from tests.promises.report import Kept
from tests.promises.scale import SEED, many
from tests.promises.traffic import Seen, Traffic
from tests.rigs.redis import AS_OURS, Server, redis

AT_ONCE = 8
GATE = 5.1
"""Seconds within which every callback is answered: the line's deadline, and a little for the way."""
BACK = 3.0
"""Seconds after which a new dial reads its right screen again."""
EXCUSED = {"apology", "busy", "unavailable"}


@dataclass(slots=True)
class Rig:
    """A server and its Redis, which tests share, each with lines of its own."""

    engine: Engine
    redis: Server
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    tests: int = 0

    @asynccontextmanager
    async def loaded(self) -> AsyncIterator[Traffic]:
        """Traffic on lines of its own."""
        self.tests += 1
        async with self.engine.loaded(AT_ONCE, first=self.tests * 100_000) as traffic:
            yield traffic

    async def held(self, seen: Seen) -> None:
        """What holds whatever Redis does."""
        assert not seen.wrong, (SEED, seen.wrong[:3])
        assert (seen.broken, seen.timeouts, seen.lost) == (0, 0, 0), SEED
        assert seen.in_time(GATE), (SEED, seen.slowest, seen.held_up)
        assert seen.ended.keys() <= EXCUSED, (SEED, seen.ended)
        books = await self.engine.books(seen)
        assert books.agree, (SEED, books)
        assert not self.engine.faults(), self.engine.faults()[:3]


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with redis({**AS_OURS, "enable-debug-command": "yes"}) as server, engine(redis_url=server.url) as one:
        yield Rig(one, server)


async def until_dialled(traffic: Traffic) -> float:
    """Seconds until a new dial reads its right screen."""
    began = time.monotonic()
    while not await traffic.dialled():
        await asyncio.sleep(0.02)
    return time.monotonic() - began


def came_of(seen: Seen) -> str:
    """What is said of a traffic in the report."""
    ends = ", ".join(f"{count} {name}" for name, count in seen.ended.items()) or "0 apologies"
    return (
        f"{ends}; slowest answer {seen.slowest:.1f} s, {seen.timeouts + seen.lost} hung; {len(seen.wrong)} wrong "
        f"screens; of {seen.repeated} retries {seen.differing} with other bytes"
    )


@pytest.mark.alone
async def test_p4_redis_killed_and_started_again_is_apologies_and_then_right_screens(kept: Kept, rig: Rig) -> None:
    back = []
    async with rig.loaded() as traffic:
        for _ in range(many(2, 200)):
            await asyncio.sleep(rig.chance.uniform(0.2, 0.6))
            await asyncio.to_thread(rig.redis.kill)
            await asyncio.sleep(rig.chance.random())
            rig.redis.launch()
            back.append(await until_dialled(traffic))
    seen = traffic.seen
    kept.seen(
        "SIGKILL of Redis (AOF every second), started again 0-1 s later",
        f"{len(back)} restarts, {seen.callbacks} callbacks of {seen.dialogues} dialogues",
        f"new dials right again within {max(back):.2f} s; {seen.behind} steps forgotten; {came_of(seen)}",
    )
    await rig.held(seen)
    assert max(back) <= BACK, SEED
    assert (seen.behind, seen.differing) == (0, 0), SEED
    assert len(seen.finished) > 5 * len(back)


@pytest.mark.alone
async def test_p4_redis_halted_is_apologies_in_time(kept: Kept, rig: Rig) -> None:
    back, halts = [], [*[many(1, 3)] * many(1, 8), *[20] * many(0, 2)]
    async with rig.loaded() as traffic:
        for seconds in halts:
            with rig.redis.halted():
                await asyncio.sleep(seconds)
            back.append(await until_dialled(traffic))
            await asyncio.sleep(0.2)
    seen = traffic.seen
    kept.seen(
        "SIGSTOP of Redis for " + " or ".join(f"{seconds} s" for seconds in sorted(set(halts))),
        f"{len(halts)} halts, {seen.callbacks} callbacks",
        f"new dials right again within {max(back):.2f} s; {came_of(seen)}",
    )
    await rig.held(seen)
    assert max(back) <= BACK, SEED
    assert (seen.behind, seen.differing) == (0, 0), SEED


@pytest.mark.alone
@pytest.mark.parametrize(
    "command", [("DEBUG", "SLEEP", "0.7"), ("CLIENT", "PAUSE", "700", "ALL")], ids=["DEBUG SLEEP", "CLIENT PAUSE"]
)
async def test_p4_redis_that_dozes_is_apologies_in_time(kept: Kept, rig: Rig, command: tuple[str, ...]) -> None:
    naps, back = many(1, 30), []
    async with rig.loaded() as traffic:
        for _ in range(naps):
            await asyncio.to_thread(rig.redis.ask, *command)
            back.append(await until_dialled(traffic))
            await asyncio.sleep(0.2)
    seen = traffic.seen
    kept.seen(f"{' '.join(command)} under load", f"{naps} times, {seen.callbacks} callbacks", came_of(seen))
    await rig.held(seen)
    assert max(back) <= BACK, SEED
    assert (seen.behind, seen.differing) == (0, 0), SEED


@pytest.mark.alone
async def test_p4_redis_that_forgets_its_scripts_is_noticed_by_nobody(kept: Kept, rig: Rig) -> None:
    flushes = many(20, 600)
    async with rig.loaded() as traffic:
        for _ in range(flushes):
            await asyncio.to_thread(rig.redis.ask, "SCRIPT", "FLUSH")
            await asyncio.sleep(0.05)
    seen = traffic.seen
    kept.seen("SCRIPT FLUSH each 50 ms under load", f"{flushes} flushes, {seen.callbacks} callbacks", came_of(seen))
    await rig.held(seen)
    assert seen.ended.total() - seen.ended["busy"] <= 0.01 * seen.dialogues + 2, (SEED, seen.ended)
    assert (seen.behind, seen.differing) == (0, 0), SEED
