"""A broken registry costs its own callers little, and the others nothing."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import ClientSession, TCPConnector, web
from structlog.testing import capture_logs

from tests.registries.conftest import ASKED, KNOWN, Serve
from ussd.backends import Asked, Person, RegistryFault
from ussd.registries import HttpRegistry, Limits


class Patient:
    """A registry that answers when it is let, and knows how many wait."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.status = 200
        self.waiting = self.most = self.asked = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        question = await request.json()
        self.asked += 1
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        try:
            await self.open.wait()
        finally:
            self.waiting -= 1
        return web.json_response(KNOWN | {"operation_id": question["operation_id"]}, status=self.status)


def numbered(operation_id: str) -> Asked:
    return replace(ASKED, operation_id=operation_id)


@pytest.fixture
async def server() -> AsyncIterator[Patient]:
    server = Patient()
    yield server
    server.open.set()


async def refused(registry: HttpRegistry) -> tuple[str, float]:
    begun = time.monotonic()
    with pytest.raises(RegistryFault) as fault:
        await registry.inquire(ASKED)
    return str(fault.value), time.monotonic() - begun


async def left(registry: HttpRegistry, seconds: float) -> None:
    """Ask as one who has so long until the deadline."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await registry.inquire(ASKED)


async def until_waiting(server: Patient, number: int) -> None:
    async with asyncio.timeout(5):
        while server.waiting != number:
            await asyncio.sleep(0.01)


async def test_no_more_calls_are_under_way_than_may_be(session: ClientSession, serve: Serve, server: Patient) -> None:
    limits = Limits(at_once=8, wait=5.0)
    registry = HttpRegistry(session, await serve(server.answer), name="sso", limits=limits)
    asking = [asyncio.create_task(registry.inquire(ASKED)) for _ in range(50)]
    await until_waiting(server, 8)
    server.open.set()
    assert await asyncio.gather(*asking) == [Person(True)] * 50
    assert server.most == 8


async def test_who_finds_it_full_is_refused_soon_and_that_is_no_fault_of_the_registry(
    session: ClientSession, serve: Serve, server: Patient
) -> None:
    limits = Limits(at_once=2, wait=0.2, faults=1)
    registry = HttpRegistry(session, await serve(server.answer), name="sso", limits=limits)
    asking = [asyncio.create_task(registry.inquire(ASKED)) for _ in range(2)]
    await until_waiting(server, 2)
    why, seconds = await refused(registry)
    assert "under way" in why
    assert 0.15 < seconds < 2
    server.open.set()
    assert await asyncio.gather(*asking) == [Person(True)] * 2
    assert await registry.inquire(ASKED) == Person(True)


async def test_a_broken_registry_is_left_alone_at_once_and_found_again(
    session: ClientSession, serve: Serve, server: Patient
) -> None:
    server.open.set()
    server.status = 500
    limits = Limits(faults=3, rest=0.6)
    registry = HttpRegistry(session, await serve(server.answer), name="sso", limits=limits)
    with capture_logs() as logs:
        for _ in range(3):
            assert "HTTP 500" in (await refused(registry))[0]
        for _ in range(20):
            why, seconds = await refused(registry)
            assert "left alone" in why
            assert seconds < 0.2
        assert server.asked == 3
        await asyncio.sleep(0.6)
        assert "HTTP 500" in (await refused(registry))[0]
        assert "left alone" in (await refused(registry))[0]
        await asyncio.sleep(0.6)
        server.status = 200
        assert await registry.inquire(ASKED) == Person(True)
        assert await asyncio.gather(*(registry.inquire(ASKED) for _ in range(20))) == [Person(True)] * 20
    assert [line["event"] for line in logs] == [
        *["registry_failed"] * 3,
        "registry_left_alone",
        "registry_failed",
        "registry_left_alone",
        "registry_is_back",
    ]
    assert {line["registry"] for line in logs} == {"sso"}


async def test_a_registry_that_misses_deadlines_is_broken(
    session: ClientSession, serve: Serve, server: Patient
) -> None:
    registry = HttpRegistry(session, await serve(server.answer), name="sso", limits=Limits(faults=2, haste=0.1))
    await left(registry, 0.15)
    await left(registry, 0.15)
    assert "left alone" in (await refused(registry))[0]
    assert server.asked == 2


async def test_a_slow_registry_is_broken_though_its_answers_are_waited_for(
    session: ClientSession, serve: Serve, server: Patient
) -> None:
    limits = Limits(at_once=2, wait=5.0, faults=2, slow=0.1)
    registry = HttpRegistry(session, await serve(server.answer), name="sso", limits=limits)
    with capture_logs() as logs:
        asking = [asyncio.create_task(registry.inquire(ASKED)) for _ in range(2)]
        await until_waiting(server, 2)
        await asyncio.sleep(0.2)
        why, seconds = await refused(registry)
        assert "left alone" in why
        assert seconds < 1, "though all slots are taken"
        server.open.set()
        assert await asyncio.gather(*asking) == [Person(True)] * 2
        assert "left alone" in (await refused(registry))[0]
    assert [line["event"] for line in logs] == ["registry_failed"] * 2 + ["registry_left_alone"]


async def test_who_waits_while_it_breaks_does_not_call(session: ClientSession, serve: Serve, server: Patient) -> None:
    limits = Limits(at_once=1, wait=5.0, faults=1)
    registry = HttpRegistry(session, await serve(server.answer), name="sso", limits=limits)
    server.status = 500
    asking = [asyncio.create_task(refused(registry)) for _ in range(5)]
    await until_waiting(server, 1)
    server.open.set()
    first, *others = [why for why, _ in await asyncio.gather(*asking)]
    assert "HTTP 500" in first
    assert all("left alone" in why for why in others)
    assert server.asked == 1


async def test_who_hardly_waited_says_nothing_of_a_registry(
    session: ClientSession, serve: Serve, server: Patient
) -> None:
    registry = HttpRegistry(session, await serve(server.answer), name="sso", limits=Limits(faults=1, haste=5.0))
    for _ in range(5):
        await left(registry, 0.05)
    server.open.set()
    assert await registry.inquire(ASKED) == Person(True)


async def test_a_trial_that_is_cancelled_lets_another_try(
    session: ClientSession, serve: Serve, server: Patient
) -> None:
    limits = Limits(faults=1, rest=0.1, haste=0.3)
    registry = HttpRegistry(session, await serve(server.answer), name="sso", limits=limits)
    await left(registry, 0.4)
    await asyncio.sleep(0.1)
    await left(registry, 0.05)
    await until_waiting(server, 0)
    trial = asyncio.create_task(registry.inquire(ASKED))
    await until_waiting(server, 1)
    assert "left alone" in (await refused(registry))[0]
    server.open.set()
    assert await trial == Person(True)


async def test_a_hanging_registry_does_not_slow_another(session: ClientSession, serve: Serve, server: Patient) -> None:
    other = Patient()
    other.open.set()
    hanging = HttpRegistry(session, await serve(server.answer), name="health")
    sound = HttpRegistry(session, await serve(other.answer), name="sso")
    asking = [asyncio.create_task(hanging.inquire(ASKED)) for _ in range(200)]
    await until_waiting(server, 64)
    begun = time.monotonic()
    assert await asyncio.gather(*(sound.inquire(ASKED) for _ in range(64))) == [Person(True)] * 64
    assert time.monotonic() - begun < 2
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    assert server.most == 64


async def test_a_storm_of_cancellations_leaves_the_session_usable(serve: Serve) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        """In three pieces, so that callers are cancelled at every stage of an answer."""
        question = await request.json()
        octets = json.dumps(KNOWN | {"operation_id": question["operation_id"]}).encode()
        reply = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(octets))})
        await asyncio.sleep(0.01)
        await reply.prepare(request)
        for start in (0, 20, 40):
            await reply.write(octets[start : start + 20] if start < 40 else octets[40:])
            await asyncio.sleep(0.01)
        return reply

    # Four connections in all: one that a cancelled call kept would be missed. No breaker opens on a machine that halts.
    limits = Limits(wait=5.0, connect=5.0, haste=60.0)
    async with ClientSession(connector=TCPConnector(limit=4)) as session:
        registry = HttpRegistry(session, await serve(answer), name="sso", limits=limits)
        asking = [asyncio.create_task(registry.inquire(numbered(f"storm-{n}"))) for n in range(150)]
        for number, task in enumerate(asking):
            if number % 3 == 0:
                await asyncio.sleep(0.001 * (number % 5))
            if number % 10:
                task.cancel()
        ended = await asyncio.gather(*asking, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) or end == Person(True) for end in ended)
        after = [registry.inquire(numbered(f"calm-{number}")) for number in range(4)]
        assert await asyncio.gather(*after) == [Person(True)] * 4


async def test_a_call_cancelled_while_it_waits_for_its_turn_takes_none(
    session: ClientSession, serve: Serve, server: Patient
) -> None:
    registry = HttpRegistry(session, await serve(server.answer), name="sso", limits=Limits(at_once=1, wait=5.0))
    first = asyncio.create_task(registry.inquire(ASKED))
    await until_waiting(server, 1)
    for _ in range(10):
        await left(registry, 0.02)
    server.open.set()
    assert await first == Person(True)
    assert await registry.inquire(ASKED) == Person(True)
    assert server.asked == 2
