"""The ledger's books added up anew from its entries, by other statements than the program's own."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from ussd.ledger.database import Database
from ussd.ledger.schema import credit_codes, credit_inquiries, inquiries

_ENTRIES = select(*(credit_inquiries.c[name] for name in ("credit_code_id", "state", "tracking_day", "tracking_code")))
_CODES = select(*(credit_codes.c[name] for name in ("id", "issued", "remaining", "pending", "spent")))
_TRACKED = select(inquiries.c.day, inquiries.c.code)


@dataclass(frozen=True, slots=True)
class Books:
    """All credit codes together."""

    issued: int
    remaining: int
    pending: int
    spent: int
    returned: int
    """Inquiries whose credit was given back."""
    tracked: int
    """Rows under tracking codes."""
    drift: int
    """Credits by which a code's columns are not what its entries add up to, and spent ones without a tracking code."""


async def books_of(database: Database) -> Books:
    """Add up all that there is, while nobody writes."""
    codes, entries, tracked = await database.read(_all_there_is)
    rows = {(row.day, row.code) for row in tracked}
    counted = Counter((entry.credit_code_id, entry.state) for entry in entries)
    drift = sum(
        abs(code.spent - counted[code.id, "spent"])
        + abs(code.pending - counted[code.id, "pending"])
        + abs(code.issued - code.remaining - counted[code.id, "spent"] - counted[code.id, "pending"])
        for code in codes
    )
    bought = [(entry.tracking_day, entry.tracking_code) for entry in entries if entry.state == "spent"]
    drift += len(bought) - len(rows.intersection(bought))
    sums = [sum(getattr(code, name) for code in codes) for name in ("issued", "remaining", "pending", "spent")]
    returned = sum(entry.state == "returned" for entry in entries)
    return Books(*sums, returned=returned, tracked=len(rows), drift=drift)


def _all_there_is(connection: Connection) -> list[Sequence[Row[Any]]]:
    return [connection.execute(find).all() for find in (_CODES, _ENTRIES, _TRACKED)]


async def waiting(database: Database) -> tuple[int, float]:
    """How many credits are reserved now, and for how many seconds the first of them is."""
    pending = credit_inquiries.c.state == "pending"
    find = select(func.count(), func.min(credit_inquiries.c.reserved_at)).where(pending)
    number, first = await database.read(lambda connection: connection.execute(find).one())
    return number, (datetime.now(UTC) - first).total_seconds() if first else 0.0
