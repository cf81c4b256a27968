"""SQLite in one file: its connections, and the threads in which they are used.

A work is done in one go in a thread. Handed over statement by statement it took a dozen turns of the loop, each as
long as whoever else is served in it.
"""

import asyncio
import errno
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

Result = TypeVar("Result")

_LOCK = 1.5
"""Seconds to wait for SQLite's write lock: less than the 2 s that a caller waits."""
_CONNECTIONS, _CONNECT = 5, 2.0
"""At most, and seconds to wait for one."""
_THREADS = 32
"""At most; those beyond the connections wait for one."""
_WRITES = "ledger_writes"
"""The execution option of a transaction that writes."""


class Sqlite:
    """One file."""

    def __init__(self, file: Path, patience: float | None = None) -> None:
        """Open nothing yet; the file is to be there by then. `patience`: seconds to wait for a lock."""
        self.engine = _engine(file, patience or _LOCK)
        self._writer = self.engine.execution_options(**{_WRITES: True})
        self._threads, self._closed = ThreadPoolExecutor(_THREADS, thread_name_prefix="ledger"), False

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Do something that only reads. Who is cancelled meanwhile leaves it to be finished unseen."""
        return await self._in_a_thread(self._read, work)

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Do something in a transaction that has the write lock from its beginning; finished unseen, too."""
        return await self._in_a_thread(self._write, work)

    async def close(self) -> None:
        """Finish what is under way, close every connection, and open none any more."""
        self._closed = True
        await asyncio.to_thread(self._close)

    async def _in_a_thread(
        self, do: Callable[[Callable[[Connection], Result]], Result], work: Callable[[Connection], Result]
    ) -> Result:
        if self._closed:
            raise ConnectionError("it is closed")
        loop, context = asyncio.get_running_loop(), copy_context()
        return await loop.run_in_executor(self._threads, partial(context.run, do, work))

    def _read(self, work: Callable[[Connection], Result]) -> Result:
        with self.engine.connect() as connection:
            return work(connection)

    def _write(self, work: Callable[[Connection], Result]) -> Result:
        with self._writer.begin() as connection:
            return work(connection)

    def _close(self) -> None:
        self._threads.shutdown()
        self.engine.dispose()


def _engine(file: Path, patience: float) -> Engine:
    # mode=rw: a file that is gone must be an error, not an empty ledger in its place.
    url = URL.create("sqlite+pysqlite", database=file.as_uri(), query={"mode": "rw", "uri": "true"})
    # isolation_level None: Python's sqlite3 would otherwise begin, without the write lock, whenever it thinks fit.
    # check_same_thread: a connection is one thread's at a time, and the pool sees to that.
    arguments = {"timeout": patience, "isolation_level": None, "check_same_thread": False}
    engine = create_engine(
        url,
        connect_args=arguments,
        hide_parameters=True,
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=_CONNECT,
    )
    event.listen(engine, "do_connect", partial(_refuse_what_cannot_be_opened, file))
    event.listen(engine, "connect", partial(_prepare, file))
    event.listen(engine, "checkout", partial(_refuse_if_moved, file))
    event.listen(engine, "begin", _begin)
    return engine


def _refuse_what_cannot_be_opened(file: Path, *_: object) -> None:
    # SQLite says "unable to open" to all of these.
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
    if connection.get_execution_options().get(_WRITES):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
