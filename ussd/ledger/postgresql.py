"""PostgreSQL through asyncpg: a work's statements go over the wire one by one, and others are served meanwhile."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import create_async_engine

Result = TypeVar("Result")

_STATEMENT = 1.0
"""Seconds to wait for a statement. A connection that has died unseen takes two of these."""
_CONNECT = 2.0
"""Seconds to wait for a connection."""


class PostgreSql:
    """One database."""

    def __init__(self, dsn: str, patience: float | None = None) -> None:
        """Connect to nothing yet. `dsn`: a libpq URL; `patience`: seconds to wait for a statement."""
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=partial(_connected, dsn, patience or _STATEMENT),
            hide_parameters=True,
            pool_pre_ping=True,
            pool_timeout=_CONNECT,
        )

    @property
    def engine(self) -> Engine:
        """The engine, for those who watch it."""
        return self._engine.sync_engine

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Do something that only reads."""
        async with self._engine.connect() as connection:
            return await connection.run_sync(work)

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Do something in a transaction."""
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


async def _connected(dsn: str, patience: float) -> DBAPIConnection:
    import asyncpg  # type: ignore[import-untyped]  # here, as who keeps SQLite need not wait for it

    # asyncpg reads the URL itself, so that sslmode, several hosts and a password file work as they do in libpq.
    try:
        connection: DBAPIConnection = await asyncpg.connect(dsn, timeout=_CONNECT, command_timeout=patience)
    except ValueError:
        # Without its cause, which repeats the part that was not understood, and that may be the password.
        raise ConnectionError("the URL cannot be understood") from None
    return connection
