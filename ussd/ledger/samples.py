"""Sample people and lines, and the registry that knows them, for where no real registry is configured.

None of the codes is a real person's: their prefixes belong to no city.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, Table, func, select

from ussd.backends import Person, RegistryFault
from ussd.keys import Keys
from ussd.ledger.batches import Batches
from ussd.ledger.database import Database, insert
from ussd.ledger.schema import sample_lines, sample_people

Wait = Callable[[float], Awaitable[None]]
_Row = Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """How the registry answers for one code."""

    national_code: str
    sso: str
    """`entitled`, `lapsed`, `none` (insured elsewhere, if at all), `unknown`, or `fails`."""
    kind: str = ""
    health_insurance: str = "none"
    """`active`, `none`, `unknown`, or `fails`: what Health Insurance says of the same person."""
    delay_seconds: int = 0


@dataclass(frozen=True, slots=True)
class SampleLine:
    """Whose line it is."""

    msisdn: str
    role: str
    owner: str | None = None
    """A national code."""


PEOPLE = (
    SamplePerson("0007569602", "entitled", "insured"),
    SamplePerson("0092000304", "lapsed", "insured"),
    SamplePerson("0109136756", "entitled", "pensioner"),
    SamplePerson("0127998802", "entitled", "dependant"),
    SamplePerson("7407268940", "entitled", "insured", health_insurance="active"),
    SamplePerson("7559200151", "none", health_insurance="active"),
    SamplePerson("7705705001", "unknown", health_insurance="unknown"),
    SamplePerson("9904829039", "entitled", "insured", delay_seconds=12),
    SamplePerson("9959321576", "fails", health_insurance="fails"),
    SamplePerson("9990579792", "entitled", "insured", health_insurance="fails"),
)
LINES = (
    SampleLine("989120001666", "centre"),
    SampleLine("989120000001", "subscriber", owner="0007569602"),
)


async def plant(database: Database, keys: Keys) -> None:
    """Put the samples into the ledger where they are not there yet. Raises LedgerAway."""
    people = [_person_row(keys, person) for person in PEOPLE]
    lines = [_line_row(keys, line) for line in LINES]
    # Asked first, as a start must not wait for the write lock in order to write nothing.
    if await _missing(database, sample_people, people) or await _missing(database, sample_lines, lines):
        async with database.patient() as patient, patient.writing() as connection:
            await connection.execute(insert(connection, sample_people).on_conflict_do_nothing(), people)
            await connection.execute(insert(connection, sample_lines).on_conflict_do_nothing(), lines)


async def _missing(database: Database, table: Table, rows: Sequence[Mapping[str, object]]) -> bool:
    (key,) = table.primary_key
    present = select(func.count()).select_from(table).where(key.in_([row[key.name] for row in rows]))
    async with database.reading() as connection:
        return await connection.scalar(present) != len(rows)


def _person_row(keys: Keys, person: SamplePerson) -> Mapping[str, object]:
    return {
        "person_hash": keys.name("person", person.national_code),
        "sso": person.sso,
        "kind": person.kind,
        "health_insurance": person.health_insurance,
        "delay_seconds": person.delay_seconds,
    }


def _line_row(keys: Keys, line: SampleLine) -> Mapping[str, object]:
    owner = line.owner and keys.name("person", line.owner)
    return {"line_hash": keys.name("line", line.msisdn), "role": line.role, "owner_hash": owner}


class SampleRegistry:
    """The registry of the sample people."""

    def __init__(self, database: Database, keys: Keys, wait: Wait = asyncio.sleep) -> None:
        """`wait` passes the seconds that a slow person takes."""
        self._database = database
        self._keys = keys
        self._wait = wait
        self._batches = Batches(self._read)

    async def inquire(self, national_code: str) -> Person | None:
        """What is known of a person; None where nothing is. Raises RegistryFault, LedgerAway."""
        known = await self._batches.put(self._keys.name("person", national_code))
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

    async def close(self) -> None:
        """Finish what is being read, and take no more."""
        await self._batches.close()

    async def _read(self, hashes: Sequence[str]) -> list[_Row | None]:
        asked = select(sample_people).where(sample_people.c.person_hash.in_(hashes))
        async with self._database.reading() as connection:
            found = {row.person_hash: row for row in await connection.execute(asked)}
        return [found.get(person_hash) for person_hash in hashes]
