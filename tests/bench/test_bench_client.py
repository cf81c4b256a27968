"""The load of the benchmark: whatever a server answers wrongly, or not at all, is found and counted."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator.bench.client import Found, Plan, load
from simulator.bench.flow import NO_CODE, PATH, Flow

FLOW = Flow(("CON خانه", "CON پرسش", "CON کد؟", f"END بله\nکد پیگیری: {NO_CODE}"), own_codes=True)
Answer = Callable[[int, int], Awaitable[web.StreamResponse]]
"""What a server says to the callback of a place in the dialogue of a number."""


def body(number: int, place: int) -> str:
    """What is right."""
    return FLOW.answers[place].replace(NO_CODE, f"n{number:06}")


async def right(number: int, place: int) -> web.Response:
    return web.Response(text=body(number, place))


def plan(port: int, *, seconds: float = 0.15, **given: object) -> Plan:
    return Plan(port, **{"flow": FLOW, "connections": 4, "seconds": seconds, "patience": 0.2} | given)  # type: ignore[arg-type]


async def found(answer: Answer, **given: object) -> Found:
    """The load of a server that answers so."""

    async def handle(request: web.Request) -> web.StreamResponse:
        asked = parse_qs((await request.read()).decode(), keep_blank_values=True)
        text = asked["text"][0]
        return await answer(int(asked["sessionId"][0][16:], 16), text.count("*") + 1 if text else 0)

    served = web.Application()
    served.router.add_post(PATH, handle)
    async with TestServer(served) as server:
        assert server.port
        return await load(plan(server.port, **given))


async def instead(said: str, place: int = 1, every: int = 3) -> Found:
    """The load of a server that says something else to every third dialogue, in one place."""

    async def answer(number: int, at: int) -> web.Response:
        wrong = at == place and number % every == 0
        return web.Response(text=said) if wrong else await right(number, at)

    return await found(answer)


async def raw(octets: Iterable[bytes], *, hang_up: bool = False) -> Found:
    """The load of a server that answers everything with these octets, a piece at a time."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                for piece in octets:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0.001)
                if hang_up:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        return await load(plan(server.sockets[0].getsockname()[1], connections=1))


async def test_a_server_that_is_right_is_found_so() -> None:
    result = await found(right)
    assert (result.wrong, result.failed, result.too_long) == ({}, {}, 0)
    assert result.answered > 40
    assert 0 < result.p50 <= result.p99
    assert len(result.codes) == len(dict(result.codes)) >= result.answered // 4 - 4
    assert all(abs(at - time.time()) < 60 for _, at in result.codes)
    assert result.seconds == pytest.approx(0.15, abs=0.1)
    assert len(result.cpu) == 1


async def test_no_line_and_no_session_is_used_twice_and_the_next_turn_goes_on() -> None:
    seen: set[int] = set()

    async def answer(number: int, place: int) -> web.Response:
        assert place or number not in seen
        seen.add(number)
        return await right(number, place)

    first = await found(answer)
    second = await found(answer, first=first.dialogues)
    assert seen == set(range(first.dialogues + second.dialogues))
    assert (second.wrong, second.failed) == ({}, {})


async def test_another_steps_answer_is_wrong() -> None:
    result = await instead(FLOW.answers[2])
    assert list(result.wrong) == ["another text: CON کد؟"]
    assert result.wrong["another text: CON کد؟"] >= 2
    assert result.failed == {}


@pytest.mark.parametrize("said", ["CON پرس", "CON پرسش ", "END پرسش", "", "CON پرسش\nCON پرسش"])
async def test_an_answer_that_differs_in_a_letter_is_wrong(said: str) -> None:
    assert sum((await instead(said)).wrong.values()) >= 2


async def test_what_came_instead_is_told_without_its_numbers() -> None:
    result = await instead("CON 0007569602, n123456\nsecond line")
    assert list(result.wrong) == ["another text: CON #, n#"]


async def test_a_code_that_two_dialogues_get_is_told_twice() -> None:
    result = await instead(body(999_999, 3), place=3)
    codes = Counter(code for code, _ in result.codes)
    assert [code for code, times in codes.items() if times > 1] == ["n999999"]


@pytest.mark.parametrize("code", ["", "123456", "n12345", "n1234567", "n12345a", "N123456"])
async def test_an_answer_without_a_code_of_the_right_form_is_wrong(code: str) -> None:
    result = await instead(FLOW.answers[3].replace(NO_CODE, code), place=3)
    assert list(result.wrong) == ["no code"]


async def test_a_server_that_gives_no_codes_must_say_what_it_said_it_would() -> None:
    async def answer(number: int, place: int) -> web.Response:
        return web.Response(text=FLOW.answers[place])

    assert (await found(answer, flow=Flow(FLOW.answers))).wrong == {}
    assert (await found(right, flow=Flow(FLOW.answers))).wrong != {}
    assert {code for code, _ in (await found(answer)).codes} == {NO_CODE}


async def test_octets_over_what_a_handset_can_show_are_counted() -> None:
    result = await instead("CON " + "ک" * 81)
    assert result.too_long == sum(result.wrong.values()) > 0
    assert (await instead("CON " + "ک" * 80)).too_long == 0
    long = Flow(("CON " + "a" * 183, *FLOW.answers[1:]))

    async def answer(number: int, place: int) -> web.Response:
        return web.Response(text=long.answers[place])

    result = await found(answer, flow=long)
    assert (result.wrong, result.too_long) == ({}, pytest.approx(result.answered / 4, abs=4))


async def test_another_status_is_a_failure_and_the_next_dialogue_begins() -> None:
    async def answer(number: int, place: int) -> web.Response:
        return web.Response(status=503) if number % 2 else await right(number, place)

    result = await found(answer)
    assert (result.wrong, list(result.failed)) == ({}, ["HTTP 503"])
    assert result.answered > 10


async def test_an_answer_that_does_not_come_is_a_failure_and_others_go_on() -> None:
    async def answer(number: int, place: int) -> web.Response:
        if number == 2:
            await asyncio.sleep(30)
        return await right(number, place)

    result = await asyncio.wait_for(found(answer, seconds=0.6), 5)
    assert (result.wrong, result.failed) == ({}, {"no answer in 0.2 s": 1})
    assert result.answered > 40


async def test_what_is_under_way_at_the_end_is_looked_at_and_not_counted() -> None:
    async def answer(number: int, place: int) -> web.Response:
        await asyncio.sleep(0.1)
        return web.Response(text="CON")

    result = await found(answer, seconds=0.05)
    assert (result.answered, result.wrong) == (0, {"another text: CON": 4})


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def answered(text: str) -> bytes:
    octets = text.encode()
    return OK + b"content-length: %d\r\n\r\n" % len(octets) + octets


async def test_an_answer_in_pieces_is_one() -> None:
    octets = answered(FLOW.answers[0])
    pieces = [octets[place : place + 7] for place in range(0, len(octets), 7)]
    result = await raw(pieces)
    assert list(result.wrong) == ["another text: CON خانه"]  # to what was asked next
    assert result.failed == {}


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        ([answered(FLOW.answers[0])[:-3]], "connection closed"),
        ([OK[:20]], "connection closed"),
        ([b""], "connection closed"),
        ([OK, b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n"], "no length"),
        ([answered(FLOW.answers[0]) * 2], "more than was asked for"),
        ([b"x", answered(FLOW.answers[0])], "no HTTP/1.1"),
        ([b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n"], "no HTTP/1.1"),
        ([b"HTTP/1.1 200 OK\r\nx: " + b"x" * 70_000], "no end"),
    ],
)
async def test_what_is_no_answer_is_a_failure(octets: Sequence[bytes], kind: str) -> None:
    assert (await raw(octets, hang_up=True)).failed[kind] >= 1


async def test_a_server_that_goes_away_is_a_failure_for_each_try() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        server.close()
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        result = await load(plan(server.sockets[0].getsockname()[1], connections=1))
    assert result.failed["connection closed"] == 1
    assert result.failed["cannot connect"] >= 1
    assert (result.answered, result.p50, result.p99) == (0, 0.0, 0.0)
