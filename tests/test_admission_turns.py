"""Who has a place, who waits for one, who comes first, and who is turned away, on a clock of its own."""

import asyncio

import pytest

from ussd.admission import Kind, Shed, Slot, Turns
from ussd.admission.limit import FLOOR, Limit
from ussd.admission.turns import AT_MOST, FEW, IN_VAIN, INTERVAL, SLOW_START, STANDING

GOING, DIAL = Kind.GOING, Kind.DIAL


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Door:
    """A process with so many places, long after its start; whoever comes is written down when it is let in."""

    def __init__(self, places: int, fresh: bool = False, few: int = 0) -> None:
        self.clock, self.limit = Clock(), Limit()
        self.turns = Turns(self.limit, self.clock, few)
        self.clock.now += 0 if fresh else SLOW_START
        self.limit.value = places
        self.let_in: list[str] = []
        self.shed: dict[str, float] = {}
        """Who was turned away, and after how many seconds."""
        self._slots: list[Slot] = []
        self._waiting: list[asyncio.Task[None]] = []

    async def comes(self, kind: Kind, name: str, seconds: float = 60.0) -> None:
        self._waiting.append(asyncio.create_task(self._comes(kind, name, seconds)))
        await asyncio.sleep(0)

    async def _comes(self, kind: Kind, name: str, seconds: float) -> None:
        came = self.clock.now
        try:
            slot = self.turns.at_once(kind) or await self.turns.wait(kind, asyncio.get_running_loop().time() + seconds)
        except Shed:
            self.shed[name] = self.clock.now - came
        else:
            self.let_in.append(name)
            self._slots.append(slot)

    async def passes(self, seconds: float, done: int = 1) -> None:
        """So long later, as many of those who were let in first are done."""
        self.clock.now += seconds
        for slot in self._slots[:done]:
            slot.leave()
        del self._slots[:done]
        for _ in range(3):
            await asyncio.sleep(0)

    async def gives_up(self, place: int) -> None:
        self._waiting[place].cancel()
        await asyncio.gather(self._waiting[place], return_exceptions=True)

    async def overrun(self) -> None:
        """For a while twice as many dials come as are served."""
        for number in range(140):
            await self.comes(DIAL, f"before {number}")
            if number % 2:
                await self.passes(0.01)


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


async def test_few_who_wait_are_no_crowd_however_long_they_wait() -> None:
    door = Door(4, few=FEW)
    for number in range(FEW - 1):
        await door.comes(DIAL, f"{number}")
    for _ in range(FEW):
        await door.passes(0.05)
        await door.comes(DIAL, "another")
    assert not door.shed
    assert not door.turns.overrun


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
