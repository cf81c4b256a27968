"""Writes down who asked what, gives it a tracking code, and finds it by that code again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from ussd.backends import Inquiry, Issued, Subject, SubjectKind
from ussd.keys import Keys, Seal
from ussd.ledger.batches import Batches
from ussd.ledger.database import Database, insert
from ussd.ledger.jalali import day_of
from ussd.ledger.leases import BLOCK, CodesExhausted, Leases
from ussd.ledger.schema import inquiries

Clock = Callable[[], datetime]
"""Gives the present as an aware UTC datetime."""

_TRIES = 10
"""Codes tried for a row. The second is needed only on a day on which the secret was changed."""


class OperationReused(Exception):
    """An operation id under which something else is stored already: that row's code is not this caller's to see."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a tracking code stands for."""

    code: str
    day: str
    operation_id: str
    asked_at: datetime
    gateway: str
    shortcode: str
    kind: str
    """What was asked: `entitlement`, `inpatient` or `credit`."""
    subject_kind: SubjectKind
    outcome: str
    centre: str
    """The code of the contracted centre whose line asked; empty for anyone else."""
    subject: Subject | None = None
    """Whom it was asked about; None unless revealed."""
    msisdn: str | None = field(default=None, repr=False)
    """The line that asked; None unless revealed."""


_PLAIN = (
    "code",
    "day",
    "operation_id",
    "asked_at",
    "gateway",
    "shortcode",
    "kind",
    "subject_kind",
    "outcome",
    "centre",
)


class _Stored(NamedTuple):
    issued: Issued
    asked: tuple[str, str, str]
    """Kind, subject and line, to tell a repeated operation from another one. A subject's hash tells its kind too."""


_Values = Mapping[str, object]
_ISSUED = [
    inquiries.c[name] for name in ("operation_id", "code", "day", "outcome", "kind", "subject_hash", "line_hash")
]


class Tracker:
    """The inquiries of a ledger."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, block: int = BLOCK) -> None:
        """`block`: tracking codes a lease."""
        self._database = database
        self._keys = keys
        self._clock = clock
        self._leases = Leases(database, keys, block)
        self._batches = Batches(self._store)

    async def issue(self, inquiry: Inquiry) -> Issued:
        """Store an inquiry under a new code, and return once it is committed; what was stored before stays as it is.

        Raises LedgerAway within 2 s, CodesExhausted, OperationReused.
        """
        values = self._values(inquiry)
        stored = await self._batches.put(values)
        if stored.asked != (values["kind"], values["subject_hash"], values["line_hash"]):
            raise OperationReused
        return stored.issued

    async def find(self, code: str, day: str, *, reveal: bool = False) -> Found | None:
        """The row of a code of a Jalali day, both as `read_code` and `read_day` write them; None where there is none.

        `reveal` opens the seals. Raises LedgerAway; Unsealable where the row was sealed under another secret.
        """
        coded = select(inquiries).filter_by(code=code, day=day)
        row = await self._database.read(lambda connection: connection.execute(coded).one_or_none())
        if row is None:
            return None
        found = Found(**{name: getattr(row, name) for name in _PLAIN})
        return self._revealed(found, row) if reveal else found

    async def close(self) -> None:
        """Finish what is being stored, and take no more."""
        await self._batches.close()

    def _values(self, inquiry: Inquiry) -> _Values:
        asked_at = self._clock()
        day, place = day_of(asked_at), inquiry.operation_id.encode()
        return {
            "day": day,
            "operation_id": inquiry.operation_id,
            "asked_at": asked_at,
            "gateway": inquiry.gateway,
            "shortcode": inquiry.shortcode,
            "kind": inquiry.kind,
            "subject_kind": inquiry.subject.kind,
            "subject_hash": subject_name(self._keys, inquiry.subject),
            "subject_sealed": self._subjects(day).close(inquiry.subject.number.encode(), place),
            "line_hash": self._keys.name("line", inquiry.msisdn),
            "line_sealed": self._lines(day).close(inquiry.msisdn.encode(), place),
            "outcome": inquiry.outcome,
            "centre": inquiry.centre,
        }

    def _revealed(self, found: Found, row: Row[tuple[object, ...]]) -> Found:
        place = found.operation_id.encode()
        number = self._subjects(found.day).open(row.subject_sealed, place)
        msisdn = self._lines(found.day).open(row.line_sealed, place)
        return replace(found, subject=Subject(found.subject_kind, number.decode()), msisdn=msisdn.decode())

    # A key a day: a year's rows are more than may be sealed under one (ussd/keys.py).
    def _subjects(self, day: str) -> Seal:
        return self._keys.seal("inquiry subject", day)

    def _lines(self, day: str) -> Seal:
        return self._keys.seal("inquiry line", day)

    async def _store(self, batch: Sequence[_Values]) -> list[_Stored]:
        stored: dict[object, _Stored] = {}
        left = batch
        for _ in range(_TRIES):
            stored |= await self._insert([await self._coded(values) for values in left])
            left = [values for values in left if values["operation_id"] not in stored]
            if not left:
                return [stored[values["operation_id"]] for values in batch]
        raise CodesExhausted("no free tracking code was found")

    async def _coded(self, values: _Values) -> _Values:
        return {**values, "code": await self._leases.draw(str(values["day"]))}

    async def _insert(self, rows: Sequence[_Values]) -> dict[object, _Stored]:
        """Store each row whose operation and whose code are new, and return what is stored now for each operation."""
        # In one order, so that two processes with the same operations do not wait for each other.
        rows = sorted(rows, key=lambda values: str(values["operation_id"]))
        operations = [values["operation_id"] for values in rows]
        found = select(*_ISSUED).where(inquiries.c.operation_id.in_(operations))

        def work(connection: Connection) -> dict[object, _Stored]:
            # RETURNING: so they are one statement, and a thread gives the interpreter away once for all rows of it.
            write = insert(connection, inquiries).on_conflict_do_nothing().returning(inquiries.c.operation_id)
            if len(connection.execute(write, rows).all()) == len(rows):
                return {values["operation_id"]: _stored(values) for values in rows}
            return {row.operation_id: _stored(row._asdict()) for row in connection.execute(found)}

        return await self._database.write(work)


def subject_name(keys: Keys, subject: Subject) -> str:
    """By which the ledger finds a person; the same digits as another kind of number have another name."""
    match subject.kind:
        case "national_code":
            return keys.name("person", subject.number)
        case "insurance_number":
            return keys.name("insured", subject.number)


def _stored(row: Mapping[str, Any]) -> _Stored:
    issued = Issued(row["code"], row["day"], row["outcome"])
    return _Stored(issued, (row["kind"], row["subject_hash"], row["line_hash"]))
