"""Anything that may come over HTTP, some of it nearly right."""

import json
import re
from functools import cache
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from hypothesis import strategies as st

from tests.gateways.recorded import pairs
from ussd.callback import WireRequest

ROOTS = ["ussd", "dialog", "methodCall", "Envelope"]

plain_texts = st.text(st.characters(codec="utf-8"), max_size=20)
media_types = st.sampled_from(
    [
        "application/json",
        "application/x-www-form-urlencoded",
        "APPLICATION/JSON ; x",
        "",
        "text/plain",
        "text/xml",
        "application/xml; charset=UTF-8",
        "*/*;;=",
        "\x00",
    ]
).map(lambda media_type: {"content-type": media_type})


def marked_up(given_fields: dict[str, str], root: str, *, attributes: bool = False) -> bytes:
    """Fields as XML has them, as elements or as attributes; what can be no name or text there breaks it."""
    if attributes:
        inside = "".join(f" {name}={quoteattr(text)}" for name, text in given_fields.items())
        return f"<{root}{inside}/>".encode(errors="replace")
    inside = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in given_fields.items())
    return f"<{root}>{inside}</{root}>".encode(errors="replace")


@st.composite
def requests(draw: st.DrawFn, name: str) -> WireRequest:
    """Any request; its method, path, query, headers and body are often those of a recorded one."""
    recorded = draw(st.sampled_from(pairs(name)))
    wire = recorded.wire()
    known = " ".join(f"{pair.body} {pair.query}" for pair in pairs(name) if pair.callback)
    fields = sorted(set(re.findall(r"\w+", known)))
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
            st.builds(marked_up, st.just(given_fields), st.sampled_from(ROOTS), attributes=st.booleans()),
            st.dictionaries(st.sampled_from(fields), json_values, max_size=8).map(json.dumps).map(str.encode),
        )
    )
    place, length = draw(st.integers(0, len(body))), draw(st.sampled_from([0, 0, 1, 7]))
    straw = draw(st.sampled_from([b"", b"", b"&", b"%", b'"', b"}", b"\xff", b"\x00", b"<", b">", b"&lt;"]))
    headers = draw(st.just(wire.headers) | media_types | st.just({}))
    method = draw(st.sampled_from([wire.method, wire.method, "POST", "GET", "PUT", "", "pOsT"]))
    path = draw(st.sampled_from([wire.path, wire.path, "", "x", "session", "session/1/2/start"]))
    query = draw(st.just(wire.query) | plain_texts | st.just(urlencode(given_fields, errors="surrogatepass")))
    return WireRequest(method, path, query, headers, body[:place] + straw + body[place + length :])


@cache
def spoilt(name: str) -> list[str]:
    """The recorded XML bodies with every text, or every attribute, replaced."""
    bodies = [pair.body for pair in pairs(name) if isinstance(pair.body, str) and pair.body.startswith("<")]
    return [
        re.sub(value, canary, body)
        for body in bodies
        for value, canary in ((">[^<]+<", ">CANARY<"), ('"[^"]*"', '"CANARY"'), (r"\w+(?=[ />])", "CANARY"))
    ]
