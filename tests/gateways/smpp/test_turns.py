"""Who waits for a turn, and who loses one."""

import asyncio

import pytest

from gateways.smpp.turns import Turns


async def take(turns: Turns, log: list[str], name: str, until: asyncio.Event, seconds: float = 5.0) -> None:
    async with turns.one(asyncio.get_running_loop().time() + seconds):
        log.append(name)
        await until.wait()


async def test_so_many_begin_at_once_and_the_others_follow_in_their_order() -> None:
    turns, log, go = Turns(2, 5), [], asyncio.Event()
    tasks = [asyncio.create_task(take(turns, log, name, go)) for name in "abcde"]
    await asyncio.sleep(0.01)
    assert log == ["a", "b"]
    go.set()
    await asyncio.gather(*tasks)
    assert log == list("abcde")


async def test_who_takes_long_goes_on_without_a_turn_and_holds_nobody_up() -> None:
    turns, log, go = Turns(1, 0.05), [], asyncio.Event()
    tasks = [asyncio.create_task(take(turns, log, name, go)) for name in "abc"]
    async with asyncio.timeout(2):
        while len(log) < 3:
            await asyncio.sleep(0.01)
    go.set()
    await asyncio.gather(*tasks)
    more = [asyncio.create_task(take(turns, log, name, asyncio.Event())) for name in "de"]
    await asyncio.sleep(0.01)
    assert log == list("abcd"), "a turn that was lost is not given back a second time"
    for task in more:
        task.cancel()
    await asyncio.wait(more)


async def test_a_turn_that_does_not_come_in_time_is_not_waited_for() -> None:
    turns, log, go = Turns(1, 5), [], asyncio.Event()
    first = asyncio.create_task(take(turns, log, "a", go))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await take(turns, log, "b", go, seconds=0.05)
    go.set()
    await first
    await take(turns, log, "c", go)
    assert log == ["a", "c"]
