"""What one gateway's line can carry, and how letters are folded for the handsets behind it."""

from dataclasses import dataclass
from typing import Literal

MAX_OCTETS = 160
"""A USSD string is at most 160 octets: 3GPP TS 29.002, 17.7.4, maxUSSD-StringLength."""

Zwnj = Literal["keep", "drop", "space"]
Letters = Literal["persian", "arabic"]
Digits = Literal["ascii", "persian"]


@dataclass(frozen=True, slots=True)
class Profile:
    """The limits and the letters of a gateway. The defaults give the screens as the source documents print them."""

    max_octets: int = MAX_OCTETS
    max_chars: int | None = None
    """GSM-7 septets or UTF-16 units, for gateways that count characters; None where only octets count."""
    zwnj: Zwnj = "drop"
    letters: Letters = "persian"
    digits: Digits = "ascii"
    deadline: float = 5.0
    """Seconds from the callback's arrival to the reply's departure."""

    def __post_init__(self) -> None:
        """Refuse a limit that no network has, or that cannot hold one line and the way to the next."""
        if not 40 <= self.max_octets <= MAX_OCTETS:
            raise ValueError(f"max_octets is 40 to {MAX_OCTETS}, not {self.max_octets}")
        if self.max_chars is not None and not 20 <= self.max_chars <= 182:
            raise ValueError(f"max_chars is 20 to 182, not {self.max_chars}")
        if not 0.5 <= self.deadline <= 60:
            raise ValueError(f"deadline is 0.5 to 60 seconds, not {self.deadline}")
