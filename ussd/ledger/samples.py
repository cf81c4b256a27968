"""Sample people and lines, for where no real registry is configured.

None of the codes is a real person's: their prefixes belong to no city. The insurance numbers are as plainly nobody's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Column, Connection, select

from ussd.backends import Subject
from ussd.keys import Keys
from ussd.ledger.database import Database, insert
from ussd.ledger.schema import sample_lines, sample_people
from ussd.ledger.tracking import subject_name


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """How the registries answer for one person."""

    national_code: str
    sso: str
    """`entitled`, `lapsed`, `none` (insured elsewhere, if at all), `unknown`, or `fails`."""
    kind: str = ""
    health_insurance: str = "none"
    """`active`, `none`, `unknown`, or `fails`: what Health Insurance says of the same person."""
    delay_seconds: int = 0
    """Before SSO answers."""
    insurance_number: str | None = None
    """By which SSO knows the person too."""


@dataclass(frozen=True, slots=True)
class SampleLine:
    """Whose line it is."""

    msisdn: str
    role: str
    """`centre` or `subscriber`."""
    owner: str | None = None
    """A national code."""


PEOPLE = (
    SamplePerson("0007569602", "entitled", "insured", insurance_number="00000101"),
    SamplePerson("0092000304", "lapsed", "insured", insurance_number="00000102"),
    SamplePerson("0109136756", "entitled", "pensioner", insurance_number="00000103"),
    SamplePerson("0127998802", "entitled", "dependant", insurance_number="00000104"),
    SamplePerson("7407268940", "entitled", "insured", health_insurance="active", insurance_number="00000105"),
    SamplePerson("7559200151", "none", health_insurance="active"),
    SamplePerson("7705705001", "unknown", health_insurance="unknown"),
    SamplePerson("9904829039", "entitled", "insured", delay_seconds=12, insurance_number="00000108"),
    SamplePerson("9959321576", "fails", health_insurance="fails", insurance_number="00000109"),
    SamplePerson("9990579792", "entitled", "insured", health_insurance="fails", insurance_number="00000110"),
)
LINES = (
    SampleLine("989120001666", "centre"),
    SampleLine("989120000001", "subscriber", owner="0007569602"),
)

_Columns = Sequence[Column[str]]
_Rows = Sequence[Mapping[str, object]]
_PEOPLE_KNOWN_BY: _Columns = (sample_people.c.person_hash, sample_people.c.insurance_hash)
_LINES_KNOWN_BY: _Columns = (sample_lines.c.line_hash,)


async def plant(database: Database, keys: Keys) -> None:
    """Put the samples into the ledger where they are not there yet. Raises LedgerAway."""
    people = [_person_row(keys, person) for person in PEOPLE]
    lines = [_line_row(keys, line) for line in LINES]
    # Asked first, as a start must not wait for the write lock in order to write nothing.
    if await _missing(database, _PEOPLE_KNOWN_BY, people) or await _missing(database, _LINES_KNOWN_BY, lines):
        async with database.patient() as patient:
            await patient.write(partial(_planted, people, lines))


def _planted(people: _Rows, lines: _Rows, connection: Connection) -> None:
    there = insert(connection, sample_people)
    # Earlier versions planted people without insurance numbers; what else was changed since stays changed.
    known = {"insurance_hash": there.excluded.insurance_hash}
    connection.execute(there.on_conflict_do_update(index_elements=["person_hash"], set_=known), people)
    connection.execute(insert(connection, sample_lines).on_conflict_do_nothing(), lines)


async def _missing(database: Database, known_by: _Columns, rows: _Rows) -> bool:
    wanted = {tuple(row[column.name] for column in known_by) for row in rows}
    present = select(*known_by).where(known_by[0].in_([row[known_by[0].name] for row in rows]))
    return wanted != await database.read(lambda connection: {tuple(row) for row in connection.execute(present)})


def _person_row(keys: Keys, person: SamplePerson) -> Mapping[str, object]:
    number = person.insurance_number
    return {
        "person_hash": subject_name(keys, Subject("national_code", person.national_code)),
        "sso": person.sso,
        "kind": person.kind,
        "health_insurance": person.health_insurance,
        "delay_seconds": person.delay_seconds,
        "insurance_hash": number and subject_name(keys, Subject("insurance_number", number)),
    }


def _line_row(keys: Keys, line: SampleLine) -> Mapping[str, object]:
    owner = line.owner and subject_name(keys, Subject("national_code", line.owner))
    return {"line_hash": keys.name("line", line.msisdn), "role": line.role, "owner_hash": owner}
