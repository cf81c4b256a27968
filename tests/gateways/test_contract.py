"""Every file of `gateways/` keeps the contract of a gateway, beside the operator's side of it and recorded pairs."""

import json
import re
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import cast
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gateways
from simulator.operators import Leg, Operator
from tests.gateways.recorded import WIRE, Pair, pairs
from ussd.callback import Callback, CallbackError, Gateway, Phase, Reply, WireReply, WireRequest
from ussd.core.profile import Profile

NAMES = sorted(path.stem for path in Path(str(gateways.__file__)).parent.glob("[!_]*.py"))
RECORDED = [(name, pair) for name in NAMES for pair in pairs(name)]
OF_EACH = pytest.mark.parametrize("name", NAMES)
LONGEST = 16 * 1024
"""Octets of the longest body that the server reads."""
SECONDS = 0.5
"""Of CPU, a hundred times what any of them needs."""

plain_texts = st.text(st.characters(codec="utf-8"), max_size=20)
# What XML cannot carry is on no keypad either.
shown = st.characters(codec="utf-8", exclude_categories=("C",), include_characters="\u200c\u200f")
inputs = st.text(shown.filter(lambda one: one != "*" and not one.isspace()), min_size=1, max_size=20)
media_types = st.sampled_from(
    [
        "application/json",
        "application/x-www-form-urlencoded",
        "APPLICATION/JSON ; x",
        "",
        "text/plain",
        "*/*;;=",
        "\x00",
    ]
).map(lambda media_type: {"content-type": media_type})
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


@OF_EACH
def test_a_gateway_is_a_module_with_a_profile_and_the_operators_side_of_it(name: str) -> None:
    assert isinstance(gateway(name).PROFILE, Profile)
    assert import_module(f"gateways.{name}").__doc__
    assert all(callable(part) for part in (gateway(name).decode, gateway(name).encode))
    assert all(callable(part) for part in (operator(name).ask, operator(name).read))


@OF_EACH
def test_its_recorded_pairs_show_all_that_it_does(name: str) -> None:
    recorded = pairs(name)
    assert {pair.callback.phase for pair in recorded if pair.callback} == set(Phase)
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


@st.composite
def requests(draw: st.DrawFn, name: str) -> WireRequest:
    """Anything that may come over HTTP, some of it nearly right."""
    recorded = draw(st.sampled_from(pairs(name)))
    wire = recorded.wire()
    fields = sorted({word for pair in pairs(name) if pair.callback for word in re.findall(r"\w+", str(pair.body))})
    likely = st.sampled_from(["", "begin", "continue", "+989120000001", "*4*1420#", "Success"])
    values = plain_texts | st.text(st.characters()) | likely
    given_fields = draw(st.dictionaries(st.sampled_from(fields) | plain_texts, values, max_size=8))
    json_values = st.recursive(st.none() | st.booleans() | st.floats() | values, lambda one: st.lists(one, max_size=3))
    body = draw(
        st.one_of(
            st.just(wire.body),
            st.binary(max_size=200),
            st.just(json.dumps(given_fields).encode()),
            st.just(urlencode(given_fields, errors="surrogatepass").encode()),
            st.dictionaries(st.sampled_from(fields), json_values, max_size=8).map(json.dumps).map(str.encode),
        )
    )
    place, length = draw(st.integers(0, len(body))), draw(st.sampled_from([0, 0, 1, 7]))
    straw = draw(st.sampled_from([b"", b"", b"&", b"%", b'"', b"}", b"\xff", b"\x00"]))
    headers = draw(st.just(wire.headers) | media_types | st.just({}))
    method = draw(st.sampled_from([wire.method, wire.method, "POST", "GET", "", "pOsT"]))
    path = draw(st.sampled_from([wire.path, wire.path, "", "x", "session", "session/1/2/start"]))
    query = draw(st.just(wire.query) | plain_texts | st.just(urlencode(given_fields, errors="surrogatepass")))
    return WireRequest(method, path, query, headers, body[:place] + straw + body[place + length :])


@OF_EACH
@settings(deadline=None)
@given(data=st.data())
def test_any_request_is_a_callback_or_says_why_it_is_none(name: str, data: st.DataObject) -> None:
    found = decoded(name, data.draw(requests(name)))
    if isinstance(found, CallbackError):
        assert found.faults == tuple(sorted(set(found.faults)))
        assert found.faults
        return
    assert re.fullmatch("[1-9][0-9]{6,14}", found.msisdn)
    assert 1 <= len(found.session) <= 128
    assert found.dialled or not (found.phase is Phase.BEGIN or (found.accumulated and found.phase is Phase.CONTINUE))
    for text in (found.session, found.dialled, found.typed, found.request, *found.echo, *found.echo.values()):
        text.encode()


@OF_EACH
@given(data=st.data())
def test_a_fault_never_repeats_what_was_in_a_field(name: str, data: st.DataObject) -> None:
    fields = sorted({word for pair in pairs(name) for word in re.findall(r"\w+", str(pair.body)) if word.isalpha()})
    canaries = data.draw(st.dictionaries(st.sampled_from(fields), st.integers(1, 30).map(lambda many: "CANARY" * many)))
    for body, media_type in (
        (json.dumps(canaries), "application/json"),
        (urlencode(canaries), "application/x-www-form-urlencoded"),
        (json.dumps({**canaries, "": "CANARY"}) + "CANARY", "application/json"),
        ("CANARY=%80&" + urlencode(canaries), "application/x-www-form-urlencoded"),
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
    ],
)
def test_no_body_that_the_server_reads_takes_long(name: str, octet: bytes) -> None:
    started = time.process_time()
    for media_type in ("application/json", "application/x-www-form-urlencoded"):
        for around in (b"%s", b'{"session": %s', b'{"session": "%s"}', b"sessionId=%s", b"sessionId=1&%s=2"):
            body = around.replace(b"%s", octet * (LONGEST // len(octet)))[:LONGEST]
            decoded(name, WireRequest(headers={"content-type": media_type}, body=body))
    assert time.process_time() - started < SECONDS


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


@OF_EACH
@given(leg=legs())
def test_what_the_operator_asks_is_what_it_meant(name: str, leg: Leg) -> None:
    found = gateway(name).decode(operator(name).ask(leg))
    assert (found.session, found.msisdn, found.phase) == (leg.session, leg.msisdn, leg.phase)
    if leg.phase is Phase.BEGIN or (leg.phase is Phase.CONTINUE and found.accumulated):
        assert found.dialled == leg.dialled
    if leg.phase is Phase.CONTINUE:
        assert found.typed == ("*".join(leg.typed) if found.accumulated else leg.typed[-1])


@OF_EACH
@given(
    body=st.binary() | st.sampled_from([b"[]", b"{}", b"null", b'{"text": 1, "ends": false}', b"CONTINUE", b"con 1"])
)
def test_a_reply_that_the_operator_could_not_read_is_no_reply(name: str, body: bytes) -> None:
    with suppress(ValueError):
        assert isinstance(operator(name).read(WireReply(body, "text/plain")), Reply)


@OF_EACH
@given(text=st.text(shown | st.just("\n"), min_size=1), ends=st.booleans(), leg=legs())
def test_the_operator_reads_the_reply_that_was_written(name: str, text: str, ends: bool, leg: Leg) -> None:
    callback = gateway(name).decode(operator(name).ask(leg))
    if callback.phase is not Phase.ABORT:
        assert operator(name).read(gateway(name).encode(Reply(text, ends), callback)) == Reply(text, ends)
    else:
        assert operator(name).read(gateway(name).encode(Reply(text, True), callback)).ends
