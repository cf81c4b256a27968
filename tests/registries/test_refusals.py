"""Whatever is not plainly the answer to the question asked is a fault, and gets nobody's number into a log."""

import asyncio
import gzip
import json
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack

import pytest
from aiohttp import ClientSession, web
from structlog.testing import capture_logs

from tests.registries.conftest import ASKED, CODE, KNOWN, LINE, Handler, Listen, Serve
from tests.spent import TRIES, cpu
from ussd.backends import RegistryFault
from ussd.registries import HttpOwners, HttpRegistry, Limits

GOOD = json.dumps(KNOWN).encode()
OTHER = "0092000304"


def without(field: str) -> bytes:
    return json.dumps({name: value for name, value in KNOWN.items() if name != field}).encode()


def saying(**said: object) -> bytes:
    return json.dumps(KNOWN | said).encode()


def answering(
    body: bytes, content_type: str = "application/json", status: int = 200, headers: Mapping[str, str] = {}
) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers={"Content-Type": content_type} | dict(headers))

    return answer


async def refused(registry: HttpRegistry) -> str:
    with pytest.raises(RegistryFault) as fault:
        await registry.inquire(ASKED)
    return str(fault.value)


BODIES = {
    "nothing": (b"", "not JSON"),
    "HTML under the name of JSON": (b"<html>", "not JSON"),
    "half of it": (GOOD[:-1], "not JSON"),
    "two of it": (GOOD + GOOD, "not JSON"),
    "broken UTF-8": (saying(full_name="X").replace(b"X", b"\x80"), "not JSON"),
    "UTF-16": (GOOD.decode().encode("utf-16"), "not JSON"),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD, "not JSON"),
    "a key twice": (GOOD[:-1] + b', "entitled": true}', "not JSON"),
    "a key twice further in": (saying(more="X").replace(b'"X"', b'{"a": 1, "a": 1}'), "not JSON"),
    "NaN": (saying(more=float("nan")), "not JSON"),
    "Infinity": (saying(more=float("-inf")), "not JSON"),
    "nested deep": (b"[" * 30_000 + b"]" * 30_000, "not JSON"),
    "a number without end": (saying(more="X").replace(b'"X"', b"9" * 60_000), "not JSON"),
    "a list": (b"[" + GOOD + b"]", "not an object"),
    "a text": (b'"entitled"', "not an object"),
    "null": (b"null", "not an object"),
    "gzip": (gzip.compress(GOOD), "not JSON"),
    "no operation": (without("operation_id"), "no right operation_id"),
    "no known": (without("known"), "no right known"),
    "no verdict": (without("entitled"), "no right entitled"),
    "no insurer": (without("insurer"), "no right insurer"),
    "no date": (without("as_of"), "no right as_of"),
    "a number for a verdict": (saying(entitled=1), "no right entitled"),
    "a text for a verdict": (saying(entitled="true"), "no right entitled"),
    "null for a verdict": (saying(entitled=None), "no right entitled"),
    "a number for an operation": (saying(operation_id=1), "no right operation_id"),
    "a number for a kind": (saying(kind=1), "no right kind"),
    "a list for a name": (saying(full_name=[CODE]), "no right full_name"),
    "a lone surrogate": (saying(full_name="\ud800"), "no"),
    "seconds for a date": (saying(as_of=1_700_000_000), "no right as_of"),
    "no date at all": (saying(as_of="yesterday"), "no right as_of"),
    "many at once": (saying(known="yes", insurer=7), "no right insurer, known"),
    "entitled without being known": (saying(known=False), "no right entitled"),
    "another person's answer": (saying(operation_id="op-2"), "another question"),
    "an answer to nobody": (saying(operation_id=""), "another question"),
}


@pytest.mark.parametrize("what", BODIES)
async def test_a_body_that_says_nothing_is_refused(session: ClientSession, serve: Serve, what: str) -> None:
    body, why = BODIES[what]
    spent: list[float] = []
    for _ in range(TRIES):
        with cpu(spent):
            assert why in await refused(HttpRegistry(session, await serve(answering(body)), name="sso"))
    assert min(spent) < 1


REPLIES = {
    "201": (answering(GOOD, status=201), "HTTP 201"),
    "204": (answering(b"", status=204), "HTTP 204"),
    "400": (answering(GOOD, status=400), "HTTP 400"),
    "401": (answering(GOOD, status=401), "HTTP 401"),
    "404": (answering(GOOD, status=404), "HTTP 404"),
    "429": (answering(GOOD, status=429), "HTTP 429"),
    "500": (answering(GOOD, status=500), "HTTP 500"),
    "503": (answering(GOOD, status=503), "HTTP 503"),
    "HTML": (answering(GOOD, "text/html"), "not application/json"),
    "no type": (answering(GOOD, "application/octet-stream"), "not application/json"),
    "a type like it": (answering(GOOD, "application/problem+json"), "not application/json"),
    "a type that is none": (answering(GOOD, ";;;"), "not application/json"),
    "a compressed body": (answering(gzip.compress(GOOD), headers={"Content-Encoding": "gzip"}), "not JSON"),
    "70 kB": (answering(GOOD + b" " * 70_000), "over 65536 octets"),
    "64 KiB and one": (answering(GOOD.ljust(65_537)), "over 65536 octets"),
}


@pytest.mark.parametrize("what", REPLIES)
async def test_a_reply_that_is_no_answer_is_refused(session: ClientSession, serve: Serve, what: str) -> None:
    handler, why = REPLIES[what]
    assert why in await refused(HttpRegistry(session, await serve(handler), name="sso"))


async def test_64_kib_are_still_an_answer(session: ClientSession, serve: Serve) -> None:
    registry = HttpRegistry(session, await serve(answering(GOOD.ljust(65_536))), name="sso")
    assert await registry.inquire(ASKED) is not None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_never_followed(session: ClientSession, serve: Serve, status: int) -> None:
    followed: list[str] = []

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        followed.append(request.path)
        return web.json_response(KNOWN)

    there = await serve(elsewhere)
    registry = HttpRegistry(
        session, await serve(answering(b"", status=status, headers={"Location": there})), "t", name="sso"
    )
    assert f"HTTP {status}" in await refused(registry)
    assert not followed


async def test_a_body_without_end_is_left_after_64_kib(session: ClientSession, listen: Listen) -> None:
    sent = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" " * 8192)
            await writer.drain()
            sent += 8192

    assert "over 65536 octets" in await refused(HttpRegistry(session, await listen(pour), name="sso"))
    await asyncio.sleep(0.1)
    left_at = sent
    await asyncio.sleep(0.1)
    assert sent == left_at, "the connection is gone"


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()


async def reset_in_the_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n" + GOOD[:50])
    await writer.drain()


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
    await writer.drain()


async def endless_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000)
    await writer.drain()


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("talk", [reset, reset_in_the_body, garbage, endless_header, hang, drip])
async def test_a_connection_that_brings_no_answer_is_a_fault(
    session: ClientSession, listen: Listen, talk: Callable[..., Awaitable[None]]
) -> None:
    registry = HttpRegistry(session, await listen(talk), name="sso", limits=Limits(total=0.3))
    begun = time.monotonic()
    assert "does not answer" in await refused(registry)
    assert time.monotonic() - begun < 5


async def test_where_nobody_listens_there_is_a_fault(session: ClientSession, unused_tcp_port: int) -> None:
    registry = HttpRegistry(session, f"http://127.0.0.1:{unused_tcp_port}", name="sso")
    assert "does not answer: Client" in await refused(registry)


async def test_a_registry_that_does_not_take_the_call_is_given_up_soon(session: ClientSession) -> None:
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # nobody takes these, so the next is not even refused
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        begun = time.monotonic()
        assert "Connection" in await refused(HttpRegistry(session, url, name="sso", limits=Limits(connect=0.3)))
        assert time.monotonic() - begun < 5


async def test_an_answer_that_nobody_asked_for_is_nobodys(session: ClientSession, listen: Listen) -> None:
    async def ahead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        early = saying(operation_id="op-0", entitled=False)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head % len(GOOD) + GOOD + head % len(early) + early)
        await asyncio.sleep(60)

    registry = HttpRegistry(session, await listen(ahead), name="sso", limits=Limits(total=0.3))
    for _ in range(3):
        try:
            person = await registry.inquire(ASKED)
        except RegistryFault:
            continue
        assert person is not None
        assert person.entitled


async def test_nobodys_number_is_in_a_url_a_message_or_a_log(
    session: ClientSession, serve: Serve, listen: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    urls: list[str] = []

    def noting(handler: Handler) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            urls.append(request.path_qs)
            return await handler(request)

        return answer

    personal = saying(operation_id=CODE, full_name=CODE, kind=7, insurer=None, more=[LINE, OTHER])
    bodies = [*(body for body, _ in BODIES.values()), personal, personal + b"x"]
    handlers = [*map(answering, bodies), *(handler for handler, _ in REPLIES.values())]
    places = [await serve(noting(handler)) for handler in handlers] + [await listen(talk) for talk in (reset, hang)]
    said = []
    with capture_logs() as logs:
        for url in places:
            registry = HttpRegistry(session, url, "t0ken", name="sso", limits=Limits(total=0.2, faults=1))
            owners = HttpOwners(session, url, "t0ken", name="owners", limits=Limits(total=0.2, faults=1))
            said.append(await refused(registry))
            said.append(await refused(registry))
            with pytest.raises(RegistryFault) as fault:
                await owners.owns("op-1", LINE, CODE)
            said.append(str(fault.value))
    assert {line["event"] for line in logs} == {"registry_failed", "registry_left_alone"}
    assert set(urls) == {"/inquiries", "/owners"}
    everything = json.dumps([logs, urls, said, caplog.text, repr(ASKED)])
    assert not [number for number in (CODE, LINE, OTHER, "t0ken") if number in everything]
