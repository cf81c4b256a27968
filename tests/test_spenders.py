"""Many who spend one credit code at once, through two servers, one of which may be killed: each credit buys one answer.

The numbers are small here, and what a killed server had reserved is made to look old. With USSD_TEST_SPENDERS=500
they are 500 spenders, 10,000 credits and 20,000 tries, and what is reserved is waited for (`make spenders`).
"""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from sqlalchemy import func, select, update

from tests import postgres
from tests.server import Server, ussd
from ussd.ledger.database import Database
from ussd.ledger.schema import credit_codes, credit_inquiries, inquiries
from ussd.ledger.spending import LEFT_OPEN

SPENDERS = int(os.environ.get("USSD_TEST_SPENDERS", "40"))
CREDITS, TRIES = 20 * SPENDERS, 40 * SPENDERS
IN_FULL = SPENDERS >= 500
LONGEST = 100 + SPENDERS
"""Seconds."""
MOBILE = "09120000001"


@pytest.fixture(params=postgres.DATABASES)
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
        return
    async with postgres.database(request.getfixturevalue("postgres_url")) as url:
        yield url


@dataclass
class Site:
    """A web site that spends: it asks each of its questions until it has an answer or is told that there is none."""

    session: ClientSession
    servers: list[Server]
    code: str
    numbers: Iterator[int] = field(default_factory=count)
    said: Counter[int] = field(default_factory=Counter)
    codes: set[str] = field(default_factory=set)

    async def spend(self) -> None:
        for number in self.numbers:
            if number >= TRIES:
                return
            status, answer = await self._answered(number)
            self.said[status] += 1
            if status == 200:
                assert answer["remaining"] >= 0
                self.codes.add(answer["tracking_code"])

    async def _answered(self, number: int) -> tuple[int, dict[str, int | str]]:
        for server in cycle(self.servers[number % 2 :] + self.servers[: number % 2]):
            try:
                status, answer = await self._ask(server, number)
            except (ClientError, TimeoutError):
                status, answer = 0, {}
            if status in (200, 402):
                return status, answer
            assert status in (0, 409, 503), answer
            await asyncio.sleep(0.2)
        raise AssertionError

    async def _ask(self, server: Server, number: int) -> tuple[int, dict[str, int | str]]:
        asked = {"mobile": MOBILE, "code": self.code, "national_code": "0007569602"}
        url, key = f"http://127.0.0.1:{server.port}/api/v1/inquiries", {"Idempotency-Key": f"try-{number}"}
        async with self.session.post(url, json=asked, headers=key) as reply:
            return reply.status, await reply.json(content_type=None)


async def killed_and_started_anew(site: Site, home: Path, database_url: str) -> None:
    """One of the two, in the middle of it all, while credits are reserved."""
    while site.said[200] < CREDITS // 3 or (await ledger_of(database_url))[0][2] < SPENDERS // 4:
        await asyncio.sleep(0.01)
    site.servers[0].kill()
    site.servers[0] = await asyncio.to_thread(Server, home, database_url=database_url)
    while not IN_FULL and sum(site.said.values()) < TRIES:
        await asyncio.sleep(1)
        await aged(database_url)


async def aged(database_url: str) -> None:
    """What has been reserved for longer than anybody alive takes here looks as old as what is given back."""
    database, now = Database(database_url), datetime.now(UTC)
    left = (credit_inquiries.c.state == "pending") & (credit_inquiries.c.reserved_at < now - timedelta(seconds=3))
    async with database.writing() as connection:
        await connection.execute(update(credit_inquiries).where(left).values(reserved_at=now - LEFT_OPEN))
    await database.close()


async def ledger_of(database_url: str) -> tuple[tuple[int, ...], dict[str, int], int]:
    """The code's credits (issued, remaining, pending, spent), its inquiries by state, and the tracking codes."""
    database = Database(database_url)
    columns = [credit_codes.c[name] for name in ("issued", "remaining", "pending", "spent")]
    states = select(credit_inquiries.c.state, func.count()).group_by(credit_inquiries.c.state)
    async with database.reading() as connection:
        credit = (await connection.execute(select(*columns))).one()
        by_state = {row[0]: row[1] for row in await connection.execute(states)}
        tracked = await connection.scalar(select(func.count()).select_from(inquiries)) or 0
    await database.close()
    return tuple(credit), by_state, tracked


async def issued(home: Path, database_url: str) -> tuple[str, str]:
    """A client's key, and a code with CREDITS credits."""
    key = ussd(home, "clients", "add", "site", database_url=database_url).stdout.splitlines()[-1]
    dialled = ussd(home, "dial", "*4*1420*99#", "--msisdn", f"98{MOBILE[1:]}", "--json", database_url=database_url)
    database = Database(database_url)
    async with database.writing() as connection:
        await connection.execute(update(credit_codes).values(issued=CREDITS, remaining=CREDITS))
    await database.close()
    return key, json.loads(dialled.stdout)["text"].splitlines()[1]


@pytest.mark.parametrize("kill", [False, True], ids=["both live", "one is killed"])
async def test_each_credit_buys_one_answer(tmp_path: Path, database_url: str, kill: bool) -> None:
    key, code = await issued(tmp_path, database_url)
    servers = [Server(tmp_path, database_url=database_url) for _ in range(2)]
    connector, headers = TCPConnector(limit=SPENDERS), {"Authorization": f"Bearer {key}"}
    try:
        async with ClientSession(connector=connector, headers=headers, timeout=ClientTimeout(30)) as session:
            site = Site(session, servers, code)
            going_on = [site.spend() for _ in range(SPENDERS)]
            going_on += [killed_and_started_anew(site, tmp_path, database_url)] if kill else []
            async with asyncio.timeout(LONGEST):
                await asyncio.gather(*going_on)
    finally:
        for server in servers:
            server.close()
    assert site.said == {200: CREDITS, 402: TRIES - CREDITS}
    assert len(site.codes) == CREDITS
    credit, states, tracked = await ledger_of(database_url)
    assert credit == (CREDITS, 0, 0, CREDITS)
    assert states.pop("spent") == CREDITS
    assert set(states) <= {"returned"}
    # What the killed server had written down tells nobody its code where all credits are spent when it is asked again.
    assert CREDITS <= tracked <= CREDITS + (SPENDERS if kill else 0)
