"""The neutral contract, both ways: what is asked, and what is made of an answer."""

import pytest
from aiohttp import ClientSession, web

from tests.registries.conftest import ASKED, CODE, KNOWN, LINE, Serve
from ussd.backends import Asked, Person, RegistryFault, Subject
from ussd.registries import HttpOwners, HttpRegistry


class Recorder:
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self, said: dict[str, object]) -> None:
        self.said = said
        self.requests: list[tuple[str, str, dict[str, str], object]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path_qs, dict(request.headers), await request.json()))
        return web.json_response(self.said)


async def test_an_inquiry_is_asked_as_the_contract_has_it(session: ClientSession, serve: Serve) -> None:
    server = Recorder(KNOWN)
    registry = HttpRegistry(session, await serve(server.answer) + "v1/sso/", "s3cret", name="sso")
    await registry.inquire(ASKED)
    [(method, path, headers, body)] = server.requests
    assert (method, path) == ("POST", "/v1/sso/inquiries")
    assert headers["Authorization"] == "Bearer s3cret"
    assert headers["Content-Type"] == "application/json"
    assert headers["Accept-Encoding"] == "identity"
    assert body == {"operation_id": "op-1", "national_code": CODE, "service": "inpatient", "asked_by": "1021"}


async def test_an_inquiry_by_insurance_number_names_no_national_code(session: ClientSession, serve: Serve) -> None:
    server = Recorder(KNOWN)
    registry = HttpRegistry(session, await serve(server.answer), name="sso")
    person = await registry.inquire(Asked("op-1", Subject("insurance_number", "00000105"), "inpatient", "1021"))
    assert person == Person(True)
    [(_, path, _, body)] = server.requests
    assert path == "/inquiries"
    assert body == {"operation_id": "op-1", "insurance_number": "00000105", "service": "inpatient", "asked_by": "1021"}


async def test_an_answer_with_another_insurance_number_is_about_another_person(
    session: ClientSession, serve: Serve
) -> None:
    server = Recorder({**KNOWN, "insurance_number": "00000106"})
    registry = HttpRegistry(session, await serve(server.answer), name="sso")
    with pytest.raises(RegistryFault, match="another person"):
        await registry.inquire(Asked("op-1", Subject("insurance_number", "00000105"), "inpatient", "1021"))
    assert await registry.inquire(Asked("op-1", Subject("insurance_number", "00000106"), "inpatient", "1021"))


async def test_an_answer_with_another_national_code_is_about_another_person(
    session: ClientSession, serve: Serve
) -> None:
    server = Recorder({**KNOWN, "national_code": "0092000304"})
    registry = HttpRegistry(session, await serve(server.answer), name="sso")
    with pytest.raises(RegistryFault, match="another person"):
        await registry.inquire(ASKED)
    server.said = {**KNOWN, "national_code": CODE, "insurance_number": "00000106"}
    assert await registry.inquire(ASKED)


async def test_an_owner_is_asked_for_as_the_contract_has_it(session: ClientSession, serve: Serve) -> None:
    server = Recorder({"operation_id": "op-2", "owns": True})
    assert await HttpOwners(session, await serve(server.answer), name="owners").owns("op-2", LINE, CODE) is True
    [(method, path, headers, body)] = server.requests
    assert (method, path) == ("POST", "/owners")
    assert "Authorization" not in headers
    assert body == {"operation_id": "op-2", "msisdn": LINE, "national_code": CODE}
    server.said = {"operation_id": "op-2", "owns": False}
    assert await HttpOwners(session, await serve(server.answer), name="owners").owns("op-2", LINE, CODE) is False


@pytest.mark.parametrize(
    ("said", "person"),
    [
        ({}, Person(True)),
        ({"entitled": False}, Person(False)),
        ({"known": False, "entitled": False}, None),
        ({"known": False, "entitled": False, "kind": "insured"}, None),
        ({"kind": "pensioner"}, Person(True, "pensioner")),
        ({"kind": "astronaut"}, Person(True)),
        ({"kind": None, "reason": None, "full_name": None}, Person(True)),
        ({"reason": "lapsed", "full_name": "نمونه", "insurance_number": "12345678", "branch": "11"}, Person(True)),
        ({"as_of": "2026-11-21"}, Person(True)),
        ({"what the contract may have one day": [1.5, {"x": None}]}, Person(True)),
    ],
)
async def test_an_answer_is_read_for_what_it_says(
    session: ClientSession, serve: Serve, said: dict[str, object], person: Person | None
) -> None:
    registry = HttpRegistry(session, await serve(Recorder(KNOWN | said).answer), name="sso")
    assert await registry.inquire(ASKED) == person


async def test_each_question_is_sent_once_and_each_answer_goes_to_who_asked(
    session: ClientSession, serve: Serve
) -> None:
    asked: list[str] = []

    async def echo(request: web.Request) -> web.StreamResponse:
        question = await request.json()
        asked.append(question["operation_id"])
        return web.json_response(KNOWN | {"operation_id": asked[-1], "entitled": question["national_code"] == CODE})

    registry = HttpRegistry(session, await serve(echo), name="sso")
    for number in range(200):
        subject = Subject("national_code", CODE if number % 3 else "0092000304")
        person = await registry.inquire(Asked(f"op-{number}", subject, "outpatient", "subscriber"))
        assert person == Person(bool(number % 3))
    assert asked == [f"op-{number}" for number in range(200)]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "registry",
        "ftp://registry",
        "http://",
        "http://me:secret@registry",
        "http://registry?a=1",
        "http://registry#a",
    ],
)
async def test_a_url_that_is_none_is_refused_at_once(session: ClientSession, url: str) -> None:
    with pytest.raises(ValueError, match="a registry's URL"):
        HttpRegistry(session, url, name="sso")


@pytest.mark.parametrize("token", ["", " ", "a b", "a\r\nX: y", "é"])
async def test_a_token_that_is_none_is_refused_at_once(session: ClientSession, token: str) -> None:
    with pytest.raises(ValueError, match="visible ASCII") as refused:
        HttpOwners(session, "http://registry", token, name="owners")
    assert not token.strip() or token not in str(refused.value)
