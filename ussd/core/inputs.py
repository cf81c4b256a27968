"""Named input rules: what an `ask` screen accepts, and what it then keeps.

A rule gets what was typed after `fold_in`, and matches it whole against an ASCII grammar: `int()`, `isdigit()` and
`\\d` accept what must not be accepted here.
"""

import re
from collections.abc import Callable, Mapping

Rule = Callable[[str], str | None]
"""The answer as it is kept, or None where it is refused."""

_TEN = re.compile(r"[0-9]{10}")
_MOBILE = re.compile(r"(?:\+98|0098|98|0)?(9[0-9]{9})")
_INSURANCE = re.compile(r"[0-9]{8,10}")
_DIGITS = re.compile(r"digits\(([1-9][0-9]?)(?:-([1-9][0-9]?))?\)")


def national_code(typed: str) -> str | None:
    """A person's national code (کد ملی): ten digits, the last of them a check digit modulo 11.

    The ten codes of one repeated digit pass that sum and belong to nobody, so they are refused. Nothing is padded:
    seven digits of a slip of the thumb must not become another person's code.
    """
    if not _TEN.fullmatch(typed) or typed == typed[0] * 10:
        return None
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(typed[:9])) % 11
    return typed if int(typed[9]) == (rest if rest < 2 else 11 - rest) else None


def is_mistyped(name: str, typed: str) -> bool:
    """Whether the rule `name` refuses for nothing but its check digits, as it does with most guesses and slips."""
    return name == "national_code" and bool(_TEN.fullmatch(typed)) and not national_code(typed)


def insurance_number(typed: str) -> str | None:
    """An insurance number (شماره بیمه): eight to ten digits; no public document states a check digit."""
    return typed if _INSURANCE.fullmatch(typed) else None


def mobile(typed: str) -> str | None:
    """An Iranian mobile number in any of its forms, kept as an MSISDN: 989xxxxxxxxx.

    Numbers move between operators, so only the shape is checked.
    """
    match = _MOBILE.fullmatch(typed)
    return match and f"98{match[1]}"


def _digits(least: int, most: int) -> Rule:
    grammar = re.compile(rf"[0-9]{{{least},{most}}}")
    return lambda typed: typed if grammar.fullmatch(typed) else None


NAMED: Mapping[str, Rule] = {
    "national_code": national_code,
    "insurance_number": insurance_number,
    "mobile": mobile,
}


def rule(name: str) -> Rule | None:
    """The rule that a menu names: one of NAMED, `digits(5)` or `digits(1-8)`; None where there is no such rule."""
    if match := _DIGITS.fullmatch(name):
        least, most = int(match[1]), int(match[2] or match[1])
        return _digits(least, most) if least <= most else None
    return NAMED.get(name)


_WIDTHS: Mapping[str, int] = {"national_code": 10, "insurance_number": 10, "mobile": 12}


def width(name: str) -> int:
    """The most characters of what a rule keeps. KeyError where there is no such rule."""
    if match := _DIGITS.fullmatch(name):
        return int(match[2] or match[1])
    return _WIDTHS[name]
