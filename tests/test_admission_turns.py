"""Who has a place, who waits for one, who comes first, and who is turned away, on a clock of its own."""

import asyncio

import pytest

from tests.admission_door import DIAL, GOING, Door
from ussd.admission.limit import FLOOR
from ussd.admission.turns import AFTER, AGAIN, AT_MOST, FEW, IN_VAIN, INTERVAL, LONG, SLOW_START, STANDING


async def test_so_many_are_worked_on_at_once_and_the_others_follow_in_their_order() -> None:
    door = Door(4)
    for name in "abcdefgh":
        await door.comes(DIAL, name)
    assert door.let_in == list("abcd")
    await door.passes(0.001, done=4)
    assert door.let_in == list("abcdefgh")


async def test_a_dialogue_that_is_going_on_comes_before_every_new_dial() -> None:
    door = Door(4)
    for name in "abcd":
        await door.comes(GOING, name)
    for name in "efgh":
        await door.comes(DIAL, name)
    await door.comes(GOING, "i")
    await door.passes(0.001)
    assert door.let_in == list("abcdi")
    await door.passes(0.001)
    assert door.let_in == list("abcdie")


async def test_a_slot_that_is_left_early_makes_room_once() -> None:
    door = Door(FLOOR)
    slot = door.turns.at_once(DIAL)
    assert slot
    slot.leave()
    slot.leave()
    assert door.turns.at_work() == 0


async def test_who_gives_up_waiting_takes_nobodys_place() -> None:
    door = Door(4)
    for name in "abcdef":
        await door.comes(DIAL, name)
    await door.gives_up(4)
    assert door.turns.in_queue("dial") == 1
    await door.passes(0.001)
    assert door.let_in == list("abcdf")


async def test_who_gives_up_just_as_a_place_comes_leaves_it_to_the_next() -> None:
    door = Door(4)
    for name in "abcdef":
        await door.comes(DIAL, name)
    door._slots.pop(0).leave()  # the place is e's, who has not noticed yet
    await door.gives_up(4)
    await door.passes(0.0, done=0)
    assert door.let_in == list("abcdf")
    assert door.turns.at_work() == 4


async def test_nobody_waits_for_longer_than_it_makes_sense() -> None:
    door = Door(4)
    for name in "abcd":
        await door.comes(GOING, name)
    await door.comes(GOING, "late", seconds=0.01)
    await asyncio.sleep(0.03)
    assert list(door.shed) == ["late"]
    assert door.turns.in_queue("going") == 0


async def test_a_crowd_of_one_moment_is_served_in_its_order_however_long_that_takes() -> None:
    door = Door(4)
    for number in range(200):
        await door.comes(DIAL, f"{number}")
    for _ in range(200):
        await door.passes(0.01)
    assert door.let_in == [f"{number}" for number in range(200)]


async def test_a_crowd_is_not_judged_by_one_that_has_gone_away() -> None:
    door = Door(4)
    for name in "abcdefg":
        await door.comes(DIAL, name)
    await door.passes(0.03)
    await door.gives_up(5)
    await door.gives_up(6)
    door.clock.now += 1
    for number in range(50):
        await door.comes(DIAL, f"{number}")
    for _ in range(60):
        await door.passes(0.03)
    assert not door.shed
    assert door.let_in[5:] == [f"{number}" for number in range(50)]


async def test_where_more_come_than_can_be_served_the_newest_is_served_and_the_others_are_told_soon() -> None:
    door = Door(4)
    await door.overrun()
    assert door.turns.overrun
    before = len(door.let_in)
    for number in range(200):
        await door.comes(DIAL, f"{number}")
        await door.comes(DIAL, f"{number}, too")
        await door.passes(0.01)
    assert len(door.let_in) == before + 200, "nobody is served less for it"
    assert max(door.shed.values()) < STANDING + INTERVAL + 0.02, "those who were there when it was noticed"
    told = [seconds for name, seconds in door.shed.items() if not name.startswith("before")]
    assert max(told) <= IN_VAIN + 0.011
    assert sum(seconds == 0 for seconds in door.shed.values()) > 50


@pytest.mark.parametrize(("each", "crowd"), [(0.004, False), (0.05, True)])
async def test_few_who_wait_are_no_crowd_until_they_wait_for_long(each: float, crowd: bool) -> None:
    door = Door(4, few=FEW)
    for number in range(FEW - 1):
        await door.comes(DIAL, f"{number}")
    for _ in range(FEW):
        await door.passes(each)
        await door.comes(DIAL, "another")
    assert bool(door.shed) is crowd
    assert not crowd or max(door.shed.values()) < LONG + INTERVAL + 3 * each


@pytest.mark.parametrize(("later", "crowd"), [(AFTER - 1, True), (AFTER + 1, False)])
async def test_few_who_wait_are_a_crowd_a_moment_after_one(later: float, crowd: bool) -> None:
    door = Door(4, few=FEW)
    await door.overrun()
    await door.overrun()
    assert door.turns.overrun
    for _ in range(280):
        await door.passes(0.001)
    door.clock.now += later
    door.shed.clear()
    for number in range(60):
        await door.comes(DIAL, f"{number}")
        await door.comes(DIAL, f"{number}, too")
        await door.passes(0.008)
    assert bool(door.shed) is crowd
    assert not crowd or max(door.shed.values()) < AGAIN + STANDING + 4 * 0.008, "known again sooner"


async def test_few_who_hardly_wait_are_none_even_after_a_crowd() -> None:
    """As many as a gateway has connections, each with the next as soon as it is answered."""
    door = Door(4, few=FEW)
    await door.overrun()
    await door.overrun()
    for _ in range(280):
        await door.passes(0.001)
    door.shed.clear()
    for number in range(FEW - 1):
        await door.comes(DIAL, f"{number}")
    for _ in range(1000):
        await door.passes(0.001)
        await door.comes(DIAL, "the next")
    assert not door.shed


async def test_who_has_waited_too_long_in_a_crowd_is_told_when_another_comes_even_if_nobody_is_done() -> None:
    door = Door(4)
    await door.overrun()
    for number in range(4):
        await door.comes(DIAL, f"{number}")
    waited = len(door.shed)
    await door.passes(IN_VAIN + 0.01, done=0)
    assert len(door.shed) == waited
    await door.comes(GOING, "another")
    await door.passes(0, done=0)
    assert len(door.shed) > waited
    assert door.turns.in_queue("dial") == 0


async def test_who_is_going_on_is_not_turned_away_for_a_crowd_that_dials() -> None:
    door = Door(4)
    await door.overrun()
    for number in range(100):
        await door.comes(GOING, f"{number}")
        for _ in range(5):
            await door.comes(DIAL, "")
        await door.passes(0.01)
    assert {f"{number}" for number in range(90)} <= set(door.let_in)
    assert not any(name.isdigit() for name in door.shed)


async def test_a_moment_after_a_crowd_has_gone_all_is_as_before() -> None:
    door = Door(4)
    await door.overrun()
    for _ in range(30):
        await door.passes(0.01)
    assert not door.turns.overrun
    door.shed.clear()
    for number in range(50):
        await door.comes(DIAL, f"after {number}")
    assert not door.shed


async def test_where_nothing_moves_it_is_no_crowd_that_is_the_matter() -> None:
    door = Door(4)
    for number in range(100):
        await door.comes(DIAL, f"{number}")
        await door.passes(0.01, done=0)
    assert not door.shed
    assert not door.turns.overrun


async def test_more_do_not_wait_than_makes_sense() -> None:
    door = Door(4)
    for number in range(4 + AT_MOST):
        await door.comes(GOING, f"{number}")
    assert not door.shed
    await door.comes(GOING, "too many")
    assert list(door.shed) == ["too many"]


@pytest.mark.parametrize(("seconds", "share"), [(0.0, 16), (SLOW_START / 2, 40), (SLOW_START, 64)])
async def test_after_a_start_dials_have_a_part_of_the_places_and_who_is_going_on_has_them_all(
    seconds: float, share: int
) -> None:
    door = Door(64, fresh=True)
    door.clock.now += seconds
    for number in range(64):
        await door.comes(DIAL, f"{number}")
    assert (len(door.let_in), door.shed) == (share, {})
    for number in range(64 - share):
        await door.comes(GOING, f"going {number}")
    assert (door.turns.at_work(), door.turns.in_queue("dial")) == (64, 64 - share)
