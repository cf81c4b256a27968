"""Alphabets, octets, and the folding of digits and letters on the way in and out.

`len()` of a Python string is never the measure of a screen: one character outside GSM-7 makes all of it UCS-2.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from functools import cache
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
    if digits == "persian":
        table |= {ord(digit): _PERSIAN_DIGITS[value] for value, digit in enumerate(_ASCII_DIGITS)}
    else:
        table |= {ord(digit): str(value) for value, digit in enumerate(_PERSIAN_DIGITS)}
    return table


def printable(value: str) -> str:
    """A value from outside without what could reorder or break a screen: controls, bidi marks, lone surrogates."""
    if value.isascii() and value.isprintable():
        return value
    kept = (letter for letter in value if letter == _ZWNJ or unicodedata.category(letter)[0] != "C")
    return "".join(" " if unicodedata.category(letter) in ("Zl", "Zp") else letter for letter in kept)


def cut(text: str, holds: Callable[[str], bool]) -> tuple[str, int]:
    """The longest beginning of `text` that `holds`, and where the rest of it starts.

    Cut between words; inside one only where the word alone is too long, and then between grapheme clusters. It always
    has one character or more, so that whoever pages through a text comes to its end.
    """
    ends = [space.start() for space in re.finditer(r"\s+", text) if space.start()]
    place = bisect_right(ends, False, key=lambda end: not holds(text[:end]))
    if not place:
        ends = _cluster_ends(text)
        place = max(1, bisect_right(ends, False, key=lambda end: not holds(text[:end])))
    end = ends[place - 1]
    if end > 1 and place == 1 and not holds(text[:end]):
        end = 1
    rest = end + len(text[end:]) - len(text[end:].lstrip())
    return text[:end], rest


def _cluster_ends(text: str) -> list[int]:
    ends, end = [], 0
    for cluster in iter_graphemes(text):
        end += len(cluster)
        ends.append(end)
    return ends
