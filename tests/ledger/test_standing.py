"""How the ledger stands, for whoever watches it: looked at now and then, and told as numbers."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete

from tests.counted import series
from tests.ledger.books import ISSUED, LINE, reserved
from tests.ledger.conftest import Clock
from ussd.ledger import Ledger
from ussd.ledger.codes import CAPACITY
from ussd.ledger.leases import BLOCK
from ussd.ledger.schema import credit_inquiries, tracking_leases
from ussd.metrics import Metrics
from ussd.upkeep import Upkeep


async def test_credits_are_reserved_until_their_inquiry_is_answered(ledger: Ledger, clock: Clock) -> None:
    await ledger.clients.add("one")
    code = (await ledger.credits.dialled(LINE)).code
    assert await ledger.standing.reserved() == (0, 0.0)
    first = await reserved(ledger, code, "k1")
    clock.now += timedelta(seconds=7)
    second = await reserved(ledger, code, "k2")
    assert await ledger.standing.reserved() == (2, 7.0)
    await ledger.spending.take(first, True, ISSUED, b"the answer")
    assert await ledger.standing.reserved() == (1, 0.0)
    await ledger.spending.give_back(second)
    assert await ledger.standing.reserved() == (0, 0.0)
    assert await ledger.standing.drift() == 0


async def test_a_reserved_credit_that_no_inquiry_has_is_drift(ledger: Ledger) -> None:
    await ledger.clients.add("one")
    assert await ledger.standing.drift() == 0
    await reserved(ledger, (await ledger.credits.dialled(LINE)).code, "k1")
    assert await ledger.standing.drift() == 0
    await ledger.database.write(lambda connection: connection.execute(delete(credit_inquiries)))
    assert await ledger.standing.drift() == 1


async def test_the_codes_of_today_are_fewer_by_each_lease_and_tomorrow_all_are_left(
    ledger: Ledger, clock: Clock
) -> None:
    assert await ledger.standing.codes_left() == CAPACITY
    leased = tracking_leases.insert().values(day="1405-08-30", next_block=3 * BLOCK)
    await ledger.database.write(lambda connection: connection.execute(leased))
    assert await ledger.standing.codes_left() == CAPACITY - 3 * BLOCK
    clock.now += timedelta(days=1)
    assert await ledger.standing.codes_left() == CAPACITY


async def test_what_is_kept_for_prometheus_follows(ledger: Ledger, clock: Clock) -> None:
    metrics = Metrics()
    await ledger.clients.add("one")
    code = (await ledger.credits.dialled(LINE)).code
    async with Upkeep(ledger, metrics, every=0.05, audit=0.05).running():
        await _until(lambda: series(metrics).get("tracking_codes_left") == CAPACITY)
        await reserved(ledger, code, "k1")
        clock.now += timedelta(seconds=8)
        await _until(lambda: series(metrics).get("credits_reserved_oldest_seconds") == 8)
        assert series(metrics)["credits_reserved"] == 1
        assert "ledger_drift" not in series(metrics), "it is 0"
        await ledger.database.write(lambda connection: connection.execute(delete(credit_inquiries)))
        await _until(lambda: series(metrics).get("ledger_drift") == 1)


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.02)
