"""Hands out tracking codes from blocks of a day's counter, which SQL leases to one process at a time.

A block that is lost with its process leaves a gap; nothing is ever handed out twice.
"""

import asyncio
from functools import partial

from sqlalchemy import Connection

from ussd.keys import Keys
from ussd.ledger.codes import CAPACITY, code
from ussd.ledger.database import Database, insert
from ussd.ledger.schema import tracking_leases

BLOCK = 1_000
"""Codes a lease: what a process may lose at its end, against a commit for each so many codes."""


class CodesExhausted(Exception):
    """Every tracking code of a day has been handed out."""


class Leases:
    """The codes of one process."""

    def __init__(self, database: Database, keys: Keys, block: int = BLOCK) -> None:
        """Lease nothing yet; the first code of a day does."""
        self._database = database
        self._keys = keys
        self._block = block
        self._held: dict[str, range] = {}
        self._leasing = asyncio.Lock()

    async def draw(self, day: str) -> str:
        """A code that nobody else has on that Jalali day. Raises CodesExhausted, LedgerAway."""
        if not self._held.get(day):
            async with self._leasing:
                if not self._held.get(day):
                    await self._lease(day)
        counters = self._held[day]
        self._held[day] = counters[1:]
        return code(self._keys, day, counters[0])

    async def _lease(self, day: str) -> None:
        end = await self._database.write(partial(_leased, day, self._block))
        if end is None:
            raise CodesExhausted(f"the tracking codes of {day} are used up")
        # Around midnight codes of two days are drawn; a third day's remainder is a gap.
        latest = dict(sorted(self._held.items())[-1:])
        self._held = latest | {day: range(end - self._block, min(end, CAPACITY))}


def _leased(day: str, block: int, connection: Connection) -> int | None:
    """Where the block that is leased by this ends; None where all are."""
    first_lease = insert(connection, tracking_leases).values(day=day, next_block=block)
    lease = first_lease.on_conflict_do_update(
        index_elements=[tracking_leases.c.day],
        set_={"next_block": tracking_leases.c.next_block + block},
        where=tracking_leases.c.next_block < CAPACITY,
    ).returning(tracking_leases.c.next_block)
    end: int | None = connection.scalar(lease)
    return end
