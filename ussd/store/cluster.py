"""A Redis Cluster as one place: a command goes to the node that has its key, and after it where the key has moved.

Not redis-py's own: there a node that is gone takes the answers of the others with it, a failover is not noticed from a
pipeline, and ASKING goes out on one connection and the command on another. What is redirected was not executed, so it
may be sent again.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Literal

from redis.asyncio import Redis
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import AskError, ClusterDownError, MovedError, RedisError, TryAgainError
from redis.exceptions import ConnectionError as Disconnected

from ussd.redis_url import Address

Words = tuple[str | bytes | int, ...]
_PAUSES = (0.0, 0.0, 0.0, 0.005, 0.01, 0.02, 0.04, 0.08)
"""Seconds before a command is sent for the first, the second time and so on; what was sent with it waits as long."""
_LEARN_PATIENCE = 0.3
"""Seconds until another node is asked who has which slot."""
_LEARN_AGAIN = 0.1
"""Seconds between two such questions."""


class _Errand:
    """A command, where it is to go, and what was answered."""

    __slots__ = ("answer", "asking", "slot", "to", "words")

    def __init__(self, words: Words) -> None:
        """Take a command whose third word is its number of keys: EVAL or EVALSHA."""
        self.words = words
        self.slot = slot_of(words[3])
        self.to: Address | None = None
        self.asking = False
        self.answer: object = None


class Batch:
    """Commands that are sent together, as with a pipeline of redis-py: to each node its own in one write."""

    def __init__(self, cluster: "Cluster") -> None:
        """Begin with none."""
        self._cluster, self._commands = cluster, list[Words]()

    def execute_command(self, *words: str | bytes | int) -> "Batch":
        """Add an EVAL or EVALSHA with at least one key."""
        self._commands.append(words)
        return self

    async def execute(self, raise_on_error: bool = False) -> list[Any]:
        """For each command its reply or what went wrong, in order; nothing is raised unless asked for."""
        answers = await self._cluster.send(self._commands)
        for answer in answers if raise_on_error else ():
            if isinstance(answer, Exception):
                raise answer
        return answers


class Cluster:
    """All nodes of a cluster. It belongs to one event loop and connects when it is first used."""

    def __init__(self, seeds: Sequence[Address], client: Callable[[Address], Redis]) -> None:
        """Take some nodes, of which one must answer, and what makes a client of a node."""
        self._seeds, self._client = tuple(seeds), client
        self._nodes: dict[Address, Redis] = {}
        self._owners: list[Address | None] = []
        self._learning: asyncio.Task[None] | None = None

    def pipeline(self, transaction: Literal[False] = False) -> Batch:
        """Commands to be sent together; there are no transactions."""
        return Batch(self)

    def lane(self, key: str) -> str:
        """A name of the node that has a key, as far as is known."""
        owner = self._owners[slot_of(key)] if self._owners else None
        return f"{owner[0]}:{owner[1]}" if owner else ""

    async def send(self, commands: Iterable[Words]) -> list[object]:
        """For each command its reply or what went wrong, in order."""
        if not self._owners:
            await self._learnt()
        errands = [_Errand(words) for words in commands]
        for errand in errands:
            errand.to = self._owners[errand.slot]
        under_way = errands
        for pause in _PAUSES:
            if pause:
                await asyncio.sleep(pause)
            await self._deliver(under_way)
            under_way = [errand for errand in under_way if self._goes_on(errand)]
            if not under_way:
                break
        return [errand.answer for errand in errands]

    async def ping(self) -> None:
        """Return once any node answers; raises ConnectionError where none does."""
        if not self._owners:
            await self._learnt()
        asked = [asyncio.ensure_future(self._node(address).ping()) for address in self._primaries()]
        try:
            for answer in asyncio.as_completed(asked):
                with suppress(RedisError, OSError):
                    await answer
                    return
            raise Disconnected("no node of the cluster answers")
        finally:
            for question in asked:
                question.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    async def hang_up(self) -> None:
        """Close all connections: the idle ones now, the others when they have their replies; new ones are made."""
        await asyncio.gather(*(hang_up(node) for node in self._nodes.values()))

    async def aclose(self) -> None:
        """Close all connections; nothing may be under way."""
        if self._learning:
            self._learning.cancel()
            await asyncio.gather(self._learning, return_exceptions=True)
        await asyncio.gather(*(node.aclose() for node in self._nodes.values()))

    async def _deliver(self, errands: Sequence[_Errand]) -> None:
        nodes: dict[Address, list[_Errand]] = {}
        for errand in errands:
            if errand.to:
                nodes.setdefault(errand.to, []).append(errand)
            else:
                errand.answer = ClusterDownError("nobody has this slot")
        if len(nodes) == 1:  # the rule, and a task less
            await self._hand_over(*next(iter(nodes.items())))
        else:
            await asyncio.gather(*(self._hand_over(address, its) for address, its in nodes.items()))

    async def _hand_over(self, address: Address, errands: Sequence[_Errand]) -> None:
        """One write to one node; where it cannot be had, that is the answer to these errands only."""
        pipe = self._node(address).pipeline(transaction=False)
        for errand in errands:
            if errand.asking:
                pipe.execute_command("ASKING")
            pipe.execute_command(*errand.words)
        try:
            answers = iter(await pipe.execute(raise_on_error=False))
        except (RedisError, OSError) as fault:
            self._doubt()
            for errand in errands:
                errand.answer = fault
            return
        for errand in errands:
            if errand.asking:
                next(answers)
            errand.answer = next(answers)

    def _goes_on(self, errand: _Errand) -> bool:
        """Whether it is to be sent again, as the node said, and where."""
        match errand.answer:
            case MovedError(host=host, port=port):  # which is an AskError too
                errand.to, errand.asking = self._elsewhere(errand, host, port), False
                self._owners[errand.slot] = errand.to
                self._doubt()
                return True
            case AskError(host=host, port=port):
                errand.to, errand.asking = self._elsewhere(errand, host, port), True
                return True
            case TryAgainError():
                return True
            case ClusterDownError():
                self._doubt()
        return False

    def _elsewhere(self, errand: _Errand, host: str, port: int) -> Address:
        """A node that does not know its own name gives none: then it is the host that was asked."""
        return host or (errand.to or ("", 0))[0], port

    def _doubt(self) -> asyncio.Task[None]:
        """See to it that the map of slots is made anew, while calls go on with the old one."""
        if self._learning is None or self._learning.done():
            self._learning = asyncio.create_task(self._learn())
        return self._learning

    async def _learnt(self) -> None:
        """Wait for the first map; who is cancelled takes it from nobody else."""
        await asyncio.wait({self._doubt()})
        if not self._owners:
            raise Disconnected("no node of the cluster answers")

    async def _learn(self) -> None:
        """Ask one node after the other, who has which slot, until one says."""
        known = self._primaries()
        random.shuffle(known)
        for address in dict.fromkeys((*known, *self._seeds)):
            with suppress(RedisError, OSError):
                async with asyncio.timeout(_LEARN_PATIENCE):
                    said = await self._node(address).execute_command("CLUSTER", "SLOTS")  # type: ignore[no-untyped-call]
                self._owners = _owners(said, address[0])
                break
        await self._part()
        if known:
            await asyncio.sleep(_LEARN_AGAIN)

    async def _part(self) -> None:
        """Close what is idle of nodes that have nothing any more."""
        gone = self._nodes.keys() - {*self._primaries(), *self._seeds}
        for address in gone:
            await self._nodes[address].connection_pool.disconnect(inuse_connections=False)

    def _primaries(self) -> list[Address]:
        return [owner for owner in dict.fromkeys(self._owners) if owner]

    def _node(self, address: Address) -> Redis:
        if address not in self._nodes:
            self._nodes[address] = self._client(address)
        return self._nodes[address]


async def hang_up(redis: Redis) -> None:
    """Close a client's connections: the idle ones now, the others when they have their replies."""
    await redis.connection_pool.update_active_connections_for_reconnect()  # type: ignore[no-untyped-call]
    await redis.connection_pool.disconnect(inuse_connections=False)


def slot_of(key: str | bytes | int) -> int:
    """The slot of a key, by its hash tag."""
    return key_slot(key if isinstance(key, bytes) else str(key).encode())


def _owners(said: Sequence[Sequence[Any]], asked: str) -> list[Address | None]:
    """For each slot its primary, of `CLUSTER SLOTS`."""
    owners: list[Address | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
    for first, last, (host, port, *_), *_ in said:
        owner = (host.decode() if host else asked, int(port))
        owners[first : last + 1] = [owner] * (last + 1 - first)
    return owners
