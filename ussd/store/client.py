"""Scripts in Redis, each call within a second or StoreAway. The only importer of redis.

Only what may be done twice is sent again, where the connection was dead. What may not is for the gateway's retry to
find out, which then gets its reply.
"""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as TookTooLong

from ussd.counting import UNCOUNTED, StoreCounting
from ussd.sessions import StoreAway

_PATIENCE = 0.9
"""Seconds until a call is given up, whatever it waits for."""
_PING_PATIENCE = 0.2
_CONNECTIONS = 64
Args = Sequence[str | bytes | int]


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

    async def run(self, script: AsyncScript, keys: Sequence[str], args: Args, *, again: bool) -> object:
        """Run a script, and again on a fresh connection, where `again`: the server may be back and the old one not."""
        patience = _PATIENCE / 2 if again else _PATIENCE
        try:
            return await self._once(script, keys, args, patience)
        except (Disconnected, TookTooLong, TimeoutError):
            if not again:
                raise
        return await self._once(script, keys, args, patience)

    async def _once(self, script: AsyncScript, keys: Sequence[str], args: Args, patience: float) -> object:
        async with asyncio.timeout(patience), self._turns:
            return await script(keys, args, self.redis)


class Scripts:
    """The scripts beside this file, run by one event loop.

    It connects at the first call, and again by itself whenever the server is back.
    """

    def __init__(self, url: str, counting: StoreCounting = UNCOUNTED) -> None:
        """Take where Redis is, or raise ValueError for another URL."""
        self._url, self._counting = url, counting
        self._client = _Client(url)

    def script(self, name: str) -> AsyncScript:
        """The script `<name>.lua`."""
        return self._client.redis.register_script(Path(__file__).with_name(f"{name}.lua").read_text())

    async def run(
        self, script: AsyncScript, keys: Sequence[str], args: Args, *, again: bool = False
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
            self._counting.stray()
            self._renew(client)
            raise StoreAway("Redis answered another request")
        except (RedisError, OSError) as fault:
            raise StoreAway("Redis does not answer") from fault
        finally:
            client.calls -= 1
            if client is not self._client and not client.calls:
                with suppress(RedisError):
                    await client.redis.aclose()

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

    def _renew(self, astray: _Client) -> None:
        """Begin again with new connections; the old ones are closed by the last call on them."""
        if astray is self._client:
            self._client = _Client(self._url)
