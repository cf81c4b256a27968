"""Many who spend one credit code at once, through two servers, one of which may be killed."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from pathlib import Path

from aiohttp import ClientError, ClientSession
from sqlalchemy import update

from tests.promises.added_up import waiting
from tests.server import Server, ussd
from ussd.ledger.database import Database
from ussd.ledger.schema import credit_codes, credit_inquiries
from ussd.ledger.spending import LEFT_OPEN

MOBILE = "09120000001"


@dataclass
class Site:
    """A web site that spends: it asks each of its questions until it has an answer or is told that there is none."""

    session: ClientSession
    servers: list[Server]
    code: str
    tries: int
    numbers: Iterator[int] = field(default_factory=count)
    said: Counter[int] = field(default_factory=Counter)
    """Final answers, by their status."""
    asked: int = 0
    """Requests, those that came to nothing too."""
    codes: set[str] = field(default_factory=set)

    async def spend(self) -> None:
        """Ask the next question that nobody has asked, until there is none."""
        for number in self.numbers:
            if number >= self.tries:
                return
            status, answer = await self._answered(number)
            self.said[status] += 1
            if status == 200:
                assert answer["remaining"] >= 0
                self.codes.add(answer["tracking_code"])

    @property
    def done(self) -> bool:
        """Whether every question has its answer."""
        return sum(self.said.values()) >= self.tries

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
        self.asked += 1
        asked = {"mobile": MOBILE, "code": self.code, "national_code": "0007569602"}
        url, key = f"http://127.0.0.1:{server.port}/api/v1/inquiries", {"Idempotency-Key": f"try-{number}"}
        async with self.session.post(url, json=asked, headers=key) as reply:
            return reply.status, await reply.json(content_type=None)


@asynccontextmanager
async def patient(database_url: str) -> AsyncIterator[Database]:
    """The ledger's database, for somebody who can wait while others write."""
    database = Database(database_url, patience=30)
    try:
        yield database
    finally:
        await database.close()


async def killed_and_started_anew(site: Site, home: Path, database_url: str, wanted: int, reserved: int) -> None:
    """One of the two servers, once so many credits are spent, and so many more are reserved."""
    async with patient(database_url) as database:
        while site.said[200] < wanted or (await waiting(database))[0] < reserved:
            await asyncio.sleep(0.01)
    site.servers[0].kill()
    site.servers[0] = await asyncio.to_thread(Server, home, database_url=database_url)


async def watched(site: Site, database_url: str, *, waits: bool) -> float:
    """The seconds for which the oldest credit was reserved, looked at twice a second.

    Unless it `waits` for that, what has been reserved for longer than anybody alive takes here is made to look as old
    as what is given back.
    """
    oldest = 0.0
    async with patient(database_url) as database:
        while not site.done:
            await asyncio.sleep(0.5)
            if waits:
                oldest = max(oldest, (await waiting(database))[1])
            else:
                await _aged(database)
    return oldest


async def _aged(database: Database) -> None:
    now = datetime.now(UTC)
    left = (credit_inquiries.c.state == "pending") & (credit_inquiries.c.reserved_at < now - timedelta(seconds=3))
    age = update(credit_inquiries).where(left).values(reserved_at=now - LEFT_OPEN)
    await database.write(lambda connection: connection.execute(age))


async def issued(home: Path, database_url: str, credits: int) -> tuple[str, str]:
    """A client's key, and a code with so many credits."""
    key = ussd(home, "clients", "add", "site", database_url=database_url).stdout.splitlines()[-1]
    dialled = ussd(home, "dial", "*4*1420*99#", "--msisdn", f"98{MOBILE[1:]}", "--json", database_url=database_url)
    issue = update(credit_codes).values(issued=credits, remaining=credits)
    async with patient(database_url) as database:
        await database.write(lambda connection: connection.execute(issue))
    return key, json.loads(dialled.stdout)["text"].splitlines()[1]
