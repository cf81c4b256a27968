"""How many dialogues begin in a crowd beyond a process that serves one callback at a time, on its own clock."""

from collections import deque
from heapq import heappop, heappush
from random import Random

import pytest

from ussd.admission.intake import Intake
from ussd.admission.turns import INTERVAL

DIAL, GOING_ON, TURNED_AWAY = 0.0009, (0.0003, 0.0004, 0.0019), 0.00004
"""Seconds of the processor: for a dial, each of what is typed, and a last screen."""
CARRIES = 1 / (DIAL + sum(GOING_ON))
FEW = 8
"""Dials that have a place, and wait for the processor."""


class Process:
    """Who goes on is served before who dials; each types some seconds after each screen."""

    def __init__(self, typing: float) -> None:
        self.intake, self.now, self._typing, self._chance = Intake(), 1000.0, typing, Random(3)
        self._going, self._dials = deque[tuple[float, int]](), deque[float]()
        self._typed: list[tuple[float, int]] = []
        self.finished = self.slowest = self._turned_away = 0.0

    def dialled(self, a_second: float, seconds: float) -> None:
        """So many dial each second."""
        self.finished = self.slowest = 0.0
        due, end = self.now, self.now + seconds
        while self.now < end:
            while due <= self.now:
                self._comes()
                due += self._chance.expovariate(a_second)
            while self._typed and self._typed[0][0] <= self.now:
                self._going.append(heappop(self._typed))
            self._serve(min(due, end))

    @property
    def _crowd(self) -> bool:
        return self.now - self._turned_away < INTERVAL

    def _comes(self) -> None:
        if len(self._dials) >= FEW or (self._crowd and not self.intake.has_room(self.now)):
            self._turned_away = self.now
            self.now += TURNED_AWAY
        else:
            self._dials.append(self.now)
            self.intake.began(self.now)

    def _serve(self, until: float) -> None:
        if self._going:
            came, place = self._going.popleft()
            self.intake.went_on(self.now)
            self.now += GOING_ON[place]
            self.slowest = max(self.slowest, self.now - came)
        elif self._dials:
            self._dials.popleft()
            self.now, place = self.now + DIAL, -1
        else:
            self.now = min([until, *(when for when, _ in self._typed[:1])])
            return
        self.intake.served(self.now, crowd=self._crowd, full=bool(self._going or self._dials))
        if place + 1 < len(GOING_ON):
            heappush(self._typed, (self.now + self._typing * (0.5 + self._chance.random()), place + 1))
        else:
            self.finished += 1


@pytest.mark.parametrize("typing", [0.0, 1.0, 4.0, 8.0])
@pytest.mark.parametrize(("times", "slowest"), [(2, 3.0), (5, 1.0), (10, 1.0)])
def test_as_many_begin_as_can_be_served_to_their_end(typing: float, times: int, slowest: float) -> None:
    """Twice as many are served a first screen with ease: that it is too many is seen only when they come back."""
    process, whole = Process(typing), 3 * typing
    process.dialled(0.3 * CARRIES, 60.0)
    process.dialled(times * CARRIES, 2 + whole)
    assert process.slowest < slowest
    process.dialled(times * CARRIES, 20.0)
    assert process.slowest < slowest
    told = times * CARRIES * TURNED_AWAY
    assert process.finished / 20 > 0.8 * (1 - told) * CARRIES


def served(intake: Intake, a_second: float, seconds: float, since: float, *, full: bool) -> float:
    """In a crowd; when it is over."""
    for number in range(int(a_second * seconds)):
        intake.served(since + number / a_second, crowd=True, full=full)
    return since + seconds


def let_in(intake: Intake, since: float) -> int:
    """Of a thousand who dial in a second."""
    moments = [since + number / 1000 for number in range(1000)]
    return sum(intake.has_room(moment) and intake.began(moment) is None for moment in moments)


def test_what_is_served_is_divided_by_the_callbacks_of_a_dialogue() -> None:
    intake = Intake()
    assert let_in(intake, served(intake, 400, 10.0, 1000.0, full=True)) == pytest.approx(110 + 110 / 4, abs=3)


def test_a_moment_in_which_nothing_moved_says_little_of_what_can_be_served() -> None:
    intake = Intake()
    now = served(intake, 20, 1.0, served(intake, 400, 10.0, 1000.0, full=True), full=True)
    assert let_in(intake, now) > 120


def test_where_places_are_free_it_may_be_more_and_is_never_taken_for_less() -> None:
    intake = Intake()
    now = served(intake, 40, 5.0, served(intake, 400, 5.0, 1000.0, full=True), full=False)
    assert let_in(intake, now) == pytest.approx(137, abs=3)
    assert let_in(intake, served(intake, 800, 20.0, now, full=False)) > 250


def test_long_after_a_crowd_nothing_is_known_of_the_next() -> None:
    intake = Intake()
    now = served(intake, 8, 5.0, 1000.0, full=True)
    assert let_in(intake, now) < 10
    assert let_in(intake, now + 60) == 1000
