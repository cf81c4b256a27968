"""The registries that answer for the sample people."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from sqlalchemy import Column, Row, select

from ussd.backends import Asked, Person, RegistryFault
from ussd.keys import Keys
from ussd.ledger.batches import Batches
from ussd.ledger.database import Database
from ussd.ledger.schema import sample_lines, sample_people

Wait = Callable[[float], Awaitable[None]]
_Row = Row[tuple[object, ...]]


class SamplePeople:
    """What is planted of people, read for both registries."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._keys = keys
        self._batches = Batches(partial(_rows, database, sample_people.c.person_hash))

    async def find(self, national_code: str) -> _Row | None:
        """The row of a person. Raises LedgerAway."""
        return await self._batches.put(self._keys.name("person", national_code))

    async def close(self) -> None:
        """Finish what is being read, and take no more."""
        await self._batches.close()


class SampleSso:
    """The Social Security Organization, for the sample people."""

    def __init__(self, people: SamplePeople, wait: Wait = asyncio.sleep) -> None:
        """`wait` passes the seconds that a slow person takes."""
        self._people = people
        self._wait = wait

    async def inquire(self, asked: Asked) -> Person | None:
        """What is known of a person; None where nothing is. Raises RegistryFault, LedgerAway."""
        known = await self._people.find(asked.national_code)
        if known is None:
            return None
        if known.delay_seconds:
            await self._wait(known.delay_seconds)
        match known.sso:
            case "none" | "unknown":
                return None
            case "fails":
                raise RegistryFault("the registry failed")
        return Person(entitled=known.sso == "entitled", kind=known.kind)


class SampleHealthInsurance:
    """The Health Insurance Organization, for the sample people."""

    def __init__(self, people: SamplePeople) -> None:
        self._people = people

    async def inquire(self, asked: Asked) -> Person | None:
        """Whom it insures; None for anyone else. Raises RegistryFault, LedgerAway."""
        known = await self._people.find(asked.national_code)
        if known is not None and known.health_insurance == "fails":
            raise RegistryFault("the registry failed")
        return Person(entitled=True) if known is not None and known.health_insurance == "active" else None


class SampleOwners:
    """Whose the sample lines are."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._keys = keys
        self._batches = Batches(partial(_rows, database, sample_lines.c.line_hash))

    async def owns(self, operation_id: str, msisdn: str, national_code: str) -> bool:
        """Whether it is a subscriber's line, and the person's. Raises LedgerAway."""
        line = await self._batches.put(self._keys.name("line", msisdn))
        owner = self._keys.name("person", national_code)
        return line is not None and line.role == "subscriber" and line.owner_hash == owner

    async def close(self) -> None:
        """Finish what is being read, and take no more."""
        await self._batches.close()


async def _rows(database: Database, key: Column[str], names: Sequence[str]) -> list[_Row | None]:
    asked = select(key.table).where(key.in_(names))
    async with database.reading() as connection:
        found = {getattr(row, key.name): row for row in await connection.execute(asked)}
    return [found.get(name) for name in names]
