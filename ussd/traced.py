"""Where traces can be made: before the parts of an application that do what they show."""

from typing import Protocol

from ussd.callback import Gateway
from ussd.counting import CallbackCounting, LookupCounting
from ussd.sessions import Store


class Counting(CallbackCounting, LookupCounting, Protocol):
    """Counts callbacks and lookups."""


class Traces(Protocol):
    """Gives a part of the application back as one that is traced."""

    def counting(self, counting: Counting) -> Counting:
        """The same counts."""

    def store(self, store: Store) -> Store:
        """The same store."""

    def gateway(self, gateway: Gateway) -> Gateway:
        """The same wire format."""


class Untraced:
    """For where nobody looks at traces: every part stays as it is, and costs what it cost."""

    def counting(self, counting: Counting) -> Counting:
        """Itself."""
        return counting

    def store(self, store: Store) -> Store:
        """Itself."""
        return store

    def gateway(self, gateway: Gateway) -> Gateway:
        """Itself."""
        return gateway


UNTRACED = Untraced()
