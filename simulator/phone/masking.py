"""What went over the wire, without anybody's numbers: any five digits in a row are more than a menu's own."""

import re
import unicodedata
from urllib.parse import unquote

LEAST = 5
"""Digits in a row that may be somebody's: a national code, a line, a tracking code, a credit code."""
_KEPT = 2
_DOT = "•"

# A digit may be written as itself, or as JSON, XML and forms write what is not ASCII.
_UNIT = re.compile(
    r"\\u[0-9a-fA-F]{4}|&#(?:[0-9]{1,7}|x[0-9a-fA-F]{1,6});"
    r"|%[dD][89a-fA-F]%[89abAB][0-9a-fA-F]|%[eE][fF]%[bB][cC]%[89abAB][0-9a-fA-F]|%[0-9a-fA-F]{2}|.",
    re.DOTALL,
)
_BETWEEN = frozenset(" -+\u200c")
"""What people put between the digits of one number."""


def masked(text: str) -> str:
    """The text with dots in the place of digits, from the third of a row of five or more."""
    units = _UNIT.findall(text)
    for place in _to_hide([_kind(unit) for unit in units]):
        units[place] = _DOT
    return "".join(units)


def _kind(unit: str) -> str:
    """`d` for a digit, `-` for what may stand between two, and a space for all else."""
    letter = _letter(unit)
    if unicodedata.decimal(letter, None) is not None:
        return "d"
    return "-" if letter in _BETWEEN else " "


def _letter(unit: str) -> str:
    """The letter that a unit stands for."""
    if unit.startswith("\\u"):
        return chr(int(unit[2:], 16))
    if unit.startswith("&#x"):
        return _character(int(unit[3:-1], 16))
    if unit.startswith("&#"):
        return _character(int(unit[2:-1]))
    return unquote(unit)[0]


def _character(code: int) -> str:
    return chr(code) if code <= 0x10FFFF else " "


def _to_hide(kinds: list[str]) -> list[int]:
    hidden: list[int] = []
    for run in re.finditer(r"d(?:-?d)*", "".join(kinds)):
        digits = [place for place in range(*run.span()) if kinds[place] == "d"]
        hidden += digits[_KEPT:] if len(digits) >= LEAST else []
    return hidden
