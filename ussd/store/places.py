"""A client of Redis wherever a URL says that it is: one server, the primary that sentinels name, or a cluster.

All are set in the same way. RESP2: there are no pushed messages, with which redis-py takes a closed connection for a
good one. No retries of redis-py's: whether a script may run twice is known to who calls. No time limit of its sockets
but for connecting: ours is around all of a call, and a limit inside it may swallow a cancellation. So many connections
and no more, and whoever finds none waits half a second.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal, Protocol, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff

from ussd.redis_url import Address, RedisUrl, parsed
from ussd.store.cluster import Cluster, hang_up
from ussd.store.connections import Socket, Tcp, Tls, ToPrimary, ToPrimaryByTls

_CONNECT = 0.5
"""Seconds."""
_SENTINEL_PATIENCE = 0.15
"""Seconds until the next sentinel is asked: with two of three gone the third is still in time for the call."""


class Batch(Protocol):
    """Commands that are sent together, each an EVAL or EVALSHA with its keys."""

    def execute_command(self, *words: str | bytes | int) -> object:
        """Add one."""

    async def execute(self, raise_on_error: bool) -> list[Any]:
        """For each command its reply or what went wrong, in order.

        Raises RedisError and OSError where all went wrong; in a cluster that is the answer to each.
        """


class Server:
    """One server, or the one that sentinels name."""

    def __init__(self, redis: Redis) -> None:
        """Take a client with a pool of its own."""
        self._redis = redis

    def pipeline(self, transaction: Literal[False] = False) -> Batch:
        """Commands to be sent together; there are no transactions."""
        return cast(Batch, self._redis.pipeline(transaction=False))

    async def ping(self) -> None:
        """Return once it answers. Raises RedisError and OSError."""
        await self._redis.ping()

    async def hang_up(self) -> None:
        """Close all connections: the idle ones now, the others when they have their replies; new ones are made."""
        await hang_up(self._redis)

    async def aclose(self) -> None:
        """Close all connections; nothing may be under way."""
        await self._redis.aclose()


Client = Server | Cluster


def client_of(url: str, connections: int) -> Client:
    """A client with so many connections at most, to each node where there are several; it connects when it is used.

    Raises ValueError for what is no Redis URL; its message does not repeat the URL.
    """
    where = parsed(url)
    match where.kind:
        case "server":
            return Server(_server(where, connections, where.hosts[0]))
        case "socket":
            return Server(_client(where, connections, connection_class=Socket, path=where.path))
        case "sentinel":
            return Server(_behind_sentinels(where, connections))
        case "cluster":
            return Cluster(where.hosts, partial(_server, where, connections))


def lane_of(client: Client, key: str) -> str:
    """What a command on `key` may have to wait behind: the name of its node in a cluster, else nothing."""
    return client.lane(key) if isinstance(client, Cluster) else ""


class _SentinelPool(SentinelConnectionPool, BlockingConnectionPool):
    """Connections to the primary that the sentinels name at the time of connecting.

    A connection that meets a primary which is one no more is closed, and the next asks the sentinels again; where these
    name another, all idle ones are closed too.
    """

    async def aclose(self) -> None:
        """Close the connections to the sentinels too."""
        await super().aclose()
        await self.sentinel_manager.aclose()


def _server(where: RedisUrl, connections: int, address: Address) -> Redis:
    kind = Tls if where.tls else Tcp
    return _client(where, connections, connection_class=kind, host=address[0], port=address[1], **where.verify)


def _client(where: RedisUrl, connections: int, **way: Any) -> Redis:
    return Redis.from_pool(BlockingConnectionPool(**way, **_settings(where, connections)))


def _behind_sentinels(where: RedisUrl, connections: int) -> Redis:
    tls = {"ssl": where.tls, **where.verify}
    asked = {**tls, **_to_sentinels(), **where.sentinel_login}
    sentinels: Any = Sentinel(where.hosts, sentinel_kwargs=asked)  # type: ignore[no-untyped-call]
    kind = ToPrimaryByTls if where.tls else ToPrimary
    way = {"connection_class": kind, **tls, **_settings(where, connections)}
    return Redis.from_pool(_SentinelPool(where.service, sentinels, **way))  # type: ignore[no-untyped-call]


def _settings(where: RedisUrl, connections: int) -> dict[str, Any]:
    return {
        "db": where.database,
        **where.login,
        "max_connections": connections,
        "timeout": 0.5,
        "socket_timeout": None,
        "socket_connect_timeout": _CONNECT,
        "retry": Retry(NoBackoff(), 0),
        "health_check_interval": 30,
        "protocol": 2,
        "driver_info": None,
    }


def _to_sentinels() -> Mapping[str, Any]:
    return {
        "socket_timeout": _SENTINEL_PATIENCE,
        "socket_connect_timeout": _SENTINEL_PATIENCE,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "driver_info": None,
    }
