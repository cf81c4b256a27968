"""The least that was seen lately: how quick a thing is when nobody keeps it waiting."""

from math import inf


class Least:
    """The least of what was seen in the last span or two, by whatever clock the caller has."""

    def __init__(self, span: float) -> None:
        """`span`: seconds."""
        self._span, self._since = span, -inf
        self._now = self._before = inf

    def seen(self, value: float, now: float) -> float:
        """Take a value, and say the least."""
        if now - self._since >= self._span:
            self._before = self._now if now - self._since < 2 * self._span else inf
            self._now, self._since = inf, now
        self._now = min(self._now, value)
        return min(self._now, self._before)
