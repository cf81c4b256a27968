"""Sessions in Redis: one round trip finds what a request needs, one script takes its step.

A commit that met a dead connection is not sent again: whether it was done is for the gateway's retry to find out, which
then gets its reply.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

from ussd.callback import Reply
from ussd.core.session import Session
from ussd.counting import UNCOUNTED, StoreCounting
from ussd.keys import Keys, Unsealable
from ussd.sessions import Held, Late, Request, Reused, SessionKey
from ussd.store.client import Scripts
from ussd.store.drawer import Drawer

_DRAWERS = 4096


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long things are kept after the last step, in milliseconds."""

    session: int = 180_000
    replies: int = 780_000
    """Longer than the session, for retries that come late."""
    ended: int = 600_000
    """The reply that ended a session, for callbacks that come late."""
    dropped: int = 120_000
    """A session that may be offered again."""
    late: int = 300_000
    """An answer that came after its deadline, for the line that asked."""
    language: int = 365 * 86_400_000
    """Since it was chosen."""
    retry: int = 3_000
    """Within this a request without an id that repeats the last one is its retry, not the next."""


class RedisStore:
    """The Store of ussd/service.py in Redis 6.2 or newer, or Valkey, wherever a URL of ussd/redis_url.py says.

    It belongs to one event loop.
    """

    def __init__(
        self,
        url: str,
        keys: Keys,
        lifetimes: Lifetimes = Lifetimes(),
        clock: Callable[[], float] = time.time,
        counting: StoreCounting = UNCOUNTED,
    ) -> None:
        """Take where Redis is, or raise ValueError for another URL; and a clock in seconds that all processes share."""
        self.scripts = scripts = Scripts(url, counting)
        self._keys = keys
        self._lifetimes = lifetimes
        self._clock = clock
        # A session's next callback soon comes: names and ciphers are worked out once for both, and for load and commit.
        self._drawer = lru_cache(_DRAWERS)(partial(Drawer, keys))
        self._load, self._step, self._keep = scripts.script("load"), scripts.script("step"), scripts.script("keep")
        self._claim, self._whose = scripts.script("claim"), scripts.script("whose")

    async def load(self, key: SessionKey, request: Request, code: str) -> Held:
        """Find what is held for `request`, and, where `code` is not empty, what was dropped there. Raises Reused."""
        drawer = self._drawer(key)
        of_line = (drawer.dropped(code), drawer.late(code), drawer.language) if code else ()
        keys = (drawer.body, drawer.replies, *of_line)
        name, same = drawer.request(request)
        found = await self.scripts.run(self._load, keys, (name,))
        version, body, ended, at, last, answered, dropped, late, language = found
        if request.id and answered and not answered.startswith(same):
            raise Reused
        if not request.id and last and last.startswith(same) and self._is_recent(at):
            answered = last
        return Held(
            version=int(version or 0),
            session=drawer.open_session(body),
            answered=drawer.open_reply(answered),
            last=drawer.open_reply(last) if ended else None,
            dropped=(dropped or b"").decode(),
            late=drawer.open_late(late),
            language=(language or b"").decode(),
        )

    async def recall(self, key: SessionKey, dropped: str) -> Session | None:
        """Read the session that `load` named; None where it has ended or is gone."""
        drawer = self._drawer(key, dropped)
        _, body, *_ = await self.scripts.run(self._load, (drawer.body, drawer.replies), ("",))
        return drawer.open_session(body)

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
        """Store one step that was made from `version`, and return what is to be answered: `reply`, or the winner's."""
        drawer, keep = self._drawer(key), self._lifetimes
        name, asked = drawer.request(request)
        [stands] = await self.scripts.run(
            self._step,
            (drawer.body, drawer.replies, drawer.dropped(session.code), drawer.late(session.code), drawer.language),
            (
                name,
                version,
                drawer.session,
                asked,
                b"" if reply.ends else drawer.close_session(session),
                drawer.close_reply(reply),
                "ends" if reply.ends else "offer" if offer else "stay",
                self._now(),
                *(keep.session, keep.replies, keep.ended, keep.dropped),
                "read" if read_late else "",
                language,
                keep.language,
            ),
        )
        return drawer.open_reply(stands) or reply

    async def keep_late(self, key: SessionKey, late: Late) -> None:
        """Keep a late answer for the line of `key`."""
        drawer = self._drawer(key)
        keys, args = (drawer.late(late.session.code),), (drawer.close_late(late), self._lifetimes.late)
        await self.scripts.run(self._keep, keys, args)

    async def whose(self, gateway: str, session: str, msisdn: str = "") -> str:
        """Keep whose a session is, as `ussd:w:<keyed hash>`, sealed; or without `msisdn` say it, "" if unknown."""
        seal, place = self._keys.seal("whose", gateway), session.encode("utf-8", "surrogatepass")
        key = f"ussd:w:{self._keys.name('whose', gateway, session)}"
        kept = seal.close(msisdn.encode(), place) if msisdn else b""
        [found] = await self.scripts.run(self._whose, (key,), (kept, self._lifetimes.replies))
        try:
            return seal.open(found, place).decode() if found else ""
        except Unsealable:
            return ""

    async def claim(self, gateway: str, nonce: str, seconds: int) -> bool:
        """Whether a signed request's nonce is used for the first time; it is kept as `ussd:n:<keyed hash>`."""
        token = os.urandom(8)
        key, args = f"ussd:n:{self._keys.name('nonce', gateway, nonce)}", (token, seconds * 1000)
        [first] = await self.scripts.run(self._claim, (key,), args)
        return first == token

    async def ping(self) -> None:
        """Ask whether Redis answers at all; raises StoreAway after 200 ms."""
        await self.scripts.ping()

    async def close(self) -> None:
        """Close all connections; no call may be under way."""
        await self.scripts.close()

    def _is_recent(self, at: bytes | None) -> bool:
        """Whether a step is young enough for a retry; the clocks of two machines may differ either way."""
        return abs(self._now() - int(at or 0)) < self._lifetimes.retry

    def _now(self) -> int:
        return int(self._clock() * 1000)
