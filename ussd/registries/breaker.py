"""A circuit breaker: who failed often enough is left alone for a while, then asked once, and decides by that answer.

Every call is given the breaker's turn when it begins and hands it back when it ends. The turn passes each time the
breaker opens, so that calls which began before then have no say in what is found out after it.
"""

from collections.abc import Callable


class Breaker:
    """Closed, open, or half open. Knows no time but its clock's, and waits for nothing."""

    def __init__(self, faults: int, rest: float, clock: Callable[[], float]) -> None:
        """Open after `faults` in a row; `rest` is how long it then stays open, in seconds of `clock`."""
        self._most, self._rest, self._clock = faults, rest, clock
        self._faults = self._turn = 0
        self._until: float | None = None
        self._probing = False

    def refuses(self) -> bool:
        """Whether no call may begin now: it is open, or half open and somebody is trying already."""
        return self._until is not None and (self._probing or self._clock() < self._until)

    def enter(self) -> int | None:
        """Begin a call, and give its turn; None where none may begin. Each turn given is handed back once, below."""
        if self.refuses():
            return None
        self._probing = self._until is not None
        return self._turn

    def succeeded(self, turn: int) -> bool:
        """A call was answered. True where that closed the breaker."""
        if turn != self._turn:
            return False
        closes, self._until = self._until is not None, None
        self._faults, self._probing = 0, False
        return closes

    def failed(self, turn: int) -> bool:
        """A call was not answered, or not in time. True where that opened the breaker."""
        if turn != self._turn:
            return False
        self._faults += 1
        if not self._probing and self._faults < self._most:
            return False
        self._until, self._probing = self._clock() + self._rest, False
        self._turn += 1
        return True

    def left(self, turn: int) -> None:
        """A call came to an end that says nothing; if it was the trial, somebody else may try."""
        if turn == self._turn:
            self._probing = False
