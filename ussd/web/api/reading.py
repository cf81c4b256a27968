"""A client's request, read strictly: who it is first, and then all that is wrong with what is asked, at once."""

import asyncio
import json
import re
from collections.abc import Iterable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import ValidationError

from ussd import strict_json
from ussd.ledger import Client, ClientBook
from ussd.strict_json import NotJson
from ussd.web.api import refusals
from ussd.web.api.given import Given, faults_of
from ussd.web.api.operation import Operation
from ussd.web.api.refusals import ApiError, refusal
from ussd.web.callbacks import BODY_SECONDS, MAX_BODY

KEY_HEADER = "Idempotency-Key"
KEY_LENGTH = 255

_BEARER = re.compile(r"bearer +([!-~]{1,200})", re.IGNORECASE)
_KEY = re.compile(rf"[!-~]{{1,{KEY_LENGTH}}}")


async def client_of(request: web.Request, clients: ClientBook) -> Client:
    """Who asks. Raises ApiError, the same for every key that opens nothing; LedgerAway."""
    found = request.headers.getall("Authorization", [])
    bearer = _BEARER.fullmatch(found[0]) if len(found) == 1 else None
    client = await clients.of_key(bearer[1]) if bearer else None
    if client is None:
        raise ApiError(refusals.UNAUTHORIZED)
    return client


async def asked(request: web.Request, operation: Operation) -> tuple[Given, str]:
    """What is asked, and its Idempotency-Key. Raises ApiError with everything that is wrong."""
    faults = ["query: nothing is asked in the URL"] if request.query_string else []
    key = _key(request, operation, faults)
    try:
        given = operation.takes.model_validate(await _fields(request, operation, faults))
    except ValidationError as error:
        faults += faults_of(error)
    if faults:
        raise _wrong(faults)
    return given, key


def _key(request: web.Request, operation: Operation, faults: list[str]) -> str:
    found = request.headers.getall(KEY_HEADER, []) if operation.method == "POST" else []
    if not found and operation.needs_key:
        faults.append(f"{KEY_HEADER}: missing")
    if found and not (len(found) == 1 and _KEY.fullmatch(found[0])):
        faults.append(f"{KEY_HEADER}: not one of 1 to {KEY_LENGTH} visible ASCII characters")
    return found[0] if found else ""


async def _fields(request: web.Request, operation: Operation, faults: list[str]) -> dict[str, object]:
    """The fields of the body, or of the headers. Raises ApiError."""
    if operation.method == "POST":
        return _object(await _body(request), faults)
    found = {name: request.headers.getall(name, []) for name in operation.takes.model_fields}
    faults += [f"{name}: there twice" for name, values in found.items() if len(values) > 1]
    return {name: values[0] for name, values in found.items() if values}


async def _body(request: web.Request) -> bytes:
    compressed = request.headers.get("Content-Encoding", "identity").lower() != "identity"
    if compressed or request.content_type != "application/json":
        raise ApiError(refusals.NOT_JSON)
    if (request.content_length or 0) > MAX_BODY:
        raise ApiError(refusals.TOO_LARGE)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise ApiError(refusals.TOO_LATE) from None
    except web.HTTPRequestEntityTooLarge:
        raise ApiError(refusals.TOO_LARGE) from None
    except (ConnectionError, HttpProcessingError, web.RequestPayloadError):
        raise _wrong(["body: cut off"]) from None


def _object(octets: bytes, faults: list[str]) -> dict[str, object]:
    try:
        found = strict_json.loads(octets)
        json.dumps(found, ensure_ascii=False).encode()  # a lone surrogate is JSON to Python, and no Unicode text
    except NotJson as fault:
        raise _wrong([*faults, f"body: {fault}"]) from None
    except UnicodeEncodeError:
        raise _wrong([*faults, "body: not JSON in UTF-8"]) from None
    if not isinstance(found, dict):
        raise _wrong([*faults, "body: not a JSON object"])
    return found


def _wrong(faults: Iterable[str]) -> ApiError:
    return ApiError(refusal(400, "Nothing was done.", faults=sorted(faults)))
