"""Days as Tehran has them."""

from datetime import UTC, datetime, timedelta

import pytest

from ussd.ledger.jalali import day_of, read_day

MIDNIGHT = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
"""In Tehran, which has been at +03:30 all year since 2022."""


def test_a_day_begins_at_midnight_in_tehran() -> None:
    assert day_of(MIDNIGHT - timedelta(microseconds=1)) == "1405-08-29"
    assert day_of(MIDNIGHT) == "1405-08-30"
    assert day_of(MIDNIGHT + timedelta(hours=24, microseconds=-1)) == "1405-08-30"
    assert day_of(MIDNIGHT + timedelta(hours=24)) == "1405-09-01"


def test_a_summer_with_daylight_saving_began_its_days_an_hour_earlier() -> None:
    assert day_of(datetime(2021, 7, 31, 19, 29, tzinfo=UTC)) == "1400-05-09"
    assert day_of(datetime(2021, 7, 31, 19, 30, tzinfo=UTC)) == "1400-05-10"


@pytest.mark.parametrize(
    ("noon", "day"),
    [
        (datetime(2025, 3, 20, 12, tzinfo=UTC), "1403-12-30"),
        (datetime(2025, 3, 21, 12, tzinfo=UTC), "1404-01-01"),
        (datetime(2026, 3, 20, 12, tzinfo=UTC), "1404-12-29"),
        (datetime(2026, 3, 21, 12, tzinfo=UTC), "1405-01-01"),
    ],
)
def test_a_year_ends_on_the_30th_of_esfand_where_it_is_a_leap_year(noon: datetime, day: str) -> None:
    assert day_of(noon) == day


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        day_of(datetime(2026, 11, 21))


@pytest.mark.parametrize(
    "written", ["1405-08-30", "1405/8/30", "1405/08/30", "۱۴۰۵/۰۸/۳۰", "١٤٠٥-٨-٣٠", "１４０５/８/３０", " 1405-8-30\n"]
)
def test_a_day_is_read_in_any_of_the_digits_in_use(written: str) -> None:
    assert read_day(written) == "1405-08-30"


def test_a_leap_day_is_read_in_a_leap_year_only() -> None:
    assert read_day("1403/12/30") == "1403-12-30"
    with pytest.raises(ValueError, match="day"):
        read_day("1404/12/30")


@pytest.mark.parametrize(
    "written",
    ["", "1405", "1405-8", "1405-08/30", "05-8-30", "1405-13-01", "1405-00-01", "1405-08-31", "1405-8-0", "0000-1-1",
     "1405-8-30-", "+1405-8-30", "1405-8-3²", "1405-8-३", "14058-30", "امروز"],
)  # fmt: skip
def test_anything_else_is_no_day(written: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the calendar words its own
        read_day(written)
