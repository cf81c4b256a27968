"""Which dialogue was shown which code: no other may be shown it, but for tracking codes on another day of Tehran's."""

import re
from collections import defaultdict
from datetime import date, datetime
from zoneinfo import ZoneInfo

TRACKING = r"[a-z]\d{6}"
"""How a tracking code is written, in digits of any script; they begin anew each day."""
CREDIT = r"\d{4}(?:-\d{4}){3}"
"""How a credit code is written."""
MARGIN = 60.0
"""Seconds to both sides of midnight in which a code may be of either day: answers have their way, and clocks differ."""

_TRACKING = re.compile(TRACKING)
_TEHRAN = ZoneInfo("Asia/Tehran")


class Codes:
    """The codes that were shown, in the order of time."""

    def __init__(self) -> None:
        """None was shown."""
        self._owners: defaultdict[date | None, dict[str, int]] = defaultdict(dict)

    def is_anothers(self, code: str, number: int, at: float) -> bool:
        """Whether a code that this dialogue is shown at `at`, in Unix seconds, can only be another dialogue's.

        Around midnight it is taken to be of the first day on which nobody else has it, so none is held to be another's
        that may be this one's own.
        """
        return all(self._owners[day].setdefault(code, number) != number for day in _days(code, at))


def _days(code: str, at: float) -> tuple[date | None, ...]:
    """The days of which a code may be, the earlier one first."""
    if not _TRACKING.fullmatch(code):
        return (None,)
    first, last = (datetime.fromtimestamp(at + margin, _TEHRAN).date() for margin in (-MARGIN, MARGIN))
    return (first,) if first == last else (first, last)
