"""What belongs to no route of ours: an `Expect` that nobody meets, and any other path.

aiohttp would refuse both itself. But it repeats the header's value in its answer, and one that is no UTF-8 cannot be
written there: that would be a 500.
"""

from contextlib import suppress

from aiohttp import HttpVersion11, web


async def expected(request: web.Request) -> None:
    """Meet `Expect: 100-continue`, RFC 9110, 10.1.1, and refuse all else with 417; an HTTP/1.0 client's is ignored."""
    if request.version != HttpVersion11:
        return
    if request.headers["Expect"].lower() != "100-continue":
        raise web.HTTPExpectationFailed
    with suppress(ConnectionError):  # whoever has left will not send the body either
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # the answer has not begun with that


def nowhere() -> web.RouteDef:
    """Every path that no route before it has: 404."""
    return web.route("*", "/{nowhere:.*}", _not_found, expect_handler=expected)


async def _not_found(_: web.Request) -> web.StreamResponse:
    raise web.HTTPNotFound
