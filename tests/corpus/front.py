"""The callbacks' port as the corpus reaches it: octets in, replies out, each of them watched."""

import asyncio
import json
import logging
import time
import tracemalloc
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from aiohttp.http_exceptions import BadHttpMessage
from redis.asyncio import Redis
from structlog.testing import capture_logs

from tests.canaries import files
from ussd.callback import Callback, WireReply
from ussd.web.push import Answer as PushAnswer
from ussd.web.push import Push

CPU_SECONDS = 0.05
MEMORY = 16 * 1024 * 1024
"""Octets that one request may take for a while."""
PATIENCE = 10.0
"""Seconds until a reply that does not come is a fault."""
NONE = 0
"""The status of a reply that did not come."""
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP reply."""

    status: int
    fields: Mapping[str, str]
    body: bytes


class Log:
    """All that the program and its libraries log meanwhile."""

    def __init__(self, events: Sequence[MutableMapping[str, Any]]) -> None:
        """Read what `capture_logs` gathers."""
        self._events = events
        self._records: list[logging.LogRecord] = []
        self._read = (0, 0)

    def keep(self, record: logging.LogRecord) -> bool:
        """Keep what a library says; a filter of a handler."""
        self._records.append(record)
        return False

    def new(self) -> tuple[list[str], bytes]:
        """The faults that were logged since the last look, and all that was written."""
        events, records = self._events[self._read[0] :], self._records[self._read[1] :]
        self._read = len(self._events), len(self._records)
        faults = [f"{event['event']}: logged as an error" for event in events if event["log_level"] == "error"]
        faults += [f"{one.name}: {one.getMessage()}" for one in records if _is_fault(one)]
        return faults, json.dumps(events, ensure_ascii=False, default=str).encode(errors="surrogatepass")


def _is_fault(record: logging.LogRecord) -> bool:
    """aiohttp logs what is no HTTP with the stack of its parser, in which nothing is ours."""
    if record.exc_info and isinstance(record.exc_info[1], BadHttpMessage):
        return False
    return bool(record.exc_info) or record.levelno >= logging.ERROR


@contextmanager
def logged() -> Iterator[Log]:
    """Gather the log."""
    handler, root = logging.NullHandler(), logging.getLogger()
    handler.handle = lambda record: log.keep(record)  # type: ignore[method-assign]
    with capture_logs() as events:
        log = Log(events)
        root.addHandler(handler)
        try:
            yield log
        finally:
            root.removeHandler(handler)


class Sending:
    """The way out of an asynchronous gateway, to an operator that takes every screen."""

    def __init__(self, push: Push) -> None:
        """Send nothing yet."""
        self._push = push
        self._under_way: set[asyncio.Task[None]] = set()
        self._sent: list[WireReply] = []

    async def _take(self, wire: WireReply) -> WireReply:
        self._sent.append(wire)
        return WireReply(b"", "")

    def take(self, callback: Callback, answer: PushAnswer) -> WireReply | None:
        """Acknowledge a callback, as the gateway does."""
        push = self._push.through(self._take)
        acknowledged = push.take(callback, answer)
        self._under_way.add(asyncio.create_task(push.close()))
        return acknowledged

    async def sent(self) -> list[WireReply]:
        """All screens that were sent since the last look, once nothing is under way any more."""
        await asyncio.gather(*self._under_way)
        self._under_way.clear()
        sent, self._sent = self._sent, []
        return sent


@dataclass(slots=True)
class Front:
    """A running server."""

    port: int
    redis: Redis
    log: Log
    home: Path
    sendings: Mapping[str, Sending]
    """The ways out of the asynchronous gateways."""
    faults: list[str] = field(default_factory=list)
    """What went beyond its limits since the last look."""
    _kept: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, octets: bytes, replies: int = 1, *, weighed: bool = True) -> list[Answer]:
        """Send octets and read that many replies, within the limits of as many requests.

        To be `weighed` costs more than the request itself.
        """
        if weighed:
            tracemalloc.start()
        try:
            answers, spent = await self._timed(octets, replies)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        for _ in range(2):
            if spent >= CPU_SECONDS:
                answers, again = await self._timed(octets, replies)
                spent = min(spent, again)
        if spent >= CPU_SECONDS:
            self.faults.append(f"{spent * 1000:.0f} ms of CPU")
        if peak >= MEMORY:
            self.faults.append(f"{peak // 1024} KiB of memory")
        return answers

    async def send_right(self, octets: bytes) -> Answer:
        """Send what there is nothing wrong with, over the one connection that stays."""
        if self._kept is None:
            self._kept = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._kept
        writer.write(octets)
        async with asyncio.timeout(PATIENCE):
            return await _answer(reader)

    def leave(self) -> None:
        """Close the connection that stays."""
        if self._kept:
            self._kept[1].transport.abort()

    async def send_at_once(self, requests: Sequence[bytes]) -> list[Answer]:
        """Send each over a connection of its own, and read one reply to each."""
        began = time.process_time()
        answers = await asyncio.gather(*[self._sent(octets, 1) for octets in requests])
        if (spent := (time.process_time() - began) / len(requests)) >= CPU_SECONDS:
            self.faults.append(f"{spent * 1000:.0f} ms of CPU each")
        return [answer for [answer] in answers]

    async def _timed(self, octets: bytes, replies: int) -> tuple[list[Answer], float]:
        """The replies, and the seconds of CPU that each took, in the server and here."""
        began = time.process_time()
        answers = await self._sent(octets, replies)
        return answers, (time.process_time() - began) / max(replies, 1)

    async def _sent(self, octets: bytes, replies: int) -> list[Answer]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        bare = octets.startswith(b"HEAD ")
        try:
            async with asyncio.timeout(PATIENCE):
                with suppress(ConnectionError):  # the server has said what it has to say
                    for at in range(0, len(octets), _CHUNK):
                        writer.write(octets[at : at + _CHUNK])
                        await writer.drain()
                return [await _answer(reader, bare=bare) for _ in range(replies)]
        except (TimeoutError, EOFError, ConnectionError) as fault:
            return [Answer(NONE, {"why": type(fault).__name__}, b"")]
        finally:
            writer.transport.abort()

    def written_down(self) -> dict[str, bytes]:
        """All that is in the ledger."""
        found = files(self.home)
        return {name: octets for name, octets in found.items() if name.startswith("ledger")}

    async def kept(self) -> dict[bytes, bytes]:
        """All that Redis holds."""
        keys = cast(list[bytes], await self.redis.keys("*"))
        async with self.redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.dump(key)
            return dict(zip(keys, await pipe.execute(), strict=True))


async def _answer(reader: asyncio.StreamReader, *, bare: bool = False) -> Answer:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    status = int(first.split()[1])
    if status == 100:  # the body is on its way already
        return await _answer(reader, bare=bare)
    pairs = (line.partition(":") for line in lines if line)
    fields = {name.lower(): value.strip() for name, _, value in pairs}
    length = 0 if bare else int(fields.get("content-length", "0"))
    return Answer(status, fields, await reader.readexactly(length))
