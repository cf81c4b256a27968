"""deploy/README.md's words on a restored backup: no code of that day is given twice."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from tests import postgres
from tests.conftest import ENTITLED, LINE
from ussd.backends import Inquiry, Subject
from ussd.keys import Keys
from ussd.ledger import opened

README = (Path(__file__).parents[2] / "deploy" / "README.md").read_text()
KEYS = Keys(b"a secret of the tests, 32 octets+")
CLOCK = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)  # 1405-08-30, as the example has it


@pytest.fixture(params=postgres.DATABASES)
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
        return
    async with postgres.database(request.getfixturevalue("postgres_url")) as url:
        yield url


async def code(url: str, operation: str) -> str:
    """A tracking code of an engine that starts for it."""
    inquiry = Inquiry(
        operation_id=operation,
        gateway="reference",
        shortcode="*4*1420#",
        kind="entitlement",
        subject=Subject("national_code", ENTITLED),
        outcome="entitled",
        msisdn=LINE,
    )
    async with opened(url, KEYS, clock=lambda: CLOCK) as ledger:
        return (await ledger.tracker.issue(inquiry)).code


async def run(url: str, statement: str) -> None:
    """As an operator runs it."""
    if url.startswith("sqlite:"):
        file = create_engine(url)
        with file.begin() as connection:
            connection.execute(text(statement))
        file.dispose()
        return
    server = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    async with server.begin() as connection:
        await connection.execute(text(statement))
    await server.dispose()


async def test_after_the_statement_of_the_guide_codes_have_the_next_letter(url: str) -> None:
    [statement] = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
    assert (await code(url, "1"))[0] == "n"
    await run(url, statement)
    assert (await code(url, "2"))[0] == "p"
    await run(url, statement)
    assert (await code(url, "3"))[0] == "q"


async def test_where_the_backup_is_of_another_day_they_have_too(url: str) -> None:
    [statement] = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
    async with opened(url, KEYS, clock=lambda: CLOCK):
        pass
    await run(url, statement)
    assert (await code(url, "1"))[0] == "p"
