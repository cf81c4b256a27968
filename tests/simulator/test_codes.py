"""Codes: nobody else's is found to be so, and a day that begins its codes anew is not held against a server."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.codes import MARGIN, Codes

MIDNIGHT = datetime.fromisoformat("2026-11-22T20:30:00+00:00").timestamp()
"""In Tehran, after 1405-09-01."""
BEFORE, AFTER = MIDNIGHT - MARGIN - 1, MIDNIGHT + MARGIN + 1
DAY = timedelta(days=1).total_seconds()
CREDIT = "1234-5678-9012-3456"


@pytest.mark.parametrize("code", ["n123456", CREDIT])
def test_a_code_is_its_first_dialogues_and_no_other_ones(code: str) -> None:
    codes = Codes()
    assert [codes.is_anothers(code, number, BEFORE) for number in (1, 1, 2, 1)] == [False, False, True, False]


@pytest.mark.parametrize(("code", "anothers"), [("n123456", False), (CREDIT, True)])
def test_tracking_codes_begin_anew_each_day_and_credit_codes_do_not(code: str, anothers: bool) -> None:
    codes = Codes()
    assert not codes.is_anothers(code, 1, BEFORE)
    assert codes.is_anothers(code, 2, AFTER) is anothers
    assert codes.is_anothers(code, 3, AFTER)
    assert codes.is_anothers(code, 3, BEFORE)


@pytest.mark.parametrize("at", [MIDNIGHT - MARGIN + 1, MIDNIGHT, MIDNIGHT + MARGIN - 1])
def test_a_code_of_about_midnight_may_be_of_either_day(at: float) -> None:
    before, after, both = Codes(), Codes(), Codes()
    assert not before.is_anothers("n123456", 1, BEFORE)
    assert not before.is_anothers("n123456", 2, at)
    assert not after.is_anothers("n123456", 2, at)
    assert not after.is_anothers("n123456", 3, AFTER)
    assert [both.is_anothers("n123456", number, at) for number in (1, 2, 3)] == [False, False, True]


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(-2, 2), st.floats(-0.9, 0.9), st.integers(0, 2))))
def test_a_server_that_gives_no_code_twice_a_day_is_never_wrong(drawn: list[tuple[int, float, float, int]]) -> None:
    codes, given_already = Codes(), set()
    shown = sorted((MIDNIGHT + day * DAY + MARGIN * passed, MARGIN * late, code) for day, passed, late, code in drawn)
    for number, (at, late, code) in enumerate(shown):
        of_day = ((at - late - MIDNIGHT) // DAY, code)
        if of_day not in given_already:
            given_already.add(of_day)
            assert not codes.is_anothers(f"n{code:06}", number, at)
