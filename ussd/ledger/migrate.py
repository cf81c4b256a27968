"""Brings a database to this version's schema: once, however many processes start at once, and whole or not at all.

Alembic is imported only where there is something to do.
"""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from ussd.ledger.database import Database

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x75737364
"""The number of our advisory lock in PostgreSQL."""


async def ensure(database: Database, *, migrate: bool) -> None:
    """See that the schema is this version's; `migrate`: bring it there. Raises LedgerAway where it is not."""
    if migrate:
        database.create()
    if await _known_version(database) == head():
        return
    if not migrate:
        raise database.away("its schema is not this version's, and migrating at start is off: run `ussd migrate`")
    await _upgrade(database)


async def version(database: Database) -> str | None:
    """The revision that a database is at; None where there is no ledger in it."""
    return await database.read(_version)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def head() -> str:
    """The revision of this version."""
    return max(_versions())


async def upgrade(url: str) -> None:
    """Bring the database to the head, or wait until another process has. Raises LedgerAway."""
    async with Database(url).patient() as database:
        with database.opening():
            await ensure(database, migrate=True)


async def _upgrade(database: Database) -> None:
    async with database.patient() as patient:
        await patient.write(_run)


async def _known_version(database: Database) -> str | None:
    found = await version(database)
    if found is not None and found not in _versions():
        raise database.away("a newer version of this program has migrated it")
    return found


@cache
def _versions() -> frozenset[str]:
    """Every revision; a file's name starts with its own, so that nobody has to import it to know."""
    return frozenset(path.stem.partition("_")[0] for path in _MIGRATIONS.glob("versions/[0-9]*.py"))


def _run(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    if connection.dialect.name == "postgresql":  # SQLite's write lock is taken by now
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
