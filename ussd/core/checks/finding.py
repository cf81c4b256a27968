"""What the checks are handed, and what they say."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from types import MappingProxyType

from ussd.core.profile import Profile

Loc = tuple[str | int, ...]
Lines = Mapping[str, Profile]
"""The lines that a menu is shown on, by the names of their gateways."""
NO_LINES: Lines = MappingProxyType({})
ANY_LINE: Lines = MappingProxyType({"": Profile()})
"""The network's own limits, where no gateway is known."""
UNAVAILABLE = "unavailable"
"""The outcome of a backend that did not answer, or not in time; every lookup must say where it leads."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What a backend declares: its outcomes, the facts that each gives, and the facts' greatest widths.

    A width is in characters as `text.measure` counts them: one that takes two units, such as an emoji, is two.
    """

    outcomes: Mapping[str, Set[str]]
    widths: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault in the meaning of a menu, and the part of the file that it is in."""

    loc: Loc
    message: str
    rule: str
    """Which check found it."""
    hint: str
    """What its author may do about it."""
