"""The ledger's database: SQLite in one file or PostgreSQL by URL, with one way to read and one way to write.

Either takes a work: a function of a connection, which waits for nothing but that. With SQLite it runs in a thread.

Both ways raise LedgerAway, in bounded time, where the database does not answer, and work again as soon as it does. No
error carries a value that was to be stored.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ussd.backends import LedgerAway
from ussd.ledger.sqlite import Sqlite

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

    from ussd.ledger.postgresql import PostgreSql

Result = TypeVar("Result")

_PATIENT = 30.0
"""Seconds to wait for another process that writes, where no caller waits for us."""

# A host and a name that can be told apart from user and password beyond doubt; anything else is not repeated at all.
_SAYABLE = re.compile(r"(?:[^@/?#]*@)?([A-Za-z0-9.,:_\[\]-]*/[A-Za-z0-9_-]*)(?:\?.*)?", re.DOTALL)

# PostgreSQL, appendix A: connection, authorization, rolled back in favour of others, resources, operator, system;
# no such database, a standby that only reads, a lock not to be had.
_AWAY_CLASSES = ("08", "28", "40", "53", "57", "58")
_AWAY_STATES = ("3D000", "25006", "55P03")


class Database:
    """One database, and its connections."""

    _kept: "Sqlite | PostgreSql"

    def __init__(self, url: str, *, patience: float | None = None) -> None:
        """Connect to nothing yet. `url`: `sqlite:///path`, or `postgresql://` as libpq has it; else LedgerAway.

        `patience`: seconds to wait for a lock or a statement, where the usual is too little.
        """
        self._url = url
        scheme, _, rest = url.partition("://")
        self._file: Path | None = None
        match scheme.partition("+")[0]:
            case "sqlite" if rest.startswith("/") and rest not in ("/", "/:memory:"):
                self._file = Path(rest[1:]).absolute()
                self._name = str(self._file)
                self._kept = Sqlite(self._file, patience)
            case "postgresql" | "postgres":
                sayable = _SAYABLE.fullmatch(rest)
                self._name = f"PostgreSQL at {sayable[1]}" if sayable else "PostgreSQL"
                from ussd.ledger.postgresql import PostgreSql  # a tenth of a start-up, which few installations need

                self._kept = PostgreSql(f"postgresql://{rest}", patience)
            case _:
                raise LedgerAway("the ledger's URL is sqlite:///path or postgresql://user@host/name")

    @property
    def engine(self) -> Engine:
        """The engine, for those who watch it; statements go through `read` and `write`."""
        return self._kept.engine

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """What a work returns that only reads, and waits for no writer. It uses its connection then, and not later."""
        with self._answering():
            return await self._kept.read(work)

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """What a work returns in a transaction, which is committed by then, or undone where the work has raised.

        In SQLite it has the write lock from its beginning.
        """
        with self._answering():
            return await self._kept.write(work)

    @asynccontextmanager
    async def patient(self) -> AsyncIterator["Database"]:
        """The same database for what no subscriber waits for: a start of many processes, an administrator's change."""
        database = Database(self._url, patience=_PATIENT)
        try:
            yield database
        finally:
            await database.close()

    def create(self) -> None:
        """Make SQLite's file where there is none, for its owner's eyes only."""
        with self._answering():
            if self._file is not None:
                self._file.touch(mode=0o600)

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Turn every fault of the database into LedgerAway: a right that is not granted, a setting it does not know."""
        try:
            yield
        except SQLAlchemyError as fault:
            raise self.away(fault) from fault

    def away(self, why: str | Exception) -> LedgerAway:
        """A LedgerAway that names this database, and says why in one line that holds no credentials and no values."""
        return LedgerAway(f"the ledger ({self._name}) cannot be used: {why if isinstance(why, str) else _reason(why)}")

    async def close(self) -> None:
        """Close every connection."""
        await self._kept.close()

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except Exception as fault:
            if not _is_away(fault):
                raise
            raise self.away(fault) from fault


def insert(connection: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT that knows ON CONFLICT, which SQL leaves to each database."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert  # here, for the same reason

        return insert(table)
    return sqlite.insert(table)


def _is_away(fault: Exception) -> bool:
    """Whether it is the database that fails, and not what it was asked."""
    match fault:
        case OSError() | OperationalError() | PoolTimeoutError():  # OSError: a refused connection, a TimeoutError
            return True
        case DBAPIError(connection_invalidated=True):
            return True
    state = getattr(getattr(fault, "orig", fault), "sqlstate", None)
    if state is not None:
        return str(state).startswith(_AWAY_CLASSES) or state in _AWAY_STATES
    return type(fault) is DatabaseError  # SQLite: a damaged file, or one that is no database


def _reason(fault: Exception) -> str:
    cause = getattr(fault, "driver_exception", None) or fault
    if isinstance(cause, TimeoutError | PoolTimeoutError):
        return "no answer in time"
    if isinstance(cause, OSError):
        return cause.strerror or str(cause)
    # What SQLite says holds no values. What PostgreSQL says may, and the user's name too; there the kind has to do.
    return str(cause) if type(cause).__module__ == "sqlite3" else type(cause).__name__
