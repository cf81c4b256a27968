"""Who waits for a slot, and who leaves one early."""

import asyncio

import pytest

from ussd.slots import NoSlot, Slots


async def take(slots: Slots, log: list[str], name: str, until: asyncio.Event, seconds: float = 5.0) -> None:
    async with slots.one(asyncio.get_running_loop().time() + seconds):
        log.append(name)
        await until.wait()


async def test_so_many_are_worked_on_at_once_and_the_others_follow_in_their_order() -> None:
    slots, log, go = Slots(2), list[str](), asyncio.Event()
    tasks = [asyncio.create_task(take(slots, log, name, go)) for name in "abcde"]
    await asyncio.sleep(0.01)
    assert log == ["a", "b"]
    go.set()
    await asyncio.gather(*tasks)
    assert log == list("abcde")


async def test_who_leaves_early_makes_room_once() -> None:
    slots, log, go = Slots(1), list[str](), asyncio.Event()
    async with slots.one(asyncio.get_running_loop().time() + 1) as slot:
        tasks = [asyncio.create_task(take(slots, log, name, go)) for name in "ab"]
        await asyncio.sleep(0.01)
        assert log == []
        slot.leave()
        slot.leave()
        await asyncio.sleep(0.01)
        assert log == ["a"]
    await asyncio.sleep(0.01)
    assert log == ["a"], "a slot that was left is not given back a second time"
    go.set()
    await asyncio.gather(*tasks)


async def test_a_slot_that_does_not_come_free_in_time_is_not_waited_for() -> None:
    slots, log, go = Slots(1), list[str](), asyncio.Event()
    first = asyncio.create_task(take(slots, log, "a", go))
    await asyncio.sleep(0)
    with pytest.raises(NoSlot):
        await take(slots, log, "b", go, seconds=0.05)
    go.set()
    await first
    await take(slots, log, "c", go)
    assert log == ["a", "c"]


async def test_who_gives_up_waiting_takes_nobodys_place() -> None:
    slots, log, go = Slots(1), list[str](), asyncio.Event()
    first = asyncio.create_task(take(slots, log, "a", go))
    await asyncio.sleep(0)
    gone = asyncio.create_task(take(slots, log, "b", go))
    await asyncio.sleep(0)
    gone.cancel()
    go.set()
    await asyncio.gather(first, gone, return_exceptions=True)
    async with asyncio.timeout(1):
        await take(slots, log, "c", go)
    assert log == ["a", "c"]
