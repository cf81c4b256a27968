"""`*1666#` where a registry behaves badly: nothing unchecked reads as clear, and every callback is in time."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import HttpUrl

from simulator.call import InProcess
from tests.conftest import Handset
from ussd.app import running
from ussd.core.profile import Profile
from ussd.keys import Keys
from ussd.ledger import Contract, opened
from ussd.line import Line
from ussd.settings import Settings
from ussd.web.callbacks import Door

pytestmark = pytest.mark.alone

CENTRE_LINE, PATIENT = "989120001021", "7407268940"
DEADLINE, BEYOND = 1.5, 0.2
"""Seconds that a callback may take, and what it may take beyond that."""
AT_ONCE = 20

Say = Callable[[web.Request, dict[str, object]], Awaitable[web.StreamResponse]]


async def answer(_: web.Request, said: dict[str, object]) -> web.StreamResponse:
    return web.json_response(said)


async def hang(_: web.Request, __: dict[str, object]) -> web.StreamResponse:
    await asyncio.sleep(30)
    raise AssertionError


async def fail(_: web.Request, __: dict[str, object]) -> web.StreamResponse:
    raise web.HTTPInternalServerError


async def answer_for_another(_: web.Request, said: dict[str, object]) -> web.StreamResponse:
    return web.json_response({**said, "operation_id": "another"})


async def send_html(_: web.Request, __: dict[str, object]) -> web.StreamResponse:
    return web.Response(text="<html>entitled</html>", content_type="text/html")


async def drip(request: web.Request, _: dict[str, object]) -> web.StreamResponse:
    dripping = web.StreamResponse(headers={"Content-Type": "application/json"})
    await dripping.prepare(request)
    for _ in range(300):
        await dripping.write(b" ")
        await asyncio.sleep(0.1)
    raise AssertionError


TROUBLES = [hang, fail, answer_for_another, send_html, drip]


class Registries:
    """Two insurers, each of which says what it is told to."""

    def __init__(self) -> None:
        self.sso: Say = answer
        self.health: Say = answer
        self.entitled = True

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/sso/inquiries", self._sso)
        application.router.add_post("/health/inquiries", self._health)
        return application

    async def _sso(self, request: web.Request) -> web.StreamResponse:
        return await self.sso(request, await _said(request, entitled=self.entitled))

    async def _health(self, request: web.Request) -> web.StreamResponse:
        return await self.health(request, await _said(request, entitled=False))


async def _said(request: web.Request, *, entitled: bool) -> dict[str, object]:
    operation = (await request.json())["operation_id"]
    return {"operation_id": operation, "known": True, "entitled": entitled, "insurer": "x", "as_of": "2026-11-21"}


@pytest.fixture
def registries() -> Registries:
    return Registries()


@pytest.fixture
async def handset(settings: Settings, redis_url: str, registries: Registries) -> AsyncIterator[Handset]:
    """A centre's, on a line with a short deadline."""
    async with opened(settings.ledger, Keys(settings.key()), samples=False) as ledger:
        await ledger.centres.add(Contract("1021", "مرکز", (CENTRE_LINE,), "1400-01-01"))
    async with TestServer(registries.application()) as server:
        urls = {
            name: HttpUrl(str(server.make_url(path)))
            for name, path in (("entitlement_url", "/sso"), ("health_insurance_url", "/health"))
        }
        async with running(settings.model_copy(update=urls), redis_url) as app:
            handset = Handset(app, CENTRE_LINE)
            door = Door(app.door("reference").gateway, Line("reference", Profile(deadline=DEADLINE)))
            handset.carrier = InProcess(door, app.service)
            yield handset


async def dialled(handset: Handset) -> set[str]:
    """What many read who dial at once, each within the deadline."""

    async def one() -> str:
        begun = time.monotonic()
        reply = await handset.call(f"*1666*1*{PATIENT}#").dial()
        assert time.monotonic() - begun <= DEADLINE + BEYOND
        assert reply.ends
        return reply.text.partition("\nکد پیگیری: n")[0]

    return set(await asyncio.gather(*(one() for _ in range(AT_ONCE))))


async def test_where_both_answer_the_verdict_is_plain(handset: Handset) -> None:
    assert await dialled(handset) == {"تأمین اجتماعی: برخوردار\nبدون همپوشانی با بیمه سلامت"}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_where_the_other_insurer_gives_no_answer_the_overlap_is_not_checked(
    handset: Handset, registries: Registries, trouble: Say
) -> None:
    registries.health = trouble
    assert await dialled(handset) == {"تأمین اجتماعی: برخوردار\nهمپوشانی با بیمه سلامت بررسی نشد"}
    registries.entitled = False
    assert await dialled(handset) == {"تأمین اجتماعی: برخوردار نیست\nبیمه سلامت بررسی نشد"}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_where_the_organization_gives_no_answer_there_is_no_verdict(
    handset: Handset, registries: Registries, trouble: Say
) -> None:
    registries.sso = trouble
    apology = "پاسخی از سامانه نرسید.\nچند دقیقه دیگر دوباره شمارهگیری کنید.\nتلفن: 1420"
    assert await dialled(handset) == {apology}


async def test_where_neither_does_there_is_no_verdict_either(handset: Handset, registries: Registries) -> None:
    registries.sso = registries.health = hang
    assert {text.partition("\n")[0] for text in await dialled(handset)} == {"پاسخی از سامانه نرسید."}
