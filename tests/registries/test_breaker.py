"""The circuit breaker against a second telling of it, in any order of calls, answers and time."""

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ussd.registries.breaker import Breaker

FAULTS, REST = 3, 10.0


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(FAULTS, REST, clock)


def call(breaker: Breaker, end: Callable[[int], bool | None]) -> bool | None:
    """One call from its beginning to its end."""
    turn = breaker.enter()
    assert turn is not None
    return end(turn)


def broken(breaker: Breaker) -> None:
    assert [call(breaker, breaker.failed) for _ in range(FAULTS)] == [False] * (FAULTS - 1) + [True]


def test_faults_in_a_row_open_it_and_none_may_call(breaker: Breaker, clock: Clock) -> None:
    broken(breaker)
    clock.now += REST - 0.001
    assert breaker.refuses()
    assert breaker.enter() is None


def test_faults_with_an_answer_between_them_do_not(breaker: Breaker) -> None:
    for _ in range(10):
        assert not call(breaker, breaker.failed)
        assert not call(breaker, breaker.failed)
        assert not call(breaker, breaker.succeeded)
    assert not breaker.refuses()


def test_after_its_rest_one_may_try_and_nobody_else(breaker: Breaker, clock: Clock) -> None:
    broken(breaker)
    clock.now += REST
    assert not breaker.refuses()
    assert breaker.enter() is not None
    assert breaker.refuses()
    assert breaker.enter() is None
    clock.now += 100 * REST
    assert breaker.enter() is None


def test_an_answer_to_the_trial_closes_it_and_counting_begins_anew(breaker: Breaker, clock: Clock) -> None:
    broken(breaker)
    clock.now += REST
    assert call(breaker, breaker.succeeded) is True
    broken(breaker)


def test_one_fault_of_the_trial_opens_it_for_another_rest(breaker: Breaker, clock: Clock) -> None:
    broken(breaker)
    clock.now += REST
    assert call(breaker, breaker.failed) is True
    clock.now += REST - 0.001
    assert breaker.refuses()
    clock.now += 0.001
    assert not breaker.refuses()


def test_a_trial_that_was_left_lets_another_try(breaker: Breaker, clock: Clock) -> None:
    broken(breaker)
    clock.now += REST
    call(breaker, breaker.left)
    assert call(breaker, breaker.succeeded) is True


def test_a_call_that_was_left_counts_for_nothing(breaker: Breaker) -> None:
    for _ in range(FAULTS - 1):
        call(breaker, breaker.failed)
    for _ in range(10):
        call(breaker, breaker.left)
    assert not breaker.refuses()
    assert call(breaker, breaker.failed) is True


def test_calls_that_began_before_it_opened_change_nothing_any_more(breaker: Breaker, clock: Clock) -> None:
    early = [breaker.enter() for _ in range(5)]
    broken(breaker)
    clock.now += REST / 2
    assert breaker.failed(early[0] or 0) is False, "its rest is not longer for it"
    assert breaker.succeeded(early[1] or 0) is False
    assert breaker.refuses()
    clock.now += REST / 2
    trial = breaker.enter()
    assert trial is not None
    for end, turn in ((breaker.failed, early[2]), (breaker.succeeded, early[3]), (breaker.left, early[4])):
        assert not end(turn or 0)
        assert breaker.refuses(), "the trial goes on"
    assert breaker.succeeded(trial) is True


class Told(RuleBasedStateMachine):
    """The breaker, told as a list of what happened since it closed or opened last."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(FAULTS, REST, self.clock)
        self.under_way: list[tuple[int, int]] = []
        """The turn of each call, and the chapter in which it began."""
        self.chapter = 0
        self.opened_at: float | None = None
        self.row = 0
        self.trial = False

    @rule()
    def begin(self) -> None:
        may = self.opened_at is None or (self.clock.now >= self.opened_at + REST and not self.trial)
        assert self.breaker.refuses() is not may
        turn = self.breaker.enter()
        assert (turn is not None) is may
        if turn is not None:
            self.trial = self.opened_at is not None
            self.under_way.append((turn, self.chapter))

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), how=st.sampled_from(["succeeded", "failed", "left"]))
    def end(self, data: st.DataObject, how: str) -> None:
        turn, chapter = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        changed = bool(getattr(self.breaker, how)(turn))
        if chapter != self.chapter:
            assert not changed
            return
        self.row = {"succeeded": 0, "failed": self.row + 1, "left": self.row}[how]
        opens = how == "failed" and (self.trial or self.row >= FAULTS)
        closes = how == "succeeded" and self.opened_at is not None
        assert changed is (opens or closes)
        if opens:
            self.chapter, self.opened_at = self.chapter + 1, self.clock.now
        if closes:
            self.opened_at = None
        self.trial = False

    @rule(seconds=st.sampled_from([0.0, 1.0, REST / 2, REST]))
    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def nobody_calls_while_it_rests(self) -> None:
        resting = self.opened_at is not None and self.clock.now < self.opened_at + REST
        assert not resting or self.breaker.refuses()

    @invariant()
    def at_most_one_tries(self) -> None:
        assert self.opened_at is None or sum(chapter == self.chapter for _, chapter in self.under_way) <= 1


Told.TestCase.settings = settings(max_examples=200, stateful_step_count=60)
TestTold = Told.TestCase
