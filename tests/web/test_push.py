"""An asynchronous gateway is told at once that its callback came; its screen goes out once, or as often as it must."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer, unused_port
from structlog.testing import capture_logs

from gateways import parlayx
from tests.conftest import ENTITLED, LINE, MAIN_MENU, SLOW
from tests.web.conftest import Client
from tests.web.sdp import DEADLINE, GRACE, Sdp, notification, sdp
from tests.web.test_callbacks import Faulty
from ussd.app import App, contracts_of, running
from ussd.backends import backends
from ussd.callback import CallbackError, Phase, Reply, WireRequest
from ussd.core.loader import COMMON, load_all, load_words
from ussd.keys import Keys
from ussd.lookups import Lookups
from ussd.service import Service
from ussd.sessions import StoreAway
from ussd.settings import Settings
from ussd.settings.gateway import GatewayGiven
from ussd.web.callbacks import exchange, routes
from ussd.web.push import HttpSend, Push

PASSWORD = "hush-of-the-account"
MAIN = Reply(MAIN_MENU, ends=False)


@pytest.fixture
async def operator() -> AsyncIterator[Sdp]:
    """The operator, which takes what it gets until it is told otherwise."""
    async with sdp() as operator:
        yield operator


@pytest.fixture
def settings(settings: Settings, operator: Sdp, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with that one gateway, under another name."""
    monkeypatch.setenv("SDP_PASSWORD", PASSWORD)
    return settings.model_copy(update={"gateways": {"irancell": given(operator.url)}})


def given(url: str, **more: object) -> GatewayGiven:
    send = {"url": url, "sp_id": "000201", "password_env": "SDP_PASSWORD", "grace": f"{GRACE}s", **more}
    profile = {"deadline": f"{DEADLINE}s"}
    return GatewayGiven.model_validate({"format": "parlayx", "auth": "none", "profile": profile, "send": send})


@asynccontextmanager
async def client_of(app: App) -> AsyncIterator[Client]:
    application = web.Application()
    application.add_routes(routes(app.doors.values(), app.service))
    async with TestClient(TestServer(application)) as client:
        yield client


async def post(client: Client, wire: WireRequest) -> str:
    """The acknowledgement."""
    async with client.post("/gateways/irancell", data=wire.body, headers=wire.headers) as reply:
        assert reply.status == 200
        assert reply.content_type == "text/xml"
        return await reply.text()


async def test_it_is_acknowledged_within_50_ms_while_a_lookup_takes_long(client: Client, operator: Sdp) -> None:
    took = []
    for number in range(3):
        begun = time.monotonic()
        said = await post(client, notification(f"*4*1420*1*2*{SLOW}#", session=str(number)))
        took.append(time.monotonic() - begun)
        assert "notifyUssdReceptionResponse>" in said
        assert "result>0<" in said
    assert min(took) < 0.05
    assert operator.bodies == []
    for screen in await operator.screens(3):
        assert screen.text.startswith("پاسخی از سامانه نرسید")
        assert screen.ends


async def test_the_dialogue_goes_out_screen_by_screen(client: Client, operator: Sdp) -> None:
    await post(client, notification())
    await operator.screens(1)
    for typed in (("1",), ("1", "2"), ("1", "2", ENTITLED)):
        await post(client, notification("*4*1420#", *typed))
        await operator.screens(len(typed) + 1)
    screens = await operator.screens(4)
    assert screens[0] == MAIN
    assert [screen.ends for screen in screens] == [False, False, False, True]
    assert "کد پیگیری" in screens[3].text
    assert all(header["content-type"] == "text/xml; charset=utf-8" for header in operator.headers)
    assert all(header["soapaction"] == '""' for header in operator.headers)


@pytest.mark.parametrize("moods", [[500, 503], ["drop", "drop"], [502, "drop"]])
async def test_an_operator_that_cannot_take_it_yet_gets_the_same_again(
    client: Client, operator: Sdp, moods: list[int | str]
) -> None:
    operator.moods = moods
    await post(client, notification())
    assert await operator.screens(3) == [MAIN] * 3
    assert len(set(operator.bodies)) == 1
    await asyncio.sleep(0.5)
    assert len(operator.bodies) == 3


async def test_an_operator_that_is_down_at_first_gets_it_when_it_is_back(app: App) -> None:
    port = unused_port()
    async with ClientSession() as session:
        door = app.door("irancell")
        assert door.push
        push = door.push.through(HttpSend(session, f"http://127.0.0.1:{port}/send"))
        with capture_logs() as logs:
            await exchange(replace(door, push=push), app.service, notification())
            while len([log for log in logs if log["event"] == "push_again"]) < 2:
                await asyncio.sleep(0.01)
            async with sdp(port=port) as operator:
                assert await operator.screens() == [MAIN]
                await push.close()
    assert {log["why"] for log in logs if log["event"] == "push_again"} == {"ClientConnectorError"}


async def test_an_operator_that_hangs_is_asked_again(app: App, operator: Sdp) -> None:
    operator.moods = ["hang"]
    async with ClientSession() as session:
        door = app.door("irancell")
        assert door.push
        push = door.push.through(HttpSend(session, operator.url, seconds=0.2))
        await exchange(replace(door, push=push), app.service, notification())
        assert await operator.screens(2) == [MAIN] * 2
        await push.close()


@pytest.mark.parametrize("mood", [400, 404, 429, 302, "fault"])
async def test_what_the_operator_refuses_is_not_sent_again(client: Client, operator: Sdp, mood: int | str) -> None:
    operator.moods = [mood]
    with capture_logs() as logs:
        await post(client, notification())
        await operator.screens(1)
        await asyncio.sleep(0.5)
    assert len(operator.bodies) == 1
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["push_refused"]


async def test_it_is_given_up_when_the_network_has_let_the_session_go(client: Client, operator: Sdp) -> None:
    operator.moods = [500] * 100
    with capture_logs() as logs:
        await post(client, notification())
        await asyncio.sleep(DEADLINE + GRACE + 0.1)
    tried = len(operator.bodies)
    assert tried >= 3
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["push_given_up"]
    await asyncio.sleep(0.5)
    assert len(operator.bodies) == tried


async def test_a_notification_that_comes_again_sends_nothing_again(
    client: Client, operator: Sdp, settings: Settings, redis_url: str
) -> None:
    operator.moods = [500]
    async with running(settings, redis_url) as other, client_of(other) as elsewhere:
        both = [client, elsewhere] * 4
        acknowledged = await asyncio.gather(*(post(one, notification()) for one in both))
        assert len(set(acknowledged)) == 1
        await operator.screens(2)
        await asyncio.gather(*(post(one, notification()) for one in both))
    await asyncio.sleep(0.3)
    assert len(operator.bodies) == 2
    assert len(set(operator.bodies)) == 1


async def test_without_a_number_the_same_within_three_seconds_is_a_retry(client: Client, operator: Sdp) -> None:
    def unnumbered(wire: WireRequest) -> WireRequest:
        return replace(wire, body=re.sub(b"<[^<]*traceUniqueID>[^<]*</[^<]*>", b"", wire.body))

    for wire, count in ((notification(), 1), (notification("*4*1420#", "1"), 2)):
        assert parlayx.decode(unnumbered(wire)).request == ""
        await asyncio.gather(*(post(client, unnumbered(wire)) for _ in range(3)))
        await operator.screens(count)
        await post(client, unnumbered(wire))
        await asyncio.sleep(0.2)
        assert len(operator.bodies) == count


async def test_an_abort_is_acknowledged_and_nothing_is_sent(client: Client, operator: Sdp) -> None:
    await post(client, notification())
    await operator.screens(1)
    assert "notifyUssdAbortResponse" in await post(client, notification(phase=Phase.ABORT))
    ended = notification("*4*1420#", "1")
    said = await post(client, replace(ended, body=ended.body.replace(b"msgType>1<", b"msgType>2<")))
    assert "notifyUssdReceptionResponse" in said
    await asyncio.sleep(0.3)
    assert len(operator.bodies) == 1


async def test_what_is_no_notification_is_refused_and_nothing_is_sent(client: Client, operator: Sdp) -> None:
    for body in (b"", b"<", b"<Envelope/>", notification().body[:-1], notification().body.replace(b"msIsdn", b"x")):
        async with client.post("/gateways/irancell", data=body, headers={"Content-Type": "text/xml"}) as reply:
            assert reply.status == 400
            assert (await reply.json(content_type=None))["faults"]
    await asyncio.sleep(0.1)
    assert operator.bodies == []


async def test_a_stop_waits_for_what_is_under_way(settings: Settings, redis_url: str, operator: Sdp) -> None:
    operator.moods = [500, 500]
    async with running(settings, redis_url) as app:
        await exchange(app.door("irancell"), app.service, notification())
        push = app.door("irancell").push
    assert await operator.screens(3, seconds=0.1) == [MAIN] * 3
    assert push
    assert push.take(parlayx.decode(notification()), no_answer) is None


async def no_answer() -> Reply:
    raise AssertionError


async def test_where_too_much_is_under_way_the_operator_is_to_try_again(app: App, operator: Sdp) -> None:
    operator.moods = ["hang"]
    async with ClientSession() as session:
        door = app.door("irancell")
        push = Push(parlayx, door.line, NoStore(), HttpSend(session, operator.url, seconds=0.3), at_once=1)
        door = replace(door, push=push)
        await exchange(door, app.service, notification())
        refused = await exchange(door, app.service, notification(session="2"))
        assert (refused.status, refused.headers) == (503, {"Retry-After": "1"})
        await operator.screens(2)
        await asyncio.sleep(0.1)
        assert (await exchange(door, app.service, notification(session="2"))).status == 200
        assert await operator.screens(3) == [MAIN] * 3
        await push.close()


class NoStore:
    """Cannot be asked now."""

    async def claim(self, gateway: str, nonce: str, seconds: int) -> bool:
        raise StoreAway


async def test_a_fault_of_ours_is_an_apology_that_ends(app: App, settings: Settings, operator: Sdp) -> None:
    contracts = contracts_of(backends())
    menus, words = load_all(settings.menus, contracts), load_words(settings.menus / COMMON)
    service = Service(menus, words, Faulty(), Lookups({}, contracts), Keys(settings.key()))
    assert (await exchange(app.door("irancell"), service, notification())).status == 200
    [screen] = await operator.screens(1)
    assert "پاسخگو نیست" in screen.text
    assert screen.ends


async def test_what_the_engine_refuses_sends_nothing_and_is_logged(app: App, operator: Sdp) -> None:
    async def refuse() -> Reply:
        raise CallbackError("request: answered before, with other content")

    push = app.door("irancell").push
    assert push
    with capture_logs() as logs:
        assert push.take(parlayx.decode(notification()), refuse)
        await push.close()
    assert [log["event"] for log in logs] == ["callback_refused"]
    assert operator.bodies == []


async def test_the_logs_name_things_and_carry_no_value(client: Client, operator: Sdp, app: App) -> None:
    with capture_logs() as logs:
        for moods in ([500], ["fault"], [404], ["drop"]):
            operator.moods = list(moods)
            before = len(operator.bodies)
            await post(client, notification(f"*4*1420*1*2*{ENTITLED}#", session=f"hush{before}"))
            await operator.screens(before + (2 if moods in ([500], ["drop"]) else 1))
            await post(client, notification(f"*4*1420*1*2*{ENTITLED}#", session=f"hush{before}"))
        await asyncio.sleep(0.2)
    assert {"push_sent", "push_again", "push_refused", "push_repeated"} <= {log["event"] for log in logs}
    assert {log["gateway"] for log in logs if log["event"].startswith("push")} == {"irancell"}
    for canary in (LINE, ENTITLED, "hush", PASSWORD, "پیگیری", "127.0.0.1", "<"):
        assert canary not in str(logs)
    assert PASSWORD not in repr(dict(app.doors))
