"""How many new dialogues a second the registries can carry: who would be let down at the end is turned away before.

A registry that is asked more than it can answer answers later and later, and those who have typed their code by then
read that nothing could be found out. So once its answers take much longer than they did at best, hardly more dialogues
begin in a second than come to as many questions as it has answered of late, and fewer the more questions wait for it.
What it could carry is remembered: a second crowd finds the door the right width at once.

A registry that gives no answers is no matter of pace but of its breaker: its callers are told so on a screen. And while
this process itself is slow, a registry is not said to be for that.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from statistics import median

from ussd.admission.bucket import Bucket
from ussd.admission.least import Least
from ussd.admission.ratio import Ratio

SLACK = 0.25
"""Seconds, or as long as an answer takes at best: what answers may be late by."""
_WINDOW, _LONGEST = 0.5, 2.0
"""Seconds after which a registry is looked at again, if it has given enough answers, and even if it has not."""
_ENOUGH, _ANY = 8, 4
_FEW = 7
"""So many at once are no crowd: where only they wait for an answer, it is the registry that is slow."""
_BURST, _CHANCE = 0.25, 14
"""As many dials as it carries in so many seconds, or so many, may come at once: by chance they do, where it is not
busy."""
_MORE = 1.1
"""How many more dials are let in than it was seen to carry: it may carry more by now."""
_NEAR = 0.9
"""The share of what it was seen to carry that is let in while it is asked less than that: dialogues that have begun are
still on their way to their question, and nobody knows yet whether too many."""
_OURS = 4
"""How many times that of a callback an answer may wait for our processor, on its way and back."""
_LESS = 3
"""So many times the questions that are tolerated wait where hardly a dial is let in. Before that it is fewer by and by:
those who have begun come to their question some time later, and would find a registry that is idle, or one that is
asked too much, by turns."""
_HANGS = 8
"""Times of what is tolerated after which a question hangs: that is the breaker's matter."""
_TRICKLE = 1.0
"""Dials a second that are let in anyway: without them nobody would notice that a registry can carry more again."""
_SPAN, _MEMORY = 10.0, 300.0
"""Seconds for which is remembered what it carried; what it took at best, and that it was ever asked too much."""


class Pace:
    """One registry's. It knows no clock: whoever tells it something says when."""

    def __init__(self) -> None:
        """Any number, until it is seen to be too many."""
        self._times: list[float] = []
        self._waiting = dict[int, float]()
        """Questions that wait for their answer, by their number, and since when."""
        self._questions = 0
        self._asks = Ratio(1.0)
        self._least, self._carried = Least(_MEMORY), Least(_SPAN)
        self._best = self._tolerated = self._rate = 0.0
        """Seconds that an answer takes at best, and may take; questions a second that it has answered."""
        self._lately = 0.0
        """What it answered when it was last looked at."""
        self._most = 0
        """Questions that have waited at once, since it was last looked at."""
        self._since = self._until = 0.0
        self._bucket = Bucket(_BURST, _CHANCE)

    def limits(self, now: float) -> bool:
        """Whether it was asked too much, and somebody may have to be turned away so that it is not again."""
        return now < self._until

    def dialled(self, now: float) -> None:
        """A dialogue has begun that may come to ask it."""
        self._asks.before(now)

    def asked(self, now: float) -> int:
        """It is asked something; the question's number."""
        self._asks.after(now)
        self._questions += 1
        self._waiting[self._questions] = now
        self._most = max(self._most, len(self._waiting))
        return self._questions

    def ended(self, question: int) -> None:
        """Nobody waits any more for this answer."""
        self._waiting.pop(question, None)

    def answered(self, seconds: float, now: float, ours: float = 0.0) -> None:
        """It has answered. `ours`: seconds that our own work for a callback takes now."""
        self._times.append(seconds)
        passed = now - self._since
        if passed >= _WINDOW and (passed >= _LONGEST or len(self._times) >= _ENOUGH):
            if passed <= 2 * _LONGEST and len(self._times) >= _ANY:
                self._look(len(self._times) / passed, max(0.0, median(self._times) - _OURS * ours), now)
            self._times.clear()
            self._most, self._since = len(self._waiting), now

    def has_room(self, now: float) -> bool:
        """Whether another dialogue may begin."""
        if not self.limits(now):
            return True
        rate = max(_TRICKLE, self._share(now) * self._rate / self._asks.value)
        return self._bucket.has_room(rate, now)

    def take(self) -> None:
        """One begins, for which there was room."""
        self._bucket.take()

    def _share(self, now: float) -> float:
        """How much of what it carries is let in: the less, the more wait for it."""
        queue = max(0.0, self._wait(now) - self._rate * self._best)
        most = _MORE if self._lately >= _NEAR * self._rate else _NEAR
        return max(0.0, most - queue / (_LESS * self._rate * self._tolerated)) if self._rate else 1.0

    def _wait(self, now: float) -> int:
        """How many questions wait, and do not hang."""
        while self._waiting:
            first = next(iter(self._waiting))
            if now - self._waiting[first] <= _HANGS * self._tolerated:
                break
            del self._waiting[first]
        return len(self._waiting)

    def _look(self, rate: float, typical: float, now: float) -> None:
        self._best, self._lately = self._least.seen(typical, now), rate
        self._tolerated = self._best + max(SLACK, self._best)
        if typical > self._tolerated and self._most > _FEW:
            self._until = now + _MEMORY
            self._rate = -self._carried.seen(-rate, now)
        else:
            self._rate = max(self._rate, rate)  # it was asked less, which says nothing of how much it can carry


class Paces:
    """Those of all registries."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """None is known yet."""
        self._clock = clock
        self._of: dict[str, Pace] = {}
        self.ours: Callable[[], float] = float
        """Seconds that our own work for a callback takes now."""

    @contextmanager
    def asked(self, name: str) -> Iterator[None]:
        """A question to a registry, from when it is asked until it is answered; what is raised is no answer."""
        pace, began = self._of.setdefault(name, Pace()), self._clock()
        number = pace.asked(began)
        try:
            yield
        finally:
            pace.ended(number)
        now = self._clock()
        pace.answered(now - began, now, self.ours())

    @property
    def limited(self) -> bool:
        """Whether any registry has been asked too much, not too long ago."""
        now = self._clock()
        return any(pace.limits(now) for pace in self._of.values())

    def dialled(self, backends: Iterable[str]) -> None:
        """A dialogue has begun that may come to ask these."""
        now = self._clock()
        for name in backends:
            if pace := self._of.get(name):
                pace.dialled(now)

    def takes(self, backends: Iterable[str]) -> bool:
        """Whether a dialogue may begin that may come to ask these; if it may, it is taken."""
        now = self._clock()
        paces = [pace for name in backends if (pace := self._of.get(name))]
        if not all(pace.has_room(now) for pace in paces):
            return False
        for pace in paces:
            pace.take()
        return True
