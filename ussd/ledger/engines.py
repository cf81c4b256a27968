"""How each database is connected to: SQLite through aiosqlite, PostgreSQL through asyncpg."""

import asyncio
import errno
import os
import stat
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import URL, Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

LOCK = 1.5
"""Seconds to wait for SQLite's write lock: less than the 2 s that a caller waits."""
STATEMENT = 1.0
"""Seconds to wait for a statement of PostgreSQL's. A connection that has died unseen takes two of these."""
_CONNECT = 2.0
"""Seconds to wait for a connection."""
WRITES = "ledger_writes"
"""The execution option of a transaction that writes."""


def postgresql(dsn: str, patience: float) -> AsyncEngine:
    """PostgreSQL at a libpq URL. `patience`: seconds to wait for a statement."""
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=partial(_connected, dsn, patience),
        hide_parameters=True,
        pool_pre_ping=True,
        pool_timeout=_CONNECT,
    )


async def _connected(dsn: str, patience: float) -> DBAPIConnection:
    import asyncpg  # type: ignore[import-untyped]  # here, as who keeps SQLite need not wait for it

    # asyncpg reads the URL itself, so that sslmode, several hosts and a password file work as they do in libpq.
    try:
        connection: DBAPIConnection = await asyncpg.connect(dsn, timeout=_CONNECT, command_timeout=patience)
    except ValueError:
        # Without its cause, which repeats the part that was not understood, and that may be the password.
        raise ConnectionError("the URL cannot be understood") from None
    return connection


def sqlite(file: Path, patience: float) -> AsyncEngine:
    """SQLite in a file that is there already. `patience`: seconds to wait for a lock."""
    # mode=rw: a file that is gone must be an error, not an empty ledger in its place.
    url = URL.create("sqlite+aiosqlite", database=file.as_uri(), query={"mode": "rw", "uri": "true"})
    # isolation_level None: Python's sqlite3 would otherwise begin, without the write lock, whenever it thinks fit.
    arguments = {"timeout": patience, "isolation_level": None, "async_creator_fn": _opened}
    engine = create_async_engine(
        url, connect_args=arguments, hide_parameters=True, max_overflow=0, pool_timeout=_CONNECT
    )
    event.listen(engine.sync_engine, "do_connect", partial(_refuse_what_cannot_be_opened, file))
    event.listen(engine.sync_engine, "connect", partial(_prepare, file))
    event.listen(engine.sync_engine, "checkout", partial(_refuse_if_moved, file))
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


async def _opened(database: str, **arguments: Any) -> aiosqlite.Connection:
    """Open to the end even where the caller is cancelled: aiosqlite would forget that connection without closing it."""
    connection = aiosqlite.connect(database, **arguments)
    connection._thread.daemon = True  # as SQLAlchemy has it: a connection that is left open must not keep the process
    opening = asyncio.ensure_future(connection)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        await (await opening).close()
        raise


def _refuse_what_cannot_be_opened(file: Path, *_: object) -> None:
    # SQLite says "unable to open" to all of these, and a thread of aiosqlite that fails to open may outlive the loop.
    if stat.S_ISDIR(file.stat().st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not os.access(file, os.R_OK | os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _prepare(file: Path, connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    entry.info["file"] = _identity(file)
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _refuse_if_moved(file: Path, _: DBAPIConnection, entry: ConnectionPoolEntry, __: object) -> None:
    # SQLite writes on, without a word, to a file that was moved or deleted under it.
    if entry.info["file"] != _identity(file):
        raise DisconnectionError


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(file)  # noqa: PTH116 - a third of the time of Path.stat, and asked for each transaction
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _begin(connection: Connection) -> None:
    # A transaction that reads first and takes the write lock later fails at once where another has written meanwhile.
    if connection.get_execution_options().get(WRITES):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
