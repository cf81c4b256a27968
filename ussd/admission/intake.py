"""How many dialogues a second may begin in a crowd: as many as this process can carry to their end.

Whoever has read the first screen takes a while to type. A process that lets in as many dials as it has time for has no
time for what they type then, all of them at once. So of the callbacks that it has served in a second of a crowd, dials
may be one to as many others as usually follow a dial.
"""

from math import inf

from ussd.admission.bucket import Bucket
from ussd.admission.ratio import Ratio

_USUALLY = 3.0
"""Callbacks that follow a dial, until it is seen how many: a menu, a second one, and a number that is typed."""
_WINDOW, _MEMORY = 0.5, 30.0
"""Seconds in which callbacks are counted, and over which their number is averaged: longer than people take to type, as
a dial costs less than what is looked up in the end, and those who came together come to it together."""
_SOON = 3.0
"""Seconds as a crowd begins in which the most counts, as some of the time is spent on those who have waited too long;
and over which it is averaged later where more was served though there were places left."""
_FORGOTTEN = 60.0
"""Seconds after a crowd from which the next one finds nothing known: another hour, or Redis was slow that time."""
_BURST = 0.25
"""Seconds' worth of dials that may come at once."""
_MORE = 1.1
"""How many more are let in than it was seen to carry: nothing else shows that it can carry more."""


class Intake:
    """That of one process. It knows no clock: whoever tells it something says when."""

    def __init__(self) -> None:
        """Any number, until it is seen in a crowd what can be served."""
        self._follow = Ratio(_USUALLY)
        self._rate = 0.0
        """Callbacks a second that it can serve, if that is known."""
        self._served, self._full, self._since = 0, 0, 0.0
        self._first_at = self._known_at = -inf
        """When it was first and last seen in this crowd."""
        self._bucket = Bucket(_BURST)

    def began(self, now: float) -> None:
        """A dial was let in."""
        self._bucket.take()
        self._follow.before(now)

    def went_on(self, now: float) -> None:
        """Somebody who has begun goes on."""
        self._follow.after(now)

    def served(self, now: float, *, crowd: bool, full: bool) -> None:
        """A callback was served, maybe in a crowd, with all places taken: else less is served than could be."""
        self._served += 1
        self._full += crowd and full
        if (passed := now - self._since) < _WINDOW:
            return
        if crowd and passed < 2 * _WINDOW:
            self._look(self._served / passed, passed, now)
        self._served, self._full, self._since = 0, 0, now

    def _look(self, rate: float, passed: float, now: float) -> None:
        full = 2 * self._full > self._served
        if not self._is_known(now):
            self._rate, self._first_at = 0.0, now
        if full or self._rate:
            self._rate += self._weight(rate, passed, full, now) * (rate - self._rate)
            self._known_at = now

    def _weight(self, rate: float, passed: float, full: bool, now: float) -> float:
        if rate > self._rate and now - self._first_at < _SOON:
            return 1.0
        return passed / (_MEMORY if full else _SOON) if full or rate > self._rate else 0.0

    def _is_known(self, now: float) -> bool:
        return now - self._known_at < _FORGOTTEN

    def has_room(self, now: float) -> bool:
        """Whether another dialogue may begin in a crowd."""
        if not self._is_known(now):
            return True
        rate = _MORE * self._rate / (1 + self._follow.value)
        return self._bucket.has_room(rate, now)
