"""Load: what is right passes through every gateway, and whatever a server does wrong is found and counted."""

import asyncio
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator.call import OverHttp
from simulator.load import Found, Plan, over_http
from simulator.load.judge import Judge, Kind
from tests.conftest import ENTITLED
from tests.gateways.smpp.network import free_port
from tests.simulator import loaded
from tests.simulator.loaded import SCREENS, Answer, right
from ussd.app import running
from ussd.callback import Reply
from ussd.doors import formats
from ussd.settings import Settings
from ussd.settings.sending import ASYNCHRONOUS
from ussd.web.callbacks import routes

PLAN = Plan(dialogues=12, at_once=4, inputs=("1", ENTITLED), seconds=20.0, grace=0.2)


async def found(answer: Answer, plan: Plan = PLAN) -> Found:
    return await loaded.found(answer, plan)


async def otherwise(at: tuple[int, int], said: dict[str, object]) -> Found:
    """The load of a server that is right but for one callback."""

    async def answer(number: int, place: int) -> web.Response:
        return web.json_response(said) if (number, place) == at else right(number, place)

    return await found(answer)


@pytest.mark.parametrize("gateway", formats())
async def test_twenty_dialogues_through_each_gateway_are_all_right(
    settings: Settings, redis_url: str, gateway: str
) -> None:
    screens = ("127.0.0.1", free_port())
    send = {"send": {"url": f"http://127.0.0.1:{screens[1]}/"}} if gateway in ASYNCHRONOUS else {}
    given = Settings(**settings.model_dump() | {"gateways": {gateway: {"format": gateway, **send}}})
    plan = Plan(dialogues=20, at_once=8, seconds=30.0)
    async with running(given, redis_url) as app:
        served = web.Application()
        served.add_routes(routes(app.doors.values(), app.service))
        async with TestServer(served) as server:
            result = await over_http(plan, OverHttp(str(server.make_url("")), gateway), screens)
    assert (result.failed, result.wrong, result.total.finished, len(result.times)) == ({}, {}, 20, 80)
    assert result.sound


async def test_a_server_that_is_right_is_found_so_and_the_first_dialogue_is_not_counted() -> None:
    lines = set()

    async def answer(number: int, place: int) -> web.Response:
        lines.add(number)
        return right(number, place)

    result = await found(answer)
    assert result.sound
    assert lines == set(range(13))
    total = result.total
    assert (total.dialogues, total.begun, total.finished, len(result.times)) == (12, 12, 12, 36)
    assert (len(total.dial), len(total.going_on), len(total.turned_away), len(total.lag)) == (12, 24, 0, 36)
    assert 0 < result.times.ms(0.5) <= result.times.ms(0.9) <= result.times.ms(0.99) <= result.times.ms(1.0)
    assert (result.rate, result.goodput) == pytest.approx((36 / result.seconds, 12 / result.seconds))


@pytest.mark.parametrize(
    ("at", "said", "kind"),
    [
        ((3, 0), {"text": "خانه", "ends": True}, "ended early"),
        ((3, 1), {"text": "کد", "ends": False}, "another text"),
        ((3, 2), {"text": "بله\nکد پیگیری: n000003", "ends": False}, "another ending"),
        ((3, 2), {"text": "بله\nکد پیگیری: n000000", "ends": True}, "another dialogue's code"),
        ((3, 2), {"text": "خیر\nکد پیگیری: n000003", "ends": True}, "another text"),
        ((3, 2), {"text": "بله\nکد پیگیری: ", "ends": True}, "another text"),
        ((3, 1), {"text": "ک" * 81, "ends": False}, "too long"),
        ((0, 0), {"text": "خانه", "ends": True}, "ended early"),
        ((0, 1), {"text": "ک" * 81, "ends": False}, "too long"),
    ],
)
async def test_a_screen_that_is_wrong_is_counted(at: tuple[int, int], said: dict[str, object], kind: str) -> None:
    result = await otherwise(at, said)
    assert (result.failed, result.wrong) == ({}, {kind: 1})
    assert not result.sound
    assert result.total.dialogues == (12 if at[0] else 1)


async def test_a_credit_code_that_two_lines_get_is_wrong() -> None:
    async def answer(number: int, place: int) -> web.Response:
        credit = f"1234-5678-9012-{number % 9:04}"
        return web.json_response({"text": f"کد: {credit}", "ends": True}) if place == 2 else right(number, place)

    result = await found(answer)
    assert result.wrong == {"another dialogue's code": 4}


def test_a_day_that_ends_under_load_begins_its_tracking_codes_anew() -> None:
    midnight = datetime(2026, 11, 23, tzinfo=ZoneInfo("Asia/Tehran")).timestamp()
    clock = iter((midnight - 3600, midnight + 3600, midnight + 3601))
    judge = Judge(0, {}, lambda: next(clock))
    kinds = [judge.verdict(number, 0, Reply("کد پیگیری: n000003", ends=True)).kind for number in (1, 2, 3)]
    assert kinds == [Kind.RIGHT, Kind.RIGHT, Kind.WRONG]


async def test_each_kind_of_failure_is_counted_by_its_name() -> None:
    async def answer(number: int, place: int) -> web.Response:
        match number:
            case 1 | 2:
                return web.Response(status=500)
            case 3:
                return web.Response(status=400, text="no")
            case 4:
                return web.json_response({"text": 4})
            case 5:
                raise web.HTTPFound("http://192.0.2.1/")
            case _:
                return right(number, place)

    result = await found(answer)
    assert result.failed == {"HTTP 500": 2, "HTTP 400": 1, "unreadable": 1, "HTTP 302": 1}
    assert result.wrong == {}
    assert not result.sound


async def test_nothing_more_is_asked_where_the_first_dialogue_failed() -> None:
    asked = []

    async def answer(number: int, place: int) -> web.Response:
        asked.append(number)
        return web.Response(status=500)

    result = await found(answer)
    assert (asked, result.failed, result.total.dialogues) == ([0], {"HTTP 500": 1}, 1)


async def test_a_server_that_is_not_there_is_a_failure() -> None:
    result = await over_http(PLAN, OverHttp("http://127.0.0.1:9", "reference"))
    assert (result.failed, len(result.times), result.rate) == ({"ConnectionRefusedError": 1}, 0, 0.0)


@pytest.mark.parametrize(("hangs", "unfinished"), [(0, 1), (1, 4)])
async def test_what_hangs_is_given_up_when_the_time_is_up(hangs: int, unfinished: int) -> None:
    async def answer(number: int, place: int) -> web.Response:
        if number >= hangs:
            await asyncio.sleep(30)
        return right(number, place)

    async with asyncio.timeout(5):
        result = await found(answer, replace(PLAN, seconds=0.2))
    assert result.failed == {"unfinished": unfinished}
    assert not result.sound


async def test_when_the_time_is_up_no_dialogue_begins_and_those_under_way_end_well() -> None:
    async def answer(number: int, place: int) -> web.Response:
        if number:
            await asyncio.sleep(0.05)
        return right(number, place)

    result = await found(answer, replace(PLAN, dialogues=1000, seconds=0.3, grace=5.0))
    assert result.sound
    assert 4 <= result.total.dialogues < 100
    assert len(result.times) == 3 * result.total.dialogues


async def test_no_more_dialogues_are_under_way_than_planned() -> None:
    under_way: set[int] = set()
    most = 0

    async def answer(number: int, place: int) -> web.Response:
        nonlocal most
        under_way.add(number)
        most = max(most, len(under_way))
        await asyncio.sleep(0.005)
        if place == 2:
            under_way.remove(number)
        return right(number, place)

    assert (await found(answer)).sound
    assert most == 4


async def test_a_dialogue_whose_inputs_run_out_hangs_up() -> None:
    asked = []

    async def handle(request: web.Request) -> web.Response:
        asked.append((await request.json())["event"])
        return web.json_response(SCREENS[0])

    served = web.Application()
    served.router.add_post("/gateways/reference", handle)
    async with TestServer(served) as server:
        carrier = OverHttp(str(server.make_url("")), "reference")
        result = await over_http(Plan(dialogues=1, inputs=()), carrier)
    assert asked == ["begin", "abort"] * 2
    assert (result.sound, len(result.times)) == (True, 1)


def test_session_ids_are_the_same_for_a_seed_and_otherwise_all_different() -> None:
    ids = {(seed, number): Plan(seed=seed).session(number) for seed in (1, 11) for number in range(200)}
    assert len(set(ids.values())) == len(ids)
    assert ids[1, 7] == Plan(seed=1).session(7)
