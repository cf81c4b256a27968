"""How many dialogues may begin where a registry can carry only so many, on a clock of its own."""

from collections import deque
from contextlib import suppress
from heapq import heappop, heappush
from itertools import pairwise
from random import Random

import pytest

from ussd.admission import Paces
from ussd.admission.pace import Pace
from ussd.backends import RegistryFault

STEP = 0.001


class Registry:
    """Takes so long for an answer and carries so many at once. The others wait, up to a caller's deadline.

    Its guard has 64 calls under way, and lets others wait for half a second.
    """

    def __init__(self, at_once: int, seconds: float = 0.3, typing: float = 0.0) -> None:
        """`typing`: seconds from a dial to its question, half as many to half as many again."""
        self.now, self.at_once, self.seconds, self.typing = 100.0, at_once, seconds, typing
        self.pace = Pace()
        self.answered = self.let_down = self.turned_away = 0
        self._free = [self.now] * at_once
        self._due = deque[tuple[float, float, int]]()
        self._typed: list[float] = []
        self._chance = Random(7)
        self._owed = 0.0

    @property
    def carries(self) -> float:
        """Questions a second."""
        return self.at_once / self.seconds

    def dialled(
        self, a_second: float, seconds: float, *, one_in: int = 1, ours: float = 0.0, by_chance: bool = False
    ) -> None:
        """So many dial each second, so long; one in so many of those who are let in asks the registry."""
        self.answered = self.let_down = self.turned_away = 0
        let_in, end = 0, self.now + seconds
        while self.now < end:
            self.now += STEP
            self._owed += (self._chance.random() < a_second * STEP) if by_chance else a_second * STEP
            while self._owed >= 1:
                self._owed -= 1
                if not self.pace.has_room(self.now):
                    self.turned_away += 1
                    continue
                self.pace.take()
                self.pace.dialled(self.now)
                let_in += 1
                if let_in % one_in == 0:
                    heappush(self._typed, self.now + self.typing * (0.5 + self._chance.random()))
            while self._typed and self._typed[0] <= self.now:
                heappop(self._typed)
                self._asked()
            self._answers(ours)

    def _asked(self) -> None:
        question = self.pace.asked(self.now)
        if len(self._due) > 64 + 0.5 * self.carries:
            self.let_down += 1
            self.pace.ended(question)
            return
        self._free.sort()
        begins = max(self.now, self._free[0])
        self._free[0] = begins + self.seconds
        self._due.append((self._free[0], self.now, question))

    def _answers(self, ours: float) -> None:
        while self._due and self._due[0][0] <= self.now:
            _, asked, question = self._due.popleft()
            took = self.now - asked
            self.pace.ended(question)
            self.answered += took < 4.5
            self.let_down += took >= 4.5
            self.pace.answered(took, self.now, ours)


@pytest.mark.parametrize("at_once", [3, 8, 50])
def test_what_a_registry_carries_is_let_in_and_hardly_anybody_is_let_down(at_once: int) -> None:
    registry = Registry(at_once)
    registry.dialled(0.8 * registry.carries, 10.0)
    registry.dialled(4 * registry.carries, 10.0)  # it is found out what it carries
    registry.dialled(0.8 * registry.carries, 10.0)
    assert registry.turned_away <= 0.1 * registry.answered
    registry.dialled(10 * registry.carries, 20.0)
    assert registry.answered >= 0.9 * registry.carries * 20
    assert registry.let_down <= 0.01 * registry.answered
    registry.dialled(0.8 * registry.carries, 10.0)
    assert registry.answered >= 0.75 * registry.carries * 10


@pytest.mark.parametrize("typing", [4.0, 12.0, 18.0])
def test_whoever_takes_a_while_to_type_is_not_let_down_for_it(typing: float) -> None:
    """A crowd begins long before it asks anything: nobody sees in time that too many have begun."""
    registry = Registry(6, typing=typing)
    registry.dialled(0.6 * registry.carries, 60.0)
    registry.dialled(1.5 * registry.carries, 20.0)  # it is found out what it carries
    registry.dialled(0.6 * registry.carries, 60.0)
    registry.dialled(10 * registry.carries, typing)
    registry.dialled(10 * registry.carries, 60.0)
    assert registry.let_down <= 0.01 * registry.answered
    assert registry.answered >= 0.75 * registry.carries * 60


@pytest.mark.parametrize(("busy", "at_most"), [(0.6, 0.001), (0.75, 0.005)])
@pytest.mark.parametrize("at_once", [3, 6, 50])
def test_whoever_dials_by_chance_after_a_crowd_is_let_in(at_once: int, busy: float, at_most: float) -> None:
    """Some of them come in one second who might have come in three, which a registry that is not busy can bear."""
    registry = Registry(at_once)
    registry.dialled(0.6 * registry.carries, 10.0)
    registry.dialled(10 * registry.carries, 10.0)
    registry.dialled(0.6 * registry.carries, 20.0)
    registry.dialled(busy * registry.carries, 200.0, by_chance=True)
    assert registry.turned_away <= at_most * registry.answered


@pytest.mark.parametrize("a_second", [2, 20])
def test_a_registry_that_was_slow_for_a_moment_keeps_hardly_anybody_out(a_second: int) -> None:
    registry = Registry(50)
    registry.dialled(a_second, 30.0, by_chance=True)
    registry.seconds = 2.0
    registry.dialled(a_second, 5.0, by_chance=True)
    registry.seconds = 0.3
    registry.dialled(a_second, 60.0, by_chance=True)
    assert registry.pace.limits(registry.now) == (a_second > 2)
    assert registry.turned_away <= 0.02 * registry.answered


def test_where_few_dialogues_ask_more_dialogues_may_begin() -> None:
    registry = Registry(8)
    registry.dialled(3 * registry.carries, 600.0, one_in=5)
    assert not registry.turned_away
    registry.dialled(50 * registry.carries, 20.0, one_in=5)
    assert registry.answered >= 0.9 * registry.carries * 20


def test_nobody_is_turned_away_for_a_registry_that_is_slow_by_nature() -> None:
    registry = Registry(400, seconds=2.0)
    registry.dialled(10, 20.0)
    registry.dialled(150, 20.0)
    assert not registry.turned_away
    assert not registry.pace.limits(registry.now)


def test_while_we_ourselves_are_slow_nothing_is_said_of_a_registry() -> None:
    registry = Registry(3)
    registry.dialled(5, 5.0)
    registry.dialled(11, 5.0, ours=0.5)
    assert not registry.pace.limits(registry.now)


def test_a_registry_that_has_become_ten_times_as_great_is_found_out_within_twenty_seconds() -> None:
    registry = Registry(3)
    registry.dialled(5, 5.0)
    registry.dialled(80, 30.0)
    registry.at_once, registry._free = 30, [registry.now] * 30
    registry.dialled(80, 20.0)
    registry.dialled(80, 10.0)
    assert registry.turned_away <= 0.02 * 800


async def test_a_registry_that_gives_no_answers_keeps_nobody_from_dialling() -> None:
    now = [0.0]
    paces = Paces(lambda: now[0])
    for _ in range(100):
        assert paces.takes(("entitlement", "unheard_of"))
        paces.dialled(("entitlement",))
        with suppress(RegistryFault), paces.asked("entitlement"):
            now[0] += 9.0
            raise RegistryFault("it is broken")
    assert not paces.limited


def test_questions_that_hang_keep_nobody_out_for_long() -> None:
    """Of four questions one is never answered; the others are, at once."""
    pace, now, let_in = Pace(), 100.0, list[float]()
    for number in range(60_000):
        now += STEP
        if number % 10 == 0 and pace.has_room(now):
            pace.take()
            pace.dialled(now)
            question = pace.asked(now)
            let_in.append(now)
            if len(let_in) % 4:
                pace.ended(question)
                pace.answered(0.01, now)
    gaps = [later - earlier for earlier, later in pairwise(let_in)]
    assert max(gaps) < 1.5
    assert len(let_in) > 3000
