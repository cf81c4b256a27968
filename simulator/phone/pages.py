"""Which page of a screen is shown, as far as a handset can tell: the wire carries a page's text, and no number."""

import re
from dataclasses import dataclass

from ussd.core.profile import Profile
from ussd.core.text import fold_in, fold_out

_LINE = re.compile(r"([0-9]+)-(.+)")
_PLAIN = Profile(letters="arabic")
"""Letters that gateways fold in one way or another are the same here."""


@dataclass(slots=True)
class Pages:
    """Counts the pages that were turned: the next line of a screen is known by its word."""

    next_words: frozenset[str]
    number: int = 1
    next_key: str = ""

    def __post_init__(self) -> None:
        """Fold the words as the lines are that they are looked for in."""
        self.next_words = frozenset(_folded(word) for word in self.next_words)

    def shown(self, text: str, typed: str = "") -> None:
        """Another screen, and what was typed for it: the next key turns a page on, and `0` back while one is behind."""
        key = fold_in(typed)
        if key and key == self.next_key:
            self.number += 1
        elif key == "0" and self.number > 1:
            self.number -= 1
        else:
            self.number = 1
        self.next_key = self._next_key(text)

    def __str__(self) -> str:
        """What can be said of it."""
        if self.next_key:
            return f"page {self.number}, more behind {self.next_key}"
        return f"page {self.number}, the last" if self.number > 1 else "one page"

    def _next_key(self, text: str) -> str:
        lines = (_LINE.fullmatch(_folded(line)) for line in text.split("\n"))
        return next((line[1] for line in lines if line and line[2] in self.next_words), "")


def _folded(text: str) -> str:
    return fold_out(text, _PLAIN).strip()
