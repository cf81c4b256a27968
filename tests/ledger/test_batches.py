"""Many callers, one batch."""

import asyncio
from collections.abc import Sequence

import pytest

from ussd.ledger import LedgerAway
from ussd.ledger.batches import Batches


class Doubler:
    """Doubles what is positive, and keeps what it was asked; a gate can hold it."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.asked.append(list(numbers))
        await self.gate.wait()
        if 0 in numbers:
            raise LedgerAway("no zero")
        if min(numbers) < 0:
            raise ValueError("negative")
        return [2 * number for number in numbers]


async def test_what_arrives_together_goes_together() -> None:
    double = Doubler()
    batches = Batches(double)
    assert await asyncio.gather(*(batches.put(number) for number in range(1, 101))) == list(range(2, 202, 2))
    assert len(double.asked) == 1


async def test_a_batch_has_200_items_at_most() -> None:
    double = Doubler()
    batches = Batches(double)
    await asyncio.gather(*(batches.put(number) for number in range(1, 502)))
    assert [len(asked) for asked in double.asked] == [200, 200, 101]


async def test_one_bad_item_fails_alone() -> None:
    double = Doubler()
    batches = Batches(double)
    numbers = [*range(1, 78), -1, *range(79, 201)]
    results = await asyncio.gather(*(batches.put(number) for number in numbers), return_exceptions=True)
    assert isinstance(results[77], ValueError)
    assert [result for result in results if isinstance(result, int)] == [2 * number for number in numbers if number > 0]
    assert len(double.asked) < 20, "found by halves, not one by one"


async def test_a_ledger_that_is_away_fails_the_batch_at_once_and_each_caller_for_itself() -> None:
    double = Doubler()
    batches = Batches(double)
    results = await asyncio.gather(*(batches.put(number) for number in range(10)), return_exceptions=True)
    assert len(double.asked) == 1
    assert all(isinstance(result, LedgerAway) for result in results)
    assert len({id(result) for result in results}) == 10


async def test_a_caller_that_leaves_does_not_take_the_batch_with_it() -> None:
    double = Doubler()
    double.gate.clear()
    batches = Batches(double)
    leaving, staying = asyncio.create_task(batches.put(1)), asyncio.create_task(batches.put(2))
    await asyncio.sleep(0.01)
    leaving.cancel()
    await asyncio.sleep(0.01)
    double.gate.set()
    assert await staying == 4
    assert leaving.cancelled()
    assert double.asked == [[1, 2]]


async def test_an_item_whose_caller_left_before_its_turn_is_not_done() -> None:
    double = Doubler()
    double.gate.clear()
    batches = Batches(double)
    first = asyncio.create_task(batches.put(1))
    await asyncio.sleep(0.01)
    leaving, staying = asyncio.create_task(batches.put(2)), asyncio.create_task(batches.put(3))
    await asyncio.sleep(0.01)
    leaving.cancel()
    await asyncio.sleep(0.01)
    double.gate.set()
    assert (await first, await staying) == (2, 6)
    assert double.asked == [[1], [3]]


async def test_nobody_waits_longer_than_two_seconds() -> None:
    double = Doubler()
    double.gate.clear()
    batches = Batches(double)
    loop = asyncio.get_running_loop()
    start = loop.time()
    with pytest.raises(LedgerAway, match="within 2 s"):
        await batches.put(1)
    assert 1.9 < loop.time() - start < 3.5
    double.gate.set()
    assert await batches.put(2) == 4


async def test_closing_finishes_what_is_queued_and_takes_no_more() -> None:
    double = Doubler()
    batches = Batches(double)
    queued = [asyncio.create_task(batches.put(number)) for number in range(1, 301)]
    await asyncio.sleep(0)
    await batches.close()
    assert await asyncio.gather(*queued) == list(range(2, 602, 2))
    with pytest.raises(LedgerAway, match="closed"):
        await batches.put(1)


async def test_there_is_no_task_where_there_is_nothing_to_do() -> None:
    batches = Batches(Doubler())
    await batches.put(1)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
