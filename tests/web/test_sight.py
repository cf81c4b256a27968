"""A request that is read at sight is the one that aiohttp reads; whatever may be anything else is left to aiohttp."""

import asyncio

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpProcessingError, HttpRequestParser
from hypothesis import given
from hypothesis import strategies as st

from ussd.web.sight import Seen, seen

BODY = b"sessionId=1&text="
HEADERS = b"Host: ussd\r\nContent-Type: application/x-www-form-urlencoded\r\n"


def request(body: bytes = BODY, more: bytes = b"", line: bytes = b"POST /gateways/mci HTTP/1.1") -> bytes:
    return line + b"\r\n" + HEADERS + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


Read = tuple[str, str, dict[str, str], bytes, bool]


def as_read(found: Seen) -> Read:
    return "POST", found.head.target, dict(found.wire.headers), found.wire.body, found.head.last


async def by_aiohttp(octets: bytes) -> list[Read] | None:
    """The requests that aiohttp's parser finds there; None where it finds a fault, or waits for more."""
    loop = asyncio.get_running_loop()
    parser = HttpRequestParser(BaseProtocol(loop), loop, 2**16, auto_decompress=False)
    try:
        messages, upgraded, _ = parser.feed_data(octets)
    except HttpProcessingError:
        return None
    if upgraded or not all(payload.is_eof() for _, payload in messages):
        return None
    bodies = [await payload.read() for _, payload in messages]
    return [
        (one.method, one.path, {name.lower(): value for name, value in one.headers.items()}, body, one.should_close)
        for (one, _), body in zip(messages, bodies, strict=True)
    ]


async def test_a_plain_request_is_seen_as_it_is() -> None:
    found = seen(request(more=b"X-Request-Id:\t a:b \r\n"))
    assert found
    assert (found.head.target, found.wire.method, found.wire.body) == ("/gateways/mci", "POST", BODY)
    assert found.wire.headers == {
        "host": "ussd", "content-type": "application/x-www-form-urlencoded", "x-request-id": "a:b",
        "content-length": "17",
    }  # fmt: skip
    assert (found.wire.path, found.wire.query) == ("", "")


async def test_a_head_that_was_seen_before_says_nothing_of_the_body_behind_it() -> None:
    """A gateway sends the same head over and over."""
    assert [found.body for found in map(seen, [request(b"a=1"), request(b"a=2"), request(b"a=3")]) if found] == [
        b"a=1", b"a=2", b"a=3",
    ]  # fmt: skip
    assert seen(request(b"a=1") + b"&") is None
    assert seen(request(b"a=1")[:-1]) is None


@pytest.mark.parametrize(
    ("connection", "last"), [(b"keep-alive", False), (b"Keep-Alive", False), (b"close", True), (b"Close", True)]
)
def test_a_request_may_say_whether_its_connection_goes_on(connection: bytes, last: bool) -> None:
    found = seen(request(more=b"Connection: " + connection + b"\r\n"))
    assert found
    assert found.head.last is last


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        request()[:-1],
        request() + b"x",
        request() + request(),
        b"\r\n" + request(),
        request()[: request().index(b"\r\n\r\n") + 4],
        request(line=b"GET /gateways/mci HTTP/1.1"),
        request(line=b"POST /gateways/mci HTTP/1.0"),
        request(line=b"POST http://ussd/gateways/mci HTTP/1.1"),
        request(line=b"POST  /gateways/mci HTTP/1.1"),
        request(line="POST /gateways/همراه HTTP/1.1".encode()),
        request().replace(b"\r\n", b"\n"),
        request().replace(b"Host: ussd\r\n", b""),
        request(more=b"Host: other\r\n"),
        request(more=b"Content-Length: 17\r\n"),
        request().replace(b"Length: 17", b"Length: +17"),
        request().replace(b"Length: 17", b"Length: 17, 17"),
        request().replace(b"Length: 17", b"Length: 0x11"),
        request().replace(b"Length: 17", b"Length: " + b"9" * 5000),
        request().replace(b"Content-Length: 17\r\n", b""),
        request(more=b"Transfer-Encoding: chunked\r\n"),
        request(more=b"Expect: 100-continue\r\n"),
        request(more=b"Upgrade: websocket\r\n"),
        request(more=b"Connection: close, te\r\n"),
        request(more=b"Connection: keep-alive, upgrade\r\n"),
        request(more=b"Content-Encoding: gzip\r\n"),
        request(more=b"X-A : b\r\n"),
        request(more=b"X-A: b\r\n c\r\n"),
        request(more=b"X-A: b\x00c\r\n"),
        request(more=b"X-A: \xd8\xb3\r\n"),
        request(more=b": b\r\n"),
        request(b"x" * 9000),
    ],
)
def test_whatever_is_unusual_is_not_seen(octets: bytes) -> None:
    assert seen(octets) is None


ODD = st.sampled_from(
    [b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\x00", b"\xff", b"0", b"9", b"-", b"Content-Length: 3\r\n", b"POST /a",
     b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"Upgrade: h2c\r\n", b"HTTP/1.1", b"Host:\r\n"]
)  # fmt: skip
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20).map(str.encode)
NAMES = st.from_regex(rb"X-[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", fullmatch=True)


@given(st.binary(max_size=60), st.lists(st.tuples(NAMES, VALUES), max_size=4, unique_by=lambda one: one[0].lower()))
async def test_what_is_plain_is_seen_as_aiohttp_reads_it(body: bytes, more: list[tuple[bytes, bytes]]) -> None:
    octets = request(body, b"".join(name + b": " + value + b"\r\n" for name, value in more))
    found = seen(octets)
    assert found
    assert await by_aiohttp(octets) == [as_read(found)]


@given(st.data())
async def test_whatever_is_seen_is_read_the_same_by_aiohttp(data: st.DataObject) -> None:
    """Requests that somebody has damaged, to be read by one as one thing and by the other as another."""
    octets = request(data.draw(st.binary(max_size=8)))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(octets)))
        octets = octets[:at] + data.draw(ODD | st.just(b"")) + octets[at + data.draw(st.integers(0, 3)) :]
    if found := seen(octets):
        assert await by_aiohttp(octets) == [as_read(found)]
