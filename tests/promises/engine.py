"""A server under traffic, with the ledger that its screens are held against at the end."""

import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.homes import a_home
from tests.promises.books import Books, compared
from tests.promises.scale import SEED
from tests.promises.traffic import SHIPPED, Seen, Traffic
from tests.server import Server
from ussd.core.loader import COMMON

_FAULTS = ("callback_failed", "lookup_failed", "lookup_lost", "library_said", "guard_failed", "decode_failed")
_OWN = Path(__file__).with_name("menus")


@dataclass(frozen=True, slots=True)
class Engine:
    """`ussd serve` with the traffic's menu."""

    server: Server
    home: Path
    ledger: str
    secret: str

    @asynccontextmanager
    async def loaded(self, at_once: int, *, first: int = 0, leaving: float = 0.0) -> AsyncIterator[Traffic]:
        """Traffic that flows, and at the end is finished to its last dialogue."""
        traffic = Traffic(self.server.port, SEED, first=first, leaving=leaving)
        try:
            async with traffic.flowing(at_once):
                yield traffic
        finally:
            traffic.close()

    def faults(self) -> list[str]:
        """What it has logged of faults of its own, with their tracebacks."""
        return [line for line in list(self.server.log) if any(f'"{name}"' in line for name in _FAULTS)]

    async def books(self, seen: Seen) -> Books:
        """What the ledger has beside what was shown."""
        return await compared(self.ledger, self.secret, seen)


@contextmanager
def engine(*arguments: str, **settings: str) -> Iterator[Engine]:
    """A server with a home, a secret and a ledger of its own, which is SQLite unless told."""
    secret = secrets.token_hex(16)
    with home() as folder:
        ledger = settings.get("database_url", f"sqlite:///{folder}/ledger.sqlite3")
        server = Server(folder, *arguments, menus=str(folder / "menus"), secret=secret, drain="0", **settings)
        try:
            yield Engine(server, folder, ledger, secret)
            assert server.stop() == 0
        finally:
            server.close()


@contextmanager
def home() -> Iterator[Path]:
    """A folder with the menu in `menus`."""
    with a_home() as home:
        menus = home / "menus"
        shutil.copytree(_OWN, menus)
        shutil.copy(SHIPPED / COMMON, menus)
        yield home
