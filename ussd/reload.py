"""Changed menus are served from the next dial on, if all of them pass; else those that were served stay.

A change is a file written in the folder of menus, or SIGHUP. Sessions that are going on end in the edition that they
began in (ussd/editions.py).
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import structlog
from watchfiles import awatch

from ussd.core.loader import MenuError
from ussd.core.menu import Menu, Words
from ussd.editions import Edition, Editions, Shelf, edition_of
from ussd.metrics import Metrics
from ussd.sessions import StoreAway

Stamps = frozenset[tuple[str, int, int]]
"""Name, time of the last change and octets of each file."""
Loaded = tuple[dict[str, Menu], Words]
_EVERY = 600.0
"""Seconds after which what is served is written down again: it is kept for an hour."""
_AGAIN = 1.0
_LOOK = 1000
"""Milliseconds."""
_SAID = 20
"""Faults that are logged; `ussd check` says all."""

_log = structlog.get_logger(__name__)


class Reload:
    """The menus of one process, as its folder has them."""

    def __init__(
        self,
        folder: Path,
        load: Callable[[], Loaded],
        shelf: Shelf,
        editions: Editions,
        metrics: Metrics,
        *,
        seen: Stamps,
        watch: bool,
        cramped: Callable[[], Sequence[str]],
    ) -> None:
        """Do nothing yet. `load` reads the folder and raises MenuError.

        `seen`: its `stamps` before what is served was read; `watch`: whether its files are watched. `cramped` says what
        is too much for one of the lines.
        """
        self._folder, self._load, self._shelf, self._editions, self._metrics = folder, load, shelf, editions, metrics
        self._seen, self._watched, self._cramped = seen, watch, cramped
        self._one = asyncio.Lock()
        self._asked: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take changes in the background."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._hung_up)
        tasks = [asyncio.create_task(self._refresh()), *([asyncio.create_task(self._watch())] if self._watched else [])]
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGHUP)
            for task in (*tasks, *self._asked):
                task.cancel()
            await asyncio.gather(*tasks, *self._asked, return_exceptions=True)

    async def reload(self) -> None:
        """Read the folder again. One at a time: the last to be asked for sees the last change."""
        async with self._one:
            self._seen = stamps(self._folder)
            try:
                editions, words = await asyncio.to_thread(self._read)
            except MenuError as error:
                self._metrics.menus_refused()
                _log.error("menus_refused", faults=[str(fault) for fault in error.faults[:_SAID]])
                return
            except Exception:  # whatever it is, callers are answered from what is served already
                self._metrics.menus_refused()
                _log.exception("menus_unreadable")
                return
            # The other processes must be able to read an edition before a session begins in it.
            await self._written_down(editions)
            self._shelf.take(editions, words)
            self._metrics.menus_taken()
            _log.info("menus_taken", menus=sorted(edition.menu.code for edition in editions))
            await self._warn()

    def _read(self) -> tuple[list[Edition], Words]:
        """The folder, compiled: in a thread, since a large one takes a while."""
        menus, words = self._load()
        return [edition_of(menu) for menu in menus.values()], words

    def _hung_up(self) -> None:
        task = asyncio.create_task(self.reload())
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)

    async def _watch(self) -> None:
        """Take what is written; files are looked at each second too, for what no event told of, as on a network."""
        try:
            async for _ in awatch(self._folder, recursive=False, rust_timeout=_LOOK, yield_on_timeout=True):
                if stamps(self._folder) != self._seen:
                    await self.reload()
        except OSError:
            _log.exception("menus_unwatched")

    async def _warn(self) -> None:
        if faults := await asyncio.to_thread(self._cramped):
            _log.warning("menus_cramped", faults=faults[:_SAID])

    async def _refresh(self) -> None:
        await self._warn()
        while True:
            await self._written_down(list(self._shelf.current.values()))
            await asyncio.sleep(_EVERY)

    async def _written_down(self, editions: Sequence[Edition]) -> None:
        while True:
            try:
                await asyncio.gather(*(self._editions.keep(edition) for edition in editions))
            except StoreAway:
                await asyncio.sleep(_AGAIN)
            else:
                return


def stamps(folder: Path) -> Stamps:
    """What tells a written file from the one before it."""
    found = set()
    for path in folder.glob("*.yaml"):
        with suppress(FileNotFoundError):
            stat = path.stat()
            found.add((path.name, stat.st_mtime_ns, stat.st_size))
    return frozenset(found)
