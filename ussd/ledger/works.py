"""One transaction for the works of many callers, each about one line; in PostgreSQL, too, a line's works take turns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

from ussd.ledger import guards
from ussd.ledger.batches import Batches
from ussd.ledger.database import Database

Result = TypeVar("Result")

_MOST = 50
"""Works a transaction: in SQLite every other writer waits meanwhile, and may not wait for longer than 1.5 s."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A transaction in which one line is locked to everybody else."""

    connection: Connection
    guard: guards.Guard


@dataclass(frozen=True, slots=True)
class _Work:
    line_hash: str
    do: Callable[[Scene], Any]


class Works:
    """The works of one process."""

    def __init__(self, database: Database) -> None:
        """Do nothing yet."""
        self._database = database
        self._batches: Batches[_Work, Any] = Batches(self._all, most=_MOST)

    async def locked(self, line_hash: str, do: Callable[[Scene], Result]) -> Result:
        """Do something with the line locked, and return what it returned once it is committed.

        It may be done again from its beginning, after a rollback. Raises LedgerAway within 2 s, after which it may
        still come to be committed.
        """
        result: Result = await self._batches.put(_Work(line_hash, do))
        return result

    async def close(self) -> None:
        """Finish what is under way, and take no more."""
        await self._batches.close()

    async def _all(self, batch: Sequence[_Work]) -> list[Any]:
        # In one order, so that two processes with works of the same lines do not wait for each other in a circle.
        order = sorted(range(len(batch)), key=lambda place: batch[place].line_hash)

        def work(connection: Connection) -> dict[int, Any]:
            return {place: _done(batch[place], connection) for place in order}

        done = await self._database.write(work)
        return [done[place] for place in range(len(batch))]


def _done(work: _Work, connection: Connection) -> Any:
    line = work.line_hash
    return work.do(Scene(connection, (guards.locked(connection, [line]))[line]))
