"""What a load is to do: how many dialogues, when they begin, and what goes wrong in them on the subscribers' side."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from random import Random
from typing import NamedTuple

from ussd.core.menu import Words

GRACE = 5.0
"""Seconds beyond the time that is up, for the dialogues that are under way then."""
CONNECTIONS = 256
FIRST_LINE = 989120100000
"""No line from here on is a sample's."""


class Step(NamedTuple):
    """So many dialogues a second, for so long."""

    rate: float
    seconds: float


class Arrival(NamedTuple):
    """A dialogue that is to begin."""

    due: float
    """Seconds from the beginning of the first step."""
    step: int


@dataclass(frozen=True, slots=True)
class Mix:
    """What is not as the menu's author would like it, as shares from 0 to 1."""

    duplicates: float = 0.0
    """Of callbacks: sent twice at once."""
    drops: float = 0.0
    """Of dialogues: they stop after some screen, without a word."""
    leave: float = 0.0
    """Of callbacks: their connection is closed before the answer is read, and they are sent again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done."""

    dialogues: int = 1000
    at_once: int = 64
    code: str = "*4*1420#"
    inputs: tuple[str, ...] = ("1", "2", "0007569602")
    seed: int = 0
    """Of the session ids and of all chance: with another they are others."""
    seconds: float = 60.0
    """After these no dialogue begins."""
    grace: float = GRACE
    steps: tuple[Step, ...] = ()
    """Where there are any, the loop is open: they say how many dialogues begin, and when the time is up."""
    evenly: bool = False
    think: float = 0.0
    """Seconds between a screen and what is typed, in an open loop."""
    mix: Mix = field(default_factory=Mix)
    connections: int = CONNECTIONS
    """Over HTTP, at the most."""
    lines_from: int = FIRST_LINE
    """The line of the dialogue that goes before the others; theirs are those that follow."""
    words: Words | None = None
    """What menus share, for telling who was turned away."""

    @property
    def lasts(self) -> float:
        """Seconds in which dialogues begin."""
        return sum(step.seconds for step in self.steps) if self.steps else self.seconds

    @property
    def after(self) -> float:
        """Seconds beyond those, after which what still goes on is given up."""
        return self.grace + (self.think * len(self.inputs) if self.steps else 0.0)

    def line(self, number: int) -> str:
        """The line of a dialogue, of which no other has it."""
        return str(self.lines_from + number)

    def session(self, number: int) -> str:
        """The session id of a dialogue: no other has it, and with another seed it is another."""
        return blake2b(f"{self.seed} {number}".encode(), digest_size=16).hexdigest()

    def chance(self, number: int) -> Random | None:
        """What befalls a dialogue on its way, the same for each load with this seed; None where nothing does."""
        befalls = number and (self.mix.duplicates or self.mix.leave)  # the first shows what is right
        return Random(f"{self.seed} {number}") if befalls else None  # noqa: S311 - nobody is to guess it

    def stops(self, number: int) -> int | None:
        """After which of its screens a dialogue stops without a word; None where it does not."""
        chance = Random(f"{self.seed} {number} stops") if self.mix.drops and number else None  # noqa: S311 - as above
        return chance.randrange(max(len(self.inputs), 1)) if chance and chance.random() < self.mix.drops else None

    def arrivals(self) -> Iterator[Arrival]:
        """When each dialogue of an open loop is to begin: by a Poisson process, or evenly."""
        chance, begins = Random(self.seed), 0.0  # noqa: S311 - as above
        for place, step in enumerate(self.steps):
            for passed in _even(step) if self.evenly else _poisson(step, chance):
                yield Arrival(begins + passed, place)
            begins += step.seconds


def _even(step: Step) -> Iterator[float]:
    return (number / step.rate for number in range(round(step.rate * step.seconds)))


def _poisson(step: Step, chance: Random) -> Iterator[float]:
    passed = chance.expovariate(step.rate)
    while passed < step.seconds:
        yield passed
        passed += chance.expovariate(step.rate)
