"""Sample people and lines, for where no real registry is configured.

None of the codes is a real person's: their prefixes belong to no city.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Table, func, select

from ussd.keys import Keys
from ussd.ledger.database import Database, insert
from ussd.ledger.schema import sample_lines, sample_people


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """How the registries answer for one code."""

    national_code: str
    sso: str
    """`entitled`, `lapsed`, `none` (insured elsewhere, if at all), `unknown`, or `fails`."""
    kind: str = ""
    health_insurance: str = "none"
    """`active`, `none`, `unknown`, or `fails`: what Health Insurance says of the same person."""
    delay_seconds: int = 0
    """Before SSO answers."""


@dataclass(frozen=True, slots=True)
class SampleLine:
    """Whose line it is."""

    msisdn: str
    role: str
    """`centre` or `subscriber`."""
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
