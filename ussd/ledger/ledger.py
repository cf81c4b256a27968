"""Opens the ledger, and closes it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import literal, select

from ussd.keys import Keys
from ussd.ledger.database import Database
from ussd.ledger.migrate import ensure
from ussd.ledger.samples import SampleRegistry, plant
from ussd.ledger.tracking import Clock, Tracker


@dataclass(frozen=True, slots=True)
class Ledger:
    """An open ledger. Where its database goes away each call raises LedgerAway, until the database is back."""

    database: Database
    tracker: Tracker
    registry: SampleRegistry

    async def ping(self) -> None:
        """See that the database answers. Raises LedgerAway."""
        async with self.database.reading() as connection:
            await connection.execute(select(literal(1)))


def utc_now() -> datetime:
    """The present."""
    return datetime.now(UTC)


@asynccontextmanager
async def opened(url: str, keys: Keys, *, migrate: bool = True, clock: Clock = utc_now) -> AsyncIterator[Ledger]:
    """Open the ledger at `sqlite:///path` or `postgresql://…`, migrated and with its samples; close it after use.

    Raises LedgerAway, which says in one line what is wrong, without the URL's credentials.
    """
    database = Database(url)
    try:
        with database.opening():
            await ensure(database, migrate=migrate)
            await plant(database, keys)
        ledger = Ledger(database, Tracker(database, keys, clock), SampleRegistry(database, keys))
        try:
            yield ledger
        finally:
            await ledger.registry.close()
            await ledger.tracker.close()
    finally:
        await database.close()
