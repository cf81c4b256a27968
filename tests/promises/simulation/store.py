"""What the scripts of `ussd/store/` do, in plain dicts: the same answers, at once; the last second can be undone.

tests/promises/simulation/test_simulated_store.py holds it against the real one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from ussd.callback import Reply
from ussd.core.session import Session
from ussd.sessions import Held, Late, Request, Reused, SessionKey
from ussd.store import Lifetimes

Clock = Callable[[], float]
_Place = tuple[str, ...]
_NOTHING: Any = MappingProxyType({})


class Kept(NamedTuple):
    """A session as it is kept."""

    version: int
    session: Session | None
    """None where it has ended."""
    at: int
    last: str


class Answered(NamedTuple):
    """A request that was answered."""

    content: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class Step:
    """An accepted step, for those who want to see it."""

    key: SessionKey
    request: Request
    before: Kept | None
    version: int
    session: Session
    reply: Reply
    at: float


class MemoryStore:
    """The Store's methods, without waiting. `server` is the clock by which things expire."""

    def __init__(self, clock: Clock, server: Clock) -> None:
        self._clock, self._server, self._keep = clock, server, Lifetimes()
        self._kept: dict[_Place, tuple[Any, float]] = {}
        self._before: list[tuple[float, _Place, tuple[Any, float] | None]] = []
        self.taken: Callable[[Step], None] = lambda step: None
        self.late_kept: Callable[[SessionKey, Late], None] = lambda key, late: None

    def load(self, key: SessionKey, request: Request, code: str) -> Held:
        """As load.lua and RedisStore.load."""
        kept: Kept | None = self._get("s", *_of(key))
        answered: dict[str, Answered] = self._get("r", *_of(key)) or _NOTHING
        ended = kept is not None and kept.session is None
        last = answered.get(kept.last) if kept and (ended or not request.id) else None
        found = answered.get(request.id) if request.id else None
        if found and found.content != request.content:
            raise Reused
        if kept and last and not request.id and last.content == request.content and self._is_recent(kept.at):
            found = last
        line = (key.gateway, key.msisdn)
        return Held(
            version=kept.version if kept else 0,
            session=kept.session if kept else None,
            answered=found.reply if found else None,
            last=last.reply if last and ended else None,
            dropped=self._get("d", *line, code) or "" if code else "",
            late=self._get("l", *line, code) if code else None,
            language=self._get("a", *line) or "" if code else "",
        )

    def recall(self, key: SessionKey, dropped: str) -> Session | None:
        """As RedisStore.recall."""
        kept: Kept | None = self._get("s", key.gateway, key.msisdn, dropped)
        return kept.session if kept else None

    def commit(
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
        """As step.lua."""
        kept: Kept | None = self._get("s", *_of(key))
        answered: dict[str, Answered] = self._get("r", *_of(key)) or _NOTHING
        if request.id and request.id in answered:
            return answered[request.id].reply
        if kept and kept.version != version:
            return self._lost(key, request, answered, answered.get(kept.last)) or reply
        name = request.id or f"@{version + 1}"
        stands = self._keep.ended if reply.ends else self._keep.session
        next_one = Kept(version + 1, None if reply.ends else session, int(self._clock() * 1000), name)
        self._put(("s", *_of(key)), next_one, stands)
        self._put(("r", *_of(key)), {**answered, name: Answered(request.content, reply)}, self._keep.replies)
        self._point(key, session.code, offer=offer and not reply.ends)
        if read_late:
            self._remove(("l", key.gateway, key.msisdn, session.code))
        if language:
            self._put(("a", key.gateway, key.msisdn), language, self._keep.language)
        self.taken(Step(key, request, kept, version + 1, session, reply, self._server()))
        return reply

    def _lost(
        self, key: SessionKey, request: Request, answered: dict[str, Answered], won: Answered | None
    ) -> Reply | None:
        """The winner's reply, which is this request's too from now on."""
        if won and request.id:
            place = ("r", *_of(key))
            left = self._kept[place][1] - self._server() * 1000
            self._put(place, {**answered, request.id: Answered(request.content, won.reply)}, left)
        return won and won.reply

    def _point(self, key: SessionKey, code: str, *, offer: bool) -> None:
        place = ("d", key.gateway, key.msisdn, code)
        if offer:
            self._put(place, key.session, self._keep.dropped)
        elif self._get(*place) == key.session:
            self._remove(place)

    def keep_late(self, key: SessionKey, late: Late) -> None:
        """As RedisStore.keep_late."""
        self._put(("l", key.gateway, key.msisdn, late.session.code), late, self._keep.late)
        self.late_kept(key, late)

    def whose(self, gateway: str, session: str, msisdn: str = "") -> str:
        """As whose.lua."""
        found = msisdn or self._get("w", gateway, session) or ""
        if found:
            self._put(("w", gateway, session), found, self._keep.replies)
        return found

    def expire(self, key: SessionKey) -> None:
        """A session's time is over; its replies are kept for longer."""
        self._remove(("s", *_of(key)))

    def forget(self, since: float) -> None:
        """Be as at that time, by the server's clock, as after a loss of power."""
        while self._before and self._before[-1][0] >= since:
            _, place, before = self._before.pop()
            if before is None:
                self._kept.pop(place, None)
            else:
                self._kept[place] = before

    def _get(self, *place: str) -> Any:
        value, until = self._kept.get(place, (None, 0.0))
        return value if until > self._server() * 1000 else None

    def _put(self, place: _Place, value: object, milliseconds: float) -> None:
        self._before.append((self._server(), place, self._kept.get(place)))
        self._kept[place] = (value, self._server() * 1000 + milliseconds)

    def _remove(self, place: _Place) -> None:
        self._before.append((self._server(), place, self._kept.get(place)))
        self._kept.pop(place, None)

    def _is_recent(self, at: int) -> bool:
        return abs(int(self._clock() * 1000) - at) < self._keep.retry


def _of(key: SessionKey) -> _Place:
    return key.gateway, key.msisdn, key.session
