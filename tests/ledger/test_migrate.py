"""The schema: what the migrations make is what the tables say, made once."""

import asyncio
import multiprocessing
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, bindparam, text

import ussd.ledger
from tests.ledger.conftest import Clock, about
from ussd.keys import Keys
from ussd.ledger import Ledger, LedgerAway, opened
from ussd.ledger.database import Database
from ussd.ledger.migrate import head, upgrade, version
from ussd.ledger.schema import Instant, metadata

SECRET = b"a secret of the tests, 32 octets+"
ROW_OF_0001 = text(
    "INSERT INTO inquiries (day, code, operation_id, asked_at, gateway, shortcode, kind, subject_hash, subject_sealed,"
    " line_hash, line_sealed, outcome) VALUES ('1405-08-29', 'n570134', 'op-1', :asked_at, 'reference', '*4*1420#',"
    " 'entitlement', 'subject', :sealed, 'line', :sealed, 'entitled')"
).bindparams(bindparam("asked_at", type_=Instant), bindparam("sealed", b"sealed"))


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


async def test_the_migrations_make_the_tables_of_the_schema(ledger: Ledger) -> None:
    assert await ledger.database.read(differences) == []


async def test_the_head_is_the_one_that_alembic_finds() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(ussd.ledger.__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == head()
    for script in scripts.walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")


async def test_a_database_at_the_head_stays_as_it_is(ledger: Ledger, url: str) -> None:
    await upgrade(url)
    assert await version(ledger.database) == head()


async def test_four_processes_that_start_at_once_make_one_ledger(url: str, keys: Keys) -> None:
    spawn = multiprocessing.get_context("spawn")
    together = spawn.Barrier(4)
    processes = [spawn.Process(target=_open, args=(url, together)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    async with opened(url, keys, migrate=False) as ledger:
        assert await ledger.sso.inquire(about("0007569602"))


def _open(url: str, together: "multiprocessing.synchronize.Barrier") -> None:
    async def start() -> None:
        async with opened(url, Keys(SECRET)) as ledger:
            await ledger.ping()

    together.wait()
    asyncio.run(start())


async def test_where_migrating_is_off_an_empty_database_is_refused_with_the_way_out(url: str, keys: Keys) -> None:
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).touch()
    with pytest.raises(LedgerAway, match="ussd migrate"):
        async with opened(url, keys, migrate=False):
            pass
    await upgrade(url)
    async with opened(url, keys, migrate=False) as ledger:
        await ledger.ping()


async def test_where_migrating_is_off_no_file_is_made(sqlite_file: Path, keys: Keys) -> None:
    with pytest.raises(LedgerAway, match="No such file"):
        async with opened(f"sqlite:///{sqlite_file}", keys, migrate=False):
            pass
    assert not sqlite_file.exists()


async def test_a_ledger_of_a_newer_version_is_left_alone(ledger: Ledger, url: str, keys: Keys) -> None:
    newer = "UPDATE alembic_version SET version_num = '9999'"
    await ledger.database.write(lambda connection: connection.exec_driver_sql(newer))
    with pytest.raises(LedgerAway, match="newer version"):
        async with opened(url, keys):
            pass
    with pytest.raises(LedgerAway, match="newer version"):
        await upgrade(url)


async def test_a_migration_that_fails_leaves_nothing_behind(url: str) -> None:
    database = Database(url)
    database.create()
    in_the_way = "CREATE TABLE sample_lines (in_the_way INTEGER)"
    await database.write(lambda connection: connection.exec_driver_sql(in_the_way))
    with pytest.raises(LedgerAway, match=r"already exists|DuplicateTable"):
        await upgrade(url)
    assert await version(database) is None
    await database.write(lambda connection: connection.exec_driver_sql("DROP TABLE sample_lines"))
    await upgrade(url)
    assert await version(database) == head()
    await database.close()


async def test_a_start_with_nothing_to_do_does_without_alembic(ledger: Ledger, url: str) -> None:
    program = (
        "import asyncio, sys; from ussd.ledger import opened; from ussd.keys import Keys\n"
        "async def start():\n"
        f"    async with opened({url!r}, Keys({SECRET!r})): pass\n"
        "asyncio.run(start()); sys.exit('alembic' in sys.modules)"
    )
    finished = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", program], check=False)
    assert finished.returncode == 0


async def test_sqlites_file_is_for_its_owner_only_and_keeps_what_it_is_told(sqlite_file: Path, keys: Keys) -> None:
    async with opened(f"sqlite:///{sqlite_file}", keys) as ledger:
        for file in sqlite_file.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        settings = await ledger.database.read(
            lambda connection: [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
        )
    assert settings == ["wal", 2, 1, 1500]


async def test_the_rows_of_the_first_version_are_kept_and_are_no_centres(url: str, keys: Keys, clock: Clock) -> None:
    def begin(connection: Connection) -> None:
        _migrate_to(connection, "0001")
        connection.execute(ROW_OF_0001, {"asked_at": clock.now})

    database = Database(url)
    database.create()
    await database.write(begin)
    assert await version(database) == "0001"
    await database.close()
    async with opened(url, keys, clock=clock) as ledger:
        found = await ledger.tracker.find("n570134", "1405-08-29")
        assert found is not None
        assert (found.operation_id, found.outcome, found.centre) == ("op-1", "entitled", "")
        assert found.asked_at == clock.now
        assert await version(ledger.database) == head()
        assert await ledger.database.read(differences) == []


def _migrate_to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(ussd.ledger.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
