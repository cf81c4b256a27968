"""The load's own HTTP: an answer is the same however it is cut, and whatever is no answer is refused."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.load.answer import Answer, Unreadable

LENGTH = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 7\r\nFreeflow: FC\r\n\r\nCON one"
)
CHUNKED = (
    b"HTTP/1.1 200 OK\r\ncontent-type: TEXT/plain\r\nfreeflow: FC\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;a=b\r\nCON\r\n4\r\n one\r\n0\r\n\r\n"
)
TRAILED = CHUNKED[:-2] + b"Digest: x\r\n\r\n"
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\n" + LENGTH


def taken(parts: Sequence[bytes]) -> Answer:
    answer = Answer()
    for part in parts:
        assert answer.whole is None
        answer.take(part)
    return answer


@pytest.mark.parametrize("octets", [LENGTH, CHUNKED, TRAILED, CONTINUED])
@given(data=st.data())
def test_an_answer_is_the_same_however_it_is_cut(octets: bytes, data: st.DataObject) -> None:
    places = sorted(data.draw(st.sets(st.integers(1, len(octets) - 1), max_size=5)))
    cuts = zip([0, *places], [*places, len(octets)], strict=True)
    answer = taken([octets[begin:end] for begin, end in cuts])
    assert answer.whole is not None
    assert (answer.whole.status, answer.whole.body, answer.whole.content_type) == (200, b"CON one", "text/plain")
    assert answer.whole.headers["freeflow"] == "FC"
    assert answer.stays


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    answer = taken([b"HTTP/1.1 200 OK\r\n\r\nCON ", b"one"])
    assert answer.whole is None
    answer.end()
    assert answer.whole is not None
    assert (answer.whole.body, answer.stays) == (b"CON one", False)


@pytest.mark.parametrize("octets", [LENGTH[:-1], LENGTH[:20], CHUNKED[:-2], b""])
def test_half_an_answer_is_none_when_the_connection_ends(octets: bytes) -> None:
    answer = taken([octets])
    answer.end()
    assert answer.whole is None


@pytest.mark.parametrize(
    ("head", "stays"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", True),
    ],
)
def test_a_connection_is_used_again_where_its_server_says_so(head: bytes, stays: bool) -> None:
    answer = taken([head])
    assert answer.whole is not None
    assert (answer.whole.body, answer.stays) == (b"", stays)


@pytest.mark.parametrize(
    "octets",
    [
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        LENGTH + b"!",
        CHUNKED + b"!",
        CHUNKED.replace(b"4\r\n", b"x\r\n"),
        CHUNKED.replace(b"4\r\n", b"-4\r\n"),
        CHUNKED.replace(b"4\r\n", b"3\r\n"),
        b"x" * 70_000,
    ],
)
def test_what_is_no_answer_is_refused(octets: bytes) -> None:
    with pytest.raises(Unreadable):
        Answer().take(octets)
