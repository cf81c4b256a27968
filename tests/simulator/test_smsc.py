"""The SMSC of ours: what it says in each dialect, what it reads, and how it treats those who bind to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from gateways.smpp.dialects import DIALECTS, Dialect
from gateways.smpp.meaning import callback_of, message_of
from gateways.smpp.pdu import Address, Command, Pdu, Status, Tag
from simulator.call import Dialogue
from simulator.load import Plan, over_smpp
from simulator.smsc import Smsc
from tests.conftest import ENTITLED, LINE, MAIN_MENU, PROMPT
from tests.simulator.esme import ACCOUNT, Esme, answer, esme
from ussd.app import App, running
from ussd.callback import Callback, Phase, Reply
from ussd.settings import Settings

OF_EACH = pytest.mark.parametrize("dialect", DIALECTS)


@asynccontextmanager
async def conversation(smsc: Smsc, dialect: Dialect) -> AsyncIterator[list[Callback]]:
    """An engine that reads and writes as ours does, echoes what is typed, and ends after `0`; what it was told."""
    told: list[Callback] = []

    async def talk(one: Esme) -> None:
        while True:
            callback = callback_of(await one.delivered(), dialect)
            assert isinstance(callback, Callback)
            told.append(callback)
            if callback.phase is not Phase.ABORT:
                reply = Reply(f"شما: {callback.typed}", callback.typed == "0")
                one.say(Pdu(Command.SUBMIT_SM, len(told), message_of(reply, callback, dialect)))

    async with esme(smsc) as one:
        task = asyncio.create_task(talk(one))
        yield told
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()


@asynccontextmanager
async def engine(settings: Settings, redis_url: str, smsc: Smsc, dialect: str) -> AsyncIterator[App]:
    """The engine that is shipped, bound to the SMSC."""
    async with smsc.listening() as (host, port):
        link = {"host": host, "port": port, "system_id": "tamin", "password_env": "PASSWORD", "dialect": dialect}
        given = Settings(**settings.model_dump() | {"gateways": {"mci": {"format": "smpp", "smpp": link}}})
        async with running(given, redis_url) as app, app.smscs["mci"].running():
            await smsc.bound(5)
            yield app


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", ACCOUNT.password)


async def texts(call: Dialogue, *typed: str) -> list[str]:
    return [(await call.dial()).text, *[(await call.type(text)).text for text in typed]]


@OF_EACH
async def test_the_engine_that_is_shipped_speaks_with_it(settings: Settings, redis_url: str, dialect: str) -> None:
    smsc = Smsc(DIALECTS[dialect], ACCOUNT)  # type: ignore[index]
    async with engine(settings, redis_url, smsc, dialect):
        main, _, prompt = await texts(dropped := smsc.call(LINE, "*4*1420#"), "1", "2")
        assert (main, prompt) == (MAIN_MENU, PROMPT)
        await dropped.hang_up()
        offer, again = await texts(smsc.call(LINE, "*4*1420#"), "1")
        assert "ادامه" in offer
        assert again == PROMPT
        answer = await smsc.call("989120000009", f"*4*1420*1*2*{ENTITLED}#").dial()
        assert "برخوردار" in answer.text
        assert answer.ends
        found = await over_smpp(Plan(dialogues=30, at_once=30), smsc)
        assert (found.failed, found.wrong, len(found.times)) == ({}, {}, 120)
    assert smsc.strays == 0


@pytest.mark.parametrize(
    "dialect",
    [
        *DIALECTS.values(),
        Dialect(dialled_in="destination_addr"),
        Dialect(dialled_in="joined"),
        Dialect(dialled_in="joined", session="msisdn", unmarked=False),
        Dialect(text_in="message_payload"),
        Dialect(units="ours"),
        Dialect(units="theirs", mask=0xFF80),
        Dialect(end_bit=False, mask=0x0FF0),
        Dialect(session="user_message_reference", end=0x20, ask=0x21, begin=frozenset({0xF1}), service_type="US"),
    ],
)
async def test_every_part_of_a_dialect_is_spoken_as_the_gateway_reads_it(dialect: Dialect) -> None:
    smsc = Smsc(dialect, first=0xFFFE)
    async with conversation(smsc, dialect) as told:
        one, other = smsc.call(LINE, "*4*1420*1#"), smsc.call("989120000002", "*1666#")
        assert await one.dial() == await other.dial() == Reply("شما: ", ends=False)
        assert await one.type("۱۲") == Reply("شما: ۱۲", ends=False)
        assert await one.type("0") == Reply("شما: 0", ends=True)
        await other.hang_up()
    first, second, *_ = told
    assert [callback.phase.value for callback in told] == ["begin", "begin", "continue", "continue", "abort"]
    assert (first.msisdn, first.dialled, second.dialled) == (LINE, "*4*1420*1#", "*1666#")
    assert {(callback.msisdn, callback.session) for callback in told[2:]} == {
        (first.msisdn, first.session),
        (second.msisdn, second.session),
    }
    assert smsc.strays == 0


@pytest.mark.parametrize(
    ("dialect", "tlvs"),
    [
        ("default", [{"op": "01", "info": "8402"}, {"op": "12", "info": "8404"}, {"op": "81", "info": "8407"}]),
        ("tata", [{"op": "01", "info": "0508"}, {"op": "12", "info": "0508"}, {"op": "81", "info": "0509"}]),
        ("sixdee", [{"op": "01", "info": "0508"}, {"op": "12", "info": "0508"}, {"op": "81", "info": "0509"}]),
        (
            "mica",
            [{"op": "01", "reference": "0284"}, {"op": "12", "reference": "0284"}, {"op": "81", "reference": "0284"}],
        ),
        ("huawei", [{}, {}, {"op": "81"}]),
    ],
)
def test_what_is_said_is_what_the_vendors_say(dialect: str, tlvs: list[dict[str, str]]) -> None:
    tags = {"op": Tag.USSD_SERVICE_OP, "info": Tag.ITS_SESSION_INFO, "reference": Tag.USER_MESSAGE_REFERENCE}
    smsc = Smsc(DIALECTS[dialect], first=0x0284)  # type: ignore[index]
    call = smsc.call(LINE, "*4*1420#")
    said = []
    for phase, text in ((Phase.BEGIN, "*4*1420#"), (Phase.CONTINUE, "۱"), (Phase.ABORT, "")):
        call.units += 1
        said.append(smsc.speech.said(call, phase, text))
    assert [message.tlvs for message in said] == [
        {tags[name]: bytes.fromhex(value) for name, value in one.items()} for one in tlvs
    ]
    assert [(message.data_coding, message.text) for message in said[:2]] == [(0, b"*4*1420#"), (8, b"\x06\xf1")]
    assert {(message.source, message.service_type) for message in said} == {(Address(LINE), "USSD")}


async def test_a_screen_goes_to_its_own_session_and_to_it_once() -> None:
    smsc = Smsc(first=1)
    async with esme(smsc) as one:
        call = smsc.call(LINE, "*1#")
        for typed in ("", "1", "0"):
            waits = asyncio.create_task(call.type(typed) if typed else call.dial())
            await one.delivered()
            screen = answer(call, ends=typed == "0")
            foreign = [
                replace(screen, destination=Address("989120000002")),
                replace(screen, source=Address("1666")),
                replace(
                    screen, tlvs={**screen.tlvs, Tag.ITS_SESSION_INFO: b"\0" + screen.tlvs[Tag.ITS_SESSION_INFO][1:]}
                ),
            ]
            for other in foreign:
                assert (await one.ask(Command.SUBMIT_SM, other)).status == Status.RINVDSTADR
            assert (await one.ask(Command.SUBMIT_SM, screen)).status == Status.OK
            assert await waits == Reply("hello", ends=typed == "0")
            assert (await one.ask(Command.SUBMIT_SM, screen)).status == Status.RINVDSTADR
    assert smsc.strays == 3 * 4


@pytest.mark.parametrize(
    "changed",
    [
        {"tlvs": {}},
        {"tlvs": {Tag.USSD_SERVICE_OP: b"\x02"}},
        {"tlvs": {Tag.USSD_SERVICE_OP: b"", Tag.ITS_SESSION_INFO: b"\1\0"}},
        {"tlvs": {Tag.USSD_SERVICE_OP: b"\x03", Tag.ITS_SESSION_INFO: b"\1\0"}},
        {"tlvs": {Tag.USSD_SERVICE_OP: b"\x02", Tag.ITS_SESSION_INFO: b"\1\1"}},
        {"tlvs": {Tag.USSD_SERVICE_OP: b"\x11", Tag.ITS_SESSION_INFO: b"\1\0"}},
        {"tlvs": {Tag.USSD_SERVICE_OP: b"\x02", Tag.ITS_SESSION_INFO: b"\1"}},
        {"service_type": "CMT"},
        {"payload": True},
        {"data_coding": 4},
        {"data_coding": 8},
    ],
)
async def test_what_does_not_say_clearly_what_it_is_is_refused(changed: dict[str, object]) -> None:
    smsc = Smsc(first=1)
    async with esme(smsc) as one:
        call = smsc.call(LINE, "*1#")
        waits = asyncio.create_task(call.dial())
        await one.delivered()
        assert (await one.ask(Command.SUBMIT_SM, answer(call, **changed))).status == Status.RSUBMITFAIL
        assert (await one.ask(Command.SUBMIT_SM, answer(call))).status == Status.OK
        await waits


async def test_what_comes_after_the_end_is_refused() -> None:
    smsc = Smsc()
    async with esme(smsc) as one:
        call = smsc.call(LINE, "*1#")
        waits = asyncio.create_task(call.dial())
        await one.delivered()
        leaves = asyncio.create_task(call.hang_up())
        await one.delivered()
        await leaves
        assert (await one.ask(Command.SUBMIT_SM, answer(call))).status == Status.RINVDSTADR
        waits.cancel()


async def test_it_can_throttle() -> None:
    smsc = Smsc()
    async with esme(smsc) as one:
        smsc.throttling = 2
        call = smsc.call(LINE, "*1#")
        waits = asyncio.create_task(call.dial())
        await one.delivered()
        statuses = [(await one.ask(Command.SUBMIT_SM, answer(call))).status for _ in range(3)]
        assert statuses == [Status.RTHROTTLED, Status.RTHROTTLED, Status.OK]
        assert (await waits).text == "hello"


async def test_a_thousand_dialogues_at_once_are_never_mixed_up() -> None:
    smsc = Smsc()
    async with conversation(smsc, DIALECTS["default"]):
        calls = [smsc.call(str(989120000000 + number), "*1#") for number in range(1000)]
        await asyncio.gather(*(call.dial() for call in calls))
        shown = await asyncio.gather(*(call.type(f"{number:04}") for number, call in enumerate(calls)))
    assert [reply.text for reply in shown] == [f"شما: {number:04}" for number in range(1000)]
