"""A gateway's callback over HTTP: bytes in, bytes out. Here is the one place that catches everything."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from ussd.callback import CallbackError, Gateway, WireReply, WireRequest
from ussd.service import Line, Service

MAX_BODY = 16 * 1024
BODY_SECONDS = 5.0
"""aiohttp waits for ever for a body that drips."""

_NO_CALLBACK = "Not a callback of this gateway"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """One gateway as it is configured: its wire format, and its line."""

    gateway: Gateway
    line: Line


async def exchange(door: Door, service: Service, wire: WireRequest) -> WireReply:
    """Answer one request of a gateway: with a screen, whatever happens; 400 where it is no callback of that gateway."""
    try:
        callback = door.gateway.decode(wire)
    except CallbackError as error:
        return _refused(door, error)
    except Exception:
        _log.exception("decode_failed", gateway=door.line.gateway)
        return problem(400, _NO_CALLBACK)
    try:
        reply = await service.answer(door.line, callback)
    except CallbackError as error:
        return _refused(door, error)
    except Exception:
        _log.exception("callback_failed", gateway=door.line.gateway)
        reply = service.last_words(door.line)
    return door.gateway.encode(reply, callback)


def _refused(door: Door, error: CallbackError) -> WireReply:
    _log.warning("callback_refused", gateway=door.line.gateway, faults=error.faults)
    return problem(400, _NO_CALLBACK, error.faults)


def problem(
    status: int, title: str, faults: Iterable[str] = (), *, headers: Mapping[str, str] | None = None, **more: str
) -> WireReply:
    """A problem document, RFC 9457; `more` are further members, of which the empty ones are left out."""
    said = {"faults": list(faults), **more}
    body = {"type": "about:blank", "title": title, "status": status} | {name: one for name, one in said.items() if one}
    return WireReply(json.dumps(body).encode(), "application/problem+json", status, headers or {})


def routes(doors: Iterable[Door], service: Service) -> list[web.RouteDef]:
    """`/gateways/<name>`, and what is below it, for every gateway."""
    return [
        web.route("*", f"/gateways/{door.line.gateway}{below}", _handler(door, service))
        for door in doors
        for below in ("", "/{below:.+}")
    ]


def _handler(door: Door, service: Service) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        wire = await _read(request)
        return written(wire if isinstance(wire, WireReply) else await exchange(door, service, wire))

    return handle


async def _read(request: web.Request) -> WireRequest | WireReply:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        return problem(415, "Bodies are not compressed here")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.read()
    except TimeoutError:
        return problem(408, "The body did not come in time")
    headers = {name.lower(): value for name, value in request.headers.items()}
    below = request.match_info.get("below", "")
    return WireRequest(request.method, below, request.rel_url.raw_query_string, headers, body)


def written(reply: WireReply) -> web.Response:
    """A reply of ours as aiohttp sends it."""
    return web.Response(
        body=reply.body, status=reply.status, headers={"Content-Type": reply.content_type, **reply.headers}
    )
