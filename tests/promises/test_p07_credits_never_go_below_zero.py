"""P7: what was issued is what remains, is reserved and was spent, whoever spends at once and whoever is killed."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector

from tests.ledger.books import LINE, keyed
from tests.ledger.conftest import Clock
from tests.promises.added_up import Books, books_of
from tests.promises.forked import FORKED
from tests.promises.killed_inquiry import KEYS, die, paid_of, wish
from tests.promises.report import Kept
from tests.promises.scale import LONG, many
from tests.promises.spenders import Site, issued, killed_and_started_anew, watched
from tests.server import Server
from ussd.ledger import Ledger, Replayed, opened
from ussd.ledger.database import Database

SPENDERS = many(15, 500)
CREDITS, TRIES = 20 * SPENDERS, 40 * SPENDERS
LONGEST = 60 + SPENDERS
"""Seconds."""
POINTS = 200
"""More than an inquiry has."""
STEP = many(5, 1)
"""Every point is tried, or every fifth."""


async def books(database_url: str) -> Books:
    database = Database(database_url)
    try:
        return await books_of(database)
    finally:
        await database.close()


@pytest.mark.parametrize("kill", [False, True] if LONG else [True], ids=lambda kill: "killed" if kill else "alive")
async def test_p7_each_credit_buys_one_answer_of_many_spenders_at_once(
    kept: Kept, tmp_path: Path, database_url: str, kill: bool
) -> None:
    key, code = await issued(tmp_path, database_url, CREDITS)
    servers = [Server(tmp_path, database_url=database_url) for _ in range(2)]
    connector, headers = TCPConnector(limit=SPENDERS), {"Authorization": f"Bearer {key}"}
    oldest = 0.0
    try:
        async with ClientSession(connector=connector, headers=headers, timeout=ClientTimeout(30)) as session:
            site = Site(session, servers, code, TRIES)
            async with asyncio.timeout(LONGEST), asyncio.TaskGroup() as spending:
                watching = spending.create_task(watched(site, database_url, waits=LONG))
                for _ in range(SPENDERS):
                    spending.create_task(site.spend())
                if kill:
                    spending.create_task(
                        killed_and_started_anew(site, tmp_path, database_url, CREDITS // 3, SPENDERS // 4)
                    )
            oldest = watching.result()
    finally:
        for server in servers:
            server.close()
    found = await books(database_url)
    bought, waited = len(site.codes), f", none reserved for longer than {oldest:.0f} s" if LONG else ""
    kept.seen(
        f"{SPENDERS} spenders of one code through two servers" + (", one killed with SIGKILL" if kill else ""),
        f"{CREDITS:,} credits, {TRIES:,} questions in {site.asked:,} requests",
        f"{bought:,} answers for {found.spent:,} credits, {found.returned} given back, drift {found.drift}{waited}",
    )
    assert site.said == {200: CREDITS, 402: TRIES - CREDITS}
    assert bought == CREDITS
    assert (found.issued, found.remaining, found.pending, found.spent) == (CREDITS, 0, 0, CREDITS)
    assert found.drift == 0
    # What the killed server had written down tells nobody its code where all credits are spent when it is asked again.
    assert CREDITS <= found.tracked <= CREDITS + (SPENDERS if kill else 0)
    assert oldest < 60
    assert not {"api_request_failed", "upkeep_failed"} & set(events(servers))


def events(servers: list[Server]) -> list[str]:
    return [json.loads(line)["event"] for server in servers for line in server.log if line.startswith("{")]


@pytest.mark.parametrize("answers", [True, False], ids=["answered", "not answered"])
async def test_p7_whoever_is_killed_at_any_statement_loses_no_credit_and_takes_none_twice(
    kept: Kept, database_url: str, answers: bool
) -> None:
    clock = Clock()
    clock.now = datetime.now(UTC)
    async with opened(database_url, KEYS, clock=clock, samples=False) as ledger:
        await ledger.clients.add("site")
        code = (await ledger.credits.dialled(LINE)).code
        faults: list[str] = []
        died = 0
        for point in range(0, POINTS, STEP):
            process = FORKED.Process(target=die, args=(database_url, clock.now, code, f"key-{point}", point, answers))
            process.start()
            await asyncio.to_thread(process.join)
            if process.exitcode == 0:
                break
            assert process.exitcode == -9
            died += 1
            faults += await _put_right(ledger, clock, code, point, spent_before=died - 1)
        found = await books_of(ledger.database)
    kept.seen(
        f"SIGKILL before and after each statement and commit of an inquiry that is {'' if answers else 'not '}answered",
        f"{died} points",
        f"{found.spent} answers for {found.spent} credits, drift {found.drift}" if not faults else faults[0],
    )
    assert not faults
    assert died > many(2, 20)
    assert process.exitcode == 0, "the last one was let go on to its end"


async def _put_right(ledger: Ledger, clock: Clock, code: str, point: int, *, spent_before: int) -> list[str]:
    """What is wrong at any moment until the question of the dead process was asked again, and again."""
    at_once = await books_of(ledger.database)
    clock.now += timedelta(seconds=50)
    await ledger.spending.sweep()
    swept = await books_of(ledger.database)
    paid, key = paid_of(ledger), f"key-{point}"
    said = [await paid.inquire(wish(code), keyed(key=key)) for _ in range(2)]
    after = await books_of(ledger.database)
    right = {
        "drift": (at_once.drift, swept.drift, after.drift) == (0, 0, 0),
        "drift of its own telling": await ledger.standing.drift() == 0,
        "left reserved": swept.pending == 0,
        "spent": after.spent == spent_before + 1,
        "tracked": after.tracked == after.spent,
        "the same answer": isinstance(said[1], Replayed)
        and (said[0] == said[1] or said[1].body == keyed().render(said[0])),
    }
    return [f"killed at point {point}: {name}" for name, holds in right.items() if not holds]
