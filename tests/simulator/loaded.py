"""What the tests of the load stand on: servers in the reference gateway's form that answer as a test says."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator.call import OverHttp
from simulator.load import FIRST_LINE, Found, Plan, over_http
from ussd.core.loader import COMMON, load_words
from ussd.settings import Settings

WORDS = load_words(Settings().menus / COMMON)
SCREENS = [{"text": "خانه", "ends": False}, {"text": "کد؟", "ends": False}]
Answer = Callable[[int, int], Awaitable[web.Response]]
"""What a server says to the callback of a place in the dialogue of a number."""


def right(number: int, place: int) -> web.Response:
    """What a server says that is right."""
    end = {"text": f"بله\nکد پیگیری: n{number:06}", "ends": True}
    return web.json_response([*SCREENS, end][place])


def ending(text: str) -> web.Response:
    """A screen that ends the dialogue."""
    return web.json_response({"text": text, "ends": True})


@asynccontextmanager
async def served(answer: Answer) -> AsyncIterator[OverHttp]:
    """A server that answers so."""

    async def handle(request: web.Request) -> web.Response:
        asked = await request.json()
        return await answer(int(asked["msisdn"]) - FIRST_LINE, int(asked["request"]))

    application = web.Application()
    application.router.add_post("/gateways/reference", handle)
    async with TestServer(application) as server:
        yield OverHttp(str(server.make_url("")), "reference")


async def found(answer: Answer, plan: Plan) -> Found:
    """The load of a server that answers so."""
    async with served(answer) as server:
        return await over_http(plan, server)
