"""Who is turned away before anything of it is read, and who is let through and counts from then on."""

from tests.admission_door import DIAL, GOING, Door
from ussd.admission import Expected


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
    """Each asks for it some turns of the loop after it was let through."""
    door = Door(4)
    await door.overrun()
    door.limit.value = 10
    await door.passes(0.09)
    assert door.turns.overrun
    turns, let_through = door.turns, list[Expected]()
    while not turns.is_one_too_many(DIAL):
        let_through.append(Expected(turns))
    free = 10 - turns.at_work()
    assert free > 0
    assert free <= len(let_through) <= free + 5, "and a few who may wait"
    for one in let_through:
        one.arrived()
        one.arrived()
        await door.comes(DIAL, "let through")
    assert turns.on_their_way == 0
    assert "let through" not in door.shed
    assert door.let_in.count("let through") == free


async def test_who_is_on_the_way_is_in_nobodys_way_without_a_crowd() -> None:
    door = Door(4)
    on_the_way = [Expected(door.turns) for _ in range(100)]
    for number in range(4):
        await door.comes(DIAL, f"{number}")
    assert len(door.let_in) == 4
    assert not door.shed
    assert len(on_the_way) == door.turns.on_their_way
