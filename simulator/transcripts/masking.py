"""Masking: a recorded dialogue without anybody's numbers, which reads and replays as it did.

Each number is replaced by one that the same rules accept or refuse and that no sample has: whom the sample registries
do not know they do not know either. Samples stay as they are, since their outcomes are what a test is about.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from simulator.transcripts.steps import Dial, Screen, Setting, Step, Typed
from ussd.core.inputs import mobile, national_code
from ussd.core.text import fold_in
from ussd.ledger.samples import LINES, PEOPLE

NOBODY = "7705705001"
"""A sample that no registry knows."""
REFUSED = "1111111111"
"""Ten digits that nobody can have."""
LEAST = 8
"""Digits of the shortest number that tells who somebody is; a shorter one is a key, a shortcode or a phone's."""

_FIRST_LINE = 989120000100
_NUMBER = re.compile(rf"(?<![\w-])\+?[0-9۰-۹٠-٩０-９]{{{LEAST},}}(?![\w-])")
_SAMPLES = frozenset(
    [
        *(person.national_code for person in PEOPLE),
        *(person.insurance_number for person in PEOPLE if person.insurance_number),
        *(line.msisdn for line in LINES),
    ]
)


def masked(steps: Sequence[Step]) -> list[Step]:
    """The steps with other numbers in the places of those that are no sample's."""
    others = _Others()
    for step in steps:
        others.learn(step)
    return [others.instead_of(step) for step in steps]


@dataclass(slots=True)
class _Others:
    """Which number stands for which."""

    lines: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    """Those of the subscriber, as the engine reads them."""

    def learn(self, step: Step) -> None:
        """Choose for the numbers that the subscriber gives; only these are replaced in the screens."""
        match step:
            case Setting("line", value):
                self.numbers[value] = self._line(value)
            case Typed(text) | Dial(text):
                for match in _NUMBER.finditer(text):
                    self.numbers.setdefault(fold_in(match[0]), self._number(fold_in(match[0])))

    def instead_of(self, step: Step) -> Step:
        """The same step with the other numbers."""
        match step:
            case Setting("line", value):
                return replace(step, value=self.numbers[value])
            case Typed(text):
                return Typed(self._replaced(text))
            case Dial(code):
                return Dial(self._replaced(code))
            case Screen(text):
                return replace(step, text=self._replaced(text))
        return step

    def _number(self, number: str) -> str:
        """Another of which the same is true."""
        line = mobile(number)
        if number in _SAMPLES or line in _SAMPLES:
            return number
        if national_code(number):
            return NOBODY
        if line:
            return number[:-10] + self._line(line)[-10:]
        return REFUSED if len(number) == len(REFUSED) else "0" * len(number)

    def _line(self, msisdn: str) -> str:
        if msisdn in _SAMPLES:
            return msisdn
        return self.lines.setdefault(msisdn, _free(len(self.lines)))

    def _replaced(self, text: str) -> str:
        return _NUMBER.sub(lambda match: self._in_its_digits(match[0]), text)

    def _of_line(self, number: str) -> str:
        """A line's other number, as the line's own is written there; empty where it is no line's."""
        other = self.lines.get(mobile(number) or "")
        return number[:-10] + other[-10:] if other else ""

    def _in_its_digits(self, seen: str) -> str:
        number = self.numbers.get(fold_in(seen), "") or self._of_line(fold_in(seen))
        zero = ord(seen[-1]) - unicodedata.digit(seen[-1])
        digits = {ord("0") + value: chr(zero + value) for value in range(10)}
        return number.translate(digits) if number else seen


def _free(used: int) -> str:
    """Lines of nobody, whose ten digits are no national code either."""
    lines = (str(_FIRST_LINE + place) for place in range(10 * (used + 1)))
    return [line for line in lines if not national_code(line[-10:])][used]
