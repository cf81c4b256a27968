"""Scripts in Redis, each call within a second or StoreAway."""

import asyncio
from collections.abc import Sequence

from redis.exceptions import RedisError

from ussd.counting import UNCOUNTED, StoreCounting
from ussd.sessions import StoreAway
from ussd.store.pipelines import UNDER_WAY, Args, Pipelines, Script, Stray
from ussd.store.places import client_of

_PING_PATIENCE = 0.2
_CONNECTIONS = UNDER_WAY + 1
"""One is for a ping, which is not to wait."""


class Scripts:
    """The scripts beside this file, run by one event loop.

    It connects at the first call, and again by itself whenever the server is back.
    """

    def __init__(self, url: str, counting: StoreCounting = UNCOUNTED) -> None:
        """Take where Redis is, or raise ValueError for another URL."""
        self._client = client_of(url, _CONNECTIONS)
        self._pipelines = Pipelines(self._client, counting.stray)

    def script(self, name: str) -> Script:
        """The script `<name>.lua`."""
        return Script.beside(name)

    async def run(self, script: Script, keys: Sequence[str], args: Args) -> Sequence[bytes | None]:
        """Run a script, whose keys are all on one node of a cluster. It may be run twice."""
        try:
            return await self._pipelines.run(script, keys, args)
        except Stray as fault:
            raise StoreAway("Redis answered another request") from fault
        except (RedisError, OSError) as fault:
            raise StoreAway("Redis does not answer") from fault

    async def ping(self) -> None:
        """Ask whether Redis answers at all; raises StoreAway after 200 ms."""
        try:
            async with asyncio.timeout(_PING_PATIENCE):
                await self._client.ping()
        except (RedisError, OSError) as fault:
            raise StoreAway("Redis does not answer") from fault

    async def close(self) -> None:
        """Close all connections; no call may be under way."""
        await self._pipelines.close()
        await self._client.aclose()
