"""Sessions in Redis: one round trip finds what a request needs, one script takes its step. The only importer of redis.

Where it keeps what, and how it is hidden, is in `ussd/drawer.py`.

Only what may be done twice is sent again, where the connection was dead. A commit is not: whether it was done is for
the gateway's retry to find out, which then gets its reply.
"""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as TookTooLong

from ussd.callback import Reply
from ussd.core.session import Session
from ussd.drawer import Drawer
from ussd.keys import Keys, Unsealable
from ussd.sessions import Held, Late, Request, Reused, SessionKey, StoreAway

_PATIENCE = 0.9
"""Seconds until a call is given up, whatever it waits for."""
_PING_PATIENCE = 0.2
_CONNECTIONS = 64
_Args = Sequence[str | bytes | int]
_LOAD, _STEP, _KEEP, _CLAIM, _WHOSE = (
    Path(__file__).with_name(f"{name}.lua").read_text() for name in ("load", "step", "keep", "claim", "whose")
)


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
    retry: int = 3_000
    """Within this a request without an id that repeats the last one is its retry, not the next."""


class _Client:
    """A client and its pool, and how many calls are under way on it."""

    def __init__(self, url: str) -> None:
        """Connect to nothing yet."""
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS + 1,  # one for a ping
            timeout=0.5,
            socket_timeout=None,  # ours is around all of a call; redis-py's wait_for may swallow a cancellation
            socket_connect_timeout=0.5,
            retry=Retry(NoBackoff(), 0),
            health_check_interval=30,
            protocol=2,  # no pushed messages, with which redis-py takes a closed connection for a good one
            driver_info=None,
        )
        self.redis = Redis.from_pool(pool)
        self.calls = 0
        self._turns = asyncio.Semaphore(_CONNECTIONS)
        """First come, first served: the pool serves who comes back at once before those who wait."""

    async def run(self, script: AsyncScript, keys: Sequence[str], args: _Args, *, again: bool) -> object:
        """Run a script, and again on a fresh connection, where `again`: the server may be back and the old one not."""
        patience = _PATIENCE / 2 if again else _PATIENCE
        try:
            return await self._once(script, keys, args, patience)
        except (Disconnected, TookTooLong, TimeoutError):
            if not again:
                raise
        return await self._once(script, keys, args, patience)

    async def _once(self, script: AsyncScript, keys: Sequence[str], args: _Args, patience: float) -> object:
        async with asyncio.timeout(patience), self._turns:
            return await script(keys, args, self.redis)


class RedisStore:
    """The Store of ussd/service.py in Redis 6.2 or newer, or Valkey, at a `redis://`, `rediss://` or `unix://` URL.

    It belongs to one event loop. It connects at the first call, and again by itself whenever the server is back.
    """

    def __init__(
        self, url: str, keys: Keys, lifetimes: Lifetimes = Lifetimes(), clock: Callable[[], float] = time.time
    ) -> None:
        """Take where Redis is, or raise ValueError for another URL; and a clock in seconds that all processes share."""
        self._url = url
        self._keys = keys
        self._lifetimes = lifetimes
        self._clock = clock
        self._client = _Client(url)
        self._load = self._client.redis.register_script(_LOAD)
        self._step = self._client.redis.register_script(_STEP)
        self._keep = self._client.redis.register_script(_KEEP)
        self._claim = self._client.redis.register_script(_CLAIM)
        self._whose = self._client.redis.register_script(_WHOSE)

    async def load(self, key: SessionKey, request: Request, code: str) -> Held:
        """Find what is held for `request`, and, where `code` is not empty, what was dropped there. Raises Reused."""
        drawer = Drawer(self._keys, key)
        keys = (drawer.body, drawer.replies, *([drawer.dropped(code), drawer.late(code)] if code else []))
        found = await self._run(self._load, keys, (drawer.request(request),), again=True)
        version, body, ended, at, last, answered, dropped, late = found
        same = drawer.fingerprint(request)
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
        )

    async def recall(self, key: SessionKey, dropped: str) -> Session | None:
        """Read the session that `load` named; None where it has ended or is gone."""
        drawer = Drawer(self._keys, key, dropped)
        _, body, *_ = await self._run(self._load, (drawer.body, drawer.replies), ("",), again=True)
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
    ) -> Reply:
        """Store one step that was made from `version`, and return what is to be answered: `reply`, or the winner's."""
        drawer = Drawer(self._keys, key)
        keep = self._lifetimes
        [stands] = await self._run(
            self._step,
            (drawer.body, drawer.replies, drawer.dropped(session.code), drawer.late(session.code)),
            (
                drawer.request(request),
                version,
                drawer.session,
                drawer.fingerprint(request),
                b"" if reply.ends else drawer.close_session(session),
                drawer.close_reply(reply),
                "ends" if reply.ends else "offer" if offer else "stay",
                self._now(),
                *(keep.session, keep.replies, keep.ended, keep.dropped),
                "read" if read_late else "",
            ),
        )
        return drawer.open_reply(stands) or reply

    async def keep_late(self, key: SessionKey, late: Late) -> None:
        """Keep a late answer for the line of `key`."""
        drawer = Drawer(self._keys, key)
        keys, args = (drawer.late(late.session.code),), (drawer.close_late(late), self._lifetimes.late)
        await self._run(self._keep, keys, args)

    async def whose(self, gateway: str, session: str, msisdn: str = "") -> str:
        """Keep whose a session is, as `ussd:w:<keyed hash>`, sealed; or without `msisdn` say it, "" if unknown."""
        seal, place = self._keys.seal("whose", gateway), session.encode("utf-8", "surrogatepass")
        key = f"ussd:w:{self._keys.name('whose', gateway, session)}"
        kept = seal.close(msisdn.encode(), place) if msisdn else b""
        [found] = await self._run(self._whose, (key,), (kept, self._lifetimes.replies), again=True)
        try:
            return seal.open(found, place).decode() if found else ""
        except Unsealable:
            return ""

    async def claim(self, gateway: str, nonce: str, seconds: int) -> bool:
        """Whether a signed request's nonce is used for the first time; it is kept as `ussd:n:<keyed hash>`."""
        token = os.urandom(8)
        key, args = f"ussd:n:{self._keys.name('nonce', gateway, nonce)}", (token, seconds * 1000)
        [first] = await self._run(self._claim, (key,), args, again=True)
        return first == token

    async def ping(self) -> None:
        """Ask whether Redis answers at all; raises StoreAway after 200 ms."""
        try:
            async with asyncio.timeout(_PING_PATIENCE):
                await self._client.redis.ping()
        except (RedisError, OSError) as fault:
            raise StoreAway("Redis does not answer") from fault

    async def close(self) -> None:
        """Close all connections; no call may be under way."""
        await self._client.redis.aclose()

    async def _run(
        self, script: AsyncScript, keys: Sequence[str], args: _Args, *, again: bool = False
    ) -> Sequence[bytes | None]:
        """Run a script. It says our nonce before what it found, so that a reply to another request is never read."""
        nonce = os.urandom(8)
        client = self._client
        client.calls += 1
        try:
            found = await client.run(script, keys, (nonce, *args), again=again)
            match found:
                case [bytes() as echo, *rest] if echo == nonce:
                    return cast(list[bytes | None], rest)
            self._renew(client)
            raise StoreAway("Redis answered another request")
        except (RedisError, OSError) as fault:
            raise StoreAway("Redis does not answer") from fault
        finally:
            client.calls -= 1
            if client is not self._client and not client.calls:
                with suppress(RedisError):
                    await client.redis.aclose()

    def _renew(self, astray: _Client) -> None:
        """Begin again with new connections; the old ones are closed by the last call on them."""
        if astray is self._client:
            self._client = _Client(self._url)

    def _is_recent(self, at: bytes | None) -> bool:
        """Whether a step is young enough for a retry; the clocks of two machines may differ either way."""
        return abs(self._now() - int(at or 0)) < self._lifetimes.retry

    def _now(self) -> int:
        return int(self._clock() * 1000)
