"""Who is turned away before anything of it is read, and who is let through and counts from then on."""

from tests.admission_door import DIAL, GOING, Door
from ussd.admission import Slot


async def test_in_a_crowd_no_dial_waits_where_somebody_waits_to_go_on() -> None:
    """It would wait in vain, and be told later than at once."""
    door = Door(4)
    await door.overrun()
    for _ in range(20):
        await door.comes(GOING, "")
    assert door.turns.overrun
    await door.comes(DIAL, "new")
    assert door.shed["new"] == 0
    await door.comes(GOING, "another")
    assert "another" not in door.shed


async def test_in_a_crowd_those_who_come_in_one_moment_do_not_all_find_the_same_place_free() -> None:
    """Each is answered some turns of the loop after it got its place."""
    door = Door(4)
    await door.overrun()
    door.limit.value = 10
    await door.passes(0.09)
    assert door.turns.overrun
    free = 10 - door.turns.at_work()
    assert free > 0
    got = [door.turns.at_the_door() for _ in range(30)]
    assert [slot is not None for slot in got] == [True] * free + [False] * (30 - free)
    assert door.turns.at_work() == 10


async def test_a_place_that_was_got_at_the_door_is_free_again_once_it_is_left() -> None:
    door = Door(1)
    slot = door.turns.at_the_door()
    assert slot
    assert door.turns.at_the_door() is None
    slot.leave()
    slot.leave()
    assert isinstance(door.turns.at_the_door(), Slot)


async def test_at_the_door_nobody_gets_a_place_before_who_is_going_on_or_waits_already() -> None:
    door = Door(4)
    await door.overrun()
    await door.comes(GOING, "going on")
    assert door.turns.at_the_door() is None
    await door.passes(0.01, done=1)
    assert "going on" in door.let_in
    assert door.turns.at_the_door() is None, "dials wait"


async def test_who_is_turned_away_at_the_door_keeps_it_a_crowd() -> None:
    door = Door(1)
    door.turns.at_the_door()
    door.turns.at_the_door()
    for _ in range(5):
        assert door.turns.overrun
        door.clock.now += 0.09
        assert door.turns.at_the_door() is None
    door.clock.now += 0.11
    assert not door.turns.overrun
