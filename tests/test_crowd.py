"""Many callbacks in one moment: they wait for their turn, and none of them gets an apology that it need not get."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import MAIN_MENU, Handset
from tests.store.fakes import Proxy
from ussd.app import App, running
from ussd.callback import Reply
from ussd.core.loader import COMMON, load_words
from ussd.settings import Settings

WORDS = load_words(Settings().menus / COMMON)
CROWD = 600


@pytest.fixture
async def proxy(redis_url: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(redis_url)
    await proxy.start()
    yield proxy
    await proxy.stop()


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
    await asyncio.sleep(1)
    started = time.monotonic()
    assert {reply.text for reply in await dialled(app, 100)} == {MAIN_MENU}
    assert time.monotonic() - started < 2
    assert all(not task.done() for task in waiting)
    await asyncio.gather(*waiting)
