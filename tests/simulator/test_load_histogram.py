"""The histogram tells a thousandth, counts everything, and is written as HdrHistogram's plotters read it."""

import re
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.load.histogram import Histogram

LINE = re.compile(r" *([0-9]+\.[0-9]{3}) ([01]\.[0-9]{12}) +([0-9]+)(?: +([0-9]+\.[0-9]{2}))?")
TIMES = st.lists(st.integers(1, 4_000_000_000), min_size=1, max_size=300)


def counted(*microseconds: int) -> Histogram:
    histogram = Histogram()
    for one in microseconds:
        histogram.add((one + 0.5) / 1e6)
    return histogram


@given(TIMES, st.floats(0.001, 1.0))
def test_a_percentile_is_that_of_the_nearest_rank_to_a_thousandth(times: list[int], share: float) -> None:
    exact = sorted(times)[ceil(round(share * len(times), 6)) - 1] / 1000
    assert counted(*times).ms(share) == pytest.approx(exact, rel=0.001, abs=0.001)


def test_percentiles_are_by_the_nearest_rank() -> None:
    times = counted(*range(1000, 11_000, 1000))
    assert [round(times.ms(share)) for share in (0.5, 0.9, 0.99, 1.0, 0.0)] == [5, 9, 10, 10, 1]


@given(TIMES, TIMES)
def test_two_together_are_as_one(some: list[int], others: list[int]) -> None:
    both = counted(*some) + counted(*others)
    assert both == counted(*some, *others)


@given(TIMES)
def test_the_text_goes_up_to_all_of_them(times: list[int]) -> None:
    histogram = counted(*times)
    lines = histogram.hgrm().splitlines()
    assert lines[:2] == ["       Value     Percentile TotalCount 1/(1-Percentile)", ""]
    matches = [LINE.fullmatch(line) for line in lines[2:-3]]
    rows = [(float(one[1]), float(one[2]), int(one[3])) for one in matches if one]
    assert len(rows) == len(matches) > 0
    assert rows == sorted(rows)
    assert rows[-1][1:] == (1.0, len(times))
    assert rows[-1][0] == pytest.approx(max(times) / 1000, rel=0.001, abs=0.001)
    for value, _, count in rows:
        assert count == sum(1 for one in times if one / 1000 <= value)


def test_the_text_is_that_of_hdrhistogram() -> None:
    lines = counted(*range(1, 101)).hgrm().splitlines()
    assert lines[2:5] == [
        "       0.001 0.000000000000          1           1.00",
        "       0.010 0.100000000000         10           1.11",
        "       0.020 0.200000000000         20           1.25",
    ]
    assert lines[-4:] == [
        "       0.100 1.000000000000        100",
        "#[Mean    =        0.051, StdDeviation   =        0.029]",
        "#[Max     =        0.100, Total count    =          100]",
        "#[Buckets =            1, SubBuckets     =         2048]",
    ]


def test_where_nothing_was_counted_there_is_nothing_to_tell() -> None:
    nothing = Histogram()
    assert (nothing.count, nothing.ms(0.5), nothing.ms(1.0)) == (0, 0.0, 0.0)
    assert len(nothing.hgrm().splitlines()) == 5
