"""What the shell needs of a store: sessions, replies for retries, and who wins where two come at once."""

from collections.abc import Mapping
from dataclasses import dataclass
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
    late: "Late | None" = None
    """An answer that this line has not read yet."""
    language: str = ""
    """The one that this line has chosen, if it has chosen one."""


@dataclass(frozen=True, slots=True)
class Late:
    """An answer that came after its deadline, kept for the line that asked."""

    session: Session
    """The session as it waited, in the lookup's screen."""
    outcome: str
    facts: Mapping[str, str]


class Store(Protocol):
    """Where sessions are between callbacks. Every method raises StoreAway within a second where it cannot answer."""

    async def load(self, key: SessionKey, request: Request, code: str) -> Held:
        """Find what is held, in one round trip. Raises Reused.

        `code` is the shortcode of a BEGIN, to look for a session that was dropped there; else empty.
        """

    async def recall(self, key: SessionKey, dropped: str) -> Session | None:
        """Read the dropped session that `load` named; None where it is gone by now."""

    async def commit(
        self,
        key: SessionKey,
        request: Request,
        version: int,
        session: Session,
        reply: Reply,
        *,
        offer: bool,
        read_late: bool = False,
        language: str = "",
    ) -> Reply:
        """Store one step in one round trip, and return what is to be answered.

        That is `reply`; or, where this request was answered meanwhile or `version` has moved on, the winner's reply.
        `offer`: the session may be offered again to the line that dropped it. A reply that ends ends the session.
        `read_late`: the late answer is read now, or outdated, and not kept any longer.
        `language`: one that the line has chosen in this step; empty where it has chosen none.
        """

    async def whose(self, gateway: str, session: str, msisdn: str = "") -> str:
        """Keep whose a session is, for gateways that name its line once; or without `msisdn` say it, "" if unknown."""

    async def keep_late(self, key: SessionKey, late: Late) -> None:
        """Keep a late answer for the line of `key`, for whoever dials its shortcode again within five minutes."""
