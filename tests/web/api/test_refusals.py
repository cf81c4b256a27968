"""Whatever comes is answered by a problem document that says why, and never what was in the request."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.web.api.conftest import MOBILE, Api, is_problem, serving
from ussd.ledger import Going, Ledger, LedgerAway, UsedUp
from ussd.paid import Unanswered
from ussd.web.api import Desks, reading
from ussd.web.api.operations import OPERATIONS

INQUIRY = MOBILE | {"code": "1" * 16, "national_code": "0007569602"}
JSON = {"Content-Type": "application/json"}


@dataclass
class Says:
    """A desk that says one thing, or raises it."""

    what: object

    def __getattr__(self, _: str) -> Callable[..., Any]:
        async def say(*_: object) -> object:
            if isinstance(self.what, Exception):
                raise self.what
            return self.what

        return say


@asynccontextmanager
async def saying(desks: Desks, ledger: Ledger, **said: object) -> AsyncIterator[Api]:
    """The API with some of its desks saying one thing."""
    key = await ledger.clients.add("one")
    changed = replace(desks, **{name: Says(what) for name, what in said.items()})
    async with serving(changed) as client:
        yield Api(client, key)


@pytest.mark.parametrize(
    ("path", "fields", "faults"),
    [
        ("/credit-codes", {}, ["mobile: missing"]),
        ("/credit-codes", {"mobile": "12345"}, ["mobile: too short"]),
        ("/credit-codes", {"mobile": "0" * 65}, ["mobile: too long"]),
        ("/credit-codes", {"mobile": "08120000001"}, ["mobile: not a mobile number"]),
        ("/credit-codes", {"mobile": 9120000001}, ["mobile: not a text"]),
        ("/credit-codes", {"mobile": None}, ["mobile: not a text"]),
        ("/credit-codes", {"mobile": ["09120000001"]}, ["mobile: not a text"]),
        ("/credit-codes", MOBILE | {"0007569602": "x"}, ["body: a field that is not known here"]),
        ("/credit-codes/verify", MOBILE | {"code": "1" * 17}, ["code: not sixteen digits"]),
        ("/credit-codes/verify", MOBILE | {"code": "²" * 16}, ["code: not sixteen digits"]),
        ("/one-time-codes", MOBILE | {"purpose": "Login"}, ["purpose: not of the form ^[a-z][a-z0-9_.-]{0,39}$"]),
        ("/one-time-codes", MOBILE | {"purpose": "login\n"}, ["purpose: not of the form ^[a-z][a-z0-9_.-]{0,39}$"]),
        (
            "/one-time-codes/verify",
            {"code": "1234x", "x": 1},
            ["body: a field that is not known here", "code: not five digits", "mobile: missing", "purpose: missing"],
        ),
        ("/inquiries", INQUIRY, ["Idempotency-Key: missing"]),
        (
            "/inquiries",
            {"mobile": "1", "national_code": "0007569603"},
            [
                "Idempotency-Key: missing",
                "code: missing",
                "mobile: too short",
                "national_code: not a national code",
            ],
        ),
    ],
    ids=lambda value: repr(value)[:30],
)
async def test_every_fault_is_named_at_once_and_no_value(
    api: Api, path: str, fields: object, faults: list[str]
) -> None:
    said = await api.post(path, fields)
    assert is_problem(said, 400)
    assert said.json["faults"] == faults


@pytest.mark.parametrize("numbers", [(), ("national_code", "insurance_number")])
async def test_an_inquiry_is_about_exactly_one_number(api: Api, numbers: tuple[str, ...]) -> None:
    fields = MOBILE | {"code": "1" * 16} | dict.fromkeys(numbers, "0007569602")
    said = await api.post("/inquiries", fields, key="1")
    assert said.json["faults"] == ["body: exactly one of national_code and insurance_number"]


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 256])
async def test_an_idempotency_key_is_visible_ascii(api: Api, key: str) -> None:
    said = await api.ask("POST", "/credit-codes", {"Idempotency-Key": key}, json=MOBILE)
    assert said.json["faults"] == ["Idempotency-Key: not one of 1 to 255 visible ASCII characters"]


async def test_an_idempotency_key_may_have_255_characters(api: Api) -> None:
    assert (await api.post("/credit-codes", MOBILE, key="~" * 255)).status == 202


async def test_headers_are_checked_as_bodies_are(api: Api) -> None:
    said = await api.ask("GET", "/inquiries", {"mobile": "1234567890"})
    assert said.json["faults"] == ["code: missing", "mobile: not a mobile number"]
    twice = [("Authorization", f"Bearer {api.key}"), ("code", "1" * 16), *[("mobile", "09120000001")] * 2]
    async with api.client.delete("/api/v1/inquiries", headers=twice) as reply:
        assert (await reply.json(content_type=None))["faults"] == ["mobile: there twice"]


async def test_nothing_is_asked_in_the_url(api: Api) -> None:
    said = await api.ask("GET", "/inquiries?mobile=09120000001", MOBILE | {"code": "1" * 16})
    assert (said.status, said.json["faults"]) == (400, ["query: nothing is asked in the URL"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"mobile": "09120000001", "mobile": "09120000001"}',
        b'{"mobile": NaN}',
        b'{"mobile": "\\ud800"}',
        b'{"\\ud800": ""}',
        b"[" * 10_000,
        b"1" * 5_000,
        b"[]",
        b"null",
        b'"mobile"',
    ],
    ids=lambda body: repr(body[:20]),
)
async def test_what_is_no_json_object_is_refused(api: Api, body: bytes) -> None:
    assert is_problem(await api.ask("POST", "/credit-codes", JSON, data=body), 400)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/problem+json"},
        JSON | {"Content-Encoding": "gzip"},
        JSON | {"Content-Encoding": "br"},
    ],
    ids=str,
)
async def test_other_types_and_encodings_are_refused(api: Api, headers: dict[str, str]) -> None:
    body = json.dumps(MOBILE).encode()
    data = gzip.compress(body) if headers.get("Content-Encoding") == "gzip" else body
    assert is_problem(await api.ask("POST", "/credit-codes", headers, data=data, skip_auto_headers=()), 415)


async def test_a_body_over_16_kib_is_refused(api: Api) -> None:
    async def dripping() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 1024

    assert is_problem(await api.ask("POST", "/credit-codes", JSON, data=b" " * 16_385), 413)
    assert is_problem(await api.ask("POST", "/credit-codes", JSON, data=dripping()), 413)


async def raw(api: Api, head: str, body: bytes) -> bytes:
    """What a client reads who sends a POST of his own making and no more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.client.port)
    lines = f"POST /api/v1/credit-codes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.key}\r\n{head}\r\n\r\n"
    writer.write(lines.encode() + body)
    try:
        return await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_body_that_does_not_come_is_not_waited_for(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BODY_SECONDS", 0.1)
    assert b" 408 " in await raw(api, "Content-Type: application/json\r\nContent-Length: 9", b"{")


async def test_a_body_that_breaks_http_is_refused(api: Api) -> None:
    assert b" 400 " in await raw(api, "Content-Type: application/json\r\nTransfer-Encoding: chunked", b"zz\r\n")


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/credit-codes/", "/credit-codes/verify/x", "/openapi"])
async def test_nothing_else_is_there(nobody: Api, path: str) -> None:
    assert is_problem(await nobody.ask("GET", path), 404)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [(one.path, {"POST"}) for one in OPERATIONS if one.method == "POST" and one.path != "/inquiries"]
    + [("/inquiries", {"GET", "POST", "DELETE"}), ("/openapi.json", {"GET"})],
)
async def test_other_methods_are_refused_and_told_which_there_are(nobody: Api, path: str, allowed: set[str]) -> None:
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} - allowed:
        said = await nobody.ask(method, path)
        assert (said.status, set(said.headers["Allow"].split(", "))) == (405, allowed)


async def test_a_used_up_code_says_how_to_get_another(desks: Desks, ledger: Ledger) -> None:
    async with saying(desks, ledger, paid=UsedUp()) as api:
        said = await api.post("/inquiries", INQUIRY, key="1")
    assert is_problem(said, 402)
    assert "*4*1420*99#" in said.json["detail"]
    assert "POST /api/v1/credit-codes" in said.json["detail"]
    assert said.json["text"] == desks.messages.used_up


async def test_a_first_request_that_is_under_way_is_a_conflict(desks: Desks, ledger: Ledger) -> None:
    async with saying(desks, ledger, paid=Going()) as api:
        said = await api.post("/inquiries", INQUIRY, key="1")
    assert is_problem(said, 409)
    assert said.headers["Retry-After"] == "1"


async def test_where_no_answer_came_no_credit_was_taken(desks: Desks, ledger: Ledger) -> None:
    async with saying(desks, ledger, paid=Unanswered()) as api:
        said = await api.post("/inquiries", INQUIRY, key="1")
    assert is_problem(said, 503)
    assert (said.headers["Retry-After"], "no credit was taken" in said.json["detail"]) == ("5", True)


@pytest.mark.parametrize("desk", ["clients", "credits"])
async def test_a_ledger_that_is_away_is_said_so(desks: Desks, ledger: Ledger, desk: str) -> None:
    async with saying(desks, ledger, **{desk: LedgerAway("away")}) as api:
        said = await api.post("/credit-codes", MOBILE)
    assert is_problem(said, 503)
    assert said.headers["Retry-After"] == "5"


async def test_what_nobody_expected_is_a_500_whose_log_names_things_only(desks: Desks, ledger: Ledger) -> None:
    async with saying(desks, ledger, credits=ValueError("09120000001")) as api:
        with capture_logs() as log:
            said = await api.post("/credit-codes", MOBILE)
    assert is_problem(said, 500)
    assert b"09120000001" not in said.octets
    assert [line["event"] for line in log] == ["api_request_failed", "api_request"]


async def test_a_request_is_one_line_of_names_in_the_log(api: Api) -> None:
    with capture_logs() as log:
        await api.post("/credit-codes", MOBILE)
        await api.ask("GET", "/inquiries", {"Authorization": "Bearer wrong"})
        await api.ask("GET", "/09120000001")
    said = [(line["event"], line["operation"], line["client"], line["status"]) for line in log]
    assert said == [
        ("api_request", "send_credit_code", "دفترچه", 202),
        ("api_request", "list_inquiries", "", 401),
        ("api_request", "none", "", 404),
    ]
    assert {name for line in log for name in line} == {"event", "operation", "client", "status", "ms", "log_level"}


async def test_nothing_is_stored_on_the_way(api: Api) -> None:
    said = [await api.post("/credit-codes", MOBILE), await api.post("/credit-codes", {}), await api.ask("GET", "/x")]
    assert {one.headers["Cache-Control"] for one in said} == {"no-store"}
