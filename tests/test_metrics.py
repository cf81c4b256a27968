"""Each number moves when what it counts happens, in the engine that is shipped, and for nothing else."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from simulator.call import InProcess
from tests.canaries import Canaries
from tests.conftest import ENTITLED, FAILING, LINE, MAIN_MENU, SLOW, Handset
from tests.counted import Since, series
from tests.rigs.proxy import Proxy
from ussd.app import App, running
from ussd.backends import backends, contracts_of
from ussd.callback import WireRequest
from ussd.core.checks import Contract
from ussd.core.loader import COMMON, load_all, load_words
from ussd.counting import Outcome
from ussd.keys import Keys
from ussd.lookups import Answer, Lookups, Question
from ussd.metrics import Metrics
from ussd.service import Service
from ussd.sessions import Held, Request, SessionKey
from ussd.settings import Settings
from ussd.store import RedisStore
from ussd.web.callbacks import exchange

CODE = "*4*1420#"
OUTCOMES = "|".join((*get_args(Outcome), "entitled", "unavailable"))
"""Of callbacks, and of the lookups that are made here."""


@pytest.fixture
def since(app: App) -> Since:
    """What is counted in a test."""
    return Since(app.metrics)


async def test_a_dialogue_is_its_callbacks_its_screens_and_its_lookup(handset: Handset, since: Since) -> None:
    call = handset.call()
    for reply in (call.dial(), call.type("1"), call.type("2"), call.type(ENTITLED)):
        await reply
    assert since.of("callbacks_total") == {
        f"callbacks_total reference {CODE} shown": 3,
        f"callbacks_total reference {CODE} ended": 1,
    }
    assert since.of("callback_seconds_count") == {"callback_seconds_count reference": 4}
    screens = since.of("screens_total")
    assert set(screens.values()) == {1}
    assert len(screens) == 4
    assert f"screens_total {CODE} entitled" in screens
    assert since.of("lookups_total", "lookup_seconds_count", "lookups_late_total", "lookups_broken_total") == {
        "lookups_total entitlement entitled": 1,
        "lookup_seconds_count entitlement": 1,
    }


async def test_a_further_page_is_counted_as_that_too(handset: Handset, since: Since) -> None:
    call = handset.call()
    await call.dial()
    await call.type("5")
    assert since.of("screens_total", "pages_total") == {
        f"screens_total {CODE} main": 2,
        f"pages_total {CODE} main": 1,
    }


async def test_a_retry_is_answered_and_no_screen_is_shown_again(handset: Handset, since: Since) -> None:
    call = handset.call()
    assert await call.dial() == await call.dial()
    assert since.of("retries_total", "screens_total") == {
        "retries_total reference": 1,
        f"screens_total {CODE} main": 1,
    }
    assert since.of("callbacks_total") == {f"callbacks_total reference {CODE} shown": 2}


class Together:
    """A store from which two callbacks read the same before either of them writes."""

    def __init__(self, store: RedisStore) -> None:
        self.commit, self._store, self._both = store.commit, store, asyncio.Barrier(2)

    async def load(self, key: SessionKey, request: Request, code: str) -> Held:
        held = await self._store.load(key, request, code)
        await self._both.wait()
        return held


class Broken:
    """A store with a fault of ours."""

    async def load(self, key: SessionKey, request: Request, code: str) -> Held:
        raise ZeroDivisionError


def served(settings: Settings, store: object) -> tuple[Service, Metrics]:
    """The menus that are shipped, on another store."""
    metrics, contracts = Metrics(), contracts_of(backends())
    menus, words = load_all(settings.menus, contracts), load_words(settings.menus / COMMON)
    lookups = Lookups({}, contracts)
    return Service(menus, words, store, lookups, Keys(settings.key()), counting=metrics), metrics  # type: ignore[arg-type]


async def test_of_two_at_once_one_has_lost(app: App, settings: Settings, redis_url: str) -> None:
    store = RedisStore(redis_url, Keys(settings.key()))
    service, metrics = served(settings, Together(store))
    both = [{"session": "1", "msisdn": LINE, "event": "begin", "dialled": CODE, "request": name} for name in "ab"]
    await asyncio.gather(*(exchange(app.door("reference"), service, wire(one)) for one in both))
    await store.close()
    counted = series(metrics)
    assert counted["stale_commits_total reference"] == 1
    assert counted[f"callbacks_total reference {CODE} shown"] == 2
    assert counted[f"screens_total {CODE} main"] == 1


async def test_a_fault_of_ours_is_a_callback_that_failed(app: App, settings: Settings) -> None:
    service, metrics = served(settings, Broken())
    begin = {"session": "1", "msisdn": LINE, "event": "begin", "dialled": CODE, "request": "1"}
    for event in ("begin", "abort"):
        await exchange(app.door("reference"), service, wire(begin | {"event": event}))
    counted = {name: number for name, number in series(metrics).items() if name.startswith("callbacks_total")}
    assert counted == {"callbacks_total reference  failed": 2}


def wire(fields: dict[str, str]) -> WireRequest:
    """What our own gateway is sent."""
    return WireRequest(headers={"content-type": "application/json"}, body=json.dumps(fields).encode())


async def test_a_drop_is_counted_where_it_happened_when_it_is_said_and_when_it_is_seen(
    handset: Handset, since: Since
) -> None:
    call = handset.call("*4*1420*1*2#")
    await call.dial()
    await call.hang_up()
    assert since.of("drops_total") == {f"drops_total aborted {CODE} ask_national_code": 1}
    assert since.of("callbacks_total")[f"callbacks_total reference {CODE} aborted"] == 1
    shown = since.of("screens_total")
    await handset.call().dial()
    assert since.of("drops_total") == {
        f"drops_total aborted {CODE} ask_national_code": 1,
        f"drops_total redialled {CODE} ask_national_code": 1,
    }
    assert since.of("screens_total") == shown, "the line is asked whether to go on, and that is no screen of the menu"


async def test_who_hangs_up_on_nothing_drops_nothing(handset: Handset, since: Since) -> None:
    call = handset.call(f"*4*1420*1*2*{ENTITLED}#")
    await call.dial()
    await call.hang_up()
    assert since.of("drops_total") == {}
    assert since.of("callbacks_total")["callbacks_total reference  aborted"] == 1


async def test_what_belongs_to_no_menu_says_so(handset: Handset, since: Since) -> None:
    await handset.call("*9*9#").dial()
    assert since.of("callbacks_total", "screens_total") == {"callbacks_total reference  ended": 1}


async def test_a_limit_is_counted_by_its_kind(handset: Handset, since: Since) -> None:
    for _ in range(11):
        await handset.call().dial()
    assert since.of("limited_total") == {"limited_total too_often": 1}
    assert since.of("callbacks_total")[f"callbacks_total reference {CODE} limited"] == 1
    assert since.of("screens_total") == {f"screens_total {CODE} main": 10}


async def test_a_code_that_is_mistyped_too_often_is_counted_once_it_pauses_the_line(
    handset: Handset, since: Since
) -> None:
    for _ in range(5):
        await handset.call("*4*1420*1*2*7559200152#").dial()
    assert since.of("limited_total") == {"limited_total paused": 1}
    assert since.of("callbacks_total") == {
        f"callbacks_total reference {CODE} shown": 4,
        f"callbacks_total reference {CODE} limited": 1,
    }


async def test_a_callback_that_is_none_and_an_id_that_is_used_twice_are_refused(app: App, since: Since) -> None:
    begin = {"session": "1", "msisdn": LINE, "event": "begin", "dialled": CODE, "request": "1"}
    for fields in ({}, begin, begin | {"dialled": "*1666#"}):
        await exchange(app.door("reference"), app.service, wire(fields))
    assert since.of("callbacks_total") == {
        "callbacks_total reference  refused": 2,
        f"callbacks_total reference {CODE} shown": 1,
    }


async def test_an_answer_that_comes_too_late_is_late_and_then_what_it_is(app: App, handset: Handset) -> None:
    since, door = Since(app.metrics), app.door("reference")
    line = replace(door.line, profile=replace(door.line.profile, deadline=0.7))
    handset.carrier = InProcess(replace(door, line=line), app.service)
    await handset.call(f"*4*1420*1*2*{SLOW}#").dial()
    assert since.of("lookups_late_total", "lookups_total") == {"lookups_late_total entitlement": 1}


async def test_a_registry_that_fails_is_unavailable(handset: Handset, since: Since) -> None:
    await handset.call(f"*4*1420*1*2*{FAILING}#").dial()
    assert since.of("lookups_total") == {"lookups_total entitlement unavailable": 1}


async def test_an_answer_that_nobody_declares_breaks_its_contract(app: App) -> None:
    async def odd(question: Question) -> Answer:
        return Answer("odd " + LINE, {})

    async def keep(answer: Answer) -> None:
        raise AssertionError("it is not late")

    metrics = Metrics()
    lookups = Lookups({"odd": odd}, {"odd": Contract({"known": frozenset()}, {})}, metrics)
    question = Question("1", {}, "reference", CODE, LINE, asyncio.get_running_loop().time() + 1)
    await lookups.ask("odd", question, keep)
    await lookups.close()
    counted = series(metrics)
    assert counted["lookups_broken_total odd"] == 1
    assert counted["lookups_total odd unavailable"] == 1


@pytest.fixture
async def proxy(redis_url: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(redis_url)
    await proxy.start()
    yield proxy
    await proxy.stop()


async def test_a_reply_of_redis_that_was_for_another_is_counted(settings: Settings, proxy: Proxy) -> None:
    async with running(settings.model_copy(update={"redis_url": proxy.url}), proxy.url, limited=False) as app:
        await Handset(app).call().dial()
        since, proxy.slipped = Since(app.metrics), True
        assert (await Handset(app, "989120000002").call().dial()).text == MAIN_MENU
        assert since.of("stray_replies_total") == {"stray_replies_total": 2}  # of the load and of the commit
        proxy.slipped = False


async def test_a_thousand_callers_are_no_more_series_than_one_and_none_is_named(app: App) -> None:
    async def dial(number: int) -> None:
        call = Handset(app, f"98936{number:07}").call(f"*4*1420*1*2*{ENTITLED}#" if number % 50 == 0 else CODE)
        await call.dial()
        await call.type(f"x{number}")
        await call.hang_up()

    await dial(9_999_000)
    await dial(9_999_999)
    before = app.metrics.written()
    for number in range(0, 1_000, 20):
        await asyncio.gather(*(dial(9_000_000 + number + one) for one in range(20)))
    written = app.metrics.written()
    assert names_in(written) == names_in(before)
    assert since_of(before, written) >= 3_000
    canaries = Canaries({f"98936{number:07}" for number in (9_999_000, *range(9_000_000, 9_000_100))} | {ENTITLED})
    assert canaries.found_in({"metrics": written}) == []


def names_in(written: bytes) -> set[str]:
    """All series, but for which known outcome it was: a machine that stands still for a second adds one."""
    lines = (line for line in written.decode().splitlines() if not line.startswith("#"))
    return {re.sub(f'outcome="({OUTCOMES})"', "", line.rpartition(" ")[0]) for line in lines}


def since_of(before: bytes, written: bytes) -> float:
    """How many callbacks came in between."""
    first, then = (
        sum(float(line.split()[1]) for line in text.decode().splitlines() if line.startswith("ussd_callbacks_total{"))
        for text in (before, written)
    )
    return then - first


def test_the_readme_has_them_all_and_no_others() -> None:
    readme = Path(__file__).parent.parent.joinpath("README.md").read_text().partition("## What Prometheus may ask")[2]
    told = set(re.findall("`ussd_([a-z_]+)`", readme.partition("\n## ")[0]))
    lines = Metrics().written().decode().splitlines()
    there = {line.split()[2].removeprefix("ussd_") for line in lines if line.startswith("# HELP")}
    assert told == {name for name in there if not name.endswith("_created")}
