"""A desk that has one-time codes sent and tries them, as a client of the API does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ussd.keys import Keys
from ussd.ledger.database import Database
from ussd.ledger.one_time import OneTimeBook
from ussd.ledger.outbox import Outbox
from ussd.ledger.requests import Requests
from ussd.ledger.said import Keyed, Sent
from ussd.ledger.schema import clients
from ussd.ledger.tracking import Clock
from ussd.ledger.works import Works

LINE, OTHER_LINE = "989121112233", "989124445566"
LOGIN = "login"


def keyed(client: int, key: str = "", fingerprint: str = "the same", body: bytes = b"{}") -> Keyed:
    """A request of a client; without an Idempotency-Key, unless told."""
    return Keyed(client, key, fingerprint, lambda said: body)


def wrong(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 100_000:05}"


@dataclass
class Desk:
    """A book of one-time codes, with the outbox that it writes into and what was written there."""

    book: OneTimeBook
    outbox: Outbox
    database: Database
    codes: list[str] = field(default_factory=list)

    async def client(self, name: str) -> int:
        """The number of a client of that name, who was not there."""
        values = {"name": name, "added_at": datetime(2026, 11, 21, tzinfo=UTC)}
        add = clients.insert().values(values).returning(clients.c.id)
        number: int | None = await self.database.write(lambda connection: connection.scalar(add))
        assert number is not None
        return number

    async def send(self, request: Keyed, line: str = LINE, purpose: str = LOGIN) -> object:
        """Have a code sent."""
        return await self.book.send(request, line, purpose, self.worded)

    async def sent(self, client: int, line: str = LINE, purpose: str = LOGIN) -> str:
        """The code that was sent."""
        assert await self.send(keyed(client), line, purpose) == Sent(120)
        return self.codes[-1]

    async def tried(self, client: int, code: str, line: str = LINE, purpose: str = LOGIN) -> object:
        """What a code comes to."""
        return await self.book.verify(keyed(client), line, purpose, code)

    async def texts(self) -> list[str | None]:
        """The messages that wait to be sent."""
        return [message.text for message in await self.outbox.waiting(reveal=True)]

    def worded(self, code: str) -> str:
        self.codes.append(code)
        return f"code {code}"


@asynccontextmanager
async def desk_of(database: Database, keys: Keys, clock: Clock) -> AsyncIterator[Desk]:
    """A desk of its own on a ledger that is open."""
    works, outbox = Works(database), Outbox(database, keys, clock)
    book = OneTimeBook(database, keys, clock, works, Requests(keys), outbox)
    yield Desk(book, outbox, database)
    await book.close()
    await works.close()
