"""So many dials a second, a few of them at once: a token bucket."""


class Bucket:
    """It knows no clock: whoever asks says when, and how many a second it is now."""

    def __init__(self, seconds: float, least: int = 1) -> None:
        """It is filled when it is first looked into: with what comes in so many seconds, or with so many at least."""
        self._seconds, self._least = seconds, least
        self._filled = self._filled_at = 0.0

    def has_room(self, rate: float, now: float) -> bool:
        """Whether one more may come."""
        full = max(self._least, rate * self._seconds)
        self._filled = min(full, self._filled + rate * (now - self._filled_at))
        self._filled_at = now
        return self._filled >= 1

    def take(self) -> None:
        """One has come. Where many come while nobody asks, that is no debt."""
        self._filled = max(0.0, self._filled - 1)
