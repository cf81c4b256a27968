"""How many things follow another, where they follow later: what is typed after a dial, what is asked in a dialogue.

While a crowd comes in, many begin and nobody has come to what follows; once it is told to wait, others come to it and
few begin. So what is seen in a moment is off by as much at the beginning as at the end, to the other side; its
logarithm is averaged, over a time that is longer than a dialogue, and the two cancel each other out.
"""

from math import exp, log

_USUAL, _MEMORY = 30.0, 180.0
"""Seconds that the usual counts for; and over which it is averaged, several times as long as a dialogue takes."""
_WINDOW, _ENOUGH = 1.0, 16
"""Seconds, and things of both kinds, that say something."""
_MOST = 16.0
"""It is no more than this, and no less than one in so many."""
_WEIGHT = 0.25
"""What one window may count for: after a quiet night it has few things in it, which chance has put there."""
_FAR = log(1.5)
"""How far from the average one window may be, as a logarithm: as a day begins nobody has come to what follows."""


class Ratio:
    """Of those that follow to those that went before."""

    def __init__(self, usual: float) -> None:
        """`usual` is what it is taken for until it is seen."""
        self._log, self._seen = log(usual), _USUAL
        self._before, self._after = 0, 0
        self._first: float | None = None
        self._since: float | None = None

    @property
    def value(self) -> float:
        """What it is."""
        return exp(self._log)

    def before(self, now: float) -> None:
        """One has gone before."""
        self._before += 1
        self._look(now)

    def after(self, now: float) -> None:
        """One has followed."""
        self._after += 1
        self._look(now)

    def _look(self, now: float) -> None:
        if self._since is None:
            self._begin(now)
        elif now - self._since >= _WINDOW and self._before + self._after >= _ENOUGH:
            seen = min(_MOST, max(1 / _MOST, self._after / max(1, self._before)))
            self._take(log(seen) - self._log, now - self._since)
            self._before, self._after, self._since = 0, 0, now

    def _begin(self, now: float) -> None:
        """Count from the first that has followed, or from when one would have."""
        self._first = now if self._first is None else self._first
        if self._after or now - self._first >= _USUAL:
            self._before, self._after, self._since = 0, 0, now

    def _take(self, further: float, passed: float) -> None:
        self._seen = min(_MEMORY, self._seen + passed)
        self._log += min(_WEIGHT, passed / self._seen) * min(_FAR, max(-_FAR, further))
