"""The shell around the core: load, step, look up, commit. It declares the Store and Backend protocols that it needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ussd.callback import Reply
from ussd.core.session import Session


class StoreAway(Exception):
    """Sessions cannot be read or written now: the subscriber gets an apology that ends."""


@dataclass(frozen=True, slots=True)
class SessionKey:
    """Whose session it is. The same id from another line or through another gateway is another session."""

    gateway: str
    msisdn: str
    session: str


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a session, so that its retry can be told from the next request."""

    id: str
    """What a retry repeats and no other request of the session does; empty where the gateway gives nothing."""
    content: str
    """What was asked, to tell a retry where `id` is empty, and to notice an id that is used for two things."""


class Reused(Exception):
    """A request id that was answered before, with other content: the gateway is at fault and nothing is changed."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the store holds for a request, found in one round trip."""

    version: int = 0
    """Grows by one with each accepted step; 0 where nothing is held."""
    session: Session | None = None
    """None where there is none, or where it has ended."""
    answered: Reply | None = None
    """The reply that this very request got before."""
    last: Reply | None = None
    """The reply that ended the session, where it has ended."""
    dropped: str = ""
    """The store's own name of the session that this line left open at this shortcode, for `Store.recall`."""


class Store(Protocol):
    """Where sessions are between callbacks. Every method raises StoreAway within a second where it cannot answer."""

    async def load(self, key: SessionKey, request: Request, code: str) -> Held:
        """Find what is held, in one round trip. `code` is the shortcode of a BEGIN, to look for a dropped session; else empty.

        Raises Reused.
        """

    async def recall(self, key: SessionKey, dropped: str) -> Session | None:
        """Read the dropped session that `load` named; None where it is gone by now."""

    async def commit(
        self, key: SessionKey, request: Request, version: int, session: Session, reply: Reply, *, offer: bool
    ) -> Reply:
        """Store one step in one round trip, and return what is to be answered.

        That is `reply`; or, where this request was answered meanwhile or `version` has moved on, the winner's reply.
        `offer`: the session may be offered again to the line that dropped it. A reply that ends ends the session.
        """


@dataclass(frozen=True, slots=True)
class Question:
    """What a lookup asks, and on whose behalf."""

    operation_id: str
    """Derived from the session and its version: the same question asked again carries the same id."""
    given: Mapping[str, str]
    """The answers that the screen hands over, folded and checked."""
    gateway: str
    shortcode: str
    msisdn: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a backend found: one of its OUTCOMES, and the facts which that outcome declares."""

    outcome: str
    facts: Mapping[str, str] = field(default_factory=dict)


class Backend(Protocol):
    """One question asked of the outside world. It is cancelled at the deadline, and must be safe to ask twice by `operation_id`."""

    async def __call__(self, question: Question) -> Answer:
        """Ask; an exception counts as the outcome `unavailable`."""
