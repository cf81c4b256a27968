"""How often a line may dial, about how many people it may ask, and how many codes it may mistype."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Literal, Protocol

from ussd.core.menu import MINUTES, Words


@dataclass(frozen=True, slots=True)
class Allowed:
    """How much a line may do; 0 for as much as it likes."""

    dials_per_minute: int = 10
    dials_per_hour: int = 120
    people_per_day: int = 200
    wrong_codes: int = 5
    """Codes with wrong check digits, after which nobody is asked about for a while."""
    pause: float = 900.0
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Excess:
    """Which limit was reached, by the name of the words that say so, and how long the line is to wait."""

    word: Literal["too_often", "too_many_people", "paused", "busy"]
    milliseconds: int = 0

    def said(self, words: Words) -> str:
        """What the subscriber reads."""
        minutes = max(1, ceil(self.milliseconds / 60_000))
        return str(getattr(words, self.word)).replace(MINUTES, str(minutes))


class Limits(Protocol):
    """Where calls are counted. Every method raises StoreAway within a second where it cannot be known."""

    async def dialled(self, gateway: str, rate: int, msisdn: str, dial: str) -> Excess | None:
        """Count a dial; None where it may go on. A retry gives the same `dial` again, which then counts once.

        `rate` is what the gateway may bring in a second, 0 for any number.
        """

    async def asked(self, msisdn: str, given: Mapping[str, str]) -> Excess | None:
        """Count whom a lookup is about, if it is about anybody; None where it may be asked."""

    async def mistyped(self, msisdn: str, step: str) -> Excess | None:
        """Count a code with wrong check digits; None where the line may try again.

        What is sent twice, or twice at once, gives the same `step` again, which then counts once.
        """


class Unlimited:
    """No limits: for a handset in this process."""

    async def dialled(self, gateway: str, rate: int, msisdn: str, dial: str) -> Excess | None:
        """Let it go on."""
        return None

    async def asked(self, msisdn: str, given: Mapping[str, str]) -> Excess | None:
        """Let it be asked."""
        return None

    async def mistyped(self, msisdn: str, step: str) -> Excess | None:
        """Let the line try again."""
        return None


UNLIMITED = Unlimited()
