"""The contract of an inpatient centre: its lines, and its days, read as people write them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from unicodedata import category

from ussd.core.inputs import mobile
from ussd.core.text import fold_in
from ussd.ledger.jalali import read_day

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
SAMPLE = "sample"
"""The code of the sample centre."""
_NOBODYS = ("subscriber", SAMPLE)
"""Codes that mean something else where it is written down who asked."""


class ContractError(Exception):
    """What is wrong with a contract, all of it, without anyone's number."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))


@dataclass(frozen=True, slots=True)
class Contract:
    """A centre as it is contracted. Its `repr` shows no line."""

    code: str
    name: str
    lines: tuple[str, ...] = field(repr=False)
    """MSISDNs."""
    valid_from: str
    """The first Jalali day: `1405-08-30`."""
    valid_to: str | None = None
    """The last one; None until further notice."""


@dataclass(frozen=True, slots=True)
class Written:
    """A contract as somebody writes it, in any of the digits in use."""

    code: str
    name: str
    lines: tuple[str, ...] = field(repr=False)
    valid_from: str = ""
    """Empty for today."""
    valid_to: str = ""
    """Empty for until further notice."""


def read_contract(written: Written, today: str) -> Contract:
    """The contract that is meant. Raises ContractError."""
    if faults := list(_faults(written, today)):
        raise ContractError(faults)
    lines = (mobile(fold_in(line)) for line in written.lines)
    return Contract(
        fold_in(written.code),
        " ".join(written.name.split()),
        tuple(dict.fromkeys(line for line in lines if line)),
        _day(written.valid_from) or today,
        _day(written.valid_to),
    )


def _faults(written: Written, today: str) -> Iterator[str]:
    code = fold_in(written.code)
    if not _CODE.fullmatch(code):
        yield "the code is not 1 to 32 Latin letters and digits, with - and _ between them"
    if code.lower() in _NOBODYS:
        yield f"the code {code} is not a centre's to have"
    if not written.name.strip():
        yield "it has no name"
    if any(category(letter) in ("Cc", "Cs") for letter in " ".join(written.name.split())):
        yield "its name has control characters"
    yield from _faults_of_lines(written.lines)
    yield from _faults_of_days(written, today)


def _faults_of_lines(lines: tuple[str, ...]) -> Iterator[str]:
    if not lines:
        yield "it has no line"
    for place, line in enumerate(lines, start=1):
        if mobile(fold_in(line)) is None:
            yield f"number {place} of its lines is not an Iranian mobile number"


def _faults_of_days(written: Written, today: str) -> Iterator[str]:
    days = []
    for name, day in (("first", written.valid_from or today), ("last", written.valid_to)):
        try:
            days.append(_day(day))
        except ValueError:
            yield f"its {name} day is not a Jalali day, 1405-08-30"
    match days:
        case [str(first), str(last)] if last < first:
            yield f"it ends on {last}, before it begins on {first}"


def _day(written: str) -> str | None:
    return read_day(written) if written.strip() else None
