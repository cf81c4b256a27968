"""Whether an answer is the right one: every one of them is looked at, at the cost of comparing some octets."""

import re
import time
from functools import lru_cache

from simulator.bench.flow import NO_CODE, Flow
from simulator.codes import TRACKING
from ussd.core.profile import MAX_OCTETS
from ussd.core.text import measure

_CODE = re.compile(TRACKING.encode())
_NUMBER = re.compile("[0-9]+")
_SHORT = 60
"""Characters of a wrong text that are told."""


class Judge:
    """What is right in one flow, and which tracking codes were shown; whether they differ is not looked at here."""

    def __init__(self, flow: Flow) -> None:
        """No code has been shown."""
        self._right = [answer.encode() for answer in flow.answers]
        self._before, _, self._after = self._right[-1].partition(NO_CODE.encode())
        self._last = len(self._right) - 1 if flow.own_codes else -1
        self.codes: list[tuple[bytes, float]] = []
        """Each with when it was shown, in Unix seconds."""

    def fault(self, place: int, body: bytes) -> str:
        """What is wrong with the answer at a place of the dialogue; empty where nothing is."""
        if place == self._last:
            return self._fault_at_the_end(body)
        return "" if body == self._right[place] else _said(body)

    def too_long(self, place: int, body: bytes) -> bool:
        """Whether no handset could show it."""
        shape = self._right[place] if place == self._last and len(body) == len(self._right[place]) else body
        return _octets(shape) > MAX_OCTETS

    def _fault_at_the_end(self, body: bytes) -> str:
        if not body.startswith(self._before) or not body.endswith(self._after):
            return _said(body)
        code = body[len(self._before) : len(body) - len(self._after)]
        if not _CODE.fullmatch(code):
            return "no code"
        self.codes.append((code, time.time()))
        return ""


def _said(body: bytes) -> str:
    """What came instead, in short, and with all numbers alike: the lines and people of a load are made up."""
    first, *_ = (*body.decode(errors="replace").splitlines(), "nothing")
    return f"another text: {_NUMBER.sub('#', first)[:_SHORT]}"


@lru_cache(maxsize=1000)
def _octets(body: bytes) -> int:
    """Those of the screen behind CON or END."""
    return measure(body.decode(errors="replace")[4:]).octets
