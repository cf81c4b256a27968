"""How the ledger stands: figures of all of it, which tell of nobody. Nothing is changed here."""

from datetime import datetime

from sqlalchemy import func, select

from ussd.ledger.codes import CAPACITY
from ussd.ledger.database import Database
from ussd.ledger.jalali import day_of
from ussd.ledger.schema import credit_codes, credit_inquiries, tracking_leases
from ussd.ledger.tracking import Clock

_PENDING = credit_inquiries.c.state == "pending"
_RESERVED = select(func.count(), func.min(credit_inquiries.c.reserved_at)).where(_PENDING)
_ASKED = select(func.count()).select_from(credit_inquiries).where(_PENDING).scalar_subquery()


class Standing:
    """The figures of a ledger. All methods raise LedgerAway."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Do nothing yet."""
        self._database, self._clock = database, clock

    async def reserved(self) -> tuple[int, float]:
        """How many credits are reserved, and for how many seconds the first of them is; 0 where none is."""
        number, first = await self._database.read(lambda connection: connection.execute(_RESERVED).one())
        return number, (self._clock() - first).total_seconds() if isinstance(first, datetime) else 0.0

    async def codes_left(self) -> int:
        """Tracking codes of today that no process has leased yet."""
        today = tracking_leases.c.day == day_of(self._clock())
        next_block = select(tracking_leases.c.next_block).where(today)
        leased = await self._database.read(lambda connection: connection.scalar(next_block))
        return max(0, CAPACITY - (leased or 0))

    async def drift(self) -> int:
        """Credits by which the books do not add up, which is 0; it reads every credit code that there is.

        Of each code: those issued, without those that remain, are reserved or spent. Of all of them: those that are
        reserved, without the inquiries that they are reserved for.
        """
        here = credit_codes.c
        off = func.coalesce(func.sum(func.abs(here.issued - here.remaining - here.pending - here.spent)), 0)
        pending = func.coalesce(func.sum(here.pending), 0)
        # One statement, so that it reads one state of the database.
        all_of_it = select(off, pending, _ASKED)
        async with self._database.patient() as patient:
            apart, kept, asked = await patient.read(lambda connection: connection.execute(all_of_it).one())
        return int(apart) + abs(int(kept) - int(asked))
