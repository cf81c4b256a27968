"""Every test of the ledger runs on SQLite, and on PostgreSQL too where there is one (tests/postgres.py)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import postgres
from ussd.backends import Subject, SubjectKind
from ussd.keys import Keys
from ussd.ledger import Asked, Ledger, opened


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def about(number: str, kind: SubjectKind = "national_code") -> Asked:
    """What a registry is asked about somebody."""
    return Asked("op-1", Subject(kind, number), "inpatient", "subscriber")


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


@pytest.fixture(params=postgres.DATABASES)
async def url(request: pytest.FixtureRequest, sqlite_file: Path) -> AsyncIterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{sqlite_file}"
        return
    async with postgres.database(request.getfixturevalue("postgres_url")) as url:
        yield url


@pytest.fixture
async def ledger(url: str, keys: Keys, clock: Clock) -> AsyncIterator[Ledger]:
    """A ledger whose clock stands at 13:00 in Tehran on 1405-08-30."""
    async with opened(url, keys, clock=clock) as ledger:
        yield ledger
