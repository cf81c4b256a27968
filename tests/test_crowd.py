"""Many callbacks in one moment: they wait for their turn, and none of them gets an apology that it need not get."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateways.reference import PROFILE
from tests.conftest import MAIN_MENU, PROMPT, Handset
from tests.counted import Since
from tests.rigs.proxy import Proxy, before
from tests.web.crowds import crowd
from ussd.app import App, running
from ussd.callback import Reply
from ussd.core.loader import COMMON, load_words
from ussd.core.screen import last
from ussd.settings import Settings
from ussd.web.api import routes

INQUIRY = "استعلام\n1-سوابق بیمه\n2-استحقاق درمان\n3-حقوق مستمری\n0-بازگشت"
WORDS = load_words(Settings().menus / COMMON)
BUSY = last(WORDS.busy, PROFILE)
CROWD = 600


@pytest.fixture
async def proxy(redis_url: str) -> AsyncIterator[Proxy]:
    async with before(redis_url) as proxy:
        yield proxy


async def dialled(app: App, count: int) -> list[Reply]:
    """So many lines dial at once."""
    calls = (Handset(app, f"98912{number:07}").call().dial() for number in range(count))
    return await asyncio.gather(*calls)


@pytest.mark.alone
async def test_a_crowd_that_dials_at_once_is_served_in_its_order(app: App) -> None:
    assert {reply.text for reply in await dialled(app, CROWD)} == {MAIN_MENU}


@pytest.mark.alone
async def test_who_waits_while_redis_hangs_does_not_find_that_out_again(tmp_path: Path, proxy: Proxy) -> None:
    settings = Settings(home=tmp_path, redis_url=proxy.url, secret=secrets.token_hex(32))  # type: ignore[arg-type]
    async with running(settings, proxy.url) as app:
        assert (await dialled(app, 1))[0].text == MAIN_MENU
        proxy.silent = 10_000
        started = time.monotonic()
        replies = await dialled(app, CROWD)
        assert time.monotonic() - started < 2
        assert {reply.ends for reply in replies} == {True}
        assert len({reply.text for reply in replies}) == 1
        proxy.silent = 0


@pytest.mark.alone
async def test_a_lookup_that_waits_keeps_nobody_from_being_answered(app: App) -> None:
    slow = [Handset(app, f"98913{number:07}").call("*4*1420*1*2*9904829039#") for number in range(100)]
    waiting = [asyncio.create_task(call.dial()) for call in slow]
    await asyncio.sleep(0.1)
    while app.service.turns.at_work():
        await asyncio.sleep(0.01)
    started = time.monotonic()
    assert {reply.text for reply in await dialled(app, 100)} == {MAIN_MENU}
    assert time.monotonic() - started < 2
    assert all(not task.done() for task in waiting)
    await asyncio.gather(*waiting)


@pytest.mark.alone
async def test_a_crowd_that_does_not_end_is_turned_away_at_the_door_and_never_in_the_middle(app: App) -> None:
    since, going = Since(app.metrics), [Handset(app, f"98914{number:07}").call() for number in range(20)]
    for call in going:
        await call.dial()
    app.service.turns.limit.value = 2  # a machine that can do little
    crowd = [asyncio.create_task(dials_again_and_again(app, number)) for number in range(400)]
    await asyncio.sleep(1)
    assert [reply.text for reply in await asyncio.gather(*(call.type("1") for call in going))] == [INQUIRY] * 20
    assert {reply.text for reply in await asyncio.gather(*(call.type("2") for call in going))} == {PROMPT}
    read = [reply for task in crowd for reply in await task]
    assert {(reply.text, reply.ends) for reply in read} == {(MAIN_MENU, False), (BUSY, True)}
    shed = since.of("shed_total")
    assert set(shed) == {"shed_total dial"}
    assert since.of("callbacks_total")["callbacks_total reference  shed"] == shed["shed_total dial"]


async def dials_again_and_again(app: App, number: int) -> list[Reply]:
    """Each time as another line; for two seconds."""
    read, until = list[Reply](), time.monotonic() + 2
    while time.monotonic() < until:
        read.append(await Handset(app, f"98915{number:03}{len(read):04}").call().dial())
        await asyncio.sleep(0.01)
    return read


async def test_the_api_waits_until_callers_are_served(app: App) -> None:
    since, served = Since(app.metrics), web.Application()
    served.add_routes(routes(app.desks, app.service.turns_away))
    async with TestClient(TestServer(served)) as client:
        assert (await client.get("/api/v1/inquiries")).status != 503
        async with crowd(app):
            refused = await client.get("/api/v1/inquiries")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
        assert (await refused.json())["status"] == 503
        assert since.of("shed_total")["shed_total api"] == 1
        assert (await client.get("/api/v1/inquiries")).status != 503
