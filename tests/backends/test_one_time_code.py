"""The one-time code that waits for a line, against a real ledger."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.ledger.conftest import Clock
from tests.ledger.one_time_desk import LINE, OTHER_LINE, Desk, desk_of
from ussd.backends import PendingCode, World, one_time_code
from ussd.keys import Keys
from ussd.ledger import opened
from ussd.lookups import Answer, Question

KEYS = Keys(b"a secret of the tests, 32 octets+")
LONGEST_NAME = "سامانه نسخه الکترونیکی درمانگا"


@dataclass(frozen=True)
class Late:
    """Answers after some seconds."""

    seconds: float

    async def pending(self, msisdn: str) -> PendingCode | None:
        await asyncio.sleep(self.seconds)
        return PendingCode("12345", "my.gov.ir", 3)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def world(file: Path, clock: Clock) -> AsyncIterator[World]:
    async with opened(f"sqlite:///{file}", KEYS, clock=clock) as ledger:
        yield World(
            sso=ledger.sso,
            health_insurance=ledger.health_insurance,
            owners=ledger.owners,
            centres=ledger.centres,
            tracker=ledger.tracker,
            credits=ledger.credits,
            one_time=ledger.one_time,
        )


@pytest.fixture
async def desk(world: World, file: Path, clock: Clock) -> AsyncIterator[Desk]:
    """Where codes are sent, in another process as it were."""
    async with opened(f"sqlite:///{file}", KEYS) as ledger, desk_of(ledger.database, KEYS, clock) as desk:
        yield desk


def question(msisdn: str = LINE, seconds: float = 5) -> Question:
    deadline = asyncio.get_running_loop().time() + seconds
    return Question("op-1", {}, "reference", "*4*40#", msisdn, deadline)


async def test_the_code_comes_with_who_asked_for_it_and_the_seconds_left(
    world: World, desk: Desk, clock: Clock
) -> None:
    code = await desk.sent(await desk.client("my.gov.ir"))
    clock.now += timedelta(seconds=21, milliseconds=500)
    facts = {"one_time_code": code, "client": "my.gov.ir", "seconds": "99"}
    assert await one_time_code.look_up(question(), world) == Answer("pending", facts)


async def test_another_line_has_none(world: World, desk: Desk) -> None:
    await desk.sent(await desk.client("my.gov.ir"))
    assert await one_time_code.look_up(question(OTHER_LINE), world) == Answer("none")


async def test_a_code_that_has_expired_is_none(world: World, desk: Desk, clock: Clock) -> None:
    await desk.sent(await desk.client("my.gov.ir"))
    clock.now += timedelta(seconds=120)
    assert await one_time_code.look_up(question(), world) == Answer("none")


async def test_what_is_answered_keeps_to_what_is_declared(world: World, desk: Desk) -> None:
    await desk.sent(await desk.client(LONGEST_NAME))
    answer = await one_time_code.look_up(question(), world)
    assert answer.facts.keys() == one_time_code.OUTCOMES[answer.outcome]
    assert {fact: len(value) for fact, value in answer.facts.items()} == one_time_code.FACTS


async def test_where_the_ledger_is_gone_nothing_is_claimed(world: World, desk: Desk, file: Path) -> None:
    code = await desk.sent(await desk.client("my.gov.ir"))
    file.rename(file.with_name("elsewhere"))
    assert await one_time_code.look_up(question(), world) == Answer("unavailable")
    file.with_name("elsewhere").rename(file)
    assert (await one_time_code.look_up(question(), world)).facts["one_time_code"] == code


async def test_an_answer_that_comes_late_is_not_kept_for_a_redial_at_which_it_would_be_untrue(world: World) -> None:
    slow = replace(world, one_time=Late(0.05))
    assert await one_time_code.look_up(question(seconds=0.01), slow) == Answer("unavailable")
    assert (await one_time_code.look_up(question(seconds=5), slow)).outcome == "pending"
