"""The Jalali day by which a tracking code is known, as clocks in Tehran have it."""

import re
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import jdatetime  # type: ignore[import-untyped]

from ussd.core.text import fold_in

_TEHRAN = ZoneInfo("Asia/Tehran")
_DAY = re.compile(r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})")


def day_of(instant: datetime) -> str:
    """The day of an aware instant, as `1405-08-30`; ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return _jalali(instant.astimezone(_TEHRAN).date())


@lru_cache(maxsize=8)
def _jalali(day: date) -> str:
    return _written(jdatetime.date.fromgregorian(date=day))


def read_day(text: str) -> str:
    """A day as somebody writes it, `1405/8/30` or in Persian digits, as `1405-08-30`; ValueError for anything else."""
    match = _DAY.fullmatch(fold_in(text))
    if match is None:
        raise ValueError("a day is written as 1405-08-30")
    year, _, month, day = match.groups()
    return _written(jdatetime.date(int(year), int(month), int(day)))


def _written(day: jdatetime.date) -> str:
    return f"{day.year:04}-{day.month:02}-{day.day:02}"
