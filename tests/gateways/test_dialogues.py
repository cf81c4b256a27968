"""The menus that are shipped, through every gateway in its own wire format, beside our own format on a line like it."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import cast

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from simulator.call import Call, Carrier, InProcess, OverHttp
from simulator.listening import Overheard, listening
from simulator.operators import AsynchronousOperator, Operator
from tests.conftest import ENTITLED, LAPSED, LINE, MAIN_MENU, PROMPT, Handset
from ussd.app import App
from ussd.callback import Gateway, Reply, WireReply, WireRequest
from ussd.core.profile import Profile
from ussd.core.text import measure
from ussd.doors import formats
from ussd.line import Line
from ussd.web.callbacks import Door, routes
from ussd.web.push import HttpSend

CENTRE_LINE = "989120001666"
DIALOGUES = [
    (LINE, "*4*1420#", ("1", "2", ENTITLED)),
    (LINE, "*4*1420#", ("۱", "٢", LAPSED)),
    (LINE, "*4*1420#", ("9", "1", "0", "2", "x", "1")),
    (LINE, "*4*1420#", ("9", "x", "8")),
    (LINE, f"*4*1420*1*2*{ENTITLED}#", ()),
    (LINE, "*4*1420*1*2*1111111111#", (ENTITLED,)),
    (LINE, "*4*1420*5#", ("0", "1")),
    (CENTRE_LINE, "*1666#", ("1", "7407268940")),
    (CENTRE_LINE, "*1666#", ("2", "105", "00000101")),
    (CENTRE_LINE, "*1666*1*9990579792#", ()),
    (LINE, "*1666#", ("1", "0109136756")),
    (LINE, "*4*1420*99#", ()),
]
OF_EACH = pytest.mark.parametrize("gateway", formats())
Dial = Callable[..., Call]


@dataclass
class Twice:
    """A gateway that sends everything again at once, and must get the same bytes; or, where its screens go out by a
    call of ours, the same acknowledgement and no second call.
    """

    carrier: Carrier
    gateway: Gateway
    replies: list[WireReply] = field(default_factory=list)

    async def carry(self, wire: WireRequest) -> WireReply:
        """Bring one request, and its retry."""
        reply = await self.carrier.carry(wire)
        acknowledge = getattr(self.gateway, "acknowledge", None)
        again = acknowledge(self.gateway.decode(wire)) if acknowledge else reply
        assert _undated(await self.carrier.carry(wire)) == _undated(again)
        self.replies.append(reply)
        return reply


def _undated(reply: WireReply) -> WireReply:
    """A reply without its Date, which is the server's and not ours."""
    return replace(reply, headers={name: value for name, value in reply.headers.items() if name != "date"})


@pytest.fixture
def carrier(app: App, gateway: str) -> Twice:
    """The way from the gateway to the engine."""
    return Twice(Handset(app, gateway=gateway).carrier, app.door(gateway).gateway)


@pytest.fixture
def dial(carrier: Twice, gateway: str) -> Dial:
    """A new session through the gateway, not dialled yet."""
    operator = cast(Operator, import_module(f"simulator.operators.{gateway}"))

    def dial(dialled: str = "*4*1420#", msisdn: str = LINE) -> Call:
        return Call(operator, carrier, msisdn, dialled)

    return dial


async def screens(call: Call, *typed: str) -> list[Reply]:
    """All that the handset shows; each tracking or credit code is another, and none is like another."""
    shown = [await call.dial(), *[await call.type(text) for text in typed]]
    return [Reply(re.sub("n[0-9]{6}|[0-9]{4}(-[0-9]{4}){3}", "code", reply.text), reply.ends) for reply in shown]


@OF_EACH
@pytest.mark.parametrize(("msisdn", "dialled", "typed"), DIALOGUES, ids=[f"{one[1]} {one[2]}" for one in DIALOGUES])
async def test_a_dialogue_reads_the_same_through_every_gateway(
    app: App, gateway: str, dial: Dial, msisdn: str, dialled: str, typed: tuple[str, ...]
) -> None:
    profile = app.door(gateway).line.profile
    alike = InProcess(Door(app.door("reference").gateway, Line("alike", profile)), app.service)
    reference = cast(Operator, import_module("simulator.operators.reference"))
    expected = await screens(Call(reference, alike, msisdn, dialled), *typed)
    found = await screens(dial(dialled, msisdn), *typed)
    assert found == expected
    for screen in found:
        assert measure(screen.text).octets <= profile.max_octets
        assert measure(screen.text).units <= (profile.max_chars or 182)


@OF_EACH
async def test_its_screens_are_the_printed_ones_unless_its_line_is_narrower(app: App, gateway: str, dial: Dial) -> None:
    main, _, prompt, answer = await screens(dial(), "1", "2", ENTITLED)
    if app.door(gateway).line.profile == Profile(deadline=app.door(gateway).line.profile.deadline):
        assert (main, prompt) == (Reply(MAIN_MENU, ends=False), Reply(PROMPT, ends=False))
        assert answer == Reply("از حمایت درمانی برخوردار میباشید.\nکد پیگیری: code", ends=True)
    assert answer.ends


@OF_EACH
async def test_a_direct_dial_is_answered_and_ended_at_once(gateway: str, dial: Dial) -> None:
    answer = await dial(f"*4*1420*1*2*{ENTITLED}#").dial()
    assert "برخوردار" in answer.text
    assert answer.ends


@OF_EACH
async def test_an_abort_gets_a_reply_and_a_redial_is_offered_to_go_on(gateway: str, dial: Dial, carrier: Twice) -> None:
    dropped = dial()
    *_, prompt = await screens(dropped, "1", "2")
    await dropped.hang_up()
    assert carrier.replies[-1].status == 200
    offer, again = await screens(dial(), "1")
    assert "ادامه" in offer.text
    assert not offer.ends
    assert again == prompt


@OF_EACH
async def test_another_line_is_another_session_whatever_its_id(gateway: str, dial: Dial) -> None:
    one, other = dial(), dial(msisdn=CENTRE_LINE)
    other.session = one.session
    menu, inquiry = await screens(one, "1")
    assert await screens(other) == [menu]
    assert await screens(dial("*4*1420*1#")) == [inquiry]


@OF_EACH
async def test_what_comes_after_the_end_reads_the_last_screen_again(gateway: str, dial: Dial) -> None:
    call = dial()
    await screens(call, "1", "2")
    answer = await call.type(ENTITLED)
    assert answer.ends
    assert await call.type("7") == answer


@asynccontextmanager
async def over_http(app: App, gateway: str) -> AsyncIterator[Carrier]:
    """A server, and the way to it; where screens go out by a call of ours, to an operator that listens."""
    door = app.door(gateway)
    async with AsyncExitStack() as stack:
        if door.push:
            operator = cast(AsynchronousOperator, import_module(f"simulator.operators.{gateway}"))
            listener = await stack.enter_async_context(listening(operator, "127.0.0.1", 0))
            client = await stack.enter_async_context(ClientSession())
            door = replace(door, push=door.push.through(HttpSend(client, listener.place)))
        served = web.Application()
        served.add_routes(routes([door], app.service))
        server = await stack.enter_async_context(TestServer(served))
        carrier = OverHttp(str(server.make_url("")), gateway)
        yield Overheard(carrier, listener) if door.push else carrier


@OF_EACH
async def test_it_is_the_same_over_http(app: App, gateway: str, dial: Dial) -> None:
    async with over_http(app, gateway) as carrier:
        call = dial()
        # A screen that is not sent again is nothing that could be waited for.
        call.carrier = carrier if app.door(gateway).push else Twice(carrier, app.door(gateway).gateway)
        found = await screens(call, "1", "۲")
        await call.hang_up()
        assert [reply.ends for reply in found] == [False] * 3
        call = dial(f"*4*1420*1*2*{ENTITLED}#")
        call.carrier = carrier
        assert (await call.dial()).ends


@OF_EACH
async def test_an_unknown_shortcode_gets_an_end_screen(gateway: str, dial: Dial) -> None:
    assert (await dial("*9*9#").dial()).ends
