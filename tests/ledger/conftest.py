"""Every test of the ledger runs on SQLite, and on PostgreSQL too where USSD_TEST_POSTGRES is the URL of one."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from ussd.keys import Keys
from ussd.ledger import Asked, Ledger, opened

_POSTGRES = os.environ.get("USSD_TEST_POSTGRES", "")


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def about(national_code: str) -> Asked:
    """What a registry is asked about somebody."""
    return Asked("op-1", national_code, "inpatient", "subscriber")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys() -> Keys:
    return Keys(b"a secret of the tests, 32 octets+")


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder / "ledger.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"] if _POSTGRES else ["sqlite"])
async def url(request: pytest.FixtureRequest, sqlite_file: Path) -> AsyncIterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{sqlite_file}"
        return
    name = f"ussd_test_{uuid4().hex}"
    await _administer(f"CREATE DATABASE {name}")
    yield make_url(_POSTGRES).set(database=name).render_as_string(hide_password=False)
    await _administer(f"DROP DATABASE {name}")


@pytest.fixture
async def ledger(url: str, keys: Keys, clock: Clock) -> AsyncIterator[Ledger]:
    """A ledger whose clock stands at 13:00 in Tehran on 1405-08-30."""
    async with opened(url, keys, clock=clock) as ledger:
        yield ledger


async def _administer(statement: str) -> None:
    server = make_url(_POSTGRES).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
