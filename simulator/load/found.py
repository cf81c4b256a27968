"""What came of a load: of the whole of it, and of each step of its rate."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simulator.load.histogram import Histogram
from simulator.load.plan import Step

LATE = 0.05
"""Seconds: a client of which one callback in a hundred goes out later than that does not offer what it says."""


@dataclass(slots=True)
class Tally:
    """What is counted while it goes on: each dialogue when it begins, and by how it ended."""

    dialogues: int = 0
    """How many were to begin, and did."""
    begun: int = 0
    """How many read their first screen."""
    finished: int = 0
    """How many read all they should."""
    dropped: int = 0
    """How many stopped half way, as they were meant to."""
    shed: Counter[str] = field(default_factory=Counter)
    """How many were turned away, by the shared word that told them so."""
    failed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    good: int = 0
    """How many came to their right end in this time, whenever they began."""
    dial: Histogram = field(default_factory=Histogram)
    going_on: Histogram = field(default_factory=Histogram)
    turned_away: Histogram = field(default_factory=Histogram)
    """How long the callbacks took that were answered with such a word; they are in neither of the others."""
    lag: Histogram = field(default_factory=Histogram)
    """From when each callback was due until it was sent."""

    @property
    def kinds(self) -> Mapping[str, Histogram]:
        """How long callbacks took, from when they were due until they were answered."""
        return {"dial": self.dial, "going_on": self.going_on, "shed": self.turned_away}

    @property
    def answered(self) -> Histogram:
        """All callbacks."""
        return self.dial + self.going_on + self.turned_away

    def __add__(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it. A dialogue is counted as failed or as wrong by what was first the matter with it."""

    total: Tally
    """The first dialogue, which all others are compared with, is in it only if something was the matter with it."""
    seconds: float
    steps: Sequence[tuple[Step, Tally]] = ()
    """Those of an open loop. All is counted in the step in which it was due, but `good` in that in which it was."""
    waited: int = 0
    """Callbacks that found every connection taken."""

    @property
    def sound(self) -> bool:
        """Whether nothing failed and nothing was wrong, nor, in a closed loop, anybody was turned away."""
        total = self.total
        return not (total.failed or total.wrong or (total.shed and not self.steps))

    @property
    def failed(self) -> Mapping[str, int]:
        """How many dialogues failed, by what happened."""
        return self.total.failed

    @property
    def wrong(self) -> Mapping[str, int]:
        """How many dialogues read what was wrong, by what was wrong with it."""
        return self.total.wrong

    @property
    def times(self) -> Histogram:
        """How long callbacks took, all of them."""
        return self.total.answered

    @property
    def rate(self) -> float:
        """Callbacks a second."""
        return len(self.times) / self.seconds if self.seconds else 0.0

    @property
    def goodput(self) -> float:
        """Dialogues a second that came to their right end."""
        return self.total.finished / self.seconds if self.seconds else 0.0

    @property
    def late(self) -> bool:
        """Whether this client was late, so that the server was asked less than planned, or in bursts."""
        return self.total.lag.ms(0.99) > 1000 * LATE
