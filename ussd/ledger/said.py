"""What the ledger says to those who come with a code or with an Idempotency-Key, and why it may refuse them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request of a client of the API."""

    client: int
    """The client's number in the ledger."""
    key: str = field(repr=False)
    """Its Idempotency-Key; empty where it has none."""
    fingerprint: str
    """A keyed hash of all that is asked: the same key with another one is another request."""
    render: Callable[[Any], bytes] = field(repr=False)
    """The answer's body, of what the ledger says where it says yes. It must be pure."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """The request was answered before; this is the body, byte for byte."""

    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reused:
    """The key was another request's."""


@dataclass(frozen=True, slots=True)
class Going:
    """The first request of this key is under way."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """No such code for that number and that client, or not any more: which of these it is nobody is told."""

    counted: bool = field(default=True, compare=False)
    """Whether it counts as a wrong one."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Too much of this number: wrong codes in a row, or messages asked for. Nothing was looked at."""

    seconds: int
    """When to come again."""


@dataclass(frozen=True, slots=True)
class UsedUp:
    """The code has no credit left."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A code is on its way by SMS."""

    seconds: int
    """How long it may be used, or has to be confirmed."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The credit code is right, and confirmed from now on."""

    remaining: int


@dataclass(frozen=True, slots=True)
class Right:
    """The one-time code is right, and used up from now on."""


Refused = Unknown | Stopped | UsedUp
Before = Replayed | Unknown | Reused | Going
"""What became of the first request of a key; a wrong code is kept as one, so that asked again it counts once."""
