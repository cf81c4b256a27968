"""What is right, what is wrong, and who was turned away politely."""

import re
import time
from collections.abc import Callable, Mapping
from enum import Enum
from typing import NamedTuple

from simulator.codes import CREDIT, TRACKING, Codes
from ussd.callback import Reply
from ussd.core.menu import MINUTES, Words
from ussd.core.profile import MAX_OCTETS, Profile
from ussd.core.text import fold_out, measure

SHED = ("busy", "apology", "too_often", "too_many_people", "paused")
"""The shared words with which a server turns away who is too many, or asks too much."""

_CODE = re.compile(rf"(?<![0-9A-Za-z])(?:{TRACKING}|{CREDIT})(?!\d)")
"""A tracking code or a credit code: the part of a screen that is nobody else's."""
_LEAST = 10
"""Letters of a word that a narrow line leaves at the least; it shows the beginning of what it cannot hold."""
_NUMBER = re.compile(r"[0-9]+")
# Which letters the gateway's handsets have is not known here, so words and replies are both brought to these.
_PLAIN = Profile(zwnj="drop", letters="arabic", digits="ascii")


class Kind(Enum):
    """What a screen was."""

    RIGHT = "right"
    SHED = "shed"
    WRONG = "wrong"


class Verdict(NamedTuple):
    """What a screen was, and what of that kind."""

    kind: Kind
    what: str = ""
    """The shared word, or the fault."""


_RIGHT = Verdict(Kind.RIGHT)


def shed_words(words: Words | None) -> Mapping[str, str]:
    """What is said to those who are turned away, with the name of the word, in every language."""
    if words is None:
        return {}
    spoken = [words, *(words.spoken(language) for language in words.languages)]
    return {_plain(getattr(one, name)): name for one in spoken for name in SHED}


def _plain(text: str) -> str:
    folded = fold_out(text.replace(MINUTES, "0"), _PLAIN)
    return _NUMBER.sub("0", "".join(folded.split()))


class Judge:
    """What is right: what the first dialogue read, but for the codes, of which no two dialogues may get the same."""

    def __init__(self, typed: int, shed: Mapping[str, str], clock: Callable[[], float] = time.time) -> None:
        """`typed` is how often something is typed: no dialogue is over before that. `clock`: Unix seconds."""
        self._typed, self._shed, self._clock = typed, shed, clock
        self._right: list[Reply] = []
        self._codes = Codes()

    def verdict(self, number: int, place: int, reply: Reply) -> Verdict:
        """What a screen of a dialogue is."""
        learned = place < len(self._right)
        if learned and reply == self._right[place]:
            return _RIGHT  # it has no code, and the octets are counted already
        if word := self._turned_away(reply):
            return Verdict(Kind.SHED, word)
        fault = self._fault(number, place, reply)
        return Verdict(Kind.WRONG, fault) if fault else _RIGHT

    def _turned_away(self, reply: Reply) -> str:
        plain = _plain(reply.text) if reply.ends else ""
        if len(plain) < _LEAST or measure(reply.text).octets > MAX_OCTETS:
            return ""
        return next((name for text, name in self._shed.items() if text.startswith(plain)), "")

    def _fault(self, number: int, place: int, reply: Reply) -> str:
        if measure(reply.text).octets > MAX_OCTETS:
            return "too long"
        if any(self._codes.is_anothers(code, number, self._clock()) for code in _CODE.findall(reply.text)):
            return "another dialogue's code"
        if reply.ends and place < self._typed:
            return "ended early"
        shape = Reply(_CODE.sub("code", reply.text), reply.ends)
        if place == len(self._right):
            self._right.append(shape)
        if shape.text != self._right[place].text:
            return "another text"
        return "" if shape.ends == self._right[place].ends else "another ending"
