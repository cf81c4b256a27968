"""A database that is away: LedgerAway in bounded time, and all as before when it is back."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import literal, select

from tests.ledger.conftest import about
from ussd.backends import Subject
from ussd.keys import Keys
from ussd.ledger import Contract, Inquiry, Ledger, LedgerAway, opened
from ussd.ledger.database import Database

BOUND = 3.5
"""Seconds: the 2 that a caller waits, and some for a slow machine."""


def inquiry(number: int = 1) -> Inquiry:
    somebody = Subject("national_code", "0007569602")
    return Inquiry(f"op-{number}", "entitlement", "reference", "*4*1420#", "989120000001", somebody, "entitled")


@pytest.fixture
async def kept(sqlite_file: Path, keys: Keys) -> AsyncIterator[Ledger]:
    """A ledger in SQLite that has worked for a while."""
    async with opened(f"sqlite:///{sqlite_file}", keys) as ledger:
        await ledger.tracker.issue(inquiry())
        await ledger.ping()
        yield ledger


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another program holds the write lock."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


async def is_away(asked: Awaitable[object]) -> None:
    start = asyncio.get_running_loop().time()
    with pytest.raises(LedgerAway):
        await asked
    assert asyncio.get_running_loop().time() - start < BOUND


async def test_a_lock_held_too_long_is_an_outage_and_its_end_is_the_end_of_it(kept: Ledger, sqlite_file: Path) -> None:
    with locked(sqlite_file):
        await is_away(kept.tracker.issue(inquiry(2)))
        await kept.ping()
        assert await kept.sso.inquire(about("0007569602"))
    assert await kept.tracker.issue(inquiry(2))


async def test_callers_behind_one_another_wait_no_longer_than_one(kept: Ledger, sqlite_file: Path) -> None:
    with locked(sqlite_file):
        waiting = []
        for number in range(20):
            waiting.append(asyncio.create_task(is_away(kept.tracker.issue(inquiry(number + 2)))))
            await asyncio.sleep(0.1)
        await asyncio.gather(*waiting)
    issued = await asyncio.gather(*(kept.tracker.issue(inquiry(number + 2)) for number in range(20)))
    assert len({each.code for each in issued}) == 20


async def test_a_short_lock_is_waited_for(kept: Ledger, sqlite_file: Path) -> None:
    with locked(sqlite_file):
        issuing = asyncio.create_task(kept.tracker.issue(inquiry(2)))
        await asyncio.sleep(0.3)
    assert await issuing


async def test_a_folder_that_is_gone_is_an_outage_and_nothing_is_written_behind_its_back(
    kept: Ledger, sqlite_file: Path
) -> None:
    """SQLite itself would go on, in a file that nobody can open again."""
    folder, elsewhere = sqlite_file.parent, sqlite_file.parent.with_name("elsewhere")
    folder.rename(elsewhere)
    await is_away(kept.tracker.issue(inquiry(2)))
    await is_away(kept.sso.inquire(about("0007569602")))
    await is_away(kept.health_insurance.inquire(about("0007569602")))
    await is_away(kept.owners.owns("op-2", "989120000001", "0007569602"))
    await is_away(kept.centres.of_line("989120001666"))
    await is_away(kept.centres.add(Contract("17", "مرکز", ("989120000002",), "1405-01-01")))
    await is_away(kept.centres.remove("17"))
    await is_away(kept.centres.all())
    await is_away(kept.centres.report("17"))
    await is_away(kept.ping())
    await is_away(kept.tracker.find("n000000", "1405-08-30"))
    assert not sqlite_file.exists()
    elsewhere.rename(folder)
    issued = await kept.tracker.issue(inquiry(2))
    assert await kept.tracker.find(issued.code, issued.day)
    await kept.ping()


async def test_a_file_that_was_replaced_is_the_ledger_from_then_on(kept: Ledger, sqlite_file: Path, keys: Keys) -> None:
    restored = sqlite_file.with_name("restored.sqlite")
    async with opened(f"sqlite:///{restored}", keys) as other:
        issued = await other.tracker.issue(inquiry(2))
    for part in (sqlite_file, Path(f"{sqlite_file}-wal"), Path(f"{sqlite_file}-shm")):
        part.unlink()
    restored.rename(sqlite_file)
    assert await kept.tracker.find(issued.code, issued.day)


async def test_an_operation_stored_while_its_caller_gave_up_has_its_code_when_asked_again(
    kept: Ledger, sqlite_file: Path
) -> None:
    with locked(sqlite_file), pytest.raises(TimeoutError):
        await asyncio.wait_for(kept.tracker.issue(inquiry(2)), 0.2)
    again = await kept.tracker.issue(inquiry(2))
    assert await kept.tracker.issue(inquiry(2)) == again


async def test_a_ledger_that_was_closed_is_away(sqlite_file: Path, keys: Keys) -> None:
    async with opened(f"sqlite:///{sqlite_file}", keys) as ledger:
        issued = await ledger.tracker.issue(inquiry())
    await is_away(ledger.ping())
    await is_away(ledger.tracker.find(issued.code, issued.day))
    await is_away(ledger.tracker.issue(inquiry(2)))


async def test_a_work_whose_caller_has_left_is_finished_and_keeps_nobody(kept: Ledger, sqlite_file: Path) -> None:
    with locked(sqlite_file):
        leaving = asyncio.create_task(kept.outbox.give_up_old())
        await asyncio.sleep(0.1)
        leaving.cancel()
        await asyncio.wait([leaving], timeout=0.1)
        assert leaving.cancelled()
        await kept.ping()
    assert await kept.tracker.issue(inquiry(2))


async def test_opening_where_there_is_no_folder_says_so(tmp_path: Path, keys: Keys) -> None:
    with pytest.raises(LedgerAway, match="No such file or directory"):
        async with opened(f"sqlite:///{tmp_path}/nowhere/ledger.sqlite", keys):
            pass


async def test_opening_what_is_no_database_says_so_and_leaves_it_as_it_is(sqlite_file: Path, keys: Keys) -> None:
    sqlite_file.write_text("notes of somebody, longer than the header of a database is, and no database at all" * 9)
    before = sqlite_file.read_bytes()
    with pytest.raises(LedgerAway, match="file is not a database"):
        async with opened(f"sqlite:///{sqlite_file}", keys):
            pass
    assert sqlite_file.read_bytes() == before


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("postgresql://someone:hunter2secret@127.0.0.1:1/ledger", "127.0.0.1:1/ledger"),
        ("postgres://someone:hunter2secret@127.0.0.1:1/ledger?sslmode=disable", "127.0.0.1:1/ledger"),
        ("postgresql+asyncpg://someone:hunter2secret@127.0.0.1:1/ledger", "127.0.0.1:1/ledger"),
        ("postgresql://127.0.0.1:1/ledger?user=someone&password=hunter2secret@x", "127.0.0.1:1/ledger"),
        ("postgresql://someone:hunter2/secret@127.0.0.1:1/ledger", "PostgreSQL"),
        ("postgresql://someone:hunter2?secret@127.0.0.1:1/ledger", "PostgreSQL"),
        ("postgresql://someone:hunter2secret@127.0.0.1:hunter/ledger", "cannot be understood"),
        ("postgresql://someone:hunter2secret@127.0.0.1:1/ledger?sslmode=hunter2", "cannot be understood"),
    ],
)
async def test_opening_a_server_that_is_not_there_says_where_and_never_with_which_password(
    place: str, reason: str, keys: Keys
) -> None:
    start = asyncio.get_running_loop().time()
    with pytest.raises(LedgerAway) as away:
        async with opened(place, keys):
            pass
    assert asyncio.get_running_loop().time() - start < BOUND
    message = str(away.value)
    assert reason in message
    assert "\n" not in message
    assert not {part for part in ("hunter2", "secret", "someone") if part in message}


async def test_a_server_that_takes_the_connection_and_says_nothing_is_away(keys: Keys) -> None:
    left = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        database = Database(f"postgresql://someone:hunter2secret@127.0.0.1:{port}/ledger")
        async with asyncio.timeout(BOUND):
            with pytest.raises(LedgerAway, match="no answer in time"):
                await database.read(lambda connection: connection.scalar(select(literal(1))))
        await database.close()
        await left.wait()


@pytest.mark.parametrize(
    "place", ["", "sqlite://", "sqlite:///:memory:", "mysql://me:hunter2@host/ledger", "ledger.db"]
)
async def test_another_kind_of_url_is_refused_without_repeating_it(place: str, keys: Keys) -> None:
    with pytest.raises(LedgerAway, match="sqlite:///path or postgresql://") as refused:
        async with opened(place, keys):
            pass
    assert "hunter2" not in str(refused.value)
