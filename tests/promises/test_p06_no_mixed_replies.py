"""P6: clients come and go in the middle of an answer, and none ever reads another's."""

import asyncio
import random
from collections.abc import Iterator

import pytest

from tests.promises.engine import Engine, engine
from tests.promises.report import Kept
from tests.promises.scale import LONG, SEED, many
from tests.promises.traffic import Seen
from tests.rigs.proxy import Threaded, threaded
from tests.rigs.redis import redis

LEAVING = 0.3
SECONDS = 120
"""Of each of the two, in the long form."""
AT_ONCE = 32
EXCUSED = {"apology", "busy", "unavailable"}


async def until_enough(seen: Seen, callbacks: int) -> None:
    """Wait for so many callbacks, or, in the long form, for as many as there is time for."""
    if LONG:
        await asyncio.sleep(SECONDS)
        return
    async with asyncio.timeout(30):
        while seen.callbacks + seen.left < callbacks:
            await asyncio.sleep(0.05)


async def held(kept: Kept, fault: str, one: Engine, seen: Seen) -> None:
    """No screen but a line's own, and no code but its own."""
    books, strays = await one.books(seen), one.server.metrics()["ussd_stray_replies_total"]
    kept.seen(
        fault,
        f"{seen.callbacks + seen.left} requests, {seen.left} clients gone before their answer, {seen.dialogues} lines",
        f"{len(seen.wrong)} screens of another line, {len(books.missing)} codes of another; {seen.differing} of "
        f"{seen.repeated} retries with other bytes; {strays:.0f} replies of Redis that were to another request; "
        f"{dict(seen.ended) or 'no'} apologies",
    )
    assert not seen.wrong, (SEED, seen.wrong[:3])
    assert (seen.lost, seen.behind, seen.differing, strays) == (0, 0, 0, 0), SEED
    assert seen.ended.keys() <= EXCUSED, (SEED, seen.ended)
    assert books.agree, (SEED, books)
    assert not one.faults(), one.faults()[:3]


@pytest.fixture
def slow_way() -> Iterator[tuple[Engine, Threaded]]:
    with redis() as server, threaded(server.url, SEED) as way, engine(redis_url=way.proxy.url) as one:
        yield one, way


@pytest.mark.alone
async def test_p6_a_reply_of_one_line_never_reaches_another(kept: Kept) -> None:
    with engine() as one:
        async with one.loaded(AT_ONCE, leaving=LEAVING) as traffic:
            await until_enough(traffic.seen, 3000)
        fault = "30 % of the clients close their connection before the answer, and ask again"
        await held(kept, fault, one, traffic.seen)


@pytest.mark.alone
async def test_p6_nor_does_it_where_redis_is_slow_and_cut_off(kept: Kept, slow_way: tuple[Engine, Threaded]) -> None:
    (one, way), chance = slow_way, random.Random(SEED)
    way.proxy.latest_ms = 4

    async with one.loaded(AT_ONCE, leaving=LEAVING) as traffic:
        enough = asyncio.create_task(until_enough(traffic.seen, many(800, 0)))
        while not enough.done():
            await asyncio.sleep(chance.uniform(0.1, 0.6))
            await asyncio.to_thread(way.hang_up)
        await enough
    fault = "as above, with replies of Redis 0-4 ms late and its connections cut twice a second"
    await held(kept, fault, one, traffic.seen)
