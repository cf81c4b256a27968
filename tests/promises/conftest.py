"""The promises' report, who writes it, and the ledger they are tried on."""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.promises.report import Kept, Report
from tests.promises.scale import LONG

REPORT = pytest.StashKey[Report]()


@pytest.fixture
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    """The row of a test named `test_p7_what_is_promised`: the number is its promise, and the name its claim."""
    number, claim = request.node.originalname.removeprefix("test_p").split("_", 1)
    variant = f" ({request.node.callspec.id})" if hasattr(request.node, "callspec") else ""
    row = Kept(f"P{int(number)}", claim.replace("_", " ") + variant)
    request.config.stash.setdefault(REPORT, Report()).rows.append(row)
    failed, began = request.session.testsfailed, time.perf_counter()
    yield row
    row.seconds, row.kept = time.perf_counter() - began, bool(row.result) and request.session.testsfailed == failed


@pytest.fixture(params=postgres.DATABASES)
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Of an empty ledger, on each of the databases."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
        return
    async with postgres.database(request.getfixturevalue("postgres_url")) as url:
        yield url


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Only the long form is worth a report."""
    if LONG and (report := session.config.stash.get(REPORT, None)):
        report.write()
