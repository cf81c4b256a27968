"""The clients of the API. A key is shown once, when it is made; the ledger keeps its keyed hash alone."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, select, update

from ussd.keys import Keys
from ussd.ledger.batches import Batches
from ussd.ledger.database import Database, insert
from ussd.ledger.schema import clients
from ussd.ledger.tracking import Clock

MAX_NAME = 30
"""Characters of a client's name, which a one-time code's screen has to hold."""


class ClientKnown(Exception):
    """A client that is to be added is there already."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who calls the API."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class ClientListed:
    """A client in the book."""

    name: str
    added_at: datetime


class ClientBook:
    """The clients of a ledger."""

    def __init__(self, database: Database, keys: Keys, clock: Clock) -> None:
        """Read nothing yet."""
        self._database = database
        self._keys = keys
        self._clock = clock
        self._batches = Batches(self._read)

    async def of_key(self, key: str) -> Client | None:
        """Whose key it is; None where it is nobody's, or not any more. Raises LedgerAway within 2 s."""
        return await self._batches.put(self._keys.name("api key", key))

    async def add(self, name: str) -> str:
        """Make a client, and return its key. One that was removed gets a new key, and what it did is its own again.

        Raises ClientKnown, LedgerAway.
        """
        key = f"ussd_{secrets.token_urlsafe(32)}"
        values = {"name": name, "key_hash": self._keys.name("api key", key), "added_at": self._clock()}
        async with self._database.patient() as patient:
            if await patient.write(partial(_added, values)) is None:
                raise ClientKnown(f"client {name} is there already")
        return key

    async def remove(self, name: str) -> bool:
        """Let a client's key open nothing any more; False where there is none of that name. Raises LedgerAway."""
        here = update(clients).where(clients.c.name == name, clients.c.key_hash.is_not(None))
        gone = here.values(key_hash=None).returning(clients.c.id)
        async with self._database.patient() as patient:
            return await patient.write(lambda connection: connection.scalar(gone)) is not None

    async def all(self) -> list[ClientListed]:
        """Every client that has a key, by name. Raises LedgerAway."""
        there = select(clients.c.name, clients.c.added_at).where(clients.c.key_hash.is_not(None))
        rows = await self._database.read(lambda connection: connection.execute(there).all())
        return [ClientListed(*row) for row in sorted(rows)]

    async def close(self) -> None:
        """Finish what is being read, and take no more."""
        await self._batches.close()

    async def _read(self, hashes: Sequence[str]) -> list[Client | None]:
        asked = select(clients.c.key_hash, clients.c.id, clients.c.name).where(clients.c.key_hash.in_(hashes))
        rows = await self._database.read(lambda connection: connection.execute(asked).all())
        found = {row.key_hash: Client(row.id, row.name) for row in rows}
        return [found.get(hashed) for hashed in hashes]


def _added(values: Mapping[str, object], connection: Connection) -> int | None:
    """The number of the client that is added by this; None where one of that name has a key."""
    added = (
        insert(connection, clients)
        .values(values)
        .on_conflict_do_update(
            index_elements=[clients.c.name],
            set_={"key_hash": values["key_hash"], "added_at": values["added_at"]},
            where=clients.c.key_hash.is_(None),
        )
    )
    number: int | None = connection.scalar(added.returning(clients.c.id))
    return number
