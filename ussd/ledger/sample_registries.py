"""The registries that answer for the sample people."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from sqlalchemy import Column, Row, select

from ussd.backends import Asked, Person, RegistryFault, Subject, SubjectKind
from ussd.keys import Keys
from ussd.ledger.batches import Batches
from ussd.ledger.database import Database
from ussd.ledger.schema import sample_lines, sample_people
from ussd.ledger.tracking import subject_name

Wait = Callable[[float], Awaitable[None]]
_Row = Row[tuple[object, ...]]
_Found = Batches[str, _Row | None]


class SamplePeople:
    """What is planted of people, read for both registries."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._keys = keys
        self._batches: Mapping[SubjectKind, _Found] = {
            "national_code": Batches(partial(_rows, database, sample_people.c.person_hash)),
            "insurance_number": Batches(partial(_rows, database, sample_people.c.insurance_hash)),
        }

    async def find(self, subject: Subject) -> _Row | None:
        """The row of a person. Raises LedgerAway."""
        return await self._batches[subject.kind].put(subject_name(self._keys, subject))

    async def close(self) -> None:
        """Finish what is being read, and take no more."""
        for batches in self._batches.values():
            await batches.close()


class SampleSso:
    """The Social Security Organization, for the sample people."""

    def __init__(self, people: SamplePeople, wait: Wait = asyncio.sleep) -> None:
        """`wait` passes the seconds that a slow person takes."""
        self._people = people
        self._wait = wait

    async def inquire(self, asked: Asked) -> Person | None:
        """What is known of a person; None where nothing is. Raises RegistryFault, LedgerAway."""
        known = await self._people.find(asked.subject)
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
        if asked.subject.kind == "insurance_number":  # which is SSO's
            return None
        known = await self._people.find(asked.subject)
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
        owner = subject_name(self._keys, Subject("national_code", national_code))
        return line is not None and line.role == "subscriber" and line.owner_hash == owner

    async def close(self) -> None:
        """Finish what is being read, and take no more."""
        await self._batches.close()


async def _rows(database: Database, key: Column[str], names: Sequence[str]) -> list[_Row | None]:
    asked = select(key.table).where(key.in_(names))
    rows = await database.read(lambda connection: connection.execute(asked).all())
    found = {getattr(row, key.name): row for row in rows}
    return [found.get(name) for name in names]
