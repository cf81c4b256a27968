"""Alphabets, octets, and the folding of digits and letters on the way in and out.

`len()` of a Python string is never the measure of a screen: one character outside GSM-7 makes all of it UCS-2.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate
from typing import Literal, NamedTuple

from wcwidth import iter_graphemes

from ussd.core.profile import Profile

Alphabet = Literal["gsm7", "ucs2"]

# 3GPP TS 23.038, 6.2.1: the default alphabet, in the order of its codes, without ESC.
GSM7_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# 6.2.1.1: the extension table; each of these is ESC and one more septet.
GSM7_EXTENSION = frozenset("\f^{}\\[~]|€")
_GSM7 = GSM7_BASIC | GSM7_EXTENSION

_PERSIAN_DIGITS = "۰۱۲۳۴۵۶۷۸۹"
_ARABIC_DIGITS = "٠١٢٣٤٥٦٧٨٩"
_FULL_WIDTH_DIGITS = "０１２３４５６７８９"
_ASCII_DIGITS = "0123456789"
_ZWNJ = "\u200c"

# `int`, `str.isdigit` and `\d` accept far more than these three alphabets, superscripts among them: hence a table.
_DIGITS_IN = {
    ord(digit): str(value)
    for alphabet in (_PERSIAN_DIGITS, _ARABIC_DIGITS, _FULL_WIDTH_DIGITS)
    for value, digit in enumerate(alphabet)
}
_UNSEEN = re.compile("[\\s\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")


class Measure(NamedTuple):
    """What a text costs on the air interface."""

    alphabet: Alphabet
    units: int
    """Septets in GSM-7, UTF-16 code units in UCS-2."""
    octets: int


def measure(text: str) -> Measure:
    """Measure a text as one USSD string would carry it: 3GPP TS 23.038, 6.1.2.3 (packed septets) and 6.2.3 (UCS-2).

    Screens hold no carriage return, so the extra one of 6.1.2.3.1 never costs an octet.
    """
    letters = set(text)
    if letters <= _GSM7:
        septets = len(text) + sum(text.count(letter) for letter in letters & GSM7_EXTENSION)
        return Measure("gsm7", septets, (septets * 7 + 7) // 8)
    octets = len(text.encode("utf-16-be", "surrogatepass"))
    return Measure("ucs2", octets // 2, octets)


def fits(text: str, profile: Profile) -> bool:
    """Whether one screen of that gateway holds the text."""
    _, units, octets = measure(text)
    return octets <= profile.max_octets and (profile.max_chars is None or units <= profile.max_chars)


def fold_in(typed: str) -> str:
    """What was typed or dialled, as the rules read it: ASCII digits, without spaces and marks that nobody sees."""
    if typed.isascii() and typed.isalnum():
        return typed
    return _UNSEEN.sub("", typed.translate(_DIGITS_IN))


def fold_out(text: str, profile: Profile) -> str:
    """A text in the letters and digits that the handsets behind a gateway can show."""
    return text.replace("\r\n", "\n").translate(_table(profile.zwnj, profile.letters, profile.digits))


@cache
def _table(zwnj: str, letters: str, digits: str) -> dict[int, str]:
    table = {ord("\r"): "\n"}
    if zwnj != "keep":
        table[ord(_ZWNJ)] = " " if zwnj == "space" else ""
    if letters == "arabic":
        table |= {ord("ی"): "ي", ord("ک"): "ك"}
    shown = _PERSIAN_DIGITS if digits == "persian" else _ASCII_DIGITS
    alphabets = (_ASCII_DIGITS, _ARABIC_DIGITS, _PERSIAN_DIGITS)
    return table | {ord(digit): shown[value] for alphabet in alphabets for value, digit in enumerate(alphabet)}


def printable(value: str) -> str:
    """A value from outside without what could reorder or break a screen: controls, bidi marks, lone surrogates.

    White space of any kind is a space, so that the words around a line break are not joined.
    """
    if value.isascii() and value.isprintable():
        return value
    spaced = (" " if letter.isspace() else letter for letter in value)
    return "".join(letter for letter in spaced if letter == _ZWNJ or unicodedata.category(letter)[0] != "C")


def cut(text: str, holds: Callable[[str], bool]) -> tuple[str, int]:
    """The longest beginning of `text` that `holds`, and where the rest of it starts.

    Cut between words; inside one only where the word alone is too long, and then between grapheme clusters; inside one
    of those only where it alone is too long. Of a text that is not empty it always has one character or more, so that
    whoever pages through a text comes to its end.
    """
    end = min(1, len(text))
    for ends in (_word_ends, _cluster_ends, _letter_ends):
        places = ends(text)
        if found := bisect_right(places, False, key=lambda end: not holds(text[:end])):
            end = places[found - 1]
            break
    rest = end + len(text[end:]) - len(text[end:].lstrip())
    return text[:end], rest


def _word_ends(text: str) -> Sequence[int]:
    return [space.start() for space in re.finditer(r"\s+", text) if space.start()]


def _cluster_ends(text: str) -> Sequence[int]:
    return list(accumulate(map(len, iter_graphemes(text))))


def _letter_ends(text: str) -> Sequence[int]:
    return range(1, len(text) + 1)
