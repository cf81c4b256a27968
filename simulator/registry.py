"""An example registry: a server that speaks the registries' contract over HTTP, with sample people of its own.

    POST /sso/inquiries, /health/inquiries, /owners

Somebody is asked about by national code or by insurance number, which is the first insurer's own.
Asked again under the same operation id it says the same again, and asked something else under it, 409.
"""

import asyncio
import hmac
import signal
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import SystemRandom
from typing import Literal, Self, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

Wait = Callable[[float], Awaitable[None]]
REMEMBERED = 10_000
"""Operations whose answers are kept; the oldest are forgotten first."""
SLOW_SECONDS = 12.0


@dataclass(frozen=True, slots=True)
class Insured:
    """Whom an insurer knows."""

    entitled: bool = True
    kind: str | None = None
    reason: str | None = None
    slow: bool = False


class Fails:
    """Of whom an insurer's registry cannot say anything: it breaks."""


Insurer = Mapping[str, Insured | Fails]
SSO: Insurer = {
    "0007569602": Insured(kind="insured"),
    "0092000304": Insured(entitled=False, kind="insured", reason="lapsed"),
    "0109136756": Insured(kind="pensioner"),
    "0127998802": Insured(kind="dependant"),
    "7407268940": Insured(kind="insured"),
    "9904829039": Insured(kind="insured", slow=True),
    "9959321576": Fails(),
    "9990579792": Insured(kind="insured"),
}
HEALTH: Insurer = {
    "7407268940": Insured(),
    "7559200151": Insured(),
    "9959321576": Fails(),
    "9990579792": Fails(),
}
INSURERS: Mapping[str, Insurer] = {"sso": SSO, "health": HEALTH}
NUMBERS: Mapping[str, str] = {
    "00000101": "0007569602",
    "00000102": "0092000304",
    "00000103": "0109136756",
    "00000104": "0127998802",
    "00000105": "7407268940",
    "00000108": "9904829039",
    "00000109": "9959321576",
    "00000110": "9990579792",
}
"""The insurance numbers of the first insurer, and whose they are."""
OWNERS: Mapping[str, str] = {"989120000001": "0007569602"}
"""Lines, and the national codes of those who own them."""


class Question(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    operation_id: str


class _Inquiry(Question):
    national_code: str = ""
    insurance_number: str = ""
    service: Literal["outpatient", "inpatient"]
    asked_by: str

    @model_validator(mode="after")
    def _one_number(self) -> Self:
        if len(self.model_fields_set & {"national_code", "insurance_number"}) != 1:
            raise PydanticCustomError("number", "national_code or insurance_number")
        return self


class _Ownership(Question):
    msisdn: str
    national_code: str


Q = TypeVar("Q", bound=Question)
Said = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Temper:
    """How well the registry does its work."""

    delay: float = 0.0
    """Seconds that every answer takes."""
    fail_rate: float = 0.0
    """The share of questions that get HTTP 500, from 0 to 1."""
    token: str | None = None
    """The bearer token that is asked for, if one is."""
    wait: Wait = asyncio.sleep


class Memory:
    """What was said under which operation id."""

    def __init__(self, size: int = REMEMBERED) -> None:
        """`size` is the number of answers kept."""
        self._size = size
        self._said: OrderedDict[tuple[str, str], tuple[Question, Said]] = OrderedDict()

    def once(self, place: str, question: Question, said: Said) -> Said:
        """What was said to this question first. Raises HTTPConflict where the id was another question's."""
        asked, first = self._said.setdefault((place, question.operation_id), (question, said))
        if asked != question:
            raise web.HTTPConflict(text="that operation_id was another question's")
        if len(self._said) > self._size:
            self._said.popitem(last=False)
        return first


class _Desk:
    """Where questions are answered."""

    def __init__(self, temper: Temper) -> None:
        self._temper, self._memory, self._chance = temper, Memory(), SystemRandom()

    async def inquiry(self, request: web.Request) -> web.StreamResponse:
        insurer = request.match_info["insurer"]
        question = await self._taken(request, _Inquiry)
        person = _known(insurer, question)
        if isinstance(person, Fails):
            raise web.HTTPInternalServerError
        if person and person.slow:
            await self._temper.wait(SLOW_SECONDS)
        return self._answer(insurer, question, _of_person(insurer, person))

    async def ownership(self, request: web.Request) -> web.StreamResponse:
        question = await self._taken(request, _Ownership)
        owns = OWNERS.get(question.msisdn) == question.national_code
        return self._answer("owners", question, {"owns": owns})

    async def _taken(self, request: web.Request, model: type[Q]) -> Q:
        token = self._temper.token
        if token is not None and not _bears(request, token):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        question = _read(await request.read(), model)
        await self._temper.wait(self._temper.delay)
        if self._chance.random() < self._temper.fail_rate:
            raise web.HTTPInternalServerError
        return question

    def _answer(self, place: str, question: Question, found: Said) -> web.Response:
        said = {"operation_id": question.operation_id, **found}
        return web.json_response(self._memory.once(place, question, said))


def _bears(request: web.Request, token: str) -> bool:
    shown = request.headers.get("Authorization", "").encode(errors="surrogateescape")
    return hmac.compare_digest(shown, f"Bearer {token}".encode())


def _read(octets: bytes, model: type[Q]) -> Q:
    try:
        return model.model_validate_json(octets)
    except ValidationError as error:
        wrong = sorted({_named(one) for one in error.errors() if one["type"] != "extra_forbidden"} - {""})
        raise web.HTTPBadRequest(text=f"missing or wrong: {', '.join(wrong) or 'the body'}") from None


def _named(fault: ErrorDetails) -> str:
    """The field at fault, without its value; empty where it is the body."""
    if fault["type"] == "number":
        return fault["msg"]
    return str(fault["loc"][0]) if fault["loc"] else ""


def _known(insurer: str, question: _Inquiry) -> Insured | Fails | None:
    people = INSURERS[insurer]
    if question.national_code:
        return people.get(question.national_code)
    # To the other insurer a number that is not its own says nothing.
    return people.get(NUMBERS.get(question.insurance_number, "")) if insurer == "sso" else None


def _of_person(insurer: str, person: Insured | None) -> Said:
    said = {
        "known": person is not None,
        "entitled": person is not None and person.entitled,
        "insurer": insurer,
        "reason": person and person.reason,
        "kind": person and person.kind,
        "as_of": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return {name: value for name, value in said.items() if value is not None}


def application(temper: Temper = Temper()) -> web.Application:
    """The registry, to be served."""
    desk, served = _Desk(temper), web.Application(client_max_size=64 * 1024)
    served.router.add_post(f"/{{insurer:{'|'.join(INSURERS)}}}/inquiries", desk.inquiry)
    served.router.add_post("/owners", desk.ownership)
    return served


async def serve(temper: Temper, host: str, port: int, listening: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT. `listening` is told the address; port 0 is any that is free."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(application(temper), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound_host, bound_port = runner.addresses[0][:2]
        listening(f"http://{f'[{bound_host}]' if ':' in bound_host else bound_host}:{bound_port}")
        await stop.wait()
    finally:
        await runner.cleanup()
