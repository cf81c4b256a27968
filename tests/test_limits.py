"""Over a limit a line reads a polite last screen: in the menus that are shipped, through gateways as they are."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import cast

import pytest

from simulator.call import Call
from simulator.operators import Operator
from tests.conftest import ENTITLED, LAPSED, LINE, MAIN_MENU, PROMPT, Handset
from tests.server import ussd
from ussd.app import App, running
from ussd.callback import Reply
from ussd.core.text import measure
from ussd.settings import Settings

CENTRE_LINE = "989120001666"
TOO_OFTEN = "شمار تماسهای این خط زیاد است.\nلطفاً 1 دقیقه دیگر شمارهگیری کنید."
PAUSED = "کد ملی چند بار نادرست وارد شد.\nلطفاً 15 دقیقه دیگر شمارهگیری کنید."
FULL = "سقف استعلام امروز این خط پر شده است.\nلطفاً فردا شمارهگیری کنید."
BUSY = "سامانه شلوغ است.\nلطفاً چند دقیقه دیگر شمارهگیری کنید."
WRONG = "7559200152"


@pytest.fixture
async def opened(tmp_path: Path, redis_url: str) -> AsyncIterator[Callable[..., object]]:
    """An installation with limits of its own."""
    async with AsyncExitStack() as stack:

        async def opened(**limits: object) -> App:
            settings = Settings(home=tmp_path, redis_url=redis_url, secret=secrets.token_hex(32), **limits)  # type: ignore[arg-type]
            return await stack.enter_async_context(running(settings, redis_url))

        yield opened


async def last_of(call: Call, *typed: str) -> Reply:
    reply = await call.dial()
    for text in typed:
        reply = await call.type(text)
    return reply


async def test_the_eleventh_dial_of_a_minute_reads_how_long_to_wait(handset: Handset) -> None:
    calls = [handset.call() for _ in range(11)]
    shown = [await call.dial() for call in calls]
    assert [reply.ends for reply in shown] == [False] * 10 + [True]
    assert shown[-1].text == TOO_OFTEN
    assert measure(shown[-1].text).octets <= 160
    assert await calls[-1].dial() == shown[-1]


async def test_who_is_in_a_dialogue_goes_on_whatever_else_the_line_dials(handset: Handset) -> None:
    call = handset.call()
    await last_of(call, "1", "2")
    for _ in range(12):
        await handset.call().dial()
    assert "برخوردار" in (await call.type(ENTITLED)).text


async def test_the_limit_is_the_lines_whatever_it_dials_through_whichever_gateway(app: App) -> None:
    for gateway in ("reference", "flares", "africastalking", "hubtel"):
        for code in ("*4*1420#", "*1666#", "*4*40#"):
            operator = cast(Operator, import_module(f"simulator.operators.{gateway}"))
            reply = await Call(operator, Handset(app, gateway=gateway).carrier, LINE, code).dial()
    assert reply == Reply(TOO_OFTEN, ends=True)


async def test_an_unknown_shortcode_or_a_refused_callback_counts_for_nothing(handset: Handset) -> None:
    for _ in range(12):
        await handset.call("*9*9#").dial()
    assert (await handset.call().dial()).text == MAIN_MENU


async def test_a_centre_dials_and_asks_as_often_as_it_must(app: App) -> None:
    centre = Handset(app, CENTRE_LINE)
    for _ in range(15):
        reply = await centre.call(f"*1666*1*{ENTITLED}#").dial()
    assert "پیگیری" in reply.text


@pytest.mark.parametrize("wrong", [WRONG, "۷۵۵۹۲۰۰۱۵۲", "٧٥٥٩٢٠٠١٥٢"])
async def test_the_fifth_code_with_wrong_check_digits_pauses_the_line(handset: Handset, wrong: str) -> None:
    for _ in range(2):
        refused = await last_of(handset.call(f"*4*1420*1*2*{wrong}#"), wrong)
        assert refused.text.startswith("کد ملی معتبر نیست")
    assert await handset.call(f"*4*1420*1*2*{wrong}#").dial() == Reply(PAUSED, ends=True)
    assert (await handset.call(f"*4*1420*1*2*{ENTITLED}#").dial()).text == PAUSED
    assert await last_of(handset.call(), "1", "2", ENTITLED) == Reply(PAUSED, ends=True)
    assert await last_of(handset.call(), "1", "2") == Reply(PROMPT, ends=False)


@pytest.mark.parametrize("gateway", ["reference", "africastalking", "flares"])
async def test_a_mistyped_code_that_its_gateway_sends_ten_times_at_once_is_one(app: App, gateway: str) -> None:
    operator = cast(Operator, import_module(f"simulator.operators.{gateway}"))
    call = Call(operator, Handset(app, gateway=gateway).carrier, LINE, "*4*1420*1*2#")
    await call.dial()
    again = [replace(call) for _ in range(10)]
    shown = await asyncio.gather(*(one.type(WRONG) for one in again))
    assert {reply.ends for reply in shown} == {False}
    assert "برخوردار" in (await again[0].type(ENTITLED)).text


async def test_other_wrong_answers_do_not_pause(handset: Handset) -> None:
    for wrong in ("123", "x", "77057050011", "0", ""):
        await last_of(handset.call("*4*1420*1*2#"), wrong)
    assert "برخوردار" in (await handset.call(f"*4*1420*1*2*{ENTITLED}#").dial()).text


async def test_the_pause_is_the_lines_own(handset: Handset, app: App) -> None:
    for _ in range(6):
        await handset.call(f"*4*1420*1*2*{WRONG}#").dial()
    other = Handset(app, "989120000002").call(f"*4*1420*1*2*{ENTITLED}#")
    assert "برخوردار" in (await other.dial()).text


async def test_who_has_asked_about_too_many_people_reads_tomorrow(opened: Callable[..., object]) -> None:
    handset = Handset(await opened(people_per_day=1))  # type: ignore[misc]
    for _ in range(2):
        assert "برخوردار" in (await handset.call(f"*4*1420*1*2*{ENTITLED}#").dial()).text
    assert await handset.call(f"*4*1420*1*2*{LAPSED}#").dial() == Reply(FULL, ends=True)
    assert (await handset.call("*4*1420#").dial()).text == MAIN_MENU


async def test_what_a_gateway_brings_beyond_its_rate_reads_that_it_is_busy(opened: Callable[..., object]) -> None:
    app = await opened(gateways={"mci": {"format": "reference", "rate": 3}})  # type: ignore[misc]
    shown = [await Handset(app, f"98912000{number:04}", "mci").call().dial() for number in range(30)]
    assert shown[:3] == [Reply(MAIN_MENU, ends=False)] * 3
    assert Reply(BUSY, ends=True) in shown[3:]


def test_a_handset_in_this_process_is_not_counted(tmp_path: Path) -> None:
    settings = {"dials_per_minute": "1", "wrong_codes": "1"}
    for dialled in (f"*4*1420*1*2*{WRONG}#", "*4*1420#"):
        assert ussd(tmp_path, "dial", dialled, "--json", "--inputs", "", **settings).returncode == 0
    answered = ussd(tmp_path, "dial", f"*4*1420*1*2*{ENTITLED}#", "--msisdn", LINE, "--plain", **settings)
    assert "برخوردار" in answered.stdout
