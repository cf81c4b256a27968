"""Dialogues through an SMSC that is not ours, in every dialect, and through one that does as it should not."""

import asyncio
from collections.abc import Callable

import pytest
import smpp34
from structlog.testing import capture_logs

from gateways.smpp.bridge import Bridge
from gateways.smpp.meaning import PROFILE
from gateways.smpp.pdu import Command, Status, Tag
from simulator.call import Call, InProcess
from simulator.operators import reference
from tests.conftest import ENTITLED, LAPSED, LINE, MAIN_MENU, PROMPT, SLOW
from tests.gateways.smpp.conftest import Apps, bound
from tests.gateways.smpp.network import SPEECHES, Phone, network, plain
from tests.gateways.smpp.peer import delivered, peers
from ussd.app import App
from ussd.callback import Callback, Reply
from ussd.counting import UNCOUNTED
from ussd.line import Line
from ussd.settings.smpp import Smpp
from ussd.web.callbacks import Door

CENTRE_LINE = "989120001666"
DIALOGUES = [
    (LINE, "*4*1420#", ("1", "2", ENTITLED)),
    (LINE, "*4*1420#", ("۱", "٢", LAPSED)),
    (LINE, "*4*1420#", ("9", "1", "0", "2", "x", "1")),
    (LINE, f"*4*1420*1*2*{ENTITLED}#", ()),
    (CENTRE_LINE, "*1666#", ("1", "7407268940")),
    (LINE, "*4*1420*99#", ()),
]
ANSWER = "از حمایت درمانی برخوردار میباشید.\nکد پیگیری: code"

DIALLED = delivered(tlvs={Tag.USSD_SERVICE_OP: b"\x01", Tag.ITS_SESSION_INFO: b"\x80\x00"})


async def screens(phone: Phone | Call, dialled: str, *typed: str) -> list[Reply]:
    first = await (phone.dial(dialled) if isinstance(phone, Phone) else phone.dial())
    return [plain(one) for one in (first, *[await phone.type(text) for text in typed])]


def alike(app: App, msisdn: str, dialled: str) -> Call:
    """The same dialogue through our own gateway."""
    gateway = app.door("reference").gateway
    carrier = InProcess(Door(gateway, Line("alike", app.door("reference").line.profile)), app.service)
    return Call(reference, carrier, msisdn, dialled)  # type: ignore[arg-type]


@pytest.mark.parametrize("dialect", SPEECHES)
async def test_every_dialogue_reads_as_through_any_other_gateway(apps: Apps, dialect: str) -> None:
    async with bound(apps, dialect=dialect) as (app, net):
        for number, (msisdn, dialled, typed) in enumerate(DIALOGUES):
            phone = Phone(net, msisdn, bytes([0xF0 + number, 0x82]), SPEECHES[dialect])
            assert await screens(phone, dialled, *typed) == await screens(alike(app, msisdn, dialled), dialled, *typed)
            assert phone.last
            assert phone.last.data_coding == 8
            assert len(phone.last.short_message) <= 160


async def test_a_dialogue_in_persian(apps: Apps) -> None:
    async with bound(apps) as (_, net):
        found = await screens(Phone(net, LINE), "*4*1420#", "۱", "2", ENTITLED)
        assert [found[0], found[2], found[3]] == [Reply(MAIN_MENU, False), Reply(PROMPT, False), Reply(ANSWER, True)]


async def test_an_smsc_that_is_asked_whether_it_is_there_says_so_and_stays_bound(apps: Apps) -> None:
    with capture_logs() as log:
        async with bound(apps, enquire_link=0.1, response_timeout=0.5) as (_, net):
            await asyncio.sleep(1)
            assert await Phone(net, LINE).dial("*4*1420#") == Reply(MAIN_MENU, False)
    assert [one["event"] for one in log] == ["smsc_bound", "callback_answered"]


async def test_a_receiver_and_a_transmitter_do_as_one_transceiver(apps: Apps) -> None:
    async with bound(apps, times=2, bind="pair") as (_, net):
        phone = Phone(net, LINE, acknowledged=False)
        assert (await screens(phone, "*4*1420#", "1", "2", ENTITLED))[-1] == Reply(ANSWER, True)


@pytest.mark.parametrize("dialect", SPEECHES)
async def test_an_abort_is_taken_without_a_word_and_a_redial_is_offered_to_go_on(apps: Apps, dialect: str) -> None:
    async with bound(apps, dialect=dialect) as (_, net):
        phone = Phone(net, LINE, b"\x81\x82", SPEECHES[dialect])
        *_, prompt = await screens(phone, "*4*1420#", "1", "2")
        assert await phone.hang_up() == smpp34.ESME_ROK
        redial = Phone(net, LINE, b"\x83\x84", SPEECHES[dialect])
        offer, again = await screens(redial, "*4*1420#", "1")
        assert "ادامه" in offer.text
        assert again == prompt


async def test_an_abort_while_a_screen_is_made_drops_the_screen(apps: Apps) -> None:
    with capture_logs() as log:
        async with bound(apps, profile={"deadline": 1.5}) as (_, net):
            phone = Phone(net, LINE)
            await phone.deliver(1, f"*4*1420*1*2*{SLOW}#".encode(), 0)
            await asyncio.sleep(0.1)
            await phone.hang_up()
            await _until(lambda: any(one["event"] == "reply_dropped" for one in log))
            assert net.tries == 0
    assert [one["why"] for one in log if one["event"] == "reply_dropped"] == ["aborted"]


async def test_what_is_delivered_twice_gets_the_same_screen_twice(apps: Apps) -> None:
    async with bound(apps) as (_, net):
        phone = Phone(net, LINE)
        await screens(phone, "*4*1420#", "1", "2")
        answers = [await phone.type(ENTITLED)]
        assert phone.last
        octets = phone.last.short_message
        answers.append(await phone.type(ENTITLED))
        assert answers[0] == answers[1], "one inquiry, one tracking code"
        assert phone.last.short_message == octets


async def test_what_is_delivered_twice_at_once_is_one_inquiry(apps: Apps) -> None:
    async with bound(apps) as (_, net):
        phone = Phone(net, LINE)
        dialled = f"*4*1420*1*2*{ENTITLED}#".encode()
        assert await asyncio.gather(*(phone.deliver(1, dialled, 0) for _ in range(5))) == [smpp34.ESME_ROK] * 5
        screens = {(await phone.read()).text for _ in range(5)}
        assert len(screens) == 1


async def test_a_throttled_screen_comes_a_little_later(apps: Apps) -> None:
    async with bound(apps) as (_, net):
        net.refusals = [smpp34.ESME_RTHROTTLED, smpp34.ESME_RMSGQFUL]
        assert await Phone(net, LINE).dial("*4*1420#") == Reply(MAIN_MENU, False)
        assert net.tries == 3


async def test_a_screen_for_a_session_that_the_smsc_does_not_know_any_more_is_dropped(apps: Apps) -> None:
    with capture_logs() as log:
        async with bound(apps) as (_, net):
            net.refusals = [smpp34.ESME_RINVDSTADR]
            await Phone(net, LINE).deliver(1, b"*4*1420#", 0)
            await _until(lambda: any(one["event"] == "reply_dropped" for one in log))
            assert net.tries == 1
    assert [one["why"] for one in log if one["event"] == "reply_dropped"] == ["RINVDSTADR"]


async def test_what_is_no_callback_is_refused_for_good_and_the_link_lives(apps: Apps) -> None:
    with capture_logs() as log:
        async with bound(apps) as (_, net):
            phone = Phone(net, LINE)
            assert await phone.deliver(0x7F, b"*4*1420#", 0) == Status.RX_P_APPN
            assert await phone.deliver(1, b"\xd8\x00\x00", 8) == Status.RX_P_APPN
            assert await Phone(net, "nobody").deliver(1, b"*4*1420#", 0) == Status.RX_P_APPN
            assert await phone.dial("*4*1420#") == Reply(MAIN_MENU, False)
            assert net.tries == 1
    assert sum(one["event"] == "callback_refused" for one in log) == 3
    assert not any(word in repr(log) for word in (LINE, "nobody", "hush"))


async def test_either_side_unbinds_and_ours_binds_again_by_itself(apps: Apps) -> None:
    async with network() as net:
        async with apps(net.port) as app:
            await net.until_bound()
            phone = Phone(net, LINE)
            await phone.dial("*4*1420#")
            assert net.esme
            await net.esme.unbind()
            await net.until_unbound()
            await net.until_bound()
            assert (await phone.type("1")).text.startswith("استعلام"), "the session is not the link's"
            assert (await app.readiness.states())["smsc mci"] == "ok"
        await net.until_unbound()


async def test_on_stop_what_is_under_way_is_finished_and_no_more_is_taken(apps: Apps) -> None:
    async with network() as net:
        async with apps(net.port, profile={"deadline": 2}):
            await net.until_bound()
            slow, late = Phone(net, LINE), Phone(net, CENTRE_LINE)
            await slow.deliver(1, f"*4*1420*1*2*{SLOW}#".encode(), 0)
            await asyncio.sleep(0.1)

            async def dial_late() -> int:
                await asyncio.sleep(0.2)
                return await late.deliver(1, b"*4*1420#", 0)

            dialling = asyncio.create_task(dial_late())
        assert (await slow.read()).ends
        assert await dialling == Status.RX_T_APPN
        await net.until_unbound()


async def test_the_smsc_is_said_to_be_away_until_it_is_there(apps: Apps) -> None:
    async with network() as gone:
        port = gone.port
    async with apps(port) as app:
        states = await app.readiness.states()
        assert states == {"redis": "ok", "ledger": "ok", "smsc mci": "away"}
        assert app.readiness.ready(states), "the other gateways are here"
        app.readiness.doors = False
        assert not app.readiness.ready(states)


class Slow:
    """A service that answers when it is told to."""

    def __init__(self) -> None:
        self.asked, self.may_answer, self.counting = 0, asyncio.Event(), UNCOUNTED

    async def answer(self, line: Line, callback: Callback) -> Reply:
        """Say hello, in the end."""
        self.asked += 1
        await self.may_answer.wait()
        return Reply("hello", ends=True)


async def test_more_than_can_be_under_way_is_sent_back_and_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCI_PASSWORD", "hush")
    async with peers() as smsc:
        given = Smpp(host="127.0.0.1", port=smsc.port, system_id="tamin", password_env="MCI_PASSWORD")  # type: ignore[arg-type]
        slow = Slow()
        async with Bridge(Line("mci", PROFILE), given, slow, at_once=2).running():  # type: ignore[arg-type]
            peer = await smsc.next()
            await peer.bound()
            for sequence, status in enumerate((Status.OK, Status.OK, Status.RMSGQFUL)):
                peer.put(Command.DELIVER_SM, sequence, DIALLED)
                assert (await peer.get()).status == status
            assert slow.asked == 2
            slow.may_answer.set()
            for _ in range(2):
                peer.answer(await peer.expect(Command.SUBMIT_SM))
            await asyncio.sleep(0.1)
            peer.put(Command.DELIVER_SM, 7, DIALLED)
            assert (await peer.get()).status == Status.OK
            peer.close()


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)
