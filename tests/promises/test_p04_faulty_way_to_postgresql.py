"""P4: the way to PostgreSQL delays, cuts, swallows and slices while dialogues go on."""

import asyncio
import random

import pytest

from tests.postgres import BINARIES
from tests.promises.engine import Engine, engine
from tests.promises.postgres import killable
from tests.promises.report import Kept
from tests.promises.scale import LONG, SEED, many
from tests.promises.test_p04_faulty_way_to_redis import FAULTS, mend
from tests.promises.test_p04_ledger_away import AT_ONCE, came_of, held, until_one_finishes
from tests.promises.traffic import Seen
from tests.rigs.proxy import Threaded, threaded

WITHIN = 10.0
"""Seconds until a code comes again: connections that carry nothing any more are found out one by one, in 1 s each."""


async def broken_in_turn(one: Engine, way: Threaded, faults: list[str]) -> tuple[Seen, list[float]]:
    """Traffic while one fault after the other is there for a while."""
    chance, back = random.Random(SEED), []
    async with one.loaded(AT_ONCE) as traffic:
        for fault in faults:
            await until_one_finishes(traffic)
            for _ in range(many(1, 4)):
                await FAULTS[fault][0](way, chance)
            mend(way)
            back.append(await until_one_finishes(traffic))
            await asyncio.sleep(0.1)
    return traffic.seen, back


@pytest.mark.alone
async def test_p4_a_faulty_way_to_postgresql_shows_no_code_that_is_not_there_afterwards(kept: Kept) -> None:
    if BINARIES is None:
        kept.seen("a faulty way to PostgreSQL", "0 times", "not tried here, as PostgreSQL is not installed")
        return
    with killable() as server, threaded(server.url, SEED) as way:
        url = f"postgresql://postgres@127.0.0.1:{way.proxy.port}/postgres"
        with engine(database_url=url) as one:
            faults = list(FAULTS) * 8 if LONG else ["cuts", "swallows replies"]
            seen, back = await broken_in_turn(one, way, faults)
            fault = f"a way to PostgreSQL that {', '.join(dict.fromkeys(faults))}"
            kept.seen(fault, f"{len(back)} times, by turns; {seen.callbacks} callbacks", came_of(seen, back))
            await held(one, seen)
            assert max(back) <= WITHIN, SEED
