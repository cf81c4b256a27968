"""Codes out of leased blocks: by one task, by many, by many processes."""

import asyncio
import multiprocessing
from array import array
from pathlib import Path

import pytest

from ussd.keys import Keys
from ussd.ledger import CodesExhausted, Ledger
from ussd.ledger.codes import CAPACITY, LETTERS
from ussd.ledger.database import Database
from ussd.ledger.leases import Leases
from ussd.ledger.schema import tracking_leases

DAY = "1405-08-30"
SECRET = b"a secret of the tests, 32 octets+"


async def lease_from(database: Database, counter: int) -> None:
    """Let the day's next block begin at `counter`."""
    lease = tracking_leases.insert().values(day=DAY, next_block=counter)
    await database.write(lambda connection: connection.execute(lease))


async def test_a_million_codes_of_four_processes_are_a_million_different_codes(
    ledger: Ledger, url: str, tmp_path: Path
) -> None:
    spawn = multiprocessing.get_context("spawn")
    files = [tmp_path / f"codes{number}" for number in range(4)]
    processes = [spawn.Process(target=_draw_into, args=(url, file, 250_000)) for file in files]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join)
        assert process.exitcode == 0
    codes = array("I")
    for file in files:
        codes.frombytes(file.read_bytes())
    assert len(codes) == len(set(codes)) == 1_000_000
    assert min(codes) == 0
    assert max(codes) == 999_999, "of one letter, none was left over"


def _draw_into(url: str, file: Path, count: int) -> None:
    async def draw() -> list[int]:
        database = Database(url, patience=30)  # where four share less than two cores, one may be starved for a while
        leases = Leases(database, Keys(SECRET))
        codes = [_number(await leases.draw(DAY)) for _ in range(count)]
        await database.close()
        return codes

    file.write_bytes(array("I", asyncio.run(draw())).tobytes())


def _number(code: str) -> int:
    return LETTERS.index(code[0]) * 1_000_000 + int(code[1:])


async def test_tasks_that_draw_at_once_share_a_block(ledger: Ledger, keys: Keys) -> None:
    leases = Leases(ledger.database, keys, block=100)
    codes = await asyncio.gather(*(leases.draw(DAY) for _ in range(250)))
    assert len(set(codes)) == 250
    assert await _next_block(ledger.database) == 300


async def test_a_block_that_was_not_used_up_is_a_gap(ledger: Ledger, keys: Keys) -> None:
    first = {await Leases(ledger.database, keys, block=10).draw(DAY) for _ in range(3)}
    later = Leases(ledger.database, keys, block=10)
    assert first.isdisjoint({await later.draw(DAY) for _ in range(30)})
    assert await _next_block(ledger.database) == 60


async def test_blocks_of_another_size_do_not_overlap(ledger: Ledger, keys: Keys) -> None:
    large, small = Leases(ledger.database, keys, block=100), Leases(ledger.database, keys, block=7)
    codes = [await leases.draw(DAY) for _ in range(60) for leases in (large, small)]
    assert len(set(codes)) == 120


async def test_a_drawing_task_that_is_cancelled_does_not_stop_the_others(ledger: Ledger, keys: Keys) -> None:
    leases = Leases(ledger.database, keys, block=100)
    drawing = [asyncio.create_task(leases.draw(DAY)) for _ in range(50)]
    await asyncio.sleep(0)
    drawing[0].cancel()
    results = await asyncio.gather(*drawing, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert len({code for code in results[1:] if isinstance(code, str)}) == 49


async def test_two_days_around_midnight_keep_their_own_blocks(ledger: Ledger, keys: Keys) -> None:
    leases = Leases(ledger.database, keys, block=100)
    for _ in range(20):
        await leases.draw(DAY)
        await leases.draw("1405-09-01")
    assert await _next_block(ledger.database) == 100


async def test_the_letter_changes_within_a_block(ledger: Ledger, keys: Keys) -> None:
    await lease_from(ledger.database, 999_998)
    leases = Leases(ledger.database, keys, block=4)
    assert [(await leases.draw(DAY))[0] for _ in range(4)] == ["n", "n", "p", "p"]


async def test_a_day_without_codes_left_says_so_and_the_next_day_has_its_own(ledger: Ledger, keys: Keys) -> None:
    await lease_from(ledger.database, CAPACITY - 2)
    leases = Leases(ledger.database, keys, block=4)
    assert [(await leases.draw(DAY))[0] for _ in range(2)] == ["m", "m"]
    for _ in range(2):
        with pytest.raises(CodesExhausted, match=DAY):
            await leases.draw(DAY)
    assert (await leases.draw("1405-09-01"))[0] == "n"


async def _next_block(database: Database) -> int | None:
    counter = tracking_leases.select().with_only_columns(tracking_leases.c.next_block).filter_by(day=DAY)
    return await database.read(lambda connection: connection.scalar(counter))
