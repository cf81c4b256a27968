"""How many new dialogues a second the registries can carry: who would be let down at the end is turned away before.

A registry that is asked more than it can answer answers later and later, and those who have typed their code by then
read that nothing could be found out. So once its answers take much longer than they did at best, a dialogue begins only
where no more questions wait for it than it answers in the time that is tolerated, and hardly more of them a second than
it has answered of late. What it could carry is remembered: a second crowd finds the door the right width at once.

A registry that gives no answers is no matter of pace but of its breaker: its callers are told so on a screen. And while
this process itself is slow, a registry is not said to be for that.
"""

import time
from collections.abc import Callable, Iterable
from math import exp
from statistics import median

from ussd.admission.least import Least
from ussd.core.checks import UNAVAILABLE
from ussd.lookups import Answer, Backend, Question

SLACK = 0.25
"""Seconds, or as long as an answer takes at best: what answers may be late by."""
_WINDOW, _LONGEST = 0.5, 2.0
"""Seconds after which a registry is looked at again, if it has given enough answers, and even if it has not."""
_ENOUGH, _ANY = 8, 4
_MORE = 1.1
"""How many more dials are let in than it was seen to carry: it may carry more by now."""
_OURS = 4
"""How many times that of a callback an answer may wait for our processor: on its way, and in the ledger."""
_TRICKLE = 1.0
"""Dials a second that are let in anyway: without them nobody would notice that a registry can carry more again."""
_BURST = 0.25
"""Seconds' worth of dials that may come at once."""
_LATELY, _SPAN, _MEMORY = 10.0, 10.0, 300.0
"""Seconds for which is remembered how many dials it takes to a question; what it carried; what it took at best, and
that it was ever asked too much."""


class _Lately:
    """How often something happened lately; older times count less and less."""

    def __init__(self) -> None:
        self._count, self._at = 0.0, 0.0

    def add(self, number: int, now: float) -> None:
        self._count, self._at = self.count(now) + number, now

    def count(self, now: float) -> float:
        return self._count * exp((self._at - now) / _LATELY)


class Pace:
    """One registry's. It knows no clock: whoever tells it something says when."""

    def __init__(self) -> None:
        """Any number, until it is seen to be too many."""
        self._times: list[float] = []
        self._waiting = dict[int, float]()
        """Questions that wait for their answer, by their number, and since when."""
        self._questions = 0
        self._dialled, self._asked = _Lately(), _Lately()
        self._least, self._carried = Least(_MEMORY), Least(_SPAN)
        self._tolerated = self._rate = 0.0
        """Seconds that an answer may take; questions a second that it has answered."""
        self._since = self._filled_at = self._filled = self._until = 0.0
        self._held = False
        """Whether somebody was turned away since it was last looked at."""

    def limits(self, now: float) -> bool:
        """Whether it was asked too much, and somebody may have to be turned away so that it is not again."""
        return now < self._until

    def dialled(self, now: float) -> None:
        """A dialogue has begun that may come to ask it."""
        self._dialled.add(1, now)

    def asked(self, now: float) -> int:
        """It is asked something; the question's number."""
        self._asked.add(1, now)
        self._questions += 1
        self._waiting[self._questions] = now
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
            self._since = now

    def has_room(self, now: float) -> bool:
        """Whether another dialogue may begin."""
        if not self.limits(now):
            return True
        rate = max(_TRICKLE, _MORE * self._rate * self._dials_each(now))
        self._filled = min(max(1.0, rate * _BURST), self._filled + rate * (now - self._filled_at))
        self._filled_at = now
        room = self._filled >= 1 and self._wait(now) <= self._rate * self._tolerated
        self._held |= not room
        return room

    def take(self) -> None:
        """One begins, for which there was room."""
        self._filled -= 1

    def _wait(self, now: float) -> int:
        """How many questions wait that may still be answered in time: one that hangs is the breaker's matter."""
        while self._waiting:
            first = next(iter(self._waiting))
            if now - self._waiting[first] <= 2 * self._tolerated:
                break
            del self._waiting[first]
        return len(self._waiting)

    def _look(self, rate: float, typical: float, now: float) -> None:
        best = self._least.seen(typical, now)
        self._tolerated = best + max(SLACK, best)
        if typical > self._tolerated:
            self._until = now + _MEMORY
        elif not self._held:
            self._rate = max(self._rate, rate)  # less was asked, which says nothing of how much it can carry
            return
        self._rate, self._held = -self._carried.seen(-rate, now), False

    def _dials_each(self, now: float) -> float:
        """How many dialogues begin for each question that is asked: not all ask, and some ask more than once."""
        return min(8.0, max(0.25, self._dialled.count(now) / max(1.0, self._asked.count(now))))


class Paces:
    """Those of all registries."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """None is known yet."""
        self._clock = clock
        self._of: dict[str, Pace] = {}
        self.ours: Callable[[], float] = float
        """Seconds that our own work for a callback takes now."""

    def measured(self, name: str, backend: Backend) -> Backend:
        """The same backend, from now on with a pace."""
        pace = self._of.setdefault(name, Pace())

        async def ask(question: Question) -> Answer:
            began = self._clock()
            number = pace.asked(began)
            try:
                answer = await backend(question)
            finally:
                pace.ended(number)
            now = self._clock()
            if answer.outcome != UNAVAILABLE:
                pace.answered(now - began, now, self.ours())
            return answer

        return ask

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
