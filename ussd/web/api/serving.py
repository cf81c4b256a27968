"""The routes of the API, and the one way of every request: who, what, the desk, the answer, a line in the log."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from time import monotonic

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from ussd.callback import WireReply
from ussd.ledger import Client, Keyed, LedgerAway, Replayed
from ussd.web.api import refusals
from ussd.web.api.document import document
from ussd.web.api.given import Given
from ussd.web.api.operation import ROOT, Call, Desks, Operation
from ussd.web.api.operations import OPERATIONS
from ussd.web.api.reading import asked, client_of
from ussd.web.api.refusals import ApiError, refusal, refused
from ussd.web.callbacks import written
from ussd.web.elsewhere import expected

REPLAYED = {"Idempotency-Replayed": "true"}
_JSON = "application/json"
_NO_STORE = {"Cache-Control": "no-store"}

_log = structlog.get_logger(__name__)

Answering = Callable[[web.Request], Awaitable[tuple[str, WireReply]]]
"""The name of the client, empty where nobody knows it, and what it gets."""


def routes(desks: Desks, turns_away: Callable[[], bool] = bool) -> list[web.RouteDef]:
    """Everything below `/api/v1`. The application takes no more than 16 KiB, and leaves bodies compressed.

    `turns_away`: asked at each operation whether it is to come again later, as there is more to do than can be done.
    """
    found = [
        _route(path, _handler({one.method: (one.name, _operating(desks, one, turns_away)) for one in at}))
        for path, at in _by_path().items()
    ]
    schema = _route("/openapi.json", _handler({"GET": ("openapi", _always(_schema()))}))
    return [*found, schema, _route("{rest:(?:/.*)?}", _nothing)]


def _route(path: str, handler: Handler) -> web.RouteDef:
    return web.route("*", ROOT + path, handler, expect_handler=expected)


def _by_path() -> dict[str, list[Operation]]:
    return {one.path: [other for other in OPERATIONS if other.path == one.path] for one in OPERATIONS}


def _handler(at: Mapping[str, tuple[str, Answering]]) -> Handler:
    allowed = ", ".join(sorted(at))
    none = ("none", _always(refusal(405, f"Here is only {allowed}.", Allow=allowed)))

    async def handle(request: web.Request) -> web.Response:
        return await _logged(request, *at.get(request.method, none))

    return handle


async def _nothing(request: web.Request) -> web.Response:
    return await _logged(request, "none", _always(refusals.NO_SUCH_PATH))


async def _logged(request: web.Request, name: str, answer: Answering) -> web.Response:
    began = monotonic()
    client, reply = await answer(request)
    ms = round((monotonic() - began) * 1000)
    _log.info("api_request", operation=name, client=client, status=reply.status, ms=ms)
    return written(replace(reply, headers={**reply.headers, **_NO_STORE}))


def _always(reply: WireReply) -> Answering:
    async def answer(_: web.Request) -> tuple[str, WireReply]:
        return "", reply

    return answer


def _schema() -> WireReply:
    return WireReply(document(), _JSON)


def _operating(desks: Desks, operation: Operation, turns_away: Callable[[], bool]) -> Answering:
    """Here is the API's one place that catches everything."""

    async def answer(request: web.Request) -> tuple[str, WireReply]:
        name = ""
        if turns_away():
            return name, refusals.BUSY
        try:
            client = await client_of(request, desks.clients)
            name = client.name
            return name, await _answered(desks, operation, client, *await asked(request, operation))
        except ApiError as error:
            return name, error.reply
        except LedgerAway:
            return name, refusals.AWAY
        except Exception:
            _log.exception("api_request_failed", operation=operation.name)
            return name, refusals.FAILED

    return answer


async def _answered(desks: Desks, operation: Operation, client: Client, given: Given, key: str) -> WireReply:
    def render(said: object) -> bytes:
        return operation.answer(said, desks.messages).octets()

    keyed = Keyed(client.number, key, _fingerprint(desks, operation, given), render)
    said = await operation.ask(desks, Call(client, given, keyed))
    if no := refused(said, desks.messages):
        return no
    if isinstance(said, Replayed):
        return WireReply(said.body, _JSON, operation.status, REPLAYED)
    # A list may have ten thousand entries, for which no callback shall wait.
    body = await asyncio.to_thread(render, said) if operation.method == "GET" else render(said)
    return WireReply(body, _JSON, operation.status)


def _fingerprint(desks: Desks, operation: Operation, given: Given) -> str:
    """The same for the same request, however its numbers are written."""
    fields = json.dumps(given.model_dump(exclude_unset=True), sort_keys=True)
    return desks.keys.name("api request", operation.method, ROOT + operation.path, fields)
