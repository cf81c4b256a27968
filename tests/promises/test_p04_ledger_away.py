"""P4 for the ledger: SQLite's disk is full, PostgreSQL is killed or halted. Then inquiries read that no answer came."""

import asyncio
import os
import random
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from tests.postgres import BINARIES
from tests.promises.engine import Engine, engine
from tests.promises.postgres import killable
from tests.promises.report import Kept
from tests.promises.scale import SEED, many
from tests.promises.traffic import Seen, Traffic

AT_ONCE = 8
GATE = 5.1
BACK = 3.0
_PAGE = 4096
Full = Callable[[], AbstractContextManager[None]]


async def until_one_finishes(traffic: Traffic) -> float:
    """Seconds until the next dialogue is shown a code."""
    began, finished = time.monotonic(), len(traffic.seen.finished)
    while len(traffic.seen.finished) == finished:
        assert time.monotonic() - began < 30
        await asyncio.sleep(0.01)
    return time.monotonic() - began


async def held(one: Engine, seen: Seen) -> None:
    """What holds whatever becomes of the ledger."""
    assert not seen.wrong, (SEED, seen.wrong[:3])
    assert (seen.broken, seen.timeouts, seen.lost, seen.behind, seen.differing) == (0, 0, 0, 0, 0), SEED
    assert seen.in_time(GATE), (SEED, seen.slowest, seen.held_up)
    assert seen.ended.keys() <= {"unavailable", "busy", "apology"}, (SEED, seen.ended)
    assert seen.ended["unavailable"], SEED
    books = await one.books(seen)
    assert books.agree, (SEED, books)
    assert not one.faults(), one.faults()[:3]


def came_of(seen: Seen, back: list[float]) -> str:
    """What is said of it in the report."""
    return (
        f"{seen.ended['unavailable']} read that no answer came, slowest {seen.slowest:.1f} s; {len(seen.finished)} "
        f"codes shown, all in the ledger; a code again within {max(back):.1f} s; {len(seen.wrong)} wrong screens"
    )


async def filled_up(one: Engine, full: Full) -> tuple[Seen, list[float]]:
    """Traffic while the disk is full again and again."""
    chance, back = random.Random(SEED), []
    async with one.loaded(AT_ONCE) as traffic:
        for _ in range(many(2, 40)):
            await until_one_finishes(traffic)
            with full():
                await asyncio.sleep(chance.uniform(0.2, 0.5))
            back.append(await until_one_finishes(traffic))
    return traffic.seen, back


@contextmanager
def no_more(process: int) -> Iterator[None]:
    """None of the files that it writes may grow: it gets EFBIG."""
    before = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (_PAGE, before[1]))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, before)


@contextmanager
def small_disk() -> Iterator[Path | None]:
    """A file system of 32 MB; None where this user may not mount one."""
    with tempfile.TemporaryDirectory(prefix="ussd-disk-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", folder]
        if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
            yield None
            return
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def stuffed(disk: Path) -> Iterator[None]:
    """Not an octet is free on it."""
    rest = disk / "rest"
    with rest.open("wb", buffering=0) as file:
        for size in (1 << 20, _PAGE):
            with suppress(OSError):
                while file.write(bytes(size)):
                    pass
    try:
        yield
    finally:
        rest.unlink()


@pytest.mark.alone
async def test_p4_a_ledger_whose_files_cannot_grow_shows_no_code_that_it_has_not(kept: Kept) -> None:
    with engine() as one:
        seen, back = await filled_up(one, lambda: no_more(one.server.process.pid))
        kept.seen("SQLite's files may not grow (RLIMIT_FSIZE)", f"{len(back)} times", came_of(seen, back))
        await held(one, seen)
        assert max(back) <= BACK, SEED


@pytest.mark.alone
async def test_p4_a_ledger_on_a_full_disk_shows_no_code_that_it_has_not(kept: Kept) -> None:
    with small_disk() as disk:
        if disk is None:
            kept.seen("SQLite's disk is full", "0 times", "not tried here, as this user may not mount a small disk")
            return
        with engine(database_url=f"sqlite:///{disk}/ledger.sqlite3") as one:
            seen, back = await filled_up(one, lambda: stuffed(disk))
            kept.seen("SQLite's disk is full (ENOSPC on a small tmpfs)", f"{len(back)} times", came_of(seen, back))
            await held(one, seen)
            assert max(back) <= BACK, SEED


@pytest.mark.alone
async def test_p4_postgresql_killed_and_halted_shows_no_code_that_is_not_there_afterwards(kept: Kept) -> None:
    if BINARIES is None:
        kept.seen("PostgreSQL killed and halted", "0 times", "not tried here, as PostgreSQL is not installed")
        return
    back, chance = [], random.Random(SEED)
    with killable() as server, engine(database_url=server.url) as one:
        async with one.loaded(AT_ONCE) as traffic:
            for number in range(many(2, 30)):
                await until_one_finishes(traffic)
                await asyncio.sleep(chance.uniform(0.1, 0.3))
                if number % 2:
                    with server.halted():
                        await asyncio.sleep(many(2, 4))
                else:
                    await asyncio.to_thread(server.kill)
                    await asyncio.sleep(chance.uniform(0.1, 1))
                    await asyncio.to_thread(server.start)
                back.append(await until_one_finishes(traffic))
        seen = traffic.seen
        kept.seen("PostgreSQL: SIGKILL and start, or SIGSTOP", f"{len(back)} times, by turns", came_of(seen, back))
        await held(one, seen)
        assert max(back) <= BACK, SEED
