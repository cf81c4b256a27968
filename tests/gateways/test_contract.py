"""Every file of `gateways/` keeps the contract of a gateway, beside the operator's side of it and recorded pairs."""

import json
import re
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import cast
from urllib.parse import urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import gateways
from simulator.operators import Leg, Operator
from tests.gateways.anything import ROOTS, marked_up, requests, spoilt
from tests.gateways.recorded import WIRE, Pair, pairs
from tests.spent import TRIES, cpu
from ussd.callback import Callback, CallbackError, Gateway, Phase, Reply, WireReply, WireRequest
from ussd.core.profile import Profile

NAMES = sorted(path.stem for path in Path(str(gateways.__file__)).parent.glob("[!_]*.py"))
RECORDED = [(name, pair) for name in NAMES for pair in pairs(name)]
OF_EACH = pytest.mark.parametrize("name", NAMES)
LONGEST = 16 * 1024
"""Octets of the longest body that the server reads."""
SECONDS = 0.5
"""Of CPU, a hundred times what any of them needs."""
UNNAMED = {"infobip": {Phase.ABORT}, "parlayx": {Phase.ABORT}, "trueafrican": {Phase.CONTINUE, Phase.ABORT}}
"""Callbacks that do not name the line: the session's first one did."""
SILENT = {"arkesel", "nalo"}
"""Gateways that do not tell when a session has come to its end."""
NUMBERED = {"restcomm"}
"""Gateways whose sessions have numbers of their own, and not the name that a leg gives them."""
AROUND = {
    "application/json": (b"%s", b'{"session": %s', b'{"session": "%s"}'),
    "application/x-www-form-urlencoded": (b"%s", b"sessionId=%s", b"sessionId=1&%s=2"),
    "text/xml": (b"%s", b"<ussd>%s</ussd>", b"<dialog %s/>", b"<dialog localId='%s'/>", b"<methodCall>%s"),
}
"""How bodies begin and end, with much of the same between the two."""

# What XML cannot carry is on no keypad either.
shown = st.characters(codec="utf-8", exclude_categories=("C",), include_characters="\u200c\u200f")
inputs = st.text(shown.filter(lambda one: one != "*" and not one.isspace()), min_size=1, max_size=20)
dialled = st.lists(st.text("0123456789", min_size=1, max_size=8), min_size=1, max_size=6).map("*".join)


def gateway(name: str) -> Gateway:
    return cast(Gateway, import_module(f"gateways.{name}"))


def operator(name: str) -> Operator:
    return cast(Operator, import_module(f"simulator.operators.{name}"))


def decoded(name: str, wire: WireRequest) -> Callback | CallbackError:
    try:
        return gateway(name).decode(wire)
    except CallbackError as error:
        return error


def may_be(callback: Callback, phase: Phase) -> bool:
    """Whether a callback is of this phase, or begins a session where none is open, as a dial string may."""
    return phase is callback.phase or (phase is Phase.BEGIN and bool(callback.dialled))


@OF_EACH
def test_a_gateway_is_a_module_with_a_profile_and_the_operators_side_of_it(name: str) -> None:
    assert isinstance(gateway(name).PROFILE, Profile)
    assert import_module(f"gateways.{name}").__doc__
    assert all(callable(part) for part in (gateway(name).decode, gateway(name).encode))
    assert all(callable(part) for part in (operator(name).ask, operator(name).read))


@OF_EACH
def test_its_recorded_pairs_show_all_that_it_does(name: str) -> None:
    recorded = pairs(name)
    callbacks = [pair.callback.callback() for pair in recorded if pair.callback]
    told = set(Phase) - {Phase.ABORT} if name in SILENT else set(Phase)
    assert {phase for phase in Phase for callback in callbacks if may_be(callback, phase)} == told
    assert {pair.reply.ends for pair in recorded if pair.reply} == {True, False}
    assert [pair.it for pair in recorded if bool(pair.callback) == bool(pair.faults)] == []
    assert len({pair.it for pair in recorded}) == len(recorded)


def test_there_are_no_recorded_pairs_without_a_gateway() -> None:
    assert sorted(path.stem for path in WIRE.glob("*.yaml")) == NAMES


@pytest.mark.parametrize(("name", "pair"), RECORDED, ids=[f"{name} {pair.it}" for name, pair in RECORDED])
def test_a_recorded_request_is_read_as_it_was_meant(name: str, pair: Pair) -> None:
    found = decoded(name, pair.wire())
    if isinstance(found, CallbackError):
        assert found.faults == pair.faults
    else:
        assert pair.callback
        assert found == pair.callback.callback()


@pytest.mark.parametrize(
    ("name", "pair"),
    [(name, pair) for name, pair in RECORDED if pair.reply],
    ids=[f"{name} {pair.it}" for name, pair in RECORDED if pair.reply],
)
def test_a_reply_is_written_as_it_was_recorded(name: str, pair: Pair) -> None:
    assert pair.callback
    assert pair.reply
    wire = gateway(name).encode(Reply(pair.reply.text, pair.reply.ends), pair.callback.callback())
    assert (wire.body.decode(), wire.content_type, wire.status) == (pair.answer, pair.content_type, 200)
    assert wire.headers == pair.answer_headers


@OF_EACH
@given(data=st.data())
def test_any_request_is_a_callback_or_says_why_it_is_none(name: str, data: st.DataObject) -> None:
    found = decoded(name, data.draw(requests(name)))
    if isinstance(found, CallbackError):
        assert found.faults == tuple(sorted(set(found.faults)))
        assert found.faults
        return
    unnamed = found.phase in UNNAMED.get(name, ())
    assert re.fullmatch("[1-9][0-9]{6,14}", found.msisdn) or (unnamed and not found.msisdn)
    assert 1 <= len(found.session) <= 128
    assert found.dialled or not (found.phase is Phase.BEGIN or (found.accumulated and found.phase is Phase.CONTINUE))
    for text in (found.session, found.dialled, found.typed, found.request, *found.echo, *found.echo.values()):
        text.encode()


@OF_EACH
@given(data=st.data())
def test_a_fault_never_repeats_what_was_in_a_field(name: str, data: st.DataObject) -> None:
    known = " ".join(f"{pair.body} {pair.query}" for pair in pairs(name))
    fields = sorted({word for word in re.findall(r"\w+", known) if word.isalpha()})
    canaries = data.draw(st.dictionaries(st.sampled_from(fields), st.integers(1, 30).map(lambda many: "CANARY" * many)))
    of_query = decoded(name, WireRequest("GET", query=urlencode(canaries)))
    assert "CANARY" not in str(of_query) or isinstance(of_query, Callback)
    for body, media_type in (
        (json.dumps(canaries), "application/json"),
        (urlencode(canaries), "application/x-www-form-urlencoded"),
        (json.dumps({**canaries, "": "CANARY"}) + "CANARY", "application/json"),
        ("CANARY=%80&" + urlencode(canaries), "application/x-www-form-urlencoded"),
        *((marked_up(canaries, root).decode(), "text/xml") for root in ROOTS),
        *((marked_up(canaries, root, attributes=True).decode(), "text/xml") for root in ROOTS),
        *((canary, "text/xml") for canary in spoilt(name)),
    ):
        found = decoded(name, WireRequest(headers={"content-type": media_type}, body=body.encode()))
        assert "CANARY" not in str(found) or isinstance(found, Callback)


@OF_EACH
@pytest.mark.parametrize(
    "octet",
    [
        b"[",
        b"{",
        b'{"a":',
        b'"',
        b"\\",
        b"\\u0",
        b"&",
        b"=",
        b"%",
        b"%2",
        b"+",
        b"9",
        b"-",
        b"1e9",
        b"\xff",
        b"\x00",
        b" ",
        b"<a>",
        b"<a/>",
        b"<!--",
        b"<![CDATA[",
        b"&lt;",
        b"&#1",
        b"a='1' ",
        b"xmlns:a='1' ",
        b"<?xml encoding=",
    ],
)
def test_no_body_that_the_server_reads_takes_long(name: str, octet: bytes) -> None:
    spent: list[float] = []
    for _ in range(TRIES):
        with cpu(spent):
            for media_type, arounds in AROUND.items():
                for around in arounds:
                    body = around.replace(b"%s", octet * ((LONGEST - len(around)) // len(octet)))
                    decoded(name, WireRequest(headers={"content-type": media_type}, body=body))
    assert min(spent) < SECONDS


@st.composite
def legs(draw: st.DrawFn) -> Leg:
    """A callback as its operator means it; nobody types a star where a gateway joins inputs by it."""
    phase = draw(st.sampled_from(Phase))
    typed = draw(st.lists(inputs, min_size=1, max_size=6)) if phase is Phase.CONTINUE else []
    return Leg(
        session=draw(st.text(st.characters(codec="ascii", categories=("L", "N", "P")), min_size=1, max_size=64)),
        msisdn=draw(st.from_regex("[1-9][0-9]{6,14}", fullmatch=True)),
        dialled=f"*{draw(dialled)}#",
        phase=phase,
        typed=tuple(typed),
    )


def asked(name: str, leg: Leg) -> Callback:
    """What an operator's request means; an end that its gateway does not tell is no example of anything."""
    wire = operator(name).ask(leg)
    assume(wire is not None or name not in SILENT or leg.phase is not Phase.ABORT)
    assert wire is not None
    return gateway(name).decode(wire)


@OF_EACH
@given(leg=legs())
def test_what_the_operator_asks_is_what_it_meant(name: str, leg: Leg) -> None:
    found = asked(name, leg)
    assert found.session == leg.session or name in NUMBERED
    assert found.msisdn == leg.msisdn or (found.phase in UNNAMED.get(name, ()) and not found.msisdn)
    assert may_be(found, leg.phase)
    if leg.phase is Phase.BEGIN or (leg.phase is Phase.CONTINUE and found.accumulated):
        assert found.dialled == leg.dialled
    if leg.phase is Phase.CONTINUE:
        assert found.typed == ("*".join(leg.typed) if found.accumulated else leg.typed[-1])


@OF_EACH
@given(leg=legs(), other=legs())
def test_a_session_of_the_operator_is_one_session_and_no_other(name: str, leg: Leg, other: Leg) -> None:
    begun = asked(name, replace(leg, phase=Phase.BEGIN, typed=()))
    assert asked(name, leg).session == begun.session
    assert (asked(name, other).session == begun.session) == (other.session == leg.session)


@OF_EACH
@given(
    body=st.binary()
    | st.sampled_from([b"[]", b"{}", b"null", b'{"text": 1, "ends": false}', b"CONTINUE", b"con 1"])
    | st.builds(marked_up, st.just({"type": "2"}), st.sampled_from([*ROOTS, "a b"]), attributes=st.booleans())
)
def test_a_reply_that_the_operator_could_not_read_is_no_reply(name: str, body: bytes) -> None:
    with suppress(ValueError):
        assert isinstance(operator(name).read(WireReply(body, "text/plain")), Reply)


@OF_EACH
@given(text=st.text(shown | st.just("\n"), min_size=1), ends=st.booleans(), leg=legs())
def test_the_operator_reads_the_reply_that_was_written(name: str, text: str, ends: bool, leg: Leg) -> None:
    callback = asked(name, leg)
    if callback.phase is not Phase.ABORT:
        assert operator(name).read(gateway(name).encode(Reply(text, ends), callback)) == Reply(text, ends)
    else:
        assert operator(name).read(gateway(name).encode(Reply(text, True), callback)).ends
