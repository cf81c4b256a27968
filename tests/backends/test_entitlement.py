"""The entitlement inquiry, against a real ledger."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ussd.backends import Subject, World, entitlement
from ussd.keys import Keys
from ussd.ledger import Ledger, day_of, opened
from ussd.ledger.ledger import utc_now
from ussd.ledger.schema import inquiries, sample_people
from ussd.lookups import Answer, Question


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
async def ledger(file: Path) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite:///{file}", Keys(b"a secret of the tests, 32 octets+")) as ledger:
        yield ledger


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(
        sso=ledger.sso,
        health_insurance=ledger.health_insurance,
        owners=ledger.owners,
        centres=ledger.centres,
        tracker=ledger.tracker,
        credits=ledger.credits,
        one_time=ledger.one_time,
    )


def question(national_code: str, operation_id: str = "op-1") -> Question:
    return Question(operation_id, {"national_code": national_code}, "reference", "*4*1420#", "989120000001", deadline=0)


async def rows(ledger: Ledger) -> int:
    count = select(func.count()).select_from(inquiries)
    return await ledger.database.read(lambda connection: connection.scalar(count)) or 0


@pytest.mark.parametrize(
    ("national_code", "outcome"),
    [
        ("0007569602", "entitled"),
        ("0109136756", "entitled"),
        ("0127998802", "entitled"),
        ("7407268940", "entitled"),
        ("9990579792", "entitled"),
        ("0092000304", "not_entitled"),
        ("7559200151", "not_entitled"),
        ("7705705001", "not_entitled"),
        ("0000000000", "not_entitled"),
    ],
)
async def test_each_answer_comes_with_a_code_that_finds_it(
    ledger: Ledger, world: World, national_code: str, outcome: str
) -> None:
    day = day_of(utc_now())
    answer = await entitlement.look_up(question(national_code), world)
    assert answer.outcome == outcome
    assert re.fullmatch("n[0-9]{6}", answer.facts["tracking_code"])
    found = await ledger.tracker.find(answer.facts["tracking_code"], day, reveal=True)
    assert found is not None
    assert (found.outcome, found.kind) == (outcome, "entitlement")
    assert found.subject == Subject("national_code", national_code)
    assert (found.gateway, found.shortcode, found.msisdn) == ("reference", "*4*1420#", "989120000001")


async def test_what_is_answered_keeps_to_what_is_declared(world: World) -> None:
    for number, national_code in enumerate(["0007569602", "0092000304", "9959321576"]):
        answer = await entitlement.look_up(question(national_code, f"op-{number}"), world)
        assert answer.facts.keys() == entitlement.OUTCOMES[answer.outcome]
        assert all(len(value) <= entitlement.FACTS[fact] for fact, value in answer.facts.items())


async def test_a_registry_that_fails_is_no_answer_and_no_row(ledger: Ledger, world: World) -> None:
    assert await entitlement.look_up(question("9959321576"), world) == Answer("unavailable")
    assert await rows(ledger) == 0


async def test_a_registry_that_is_slow_can_be_left_alone(ledger: Ledger, world: World) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(entitlement.look_up(question("9904829039"), world), 0.2)
    assert await rows(ledger) == 0


async def test_where_no_code_can_be_stored_none_is_shown(ledger: Ledger, world: World, file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert await entitlement.look_up(question("0007569602"), world) == Answer("unavailable")
    other.close()
    assert (await entitlement.look_up(question("0007569602"), world)).outcome == "entitled"
    assert await rows(ledger) == 1


async def test_where_the_database_is_gone_nothing_is_claimed(world: World, file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    assert await entitlement.look_up(question("0007569602"), world) == Answer("unavailable")
    file.with_name("elsewhere").rename(file)
    assert (await entitlement.look_up(question("0007569602"), world)).outcome == "entitled"


async def test_asked_twice_the_first_answer_stands_even_where_the_person_changed(ledger: Ledger, world: World) -> None:
    first = await entitlement.look_up(question("0007569602"), world)
    await ledger.database.write(lambda connection: connection.execute(sample_people.update().values(sso="lapsed")))
    assert await entitlement.look_up(question("0007569602"), world) == first
    assert (await entitlement.look_up(question("0007569602", "op-2"), world)).outcome == "not_entitled"
    assert await rows(ledger) == 2


async def test_asked_twice_at_once_there_is_one_row(ledger: Ledger, world: World) -> None:
    answers = await asyncio.gather(*(entitlement.look_up(question("0007569602"), world) for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    assert await rows(ledger) == 1
