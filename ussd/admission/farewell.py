"""The last screen of who is turned away: laid out once, and told apart from the next one's by how long to wait.

They would all dial again at the same moment; so they are told from 5 to 15 minutes, one after the other, where the
words have a place for it.
"""

from collections.abc import Callable, Iterator
from itertools import cycle

import structlog

from ussd.admission.turns import Kind
from ussd.callback import Reply
from ussd.core.menu import MINUTES, Words
from ussd.counting import AdmissionCounting, CallbackCounting
from ussd.line import Line

WAITS = (9, 14, 6, 11, 5, 13, 8, 15, 10, 7, 12)
"""Minutes, in an order in which neighbours differ: as good as chance, and cheaper."""
_TOLD = 1.0
"""Seconds that one line in the log is about: a line for each would cost more than the screen."""

_log = structlog.get_logger(__name__)


class Farewell:
    """What is shown, counted and logged of those who are turned away."""

    def __init__(self, words: Callable[[], Words], counting: CallbackCounting, shed: AdmissionCounting) -> None:
        """`words` gives those that are current: they may change while it is served."""
        self._words, self._counting, self._shed = words, counting, shed
        self._laid: dict[tuple[str, str], Iterator[Reply]] = {}
        self._number, self._told = 0, 0.0

    def reply(self, line: Line, kind: Kind, now: float) -> Reply:
        """A screen that ends the dialogue; `now` by a clock that only goes forward."""
        self._shed.shed(kind.value)
        self._counting.callback(line.gateway, "", "shed")
        self._number += 1
        if now - self._told >= _TOLD:
            _log.warning("callbacks_shed", number=self._number)
            self._number, self._told = 0, now
        return next(self._screens(line, self._words().busy))

    def _screens(self, line: Line, words: str) -> Iterator[Reply]:
        if (laid := self._laid.get((line.gateway, words))) is None:
            laid = self._laid[line.gateway, words] = cycle([line.last(said) for said in _said(words)])
        return laid


def _said(words: str) -> list[str]:
    return [words.replace(MINUTES, str(minutes)) for minutes in WAITS] if MINUTES in words else [words]
