"""The example registry, asked through the client that asks the real ones."""

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from simulator.registry import HEALTH, NUMBERS, SSO, Memory, Question, Temper, application
from tests.registries.conftest import CODE, LINE
from ussd.backends import Asked, Person, RegistryFault, Subject, SubjectKind
from ussd.core.inputs import insurance_number
from ussd.core.inputs import national_code as checked
from ussd.registries import HttpOwners, HttpRegistry

Heard = Person | Literal["fails"] | None
SAMPLES: list[tuple[str, Heard, Heard]] = [
    ("0007569602", Person(True, "insured"), None),
    ("0092000304", Person(False, "insured"), None),
    ("0109136756", Person(True, "pensioner"), None),
    ("0127998802", Person(True, "dependant"), None),
    ("7407268940", Person(True, "insured"), Person(True)),
    ("7559200151", None, Person(True)),
    ("7705705001", None, None),
    ("9904829039", Person(True, "insured"), None),
    ("9959321576", "fails", "fails"),
    ("9990579792", Person(True, "insured"), "fails"),
    ("0000000000", None, None),
    ("00000101", None, None),
]


class Waits:
    """Passes no time, and says how much it was asked to."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
async def url(waits: Waits) -> AsyncIterator[str]:
    async with TestServer(application(Temper(wait=waits))) as server:
        yield str(server.make_url("/"))


def asked(number: str, operation_id: str = "op-1", kind: SubjectKind = "national_code") -> Asked:
    return Asked(operation_id, Subject(kind, number), "inpatient", "1021")


async def answered(registry: HttpRegistry, number: str, kind: SubjectKind = "national_code") -> Heard:
    try:
        return await registry.inquire(asked(number, kind=kind))
    except RegistryFault:
        return "fails"


@pytest.mark.parametrize(("national_code", "sso", "health"), SAMPLES)
async def test_both_insurers_say_what_they_know(
    session: ClientSession, url: str, national_code: str, sso: Heard, health: Heard
) -> None:
    assert await answered(HttpRegistry(session, f"{url}sso", name="sso"), national_code) == sso
    assert await answered(HttpRegistry(session, f"{url}health", name="health"), national_code) == health


BY_NUMBER = {number: (code, sso) for code, sso, _ in SAMPLES for number, owner in NUMBERS.items() if owner == code}


@pytest.mark.parametrize(("number", "sso"), [*((number, sso) for number, (_, sso) in BY_NUMBER.items()), (CODE, None)])
async def test_by_insurance_number_the_organization_says_the_same_and_the_other_knows_nobody(
    session: ClientSession, url: str, number: str, sso: Heard
) -> None:
    here, there = HttpRegistry(session, f"{url}sso", name="sso"), HttpRegistry(session, f"{url}health", name="health")
    assert await answered(here, number, "insurance_number") == sso
    assert await answered(there, number, "insurance_number") is None


async def test_one_person_takes_twelve_seconds_at_one_insurer(session: ClientSession, url: str, waits: Waits) -> None:
    await HttpRegistry(session, f"{url}sso", name="sso").inquire(asked("9904829039"))
    assert sum(waits.seconds) == 12
    await HttpRegistry(session, f"{url}health", name="health").inquire(asked("9904829039"))
    await HttpRegistry(session, f"{url}sso", name="sso").inquire(asked(CODE, "op-2"))
    assert sum(waits.seconds) == 12


async def test_only_who_owns_a_line_owns_it(session: ClientSession, url: str) -> None:
    owners = HttpOwners(session, url, name="owners")
    assert await owners.owns("op-1", LINE, CODE)
    assert not await owners.owns("op-2", LINE, "0092000304")
    assert not await owners.owns("op-3", "989120001666", CODE)


async def test_a_token_is_asked_for_where_there_is_one(session: ClientSession) -> None:
    async with TestServer(application(Temper(token="s3cret"))) as server:
        url = str(server.make_url("/sso"))
        assert await HttpRegistry(session, url, "s3cret", name="sso").inquire(asked(CODE)) is not None
        for token in (None, "s3cre", "s3crets"):
            with pytest.raises(RegistryFault, match="HTTP 401"):
                await HttpRegistry(session, url, token, name="sso").inquire(asked(CODE))


async def test_it_is_as_slow_and_as_broken_as_it_is_told_to_be(session: ClientSession, waits: Waits) -> None:
    async with TestServer(application(Temper(delay=3.0, fail_rate=1.0, wait=waits))) as server:
        with pytest.raises(RegistryFault, match="HTTP 500"):
            await HttpRegistry(session, str(server.make_url("/sso")), name="sso").inquire(asked(CODE))
        with pytest.raises(RegistryFault, match="HTTP 500"):
            await HttpOwners(session, str(server.make_url("/")), name="owners").owns("op-1", LINE, CODE)
    assert waits.seconds == [3.0, 3.0]


async def test_it_breaks_as_often_as_it_is_told_to(session: ClientSession) -> None:
    async with TestServer(application(Temper(fail_rate=0.5))) as server:
        url = str(server.make_url("/sso/inquiries"))
        replies = await asyncio.gather(*(session.post(url, json=fields(operation_id=str(n))) for n in range(400)))
        statuses = [reply.status for reply in replies]
        for reply in replies:
            reply.release()
    assert set(statuses) == {200, 500}
    assert 100 < statuses.count(500) < 300  # ten standard deviations


def fields(**changed: object) -> dict[str, object]:
    asked = {"operation_id": "op-1", "national_code": CODE, "service": "inpatient", "asked_by": "1021"}
    return {name: value for name, value in (asked | changed).items() if value is not None}


async def test_the_same_question_gets_the_same_answer_to_the_octet(session: ClientSession, url: str) -> None:
    said = set()
    for _ in range(3):
        async with session.post(f"{url}sso/inquiries", json=fields()) as reply:
            said.add(await reply.read())
    assert len(said) == 1


async def test_the_same_digits_as_another_kind_of_number_are_another_question(session: ClientSession, url: str) -> None:
    by_number = fields(national_code=None, insurance_number=CODE)
    for body, status in [(fields(), 200), (by_number, 409)]:
        async with session.post(f"{url}sso/inquiries", json=body) as reply:
            assert reply.status == status


async def test_another_question_under_the_same_id_is_refused(session: ClientSession, url: str) -> None:
    for changed, status in [({}, 200), ({"national_code": "0092000304"}, 409), ({"service": "outpatient"}, 409)]:
        async with session.post(f"{url}sso/inquiries", json=fields(**changed)) as reply:
            assert reply.status == status
    async with session.post(f"{url}health/inquiries", json=fields(national_code="0092000304")) as reply:
        assert reply.status == 200, "the other insurer was not asked yet"


def test_it_remembers_no_more_than_it_is_told_to() -> None:
    memory = Memory(size=2)
    assert [memory.once("sso", Question(operation_id=str(n)), {"n": n}) for n in range(3)] == [
        {"n": 0},
        {"n": 1},
        {"n": 2},
    ]
    assert memory.once("sso", Question(operation_id="2"), {}) == {"n": 2}
    assert memory.once("sso", Question(operation_id="0"), {}) == {}


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"operation_id": None}, "missing or wrong: operation_id"),
        ({"service": "dental", "asked_by": 1}, "missing or wrong: asked_by, service"),
        ({"national_code": 7569602}, "missing or wrong: national_code"),
        ({"more": CODE}, "missing or wrong: the body"),
        ({"national_code": None}, "missing or wrong: national_code or insurance_number"),
        ({"insurance_number": "00000101"}, "missing or wrong: national_code or insurance_number"),
        ({"insurance_number": ""}, "missing or wrong: national_code or insurance_number"),
        ({"national_code": None, "insurance_number": 101}, "missing or wrong: insurance_number"),
    ],
)
async def test_what_is_no_question_is_refused_without_its_values(
    session: ClientSession, url: str, changed: dict[str, object], complaint: str
) -> None:
    async with session.post(f"{url}sso/inquiries", json=fields(**changed)) as reply:
        assert (reply.status, await reply.text()) == (400, complaint)


async def test_other_ways_of_asking_are_refused(session: ClientSession, url: str) -> None:
    for method, path, body, status in [
        ("GET", "sso/inquiries", b"", 405),
        ("POST", "other/inquiries", b"{}", 404),
        ("POST", "sso/inquiries", b"{}", 415),
    ]:
        async with session.request(method, url + path, data=body) as reply:
            assert reply.status == status


def test_every_sample_code_has_its_right_check_digit() -> None:
    assert all(checked(code) == code for code in {*SSO, *HEALTH})


def test_whom_the_organization_insures_has_one_right_insurance_number() -> None:
    assert sorted(NUMBERS.values()) == sorted(SSO)
    assert all(insurance_number(number) == number for number in NUMBERS)
