"""What a load says of itself to people, and to programs."""

import json
from collections import Counter

import pytest

from simulator.load.found import Found, Tally
from simulator.load.plan import Step
from simulator.load.report import as_object, as_table


def tally(*lags: float) -> Tally:
    """Ten that were offered: six that finished, two that were shed, one dropped and one lost."""
    one = Tally(10, 8, 6, 1, Counter(busy=2), Counter({"HTTP 500": 1}), good=5)
    for number in range(8):
        one.dial.add(0.010 + number / 1000)
        one.going_on.add(0.005)
    one.turned_away.add(0.001)
    one.turned_away.add(0.002)
    for lag in lags:
        one.lag.add(lag)
    return one


def test_a_load_in_steps_has_a_row_for_each_under_what_is_true_of_the_whole() -> None:
    steps = ((Step(5, 2), tally(0.001)), (Step(50, 0.2), tally(0.02)))
    said = as_table(Found(steps[0][1] + steps[1][1], 4.0, steps, waited=3))
    assert said.splitlines() == [
        "dialogues  20",
        "finished   12: 3.0 a second",
        "dropped    2",
        "shed       4; busy: 4",
        "callbacks  36 in 4.0 s: 9.0 a second",
        "answered   p50 5.0, p90 16.0, p99 17.0, p99.9 17.0, max 17.0 ms",
        "dial       p50 13.0, p90 17.0, p99 17.0, p99.9 17.0, max 17.0 ms; 16",
        "going on   p50 5.0, p90 5.0, p99 5.0, p99.9 5.0, max 5.0 ms; 16",
        "shed in    p50 1.0, p90 2.0, p99 2.0, p99.9 2.0, max 2.0 ms; 4",
        "lag        p50 1.0, p90 20.0, p99 20.0, p99.9 20.0, max 20.0 ms; 3 waited for a connection",
        "failed     2; HTTP 500: 2",
        "wrong      0",
        "",
        "   step  dialogues  finished  shed  failed  wrong  goodput  dial p50  dial p99  dial max  going on p50"
        "  going on p99  going on max  shed p50  shed p99  shed max  lag p99",
        "   5:2s         10         6     2       1      0      2.5      13.0      17.0      17.0           5.0"
        "           5.0           5.0       1.0       2.0       2.0      1.0",
        "50:0.2s         10         6     2       1      0     25.0      13.0      17.0      17.0           5.0"
        "           5.0           5.0       1.0       2.0       2.0     20.0",
    ]


@pytest.mark.parametrize(("lag", "late"), [(0.04, False), (0.06, True)])
def test_a_client_that_is_late_says_so(lag: float, late: bool) -> None:
    found = Found(tally(0.001, lag), 4.0)
    assert ("; the client was late" in as_table(found)) is late
    assert as_object(found)["client_was_late"] is late


def test_a_program_reads_the_same_of_each_step_as_of_the_whole() -> None:
    found = Found(tally(0.001), 4.0, ((Step(5, 2), tally(0.001)),))
    said = json.loads(json.dumps(as_object(found)))
    [one] = said["steps"]
    ms = {"p50": 5.0, "p90": 16.0, "p99": 17.0, "p99.9": 17.0, "max": 17.0}
    counted = {"dialogues": 10, "begun": 8, "finished": 6, "dropped": 1, "callbacks": 18, "ms": ms}
    whole = {**counted, "shed": {"busy": 2}, "failed": {"HTTP 500": 1}, "goodput": 1.5}
    assert {name: said[name] for name in whole} == whole
    of_step = {**counted, "rate": 5, "seconds": 2, "goodput": 2.5, "kinds": said["kinds"]}
    assert {name: one[name] for name in of_step} == of_step
