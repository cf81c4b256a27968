"""One transaction for the works of many callers, each about one line; in PostgreSQL, too, a line's works take turns."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from ussd.ledger.batches import Batches
from ussd.ledger.database import Database

Result = TypeVar("Result")
Do = Callable[[AsyncConnection], Awaitable[Result]]
"""What is done in the transaction. It may be done again from its beginning, after a rollback."""

_MOST = 50
"""Works a transaction: in SQLite every other writer waits meanwhile, and may not wait for longer than 1.5 s."""


@dataclass(frozen=True, slots=True)
class _Work:
    line_hash: str
    do: Do[Any]


class Works:
    """The works of one process. A work begins with locking its line (`ussd/ledger/guards.py`)."""

    def __init__(self, database: Database) -> None:
        """Do nothing yet."""
        self._database = database
        self._batches: Batches[_Work, Any] = Batches(self._done, most=_MOST)

    async def run(self, line_hash: str, do: Do[Result]) -> Result:
        """Return what `do` returned once it is committed; it locks nothing but rows of that line.

        Raises LedgerAway within 2 s, after which it may still come to be committed.
        """
        result: Result = await self._batches.put(_Work(line_hash, do))
        return result

    async def close(self) -> None:
        """Finish what is under way, and take no more."""
        await self._batches.close()

    async def _done(self, batch: Sequence[_Work]) -> list[Any]:
        # In one order, so that two processes with works of the same lines do not wait for each other in a circle.
        order = sorted(range(len(batch)), key=lambda place: batch[place].line_hash)
        async with self._database.writing() as connection:
            done = {place: await batch[place].do(connection) for place in order}
        return [done[place] for place in range(len(batch))]
