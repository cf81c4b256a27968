"""Opens the ledger, and closes it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import literal, select

from ussd.backends import Owners, Registry
from ussd.keys import Keys
from ussd.ledger.absent_registries import NoOwners, NoRegistry
from ussd.ledger.centres import CentreBook
from ussd.ledger.clients import ClientBook
from ussd.ledger.credits import CreditBook
from ussd.ledger.database import Database
from ussd.ledger.history import History
from ussd.ledger.migrate import ensure
from ussd.ledger.one_time import OneTimeBook
from ussd.ledger.outbox import Outbox
from ussd.ledger.requests import Requests
from ussd.ledger.sample_registries import SampleHealthInsurance, SampleOwners, SamplePeople, SampleSso
from ussd.ledger.samples import plant
from ussd.ledger.spending import Spending
from ussd.ledger.standing import Standing
from ussd.ledger.tracking import Clock, Tracker
from ussd.ledger.works import Works


@dataclass(frozen=True, slots=True)
class Ledger:
    """An open ledger. Where its database goes away each call raises LedgerAway, until the database is back."""

    database: Database
    tracker: Tracker
    centres: CentreBook
    clients: ClientBook
    credits: CreditBook
    spending: Spending
    history: History
    one_time: OneTimeBook
    outbox: Outbox
    standing: Standing
    sso: Registry
    """For the sample people, as the next two are; without samples it fails, and no line is anyone's."""
    health_insurance: Registry
    owners: Owners

    async def ping(self) -> None:
        """See that the database answers. Raises LedgerAway."""
        await self.database.read(lambda connection: connection.scalar(select(literal(1))))


def utc_now() -> datetime:
    """The present."""
    return datetime.now(UTC)


@asynccontextmanager
async def opened(
    url: str, keys: Keys, *, migrate: bool = True, clock: Clock = utc_now, samples: bool = True
) -> AsyncIterator[Ledger]:
    """Open the ledger at `sqlite:///path` or `postgresql://…`, migrated; close it after use.

    `samples`: plant them, and let them answer. Raises LedgerAway, which says in one line what is wrong, without the
    URL's credentials.
    """
    async with AsyncExitStack() as stack:
        database = Database(url)
        stack.push_async_callback(database.close)
        with database.opening():
            await ensure(database, migrate=migrate)
            if samples:
                await plant(database, keys)
        yield _put_together(database, keys, clock, samples, stack)


def _put_together(database: Database, keys: Keys, clock: Clock, samples: bool, stack: AsyncExitStack) -> Ledger:
    """A ledger, which `stack` closes."""
    tracker, centres = Tracker(database, keys, clock), CentreBook(database, keys, clock, samples=samples)
    clients, works = ClientBook(database, keys, clock), Works(database)
    people, owners = SamplePeople(database, keys), SampleOwners(database, keys)
    requests, outbox = Requests(keys), Outbox(database, keys, clock)
    spending = Spending(database, keys, clock, requests)
    one_time = OneTimeBook(database, keys, clock, works, requests, outbox)
    for part in (tracker, centres, clients, works, people, owners, one_time, spending):
        stack.push_async_callback(part.close)
    return Ledger(
        database=database,
        tracker=tracker,
        centres=centres,
        clients=clients,
        credits=CreditBook(keys, clock, works, requests, outbox),
        spending=spending,
        history=History(database, keys, clock, works),
        one_time=one_time,
        outbox=outbox,
        standing=Standing(database, clock),
        sso=SampleSso(people) if samples else NoRegistry(),
        health_insurance=SampleHealthInsurance(people) if samples else NoRegistry(),
        owners=owners if samples else NoOwners(),
    )
