"""P5: Redis' primary dies and a replica takes its place; a cluster's slots move. Nobody reads another's screen."""

import asyncio
import random
import time
from collections.abc import Iterator

import pytest

from tests.promises.engine import Engine, engine
from tests.promises.report import Kept
from tests.promises.scale import SEED, many
from tests.promises.traffic import Seen, Traffic
from tests.rigs.cluster import Cluster, cluster
from tests.rigs.sentinel import Sentinels, sentinels

AT_ONCE = 6
BACK = 15.0
GATE = 5.1
EXCUSED = {"apology", "busy", "expired", "unavailable"}


async def held(one: Engine, seen: Seen) -> None:
    """What holds whatever moves."""
    assert not seen.wrong, (SEED, seen.wrong[:3])
    assert (seen.broken, seen.timeouts, seen.lost) == (0, 0, 0), SEED
    assert seen.in_time(GATE), (SEED, seen.slowest, seen.held_up)
    assert seen.ended.keys() <= EXCUSED, (SEED, seen.ended)
    books = await one.books(seen)
    assert books.agree, (SEED, books)
    assert not one.faults(), one.faults()[:3]
    assert seen.finished


async def until_dialled(traffic: Traffic) -> float:
    """Seconds until new dials read their right screens, ten in a row."""
    began, well, right_since = time.monotonic(), 0, 0.0
    while well < 10:
        if await traffic.dialled():
            right_since = right_since or time.monotonic()
            well += 1
        else:
            well, right_since = 0, 0.0
            await asyncio.sleep(0.05)
        assert time.monotonic() - began < 60
    return right_since - began


@pytest.fixture
def watched() -> Iterator[tuple[Engine, Sentinels]]:
    with sentinels() as rig, engine(redis_url=rig.url) as one:
        yield one, rig


@pytest.fixture
def replicated() -> Iterator[tuple[Engine, Cluster]]:
    with cluster(replicas=1) as rig, engine(redis_url=rig.url) as one:
        yield one, rig


@pytest.fixture
def spread() -> Iterator[tuple[Engine, Cluster]]:
    with cluster() as rig, engine(redis_url=rig.url) as one:
        yield one, rig


@pytest.mark.alone
async def test_p5_a_failover_shows_nobody_another_screen_than_a_step_back(
    kept: Kept, watched: tuple[Engine, Sentinels]
) -> None:
    one, rig = watched
    async with one.loaded(AT_ONCE) as traffic:
        back = await failed_over(traffic, many(1, 20), rig)
    await told(kept, one, traffic.seen, "SIGKILL of the primary, with two replicas and three sentinels", back)


@pytest.mark.alone
async def test_p5_a_failover_in_a_cluster_shows_nobody_another_screen_than_a_step_back(
    kept: Kept, replicated: tuple[Engine, Cluster]
) -> None:
    one, rig = replicated
    async with one.loaded(AT_ONCE) as traffic:
        back = await failed_over(traffic, many(1, 10), rig)
    await told(kept, one, traffic.seen, "SIGKILL of one of a cluster's three primaries, which has a replica", back)


async def failed_over(traffic: Traffic, times: int, rig: Sentinels | Cluster) -> list[float]:
    """Seconds of each failover, from the kill to right dials."""
    chance, back = random.Random(SEED), list[float]()
    while len(back) < times:
        await asyncio.sleep(chance.uniform(0.5, 1))
        dead = await asyncio.to_thread(rig.kill_primary)
        began = time.monotonic()
        await asyncio.to_thread(rig.wait_for_another, dead)
        await until_dialled(traffic)
        back.append(time.monotonic() - began)
        if len(back) < times:
            await asyncio.to_thread(rig.restart_dead)
    return back


async def told(kept: Kept, one: Engine, seen: Seen, fault: str, back: list[float]) -> None:
    """The row, and what it claims."""
    kept.seen(
        fault,
        f"{len(back)} failovers, {seen.callbacks} callbacks of {seen.dialogues} dialogues",
        f"new dials right again within {max(back):.1f} s; {len(seen.wrong)} wrong screens, {seen.behind} dialogues a "
        f"step back, {dict(seen.ended)} ended; {seen.differing} of {seen.repeated} retries with other bytes, their "
        f"reply being lost; {len(seen.finished)} codes shown, all in the ledger; slowest answer {seen.slowest:.1f} s",
    )
    await held(one, seen)
    assert max(back) <= BACK, SEED


def move_one(rig: Cluster, chance: random.Random) -> None:
    """Move a slot that has keys."""
    owner, to = chance.sample(rig.nodes, 2)
    if key := owner.ask("RANDOMKEY"):
        rig.move_slot(rig.slot_of(key), to)


@pytest.mark.alone
async def test_p5_a_slot_that_moves_is_noticed_by_nobody(kept: Kept, spread: tuple[Engine, Cluster]) -> None:
    (one, rig), chance, moves = spread, random.Random(SEED), many(12, 600)
    async with one.loaded(AT_ONCE) as traffic:
        await asyncio.sleep(0.2)
        for _ in range(moves):
            await asyncio.to_thread(move_one, rig, chance)
    seen = traffic.seen
    kept.seen(
        "slots of a cluster of three, with keys in them, moved under load",
        f"{moves} slots, {seen.callbacks} callbacks of {seen.dialogues} dialogues",
        f"{len(seen.wrong)} wrong screens, {seen.behind} steps lost, {dict(seen.ended) or 'none'} ended before their "
        f"time; {seen.differing} of {seen.repeated} retries with other bytes; slowest answer {seen.slowest:.1f} s",
    )
    await held(one, seen)
    assert (seen.behind, seen.differing) == (0, 0), SEED
    assert len(seen.finished) > 0.95 * (seen.dialogues - seen.ended["busy"]), (SEED, seen.ended)
