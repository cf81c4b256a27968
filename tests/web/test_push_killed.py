"""A process that dies after it claimed a notification: nobody sends that screen, and a redial goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession

from tests.conftest import PROMPT
from tests.homes import a_home
from tests.server import Server
from tests.web.sdp import Sdp, notification, sdp
from ussd.callback import WireRequest

CONFIG = "gateways:\n  irancell: {{format: parlayx, auth: none, send: {{url: {url}, grace: 2s}}}}\n"


@asynccontextmanager
async def serving(home: Path) -> AsyncIterator[Server]:
    server = await asyncio.to_thread(Server, home, "--config", str(home / "ussd.yaml"), drain="0")
    try:
        yield server
    finally:
        await asyncio.to_thread(server.close)


async def post(server: Server, wire: WireRequest) -> int:
    url = f"http://127.0.0.1:{server.port}/gateways/irancell"
    async with ClientSession() as client, client.post(url, data=wire.body, headers=wire.headers) as reply:
        return reply.status


async def test_a_screen_that_a_dead_process_had_claimed_is_not_sent_and_a_redial_goes_on() -> None:
    with a_home() as home:
        async with sdp() as operator:
            (home / "ussd.yaml").write_text(CONFIG.format(url=operator.url))
            await _killed_in_a_call(home, operator)
            async with serving(home) as server:
                seen = len(operator.bodies)
                assert await post(server, notification("*4*1420*1*2#")) == 200
                await asyncio.sleep(0.5)
                assert len(operator.bodies) == seen
                assert await post(server, notification(session="redialled")) == 200
                assert "ادامه" in (await operator.screens(seen + 1))[-1].text
                assert await post(server, notification("*4*1420#", "1", session="redialled")) == 200
                assert (await operator.screens(seen + 2))[-1].text == PROMPT
                assert await asyncio.to_thread(server.stop) == 0


async def _killed_in_a_call(home: Path, operator: Sdp) -> None:
    async with serving(home) as server:
        operator.moods = ["hang"]
        assert await post(server, notification("*4*1420*1*2#")) == 200
        await operator.screens(1)
        await asyncio.to_thread(server.kill)
