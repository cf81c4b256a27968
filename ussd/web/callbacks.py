"""A gateway's callback over HTTP: bytes in, bytes out. Here is the one place that catches everything."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from ussd.admission import Slot
from ussd.callback import Callback, CallbackError, Gateway, Reply, WireReply, WireRequest
from ussd.line import Line
from ussd.service import Service
from ussd.web.auth import OPEN, Admitted, Guard, Raw, Refused, Unsure
from ussd.web.elsewhere import expected
from ussd.web.push import Push
from ussd.web.turnstile import LetIn, answering

MAX_BODY = 16 * 1024
BODY_SECONDS = 5.0
"""aiohttp waits for ever for a body that drips."""

_AS_IT_IS = ("identity", "utf-8")
"""RestComm names its alphabet where a compression is named."""

_NO_CALLBACK = "Not a callback of this gateway"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """One gateway as it is configured: its wire format, its line, and who may call it."""

    gateway: Gateway
    line: Line
    guard: Guard = OPEN
    push: Push | None = None
    """The way out of its screens, where they do not go out as answers."""


async def admitted(door: Door, service: Service, raw: Raw, wire: WireRequest) -> WireReply:
    """Answer one request, if its caller proves who it is; otherwise 401, and nothing of it is read.

    Where nobody can tell whether it is a replay, which is where Redis is away, it gets the apology that all get then.
    """
    try:
        verdict = await door.guard.verdict(raw)
    except Exception:
        _log.exception("guard_failed", gateway=door.line.gateway)
        verdict = Refused(("guard",))
    match verdict:
        case Admitted():
            return await exchange(door, service, wire)
        case Unsure():
            _log.warning("replay_unknown", gateway=door.line.gateway)
            return await exchange(door, service, wire, sure=False)
        case Refused(missed=missed):
            _log.warning("caller_refused", gateway=door.line.gateway, missed=missed)
            service.counting.stranger(door.line.gateway)
            challenge = door.guard.challenge
            return problem(401, "Unauthorized", headers={"WWW-Authenticate": challenge} if challenge else None)


async def exchange(door: Door, service: Service, wire: WireRequest, *, sure: bool = True) -> WireReply:
    """Answer one request of a gateway: with a screen, whatever happens; 400 where it is no callback of that gateway.

    What is not `sure` to be new gets the apology, and does nothing.
    """
    try:
        callback = door.gateway.decode(wire)
    except Exception as error:
        service.counting.callback(door.line.gateway, "", "refused")
        if isinstance(error, CallbackError):
            return _refused(door, error)
        _log.exception("decode_failed", gateway=door.line.gateway)
        return problem(400, _NO_CALLBACK)
    return await _replied(door, service, callback, sure=sure)


async def _replied(
    door: Door, service: Service, callback: Callback, *, slot: Slot | None = None, sure: bool = True
) -> WireReply:
    answer = partial(_answered, door, service, callback, slot=slot, sure=sure)
    if door.push:
        return door.push.take(callback, answer) or _full(door, service)
    try:
        reply = await answer()
    except CallbackError as error:
        return _refused(door, error)
    return door.gateway.encode(reply, callback)


async def _answered(door: Door, service: Service, callback: Callback, *, slot: Slot | None, sure: bool) -> Reply:
    """What the handset is to show, whatever happens. Raises CallbackError."""
    if not sure:
        service.counting.callback(door.line.gateway, "", "store_away")
        return service.last_words(door.line)
    try:
        return await service.answer(door.line, callback, slot)
    except CallbackError:
        raise
    except Exception:
        _log.exception("callback_failed", gateway=door.line.gateway)
        return service.last_words(door.line)


def _refused(door: Door, error: CallbackError) -> WireReply:
    _log.warning("callback_refused", gateway=door.line.gateway, faults=error.faults)
    return problem(400, _NO_CALLBACK, error.faults)


def _full(door: Door, service: Service) -> WireReply:
    service.counting.limited("full")
    service.counting.callback(door.line.gateway, "", "limited")
    return problem(503, "Too much is under way", headers={"Retry-After": "1"})


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
        web.route("*", f"/gateways/{door.line.gateway}{below}", _handler(door, service), expect_handler=expected)
        for door in doors
        for below in ("", "/{below:.+}")
    ]


def _handler(door: Door, service: Service) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        if let_in := answering(request):
            return written(await _let_in(door, service, let_in))
        wire = await _read(request)
        if isinstance(wire, WireReply):
            return written(wire)
        if door.guard is OPEN:
            return written(await exchange(door, service, wire))
        return written(await admitted(door, service, _raw(request, wire.body), wire))

    return handle


async def _let_in(door: Door, service: Service, who: LetIn) -> WireReply:
    try:
        return await _replied(door, service, who.callback, slot=who.slot)
    finally:
        if who.slot:
            who.slot.leave()


def _raw(request: web.Request, body: bytes) -> Raw:
    headers = tuple((name.lower(), value) for name, value in request.headers.items())
    return Raw(request.remote or "", request.method, request.raw_path, headers, body)


async def _read(request: web.Request) -> WireRequest | WireReply:
    if request.headers.get("Content-Encoding", "identity").lower() not in _AS_IT_IS:
        return problem(415, "Bodies are not compressed here")
    try:
        # One that is here already needs no clock: a timer for each costs more than most of what is turned away.
        async with nullcontext() if request.content.is_eof() else asyncio.timeout(BODY_SECONDS):
            body = await request.read()
    except TimeoutError:
        return problem(408, "The body did not come in time")
    except (ConnectionError, HttpProcessingError, web.RequestPayloadError):
        return problem(400, "The body did not come whole")
    headers = {name.lower(): value for name, value in request.headers.items()}
    below = request.match_info.get("below", "")
    return WireRequest(request.method, below, request.rel_url.raw_query_string, headers, body)


def written(reply: WireReply) -> web.Response:
    """A reply of ours as aiohttp sends it."""
    return web.Response(
        body=reply.body, status=reply.status, headers={"Content-Type": reply.content_type, **reply.headers}
    )
