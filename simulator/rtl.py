"""Right-to-left text on a terminal, which puts one letter after another from left to right and joins none of them.

`visual` is for such terminals: letters are joined and lines reordered here. `logical` is for those that do it by
themselves: they get the text as it is. Both wrap it first, as a line that is reordered cannot be cut any more.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, Protocol

from arabic_reshaper import ArabicReshaper
from bidi.algorithm import get_display  # the package's own, in Rust, mirrors no brackets
from wcwidth import wcswidth

from ussd.core.text import cut

Mode = Literal["auto", "logical", "visual"]
Direction = Literal["L", "R"]

REORDERING_OFF, REORDERING_ON = "\x1b[8l", "\x1b[8h"
"""ECMA-48's bi-directional support mode, as the terminal working group has it: other terminals let it pass."""

_REORDER = ("VTE_VERSION", "KONSOLE_VERSION", "MLTERM")
"""Variables of terminals that reorder by themselves."""
_REORDERING_PROGRAMS = frozenset({"Apple_Terminal", "mlterm"})

# A dial string is read from the left wherever it stands, and so is a number with its plus; by UAX #9 alone a line of
# Persian would turn `*4*1420#` about, as stars are neither.
_FROM_THE_LEFT = re.compile(r"\*[^\s#]*#|\+[0-9]+")
_EMBEDDED = "\u202a{}\u202c"
_MARKS = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))


class Shaper(Protocol):
    """Joins letters."""

    def reshape(self, text: str) -> str:
        """Write each letter in the form that it has beside its neighbours."""


def is_visual(mode: Mode, environment: Mapping[str, str]) -> bool:
    """Whether lines are reordered here: where a person says so, or where the terminal is not known to do it itself."""
    if mode != "auto":
        return mode == "visual"
    program = environment.get("TERM_PROGRAM", "")
    itself = program in _REORDERING_PROGRAMS or environment.get("TERM", "").startswith("mlterm")
    return not (itself or any(environment.get(name) for name in _REORDER))


def direction_of(text: str) -> Direction:
    """A screen is read from the right as soon as one letter of it is."""
    return "R" if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text) else "L"


@dataclass(frozen=True, slots=True)
class Writing:
    """How text is put on this terminal."""

    visual: bool = True

    def lines(self, text: str, columns: int, direction: Direction | None = None) -> list[str]:
        """The lines of a text, wrapped between words, each as wide as `columns`, from the side where one reads from.

        `direction` is that of the text, unless told.
        """
        base = direction or direction_of(text)
        wrapped = _wrapped(text, lambda some: self.width(some) <= columns)
        return [_aligned(self.line(line, base), columns, base) for line in wrapped]

    def line(self, text: str, direction: Direction | None = None) -> str:
        """One line as the terminal is to get it."""
        return _reordered(text, direction or direction_of(text)) if self.visual else text

    def width(self, text: str) -> int:
        """Columns that a text takes: joined letters may take fewer than there are."""
        return max(wcswidth(_joined(text) if self.visual else text), 0)


def _wrapped(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    for line in text.split("\n"):
        while not fits(line):
            piece, rest = cut(line, fits)
            yield piece
            line = line[rest:]
        yield line


def _aligned(line: str, columns: int, direction: Direction) -> str:
    blank = " " * (columns - max(wcswidth(line), 0))
    return blank + line if direction == "R" else line + blank


def _reordered(line: str, direction: Direction) -> str:
    if direction == direction_of(line) == "L":
        return line.translate(_MARKS)
    embedded = _FROM_THE_LEFT.sub(lambda found: _EMBEDDED.format(found[0]), _shaper().reshape(_composed(line)))
    return str(get_display(embedded, base_dir=direction)).translate(_MARKS)


def _joined(text: str) -> str:
    return _shaper().reshape(_composed(text)).translate(_MARKS)


def _composed(text: str) -> str:
    """Without the joiner, over which arabic-reshaper 3.1.0 stumbles; emoji are not what it is for."""
    return unicodedata.normalize("NFC", text).replace("\u200d", "")


@cache
def _shaper() -> Shaper:
    """Without ligatures but lam-alef, which every hand has. Vowel signs are left out: no cell has room for them."""
    shaper: Shaper = ArabicReshaper({"RIAL SIGN": False, "ARABIC LIGATURE ALLAH": False})
    return shaper
