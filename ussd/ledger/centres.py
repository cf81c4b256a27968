"""The contracted inpatient centres: whose line it is today, and what each of them has asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, or_, select, text

from ussd.backends import Centre
from ussd.keys import Keys
from ussd.ledger.batches import Batches
from ussd.ledger.contracts import SAMPLE, Contract
from ussd.ledger.database import Database, insert
from ussd.ledger.jalali import day_of
from ussd.ledger.schema import centre_lines, centres, inquiries, sample_lines
from ussd.ledger.tracking import Clock

_SAMPLE = Centre(SAMPLE, "مرکز نمونه")
_LOCK = 0x75737365
"""The number of our advisory lock in PostgreSQL: who changes centres does so alone."""


class CentreKnown(Exception):
    """A centre that is to be added is there already."""


class LinesTaken(Exception):
    """Lines that are another centre's: a line is one centre's only. The message names the centre, and no line."""

    def __init__(self, holders: Mapping[str, str]) -> None:
        """`holders`: for the code of each centre that is refused, the code of the one that has a line of it."""
        self.holders = holders
        super().__init__("; ".join(f"a line of centre {code} is centre {holders[code]}'s already" for code in holders))


@dataclass(frozen=True, slots=True)
class Listed:
    """A contract in the book."""

    contract: Contract
    """Without its lines, unless they are revealed."""
    line_count: int


class CentreBook:
    """The centres of a ledger."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, *, samples: bool = False) -> None:
        """`samples`: whether the lines of the sample centre are a centre's."""
        self._database = database
        self._keys = keys
        self._clock = clock
        self._samples = samples
        self._batches = Batches(self._read)

    async def of_line(self, msisdn: str) -> Centre | None:
        """The centre that has the line, and whose contract is valid today; None where there is none.

        Raises LedgerAway within 2 s.
        """
        return await self._batches.put(self._keys.name("line", msisdn))

    async def add(self, contract: Contract) -> None:
        """Write down a centre that is not there yet. Raises CentreKnown, LinesTaken, LedgerAway."""

        def work(connection: Connection) -> None:
            _alone(connection)
            if connection.scalar(select(centres.c.code).filter_by(code=contract.code)):
                raise CentreKnown(f"centre {contract.code} is there already")
            self._write(connection, [contract])

        async with self._database.patient() as patient:
            await patient.write(work)

    async def replace(self, contracts: Sequence[Contract]) -> None:
        """Write down centres of different codes, each in the place of what was known of it: all of them, or none.

        Raises LinesTaken, LedgerAway.
        """

        def work(connection: Connection) -> None:
            _alone(connection)
            self._write(connection, contracts)

        async with self._database.patient() as patient:
            await patient.write(work)

    async def remove(self, code: str) -> bool:
        """Forget a centre and its lines, not what it asked; False where it is not there. Raises LedgerAway."""
        removed = delete(centres).filter_by(code=code).returning(centres.c.code)
        async with self._database.patient() as patient:
            return await patient.write(lambda connection: connection.scalar(removed)) is not None

    async def all(self, *, reveal: bool = False) -> list[Listed]:
        """Every centre, by its code; with its lines in clear where `reveal` is set.

        Raises LedgerAway; Unsealable where a line was sealed under another secret.
        """
        rows, lines = await self._database.read(
            lambda connection: [connection.execute(select(table)).all() for table in (centres, centre_lines)]
        )
        held: dict[str, list[tuple[str, bytes]]] = {row.code: [] for row in rows}
        for line in lines:
            held.get(line.centre_code, []).append((line.line_hash, line.line_sealed))
        return [
            Listed(
                Contract(row.code, row.name, self._opened(row.code, held[row.code] if reveal else ()), *row[2:]),
                len(held[row.code]),
            )
            for row in sorted(rows, key=lambda row: str(row.code))
        ]

    async def report(self, code: str) -> Mapping[str, Mapping[str, int]]:
        """How many inquiries of a centre had which outcome, by Jalali day. Raises LedgerAway."""
        grouped = (inquiries.c.day, inquiries.c.outcome)
        asked = select(*grouped, func.count().label("number")).filter_by(centre=code).group_by(*grouped)
        counts: dict[str, dict[str, int]] = {}
        for row in sorted(await self._database.read(lambda connection: connection.execute(asked).all())):
            counts.setdefault(row.day, {})[row.outcome] = row.number
        return counts

    async def close(self) -> None:
        """Finish what is being read, and take no more."""
        await self._batches.close()

    def _write(self, connection: Connection, contracts: Sequence[Contract]) -> None:
        if not contracts:
            return
        codes = [{"given": contract.code} for contract in contracts]
        connection.execute(delete(centres).where(centres.c.code == bindparam("given")), codes)
        _refuse_taken(connection, {c.code: self._names(c) for c in contracts})
        connection.execute(insert(connection, centres), [_centre_row(contract) for contract in contracts])
        if lines := [row for contract in contracts for row in self._line_rows(contract)]:
            connection.execute(insert(connection, centre_lines), lines)

    def _names(self, contract: Contract) -> list[str]:
        return [self._keys.name("line", msisdn) for msisdn in contract.lines]

    def _line_rows(self, contract: Contract) -> list[Mapping[str, object]]:
        seal = self._keys.seal("centre line", contract.code)
        return [
            {"line_hash": name, "line_sealed": seal.close(msisdn.encode(), name.encode()), "centre_code": contract.code}
            for name, msisdn in zip(self._names(contract), contract.lines, strict=True)
        ]

    def _opened(self, code: str, lines: Sequence[tuple[str, bytes]]) -> tuple[str, ...]:
        seal = self._keys.seal("centre line", code)
        return tuple(sorted(seal.open(sealed, name.encode()).decode() for name, sealed in lines))

    async def _read(self, names: Sequence[str]) -> list[Centre | None]:
        contracted = select(centre_lines.c.line_hash, centres.c.code, centres.c.name).join(centres)
        contracted = contracted.where(centre_lines.c.line_hash.in_(names), _valid_on(day_of(self._clock())))
        planted = select(sample_lines.c.line_hash).filter_by(role="centre").where(sample_lines.c.line_hash.in_(names))

        def work(connection: Connection) -> dict[str, Centre]:
            samples = connection.scalars(planted) if self._samples else ()
            found = dict.fromkeys(samples, _SAMPLE)
            return found | {row.line_hash: Centre(row.code, row.name) for row in connection.execute(contracted)}

        found = await self._database.read(work)
        return [found.get(name) for name in names]


def _valid_on(day: str) -> ColumnElement[bool]:
    not_over = or_(centres.c.valid_to.is_(None), centres.c.valid_to >= day)
    return (centres.c.valid_from <= day) & not_over


def _centre_row(contract: Contract) -> Mapping[str, object]:
    return {name: getattr(contract, name) for name in ("code", "name", "valid_from", "valid_to")}


def _alone(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # SQLite's write lock is taken by now
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _refuse_taken(connection: Connection, wanted: Mapping[str, Sequence[str]]) -> None:
    """LinesTaken for lines that one of the other centres has, or two of these want."""
    lines = connection.execute(select(centre_lines.c.line_hash, centre_lines.c.centre_code))
    held = {line.line_hash: line.centre_code for line in lines}
    claims = ((code, held.setdefault(name, code)) for code, names in wanted.items() for name in names)
    if taken := {code: holder for code, holder in claims if holder != code}:
        raise LinesTaken(taken)
