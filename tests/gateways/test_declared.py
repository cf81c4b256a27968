"""Gateways that are modules, described without code in `tests/declared/`: each does what its module does."""

from importlib import import_module
from pathlib import Path
from typing import cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from gateways.declared import gateway
from simulator.call import Call, InProcess, OverHttp
from simulator.operators import Operator
from tests.conftest import ENTITLED, LINE, Handset
from tests.gateways.anything import requests
from tests.gateways.recorded import Pair, pairs
from tests.gateways.test_dialogues import CENTRE_LINE, DIALOGUES, Twice, screens
from ussd.app import App
from ussd.callback import Callback, CallbackError, Gateway, Reply, WireRequest
from ussd.core.strict_yaml import read
from ussd.doors import formats
from ussd.line import Line
from ussd.settings import Settings
from ussd.settings.declared import DeclaredGiven
from ussd.settings.gateway import GatewayGiven
from ussd.web.callbacks import Door, routes

DECLARED = Path(__file__).parent.parent / "declared"
NAMES = sorted(path.stem for path in DECLARED.glob("*.yaml"))
GIVEN = {name: read(DECLARED / f"{name}.yaml").checked(DeclaredGiven) for name in NAMES}
MADE = {name: gateway(given) for name, given in GIVEN.items()}
RECORDED = [(name, pair) for name in NAMES for pair in pairs(name)]
OF_EACH = pytest.mark.parametrize("name", NAMES)

shown = st.characters(codec="utf-8", exclude_categories=("C",), include_characters="\n\u200c\u200f")


def module(name: str) -> Gateway:
    return cast(Gateway, import_module(f"gateways.{name}"))


def operator(name: str) -> Operator:
    return cast(Operator, import_module(f"simulator.operators.{name}"))


def twice(app: App, name: str) -> Twice:
    return Twice(Handset(app, gateway=name).carrier, MADE[name])


def decoded(gateway: Gateway, wire: WireRequest) -> Callback | tuple[str, ...]:
    try:
        return gateway.decode(wire)
    except CallbackError as error:
        return error.faults


def test_every_kind_of_request_and_every_way_to_say_how_it_goes_on_is_among_them() -> None:
    assert {given.body for given in GIVEN.values()} == {"form", "json", "query", "xml"}
    assert {given.phase.by for given in GIVEN.values()} >= {"value", "flag", "empty", "session"}
    assert {given.reply.kind for given in GIVEN.values()} == {"plain", "json", "xml"}


def test_a_declared_gateway_is_no_format_that_is_built_in() -> None:
    assert "declared" not in formats()


@OF_EACH
def test_its_profile_is_that_of_its_module(name: str) -> None:
    assert MADE[name].PROFILE == module(name).PROFILE


@pytest.mark.parametrize(("name", "pair"), RECORDED, ids=[f"{name} {pair.it}" for name, pair in RECORDED])
def test_a_recorded_request_is_read_as_its_module_reads_it(name: str, pair: Pair) -> None:
    assert decoded(MADE[name], pair.wire()) == decoded(module(name), pair.wire())


@OF_EACH
@given(data=st.data())
def test_any_request_is_read_as_its_module_reads_it(name: str, data: st.DataObject) -> None:
    wire = data.draw(requests(name))
    assert decoded(MADE[name], wire) == decoded(module(name), wire)


@OF_EACH
@given(text=st.text(shown, min_size=1), ends=st.booleans(), data=st.data())
def test_any_reply_is_written_as_its_module_writes_it(name: str, text: str, ends: bool, data: st.DataObject) -> None:
    callbacks = [pair.callback.callback() for pair in pairs(name) if pair.callback]
    callback = data.draw(st.sampled_from(callbacks))
    reply = Reply(text, ends)
    assert MADE[name].encode(reply, callback) == module(name).encode(reply, callback)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An installation with these gateways, none of which is a module."""
    described = {name: GatewayGiven(format="declared", declared=given) for name, given in GIVEN.items()}
    return settings.model_copy(update={"gateways": described})


@OF_EACH
@pytest.mark.parametrize(("msisdn", "dialled", "typed"), DIALOGUES, ids=[f"{one[1]} {one[2]}" for one in DIALOGUES])
async def test_a_dialogue_reads_as_it_does_through_its_module(
    app: App, name: str, msisdn: str, dialled: str, typed: tuple[str, ...]
) -> None:
    alike = InProcess(Door(module(name), Line("alike", app.door(name).line.profile)), app.service)
    expected = await screens(Call(operator(name), alike, msisdn, dialled), *typed)
    declared = twice(app, name)
    assert await screens(Call(operator(name), declared, msisdn, dialled), *typed) == expected


@OF_EACH
async def test_an_abort_gets_a_reply_and_a_redial_is_offered_to_go_on(app: App, name: str) -> None:
    carrier = twice(app, name)
    dropped = Call(operator(name), carrier, LINE, "*4*1420#")
    *_, prompt = await screens(dropped, "1", "2")
    await dropped.hang_up()
    offer, again = await screens(Call(operator(name), carrier, LINE, "*4*1420#"), "1")
    assert "ادامه" in offer.text
    assert again == prompt
    answer = (await screens(Call(operator(name), carrier, LINE, f"*4*1420*1*2*{ENTITLED}#")))[0]
    assert answer.ends


@OF_EACH
async def test_it_is_the_same_over_http(app: App, name: str) -> None:
    served = web.Application()
    served.add_routes(routes(app.doors.values(), app.service))
    async with TestServer(served) as server:
        call = Call(operator(name), Twice(OverHttp(str(server.make_url("")), name), MADE[name]), LINE, "*4*1420#")
        found = await screens(call, "1", "۲")
        await call.hang_up()
    assert [reply.ends for reply in found] == [False] * 3


@OF_EACH
async def test_what_it_refuses_changes_nothing(app: App, name: str) -> None:
    carrier = Handset(app, gateway=name).carrier
    call = Call(operator(name), carrier, LINE, "*4*1420#")
    menu = await call.dial()
    for pair in pairs(name):
        if pair.faults:
            assert (await carrier.carry(pair.wire())).status == 400
    other = Call(operator(name), twice(app, name), CENTRE_LINE, "*4*1420#")
    assert [menu, await call.type("1")] == await screens(other, "1")
