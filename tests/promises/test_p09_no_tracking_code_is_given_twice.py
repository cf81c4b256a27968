"""P9: on its Jalali day a tracking code is one inquiry's, whoever is killed, and whatever the clock says."""

import asyncio
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from tests.deploy.test_restore import README, run
from tests.ledger.conftest import Clock
from tests.ledger.test_tracking import numbered
from tests.promises.allocators import KEYS, RECORD, day_number, draw_into
from tests.promises.forked import FORKED
from tests.promises.report import Kept
from tests.promises.scale import SEED, many
from ussd.ledger import opened
from ussd.ledger.codes import CAPACITY
from ussd.ledger.jalali import day_of
from ussd.ledger.permutation import SIZE
from ussd.ledger.schema import inquiries

ALLOCATORS = many(4, 8)
CODES = many(20_000, 2_000_000)
BLOCK = many(100, 1_000)
EVERY = many(0.25, 0.6)
"""Seconds between two kills."""
LONGEST = many(30, 240)
"""Seconds."""
LAST = datetime(2026, 3, 20, 23, 30, tzinfo=ZoneInfo("Asia/Tehran"))
"""Half an hour before 1405 begins."""
CLOCKS = (
    (LAST, 0.80),
    (LAST - timedelta(hours=1), 0.05),
    (LAST - timedelta(hours=24), 0.02),
    (LAST + timedelta(hours=1), 0.08),
    (LAST + timedelta(days=1), 0.05),
)


class Given:
    """The codes that were given, a day at a time; each is there once, or is counted."""

    def __init__(self) -> None:
        self.days: dict[int, bytearray] = defaultdict(lambda: bytearray(CAPACITY))
        self.given = self.twice = 0

    def read(self, files: Sequence[Path]) -> None:
        for file in files:
            octets = file.read_bytes()
            for day, code in RECORD.iter_unpack(octets[: len(octets) // RECORD.size * RECORD.size]):
                self.twice += self.days[day][code]
                self.days[day][code] = 1
                self.given += 1

    def letters(self) -> int:
        """The most that a day has begun."""
        return max(sum(any(day[at : at + SIZE]) for at in range(0, CAPACITY, SIZE)) for day in self.days.values())


def written(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files) // RECORD.size


async def allocated(url: str, folder: Path, kills: Random) -> tuple[list[Path], int]:
    """The files of allocators that were killed and replaced until there are codes enough, and how many were killed."""
    numbers, files, running, killed = count(), [], [], 0

    def begin() -> None:
        number = next(numbers)
        files.append(folder / f"codes-{number}")
        files[-1].touch()
        given = (url, files[-1], SEED + number, CLOCKS, BLOCK)
        running.append(FORKED.Process(target=draw_into, args=given))
        running[-1].start()

    try:
        for _ in range(ALLOCATORS):
            begin()
        async with asyncio.timeout(LONGEST):
            while written(files) < CODES:
                await asyncio.sleep(EVERY)
                victim = running.pop(kills.randrange(len(running)))
                assert victim.exitcode is None, "nobody ends but by a kill"
                await _killed(victim)
                killed += 1
                begin()
    finally:
        for process in running:
            await _killed(process)
    return files, killed


async def _killed(process: object) -> None:
    process.kill()  # type: ignore[attr-defined]
    await asyncio.to_thread(process.join)  # type: ignore[attr-defined]


async def test_p9_no_tracking_code_is_given_twice_by_allocators_that_are_killed(
    kept: Kept, database_url: str, tmp_path: Path
) -> None:
    assert [day_of(instant) for instant, _ in CLOCKS] == [
        "1404-12-29", "1404-12-29", "1404-12-28", "1405-01-01", "1405-01-01",
    ]  # fmt: skip
    async with opened(database_url, KEYS, samples=False):
        pass
    files, killed = await allocated(database_url, tmp_path, Random(SEED))
    given = Given()
    await asyncio.to_thread(given.read, files)
    kept.seen(
        f"{ALLOCATORS} allocators on one database, {killed} killed between two codes; "
        "clocks an hour back, a day on, and over the year's end",
        f"{given.given:,} codes of {len(given.days)} days, into letter {given.letters()} of a day",
        f"{given.twice} given twice",
    )
    assert given.given >= CODES
    assert given.twice == 0, f"seed {SEED}"
    assert given.letters() >= many(1, 2)
    assert set(given.days) == {day_number(day_of(instant)) for instant, _ in CLOCKS}


async def test_p9_every_code_that_is_given_is_stored_and_stands_for_its_own_inquiry(
    kept: Kept, database_url: str
) -> None:
    """Three ledgers at once give codes to the same inquiries, and none has to pass over a code that is taken."""
    asked, clock = numbered(many(400, 10_000)), Clock()
    async with (
        opened(database_url, KEYS, clock=clock, samples=False) as one,
        opened(database_url, KEYS, clock=clock, samples=False) as two,
        opened(database_url, KEYS, clock=clock, samples=False) as three,
    ):
        given = []
        for at in range(0, len(asked), 500):
            some = asked[at : at + 500]
            given += await asyncio.gather(
                *(ledger.tracker.issue(inquiry) for inquiry in some for ledger in (one, two, three))
            )
        stored = select(func.count()).select_from(inquiries)
        rows = await one.database.read(lambda connection: connection.scalar(stored))
        found = [await three.tracker.find(issued.code, issued.day) for issued in given[::30]]
    codes = {(issued.day, issued.code) for issued in given}
    kept.seen(
        "three servers that give codes to the same inquiries at once",
        f"{len(asked):,} inquiries, asked three times each",
        f"{len(codes):,} codes, {rows:,} rows",
    )
    assert len(codes) == rows == len(asked)
    assert all(len({given[at].code, given[at + 1].code, given[at + 2].code}) == 1 for at in range(0, len(given), 3))
    assert [one and one.operation_id for one in found] == [
        asked[at // 3].operation_id for at in range(0, len(given), 30)
    ]


def backed_up(url: str, to: Path) -> None:
    """A copy of a SQLite ledger while it is in use."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as live, closing(sqlite3.connect(to)) as copy:
        live.backup(copy)


def restored(url: str, backup: Path) -> None:
    """The copy in the place of a ledger that nobody uses."""
    place = Path(url.removeprefix("sqlite:///"))
    for old in place.parent.glob(f"{place.name}*"):
        old.unlink()
    shutil.copy(backup, place)


async def given_by(url: str, clock: Clock, operations: Iterator[int], codes: int) -> list[tuple[str, str]]:
    """Codes of an engine that starts for them."""
    async with opened(url, KEYS, clock=clock, samples=False) as ledger:
        named = [replace(inquiry, operation_id=f"op-{next(operations)}") for inquiry in numbered(codes)]
        issued = await asyncio.gather(*(ledger.tracker.issue(inquiry) for inquiry in named))
    return [(one.day, one.code) for one in issued]


async def test_p9_after_yesterdays_backup_no_code_is_given_twice_where_the_guide_is_followed(
    kept: Kept, tmp_path: Path
) -> None:
    statement = README.partition("```sql\n")[2].partition("```")[0]
    url, clock, operations = f"sqlite:///{tmp_path / 'ledger.sqlite3'}", Clock(), count()
    codes = many(50, 2_000)
    yesterday = await given_by(url, clock, operations, codes)
    backed_up(url, backup := tmp_path / "backup")
    yesterday += await given_by(url, clock, operations, codes)
    clock.now += timedelta(days=1)
    today = await given_by(url, clock, operations, codes)
    restored(url, backup)
    careless = await given_by(url, clock, operations, codes)
    restored(url, backup)
    await run(url, statement.replace("1405-08-30", day_of(clock.now)))
    careful = await given_by(url, clock, operations, codes)
    again, twice = len({*today} & {*careless}), len({*yesterday, *today} & {*careful})
    kept.seen(
        "yesterday's backup restored, with the step of deploy/README.md; without it this is not promised",
        f"{len(yesterday) + len(today):,} codes before, {codes:,} after",
        f"{twice} given twice ({again:,} without the step)",
    )
    assert twice == 0
    assert len({*careful}) == codes
    assert again, "else the guide asks for more than is needed"
