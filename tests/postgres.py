"""A PostgreSQL for the tests: the one that USSD_TEST_POSTGRES names, or one that is started where it is installed."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

GIVEN = os.environ.get("USSD_TEST_POSTGRES", "")
_WITHIN = 60
"""Seconds that each step of a start may take."""


def _binaries() -> Path | None:
    """Debian keeps them out of the way, a folder a version."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")]
    newest = max(found, key=lambda path: float(path.parts[-3]), default=None)
    elsewhere = shutil.which("pg_ctl")
    return newest.parent if newest else Path(elsewhere).parent if elsewhere else None


BINARIES = _binaries()
PRESENT = bool(GIVEN or BINARIES)
DATABASES = ["sqlite", "postgresql"] if PRESENT else ["sqlite"]
"""What the ledger is tested on."""


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server's database for administration."""
    if GIVEN or BINARIES is None:
        yield GIVEN
        return
    with tempfile.TemporaryDirectory(prefix="ussd-pg-") as folder:
        Path(folder).chmod(0o777)
        data, port = Path(folder) / "data", _free_port()
        _run(BINARIES / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync")
        # Nobody pulls the plug of these tests, so their commits need not reach the disk.
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200"
        _run(BINARIES / "pg_ctl", "-D", data, "-w", "-o", options, "-l", Path(folder) / "log", "start")
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            _run(BINARIES / "pg_ctl", "-D", data, "-m", "immediate", "stop")


@asynccontextmanager
async def database(server_url: str) -> AsyncIterator[str]:
    """The URL of an empty database, which is dropped after use."""
    name = f"ussd_test_{uuid4().hex}"
    await _administer(server_url, f"CREATE DATABASE {name}")
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    await _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


async def _administer(server_url: str, statement: str) -> None:
    url = make_url(server_url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


def _run(*command: object) -> None:
    # It refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    words = [str(word) for word in command]
    subprocess.run(words, check=True, timeout=_WITHIN, user=user, cwd="/", stdout=subprocess.DEVNULL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
