"""What a network does to a session."""

from enum import Enum


class Trouble(Enum):
    """One of the things that happen on a live line. The value is its name in a transcript."""

    DROP = "drop"
    """The session is lost, and nobody is told."""
    AGAIN = "again"
    """The last callback is sent again."""
    TWICE = "twice"
    """A callback is sent twice at once."""
    LATE = "late"
    """A callback is held up, and comes after the one that follows it."""
    HANG_UP = "hang-up"
    """The subscriber hangs up while a callback is on its way: the operator says so, where it ever does."""
    LOSE = "lose"
    """The engine answers and the reply is lost: the gateway asks again."""


COMING = (Trouble.TWICE, Trouble.LATE, Trouble.HANG_UP, Trouble.LOSE)
"""Those that happen to the callback that comes next."""
