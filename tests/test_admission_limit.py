"""How many callbacks are worked on at once, on a clock of its own: as many as are answered quickly."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ussd.admission.least import Least
from ussd.admission.limit import CEILING, FLOOR, QUICK, START, Limit

SECONDS = st.floats(0.0, 10.0)


class Machine:
    """Works on `demand` callbacks at a time as far as the limit allows, each for so long as it shares the processor."""

    def __init__(self, each: float, away: float = 0.0) -> None:
        """`each`: seconds of our own work; `away`: seconds that Redis takes, however many wait for it."""
        self.each, self.away, self.now = each, away, 0.0
        self.limit = Limit()

    def works(self, demand: int, seconds: float) -> None:
        """As long as that."""
        end = self.now + seconds
        while self.now < end:
            at_once = min(demand, self.limit.value)
            took = self.away + self.each * at_once
            self.now += took
            for _ in range(at_once):
                self.limit.took(took, at_once, self.now)


@given(st.lists(st.tuples(SECONDS, st.integers(0, 300), SECONDS)))
def test_whatever_is_measured_the_limit_stays_in_its_bounds(measured: list[tuple[float, int, float]]) -> None:
    limit, now = Limit(), 0.0
    for seconds, at_once, passed in measured:
        now += passed
        for _ in range(8):
            limit.took(seconds, at_once, now)
        assert FLOOR <= limit.value <= CEILING


@given(st.floats(0.0003, 0.005), st.integers(300, 1000))
def test_a_crowd_is_worked_on_as_far_as_each_of_it_is_answered_quickly(each: float, demand: int) -> None:
    machine = Machine(each)
    machine.works(demand, 30.0)
    assert 0.7 * min(CEILING, QUICK / each) <= machine.limit.value <= 1.3 * max(2 * FLOOR, QUICK / each)


@given(st.floats(0.0001, 0.01), st.integers(1, 7))
def test_who_comes_one_at_a_time_moves_nothing(each: float, demand: int) -> None:
    machine = Machine(each)
    machine.works(demand, 5.0)
    assert machine.limit.value == START


@given(st.floats(0.05, 0.2))
def test_a_redis_far_away_is_no_reason_to_do_less_at_once(away: float) -> None:
    machine = Machine(0.0001, away)
    machine.works(500, 60.0)
    assert machine.limit.value == CEILING


def test_it_is_not_changed_again_before_the_last_change_can_have_had_an_effect() -> None:
    """Work that takes 0.3 s tells for so long of what was let in before."""
    limit, now, changes = Limit(), 0.0, list[float]()
    limit.value = CEILING
    while limit.value > FLOOR:
        before, now = limit.value, now + 0.01
        limit.took(0.3, limit.value, now)
        changes += [now] * (limit.value < before)
    assert len(changes) == 3, "256, 128, 64, 32"
    assert all(later - sooner >= 0.3 for sooner, later in pairwise(changes))


def test_a_few_that_are_slow_by_themselves_say_nothing_of_the_limit() -> None:
    machine = Machine(0.001)
    machine.works(10, 5.0)
    machine.away = 0.9
    machine.works(10, 20.0)
    assert machine.limit.value == START


def test_after_a_bad_time_it_is_what_it_was_within_some_seconds() -> None:
    machine = Machine(0.0005)
    machine.works(500, 10.0)
    before = machine.limit.value
    machine.away = 0.9
    machine.works(500, 10.0)
    assert machine.limit.value < before
    machine.away = 0.0
    machine.works(500, 5.0)
    assert machine.limit.value > 0.8 * before


def test_the_least_is_forgotten_after_two_spans_and_not_before_one() -> None:
    least = Least(60.0)
    assert least.seen(1.0, 100.0) == 1.0
    assert least.seen(5.0, 159.0) == 1.0
    assert least.seen(5.0, 165.0) == 1.0
    assert least.seen(6.0, 300.0) == 6.0
