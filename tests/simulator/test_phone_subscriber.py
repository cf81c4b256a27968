"""What a network does to a session, on the engine itself; nothing is drawn."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator.call import CallFailed, InProcess, OverHttp
from simulator.phone.network import Network
from simulator.phone.subscriber import Subscriber
from simulator.phone.trouble import Trouble
from simulator.phone.wire import Entry
from tests.conftest import ENTITLED, LINE, MAIN_MENU, PROMPT, SLOW
from tests.simulator.phones import CODE, Away, Clock, Failing, Notes, engine, through
from ussd.app import App
from ussd.callback import Reply, WireReply
from ussd.web.callbacks import routes


@dataclass
class Line:
    """A line, and what happened on it."""

    subscriber: Subscriber
    notes: Notes
    clock: Clock
    wire: list[Entry]

    async def send(self, *texts: str) -> str:
        """Dial, and answer; the last screen, or nothing where none was shown."""
        reply: Reply | None = None
        for text in texts:
            reply = await (self.subscriber.type(text) if self.subscriber.call else self.subscriber.dial(text))
            await self.subscriber.settle()
        return reply.text if reply else ""

    def bodies(self, sign: str) -> list[str]:
        """What went one way."""
        return [entry.said for entry in self.wire if entry.sign == sign]


def line(network: Network, gateway: str = "reference") -> Line:
    """The sample subscriber's line."""
    notes, clock, wire = Notes(), Clock(), list[Entry]()
    made = Subscriber(LINE, network, gateway, wire.append, recorder=notes, clock=clock, ask_again=0.01)
    return Line(made, notes, clock, wire)


@pytest.fixture
async def ours(app: App) -> AsyncIterator[Line]:
    """A line on the engine in this process."""
    made = line(engine(app))
    yield made
    await made.subscriber.close()


async def test_a_dropped_session_is_offered_again_to_who_redials(ours: Line) -> None:
    await ours.send(CODE, "1", "2")
    ours.subscriber.drop()
    assert not any("abort" in said for said in ours.bodies("→"))
    assert "ادامه" in await ours.send(CODE)
    assert await ours.send("1") == PROMPT
    assert ours.notes.said[6:9] == [("trouble", "drop"), ("dialled", (LINE, "reference", CODE)), ("shown", False)]


async def test_a_callback_that_comes_again_gets_the_same_bytes(ours: Line) -> None:
    before = await ours.send(CODE, "1")
    ours.clock.now = 2.5
    again = await ours.subscriber.again()
    assert again == Reply(before, ends=False)
    for sign in "→←":
        assert ours.bodies(sign)[-1] == ours.bodies(sign)[-2]
    assert await ours.send("2") == PROMPT
    assert ours.notes.said[4:7] == [("waited", 2.5), ("trouble", "again"), ("shown", False)]


async def test_what_ended_a_call_can_come_again_too(ours: Line) -> None:
    answer = await ours.send(CODE, "1", "2", ENTITLED)
    assert await ours.subscriber.again() == Reply(answer, ends=True)
    assert ours.subscriber.call is None


async def test_two_at_once_get_one_answer(ours: Line) -> None:
    await ours.send(CODE, "1", "2")
    ours.subscriber.armed = Trouble.TWICE
    assert "کد پیگیری" in await ours.send(ENTITLED)
    assert ours.bodies("←")[-1] == ours.bodies("←")[-2]
    assert ours.wire[-1].said == "both got the same screen"
    assert ours.subscriber.armed is None
    assert ours.notes.said[-3:] == [("trouble", "twice"), ("typed", ENTITLED), ("shown", True)]


async def test_what_is_held_up_comes_after_the_next_one(app: App) -> None:
    ours = line(engine(app), "africastalking")
    await ours.send(CODE)
    ours.subscriber.armed = Trouble.LATE
    assert await ours.send("1") == ""
    assert ours.subscriber.is_held
    assert await ours.send("2") == PROMPT
    assert [said.rpartition("text=")[2] for said in ours.bodies("→")] == ["", "1%2A2", "1"]
    assert "کد پیگیری" in await ours.send(ENTITLED)
    assert ours.notes.said[2:6] == [("trouble", "late"), ("typed", "1"), ("typed", "2"), ("shown", False)]


async def test_who_hangs_up_in_the_middle_of_a_lookup_is_free_at_once(ours: Line) -> None:
    await ours.send(CODE, "1", "2")
    ours.subscriber.armed = Trouble.HANG_UP
    assert await ours.send(SLOW) == ""
    assert ours.subscriber.call is None
    assert '"event": "abort"' in ours.bodies("→")[-1]
    assert ours.notes.said[-2:] == [("trouble", "hang-up"), ("typed", SLOW)]
    assert "ادامه" in await ours.send(CODE)


async def test_an_answer_that_comes_after_the_call_was_hung_up_is_nobodys(ours: Line) -> None:
    await ours.send(CODE, "1")
    waits = asyncio.create_task(ours.send("2"))
    await asyncio.sleep(0)
    await ours.subscriber.hang_up()
    assert await waits == ""
    assert ours.subscriber.call is None
    assert "nobody reads that answer" in [entry.said for entry in ours.wire]
    assert ours.notes.said[-2:] == [("typed", "2"), ("trouble", "hang-up")]


async def test_a_lost_reply_is_asked_for_again_and_nothing_happens_twice(ours: Line) -> None:
    await ours.send(CODE, "1", "2")
    ours.subscriber.armed = Trouble.LOSE
    assert "کد پیگیری" in await ours.send(ENTITLED)
    assert ours.bodies("←")[-1] == ours.bodies("←")[-2]


async def test_a_session_whose_time_is_up_is_hung_up(ours: Line) -> None:
    await ours.send(CODE)
    ours.clock.now = 179.0
    assert ours.subscriber.seconds_left == 1.0
    await ours.subscriber.expire()
    assert ours.notes.said[-2:] == [("waited", 180.0), ("trouble", "hang-up")]


async def test_a_server_that_is_away_is_said_to_be() -> None:
    ours = line(through(Away()))
    for send in (ours.subscriber.dial(CODE), ours.subscriber.again()):
        with pytest.raises(CallFailed, match="does not answer"):
            await send
    assert ours.subscriber.call is None
    assert ours.wire[1].said == "nothing: http://127.0.0.1:9 does not answer: ClientConnectorError"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (WireReply(b"Oops", "text/plain", 500), "the gateway got HTTP 500: Oops"),
        (WireReply(b"<html>", "text/html"), "the gateway could not read the reply"),
        (WireReply(b"\xff\xfe", "text/html"), "the gateway could not read the reply"),
        (WireReply(b"[1]", "application/json"), "the gateway could not read the reply"),
    ],
)
async def test_an_answer_that_is_none_ends_the_call_until_it_comes_again(app: App, reply: WireReply, said: str) -> None:
    ours = line(through(Failing(InProcess(app.door("reference"), app.service), [None, reply])))
    await ours.send(CODE)
    with pytest.raises(CallFailed, match=said):
        await ours.send("1")
    assert ours.subscriber.call is None
    again = await ours.subscriber.again()
    assert again is not None
    assert await ours.send("2") == PROMPT


async def test_with_nothing_sent_there_is_nothing_to_send_again() -> None:
    ours = line(through(Away()))
    with pytest.raises(CallFailed, match="nothing was sent yet"):
        await ours.subscriber.again()
    with pytest.raises(CallFailed, match="no call is open"):
        await ours.subscriber.type("1")


async def test_a_server_is_dialled_as_the_engine_in_this_process_is(app: App) -> None:
    served = web.Application()
    served.add_routes(routes(app.doors.values(), app.service))
    async with TestServer(served) as server:
        ours = line(through(OverHttp(str(server.make_url("")), "truroute")), "truroute")
        assert await ours.send(CODE) == MAIN_MENU
        ours.subscriber.armed = Trouble.TWICE
        await ours.send("1")
        assert ours.wire[-1].said == "both got the same screen"


async def test_an_asynchronous_gateway_sends_a_screen_once(app: App) -> None:
    ours = line(engine(app), "parlayx")
    assert await ours.send(CODE) == MAIN_MENU
    assert await ours.subscriber.again() is None
    ours.subscriber.armed = Trouble.TWICE
    assert (await ours.send("1")).startswith("استعلام")
    ours.subscriber.armed = Trouble.LOSE
    with pytest.raises(CallFailed, match="acknowledged"):
        await ours.send("2")
    await ours.subscriber.close()
