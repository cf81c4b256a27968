"""P16: no octets from the network make a fault of ours, stop the server, keep it waiting or fill its memory."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from random import Random

import pytest

from simulator.operators import Leg
from tests.conftest import MAIN_MENU
from tests.corpus.gate import gate
from tests.corpus.judge import MENU
from tests.promises.octets import Heard, corpus, mutated
from tests.promises.report import Kept
from tests.promises.scale import LONG, SEED, many
from tests.server import Server, ussd
from ussd.callback import Phase
from ussd.doors import formats
from ussd.web.callbacks import BODY_SECONDS

MUTATIONS = many(400, 60_000)
SHARE = many(25, 1)
"""All of the corpus is sent as it is, or every so many-th entry."""
AT_ONCE = many(24, 48)
IDLE = many(300, 10_000)
WARM = many(100, 4_000)
"""Requests before memory is looked at for the first time."""
GROWTH = 32.0
"""MiB that a server may grow by, whatever it is sent."""
MIB = 1024 * 1024
FAULTS = {"callback_failed", "decode_failed", "guard_failed", "api_request_failed", "reload_failed", "lookup_lost"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """One with every gateway that is built in, and lines that are not counted."""
    with closing(Server(tmp_path, drain="0", dials_per_minute="0", dials_per_hour="0", people_per_day="0")) as server:
        yield server


def resident(server: Server) -> float:
    """MiB."""
    pages = Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / MIB


def logged_faults(server: Server) -> list[str]:
    events = [json.loads(line) for line in list(server.log) if line.startswith("{")]
    return [f"{event['event']}: {event}"[:600] for event in events if event["event"] in FAULTS or "exception" in event]


async def said(server: Server, requests: Iterable[bytes], heard: Heard) -> None:
    """Send all of them, many at once."""
    coming = iter(requests)

    async def one() -> None:
        for request in coming:
            await heard.say(server.port, request)

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))


async def test_p16_no_octets_make_a_fault_or_stop_the_server(kept: Kept, tmp_path: Path, server: Server) -> None:
    key = await asyncio.to_thread(lambda: ussd(tmp_path, "clients", "add", "site").stdout.splitlines()[-1])
    seeds, heard, random = corpus(key), Heard(), Random(SEED)
    short = [one for one in seeds if len(one) < 4_096]
    await said(server, (mutated(random, short) for _ in range(WARM)), heard)
    before = await asyncio.to_thread(resident, server)
    await said(server, seeds[::SHARE], heard)
    await said(server, (mutated(random, short) for _ in range(MUTATIONS)), heard)
    grown = resident(server) - before
    faults, alive = logged_faults(server), await asyncio.to_thread(server.healthy)
    menu = await asyncio.to_thread(server.post, "")
    answered = ", ".join(f"{status}: {number:,}" for status, number in sorted(heard.statuses.items()))
    kept.seen(
        f"the corpus as {len(seeds):,} requests, and mutations of them, over sockets of a real server; seed {SEED}",
        f"{heard.sent:,} requests, {heard.octets / MIB:,.0f} MiB",
        f"{len(heard.faults) + len(faults)} faults; {answered}; {heard.silent:,} never whole; "
        f"the slowest took {heard.slowest:.1f} s; memory grew by {max(0.0, grown):.1f} MiB",
    )
    assert not heard.faults, heard.faults[:5]
    assert not faults, faults[:3]
    assert alive == 200
    assert menu == f"CON {MAIN_MENU}"
    assert heard.slowest < BODY_SECONDS + 3
    assert grown < GROWTH


@asynccontextmanager
async def idle(server: Server, number: int) -> AsyncIterator[None]:
    """Connections on which nothing comes, or the beginning of a request."""
    writers: list[asyncio.StreamWriter] = []
    begun = [b"", b"P", b"POST /gateways/reference HTTP/1.1\r\nHost: ussd\r\nX: "]
    try:
        while len(writers) < number:
            opening = [asyncio.open_connection("127.0.0.1", server.port) for _ in range(min(50, number - len(writers)))]
            for _, writer in await asyncio.gather(*opening):
                writers.append(writer)
                writer.write(begun[len(writers) % 3])
        yield
    finally:
        for writer in writers:
            writer.transport.abort()


async def test_p16_whoever_says_nothing_costs_little_and_is_not_waited_for_in_a_body(
    kept: Kept, server: Server
) -> None:
    """Headers that do not come are the reverse proxy's: aiohttp waits for them for ever (SECURITY.md)."""
    spoken = [gate(name).spoken(Leg("s", "989121234567", MENU, Phase.BEGIN)) for name in formats()]
    halves = [one.octets()[:-1] for one in spoken if one and one.body] * many(1, 20)
    await asyncio.to_thread(server.post, "", "warm")
    waiting = asyncio.gather(*(_waited(server, octets) for octets in halves))
    before = resident(server)
    async with asyncio.timeout(120), idle(server, IDLE):
        await asyncio.sleep(1 if LONG else 0.2)
        each = (resident(server) - before) / IDLE
        began = time.monotonic()
        menu = await asyncio.to_thread(server.post, "", "beside")
        took = time.monotonic() - began
    waits = await waiting
    kept.seen(
        "connections that say nothing, a letter, or half a header; requests without the last octet of their body",
        f"{IDLE:,} at once; {len(waits)} requests",
        f"{each * 1024:.1f} KiB each, a dial beside them took {took * 1000:.0f} ms; refused within {max(waits):.1f} s",
    )
    assert each < 1
    assert menu == f"CON {MAIN_MENU}"
    assert took < 5
    assert max(waits) < BODY_SECONDS + 2


async def _waited(server: Server, octets: bytes) -> float:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    began = time.monotonic()
    writer.write(octets)
    async with asyncio.timeout(30):
        line = await reader.readline()
    writer.transport.abort()
    assert 400 <= int(line.split()[1]) < 500
    return time.monotonic() - began
