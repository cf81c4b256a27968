"""An insurer's registry that is broken in every way by turns, and knows what it has told whom."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from random import Random

from aiohttp import web

Said = Mapping[str, object]
Way = Callable[[web.Request, Said], Awaitable[web.StreamResponse]]


async def answered(_: web.Request, said: Said) -> web.StreamResponse:
    """As it should be."""
    return web.json_response(said)


async def slow(_: web.Request, said: Said) -> web.StreamResponse:
    """Late, and in time."""
    await asyncio.sleep(0.03)
    return web.json_response(said)


async def hung(_: web.Request, __: Said) -> web.StreamResponse:
    """Never."""
    await asyncio.sleep(30)
    raise AssertionError


async def failed(_: web.Request, __: Said) -> web.StreamResponse:
    """HTTP 500."""
    return web.Response(status=500)


async def full(_: web.Request, said: Said) -> web.StreamResponse:
    """HTTP 503, with what would be an answer."""
    return web.json_response(said, status=503)


async def html(_: web.Request, said: Said) -> web.StreamResponse:
    """A page."""
    return web.Response(text=f"<html>{said}</html>", content_type="text/html")


async def empty(_: web.Request, __: Said) -> web.StreamResponse:
    """HTTP 200 without a body."""
    return web.Response(body=b"", content_type="application/json")


async def garbage(_: web.Request, __: Said) -> web.StreamResponse:
    """What is no JSON."""
    return web.Response(body=b'{"entitled": fal\xff', content_type="application/json")


async def of_another(_: web.Request, said: Said) -> web.StreamResponse:
    """The answer to another question."""
    return web.json_response({**said, "operation_id": "another"})


async def half(_: web.Request, said: Said) -> web.StreamResponse:
    """An answer that lacks what it is asked for."""
    return web.json_response({name: value for name, value in said.items() if name != "entitled"})


async def null(_: web.Request, said: Said) -> web.StreamResponse:
    """An answer that says neither yes nor no."""
    return web.json_response({**said, "entitled": None, "known": None})


async def reset_at_once(request: web.Request, _: Said) -> web.StreamResponse:
    """The connection is gone once the question is there."""
    assert request.transport
    request.transport.abort()
    return web.Response()


async def reset_in_the_headers(request: web.Request, _: Said) -> web.StreamResponse:
    """It is gone in the middle of the headers."""
    assert request.transport
    request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: applic")
    await asyncio.sleep(0.001)
    request.transport.close()
    return web.Response()


async def reset_in_the_answer(request: web.Request, said: Said) -> web.StreamResponse:
    """It is gone when most of the answer is there."""
    octets = web.json_response(said).body
    assert isinstance(octets, bytes)
    reply = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(octets))})
    await reply.prepare(request)
    await reply.write(octets[:-1])
    assert request.transport
    request.transport.abort()
    return reply


async def cut_short(request: web.Request, said: Said) -> web.StreamResponse:
    """An answer ends in its middle, as if it were whole."""
    octets = web.json_response(said).body
    assert isinstance(octets, bytes)
    return web.Response(body=octets[: len(octets) // 2], content_type="application/json")


async def dripping(request: web.Request, _: Said) -> web.StreamResponse:
    """White space, an octet at a time."""
    reply = web.StreamResponse(headers={"Content-Type": "application/json"})
    await reply.prepare(request)
    for _ in range(600):
        await reply.write(b" ")
        await asyncio.sleep(0.05)
    raise AssertionError


RIGHT: tuple[Way, ...] = (answered, slow)
WRONG: tuple[Way, ...] = (
    failed, full, html, empty, garbage, of_another, half, null,
    reset_at_once, reset_in_the_headers, reset_in_the_answer, cut_short,
)  # fmt: skip
NEVER: tuple[Way, ...] = (hung, dripping)
"""These cost whoever asks all the time that it has."""


class Registry:
    """Goes one of the ways at random, each time that it is asked."""

    def __init__(self, seed: int, *, right: float = 0.3, never: float = 0.05) -> None:
        """`right`, `never`: how much of all it answers, and how much it leaves open."""
        self._random, self._right, self._never = Random(seed), right, never
        self.went: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        """How often, by the operation's id."""

    def application(self) -> web.Application:
        """To be served."""
        application = web.Application()
        application.router.add_post("/inquiries", self._answer)
        return application

    def way(self) -> Way:
        """The next one."""
        drawn = self._random.random()
        ways = RIGHT if drawn < self._right else NEVER if drawn < self._right + self._never else WRONG
        return self._random.choice(ways)

    def said(self, asked: Mapping[str, str]) -> Said:
        """The right answer: everybody is entitled."""
        return {
            "operation_id": asked["operation_id"],
            "known": True,
            "entitled": True,
            "insurer": "x",
            "as_of": "2026-11-21",
        }

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        way = self.way()
        self.went[way.__name__] += 1
        self.asked[asked["operation_id"]] += 1
        return await way(request, self.said(asked))
