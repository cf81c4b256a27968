"""Inquiries that cost a credit: one for an answer, however often it is asked; none for no answer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from tests.ledger.books import LINE, credit, keyed
from tests.ledger.conftest import Clock
from ussd.backends import Asked, Person, RegistryFault, Subject
from ussd.keys import Keys
from ussd.ledger import Client, Going, Ledger, Replayed, Reused, UsedUp, opened
from ussd.ledger.schema import inquiries
from ussd.paid import Paid, PaidInquiries, Unanswered, Wish

KEYS = Keys(b"a secret of the tests, 32 octets+")
ENTITLED, LAPSED = Subject("national_code", "0007569602"), Subject("insurance_number", "00000102")


class Insurer:
    """A registry that knows whom it is told to know, and does what it is told to do meanwhile."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.fault: Exception | None = None

    async def inquire(self, asked: Asked) -> Person | None:
        self.asked.append(asked)
        await self.go_on.wait()
        if self.fault:
            raise self.fault
        return Person(entitled=asked.subject == ENTITLED)


@pytest.fixture
def insurer() -> Insurer:
    return Insurer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def ledger(tmp_path: Path, clock: Clock) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite:///{tmp_path}/ledger.sqlite3", KEYS, clock=clock) as ledger:
        yield ledger


@pytest.fixture
def paid(ledger: Ledger, insurer: Insurer) -> PaidInquiries:
    return PaidInquiries(ledger.spending, insurer, ledger.tracker, KEYS, seconds=0.5)


async def wish_of(ledger: Ledger, subject: Subject = ENTITLED) -> Wish:
    if not await ledger.clients.all():
        await ledger.clients.add("one")
    return Wish(Client(1, "one"), LINE, (await ledger.credits.dialled(LINE)).code, subject)


async def rows(ledger: Ledger) -> int:
    count = select(func.count()).select_from(inquiries)
    return await ledger.database.read(lambda connection: connection.scalar(count)) or 0


async def test_an_answer_costs_a_credit_and_is_tracked(ledger: Ledger, paid: PaidInquiries, clock: Clock) -> None:
    said = await paid.inquire(await wish_of(ledger), keyed(key="k1"))
    assert isinstance(said, Paid)
    assert (said.subject, said.entitled, said.remaining) == (ENTITLED, True, 9_999)
    found = await ledger.tracker.find(said.tracking_code, "1405-08-30", reveal=True)
    assert found is not None
    assert (found.kind, found.gateway, found.outcome) == ("credit", "api/one", "entitled")
    assert (found.subject, found.msisdn) == (ENTITLED, LINE)
    assert await credit(ledger) == (9_999, 0, 1)


async def test_the_registry_is_asked_about_services_outside_of_hospitals(
    ledger: Ledger, paid: PaidInquiries, insurer: Insurer
) -> None:
    said = await paid.inquire(await wish_of(ledger, LAPSED), keyed(key="k1"))
    assert isinstance(said, Paid)
    assert not said.entitled
    [asked] = insurer.asked
    assert (asked.subject, asked.service, asked.asked_by) == (LAPSED, "outpatient", "one")


async def test_asked_again_it_costs_nothing_and_nobody_is_asked(
    ledger: Ledger, paid: PaidInquiries, insurer: Insurer
) -> None:
    wish = await wish_of(ledger)
    first = await paid.inquire(wish, keyed(key="k1"))
    assert await paid.inquire(wish, keyed(key="k1")) == Replayed(repr(first).encode())
    assert await paid.inquire(wish, keyed(key="k1", asked="that")) == Reused()
    assert len(insurer.asked) == 1
    assert await credit(ledger) == (9_999, 0, 1)


async def test_asked_again_meanwhile_it_waits_for_the_first_answer(
    ledger: Ledger, paid: PaidInquiries, insurer: Insurer
) -> None:
    wish = await wish_of(ledger)
    insurer.go_on.clear()
    asking = [asyncio.create_task(paid.inquire(wish, keyed(key="k1"))) for _ in range(5)]
    while not insurer.asked:
        await asyncio.sleep(0.01)
    insurer.go_on.set()
    said = await asyncio.gather(*asking)
    [first] = [each for each in said if isinstance(each, Paid)]
    assert [each for each in said if each is not first] == [Replayed(repr(first).encode())] * 4
    assert await credit(ledger) == (9_999, 0, 1)


async def test_what_is_left_open_by_another_process_is_not_asked_beside_it(
    ledger: Ledger, paid: PaidInquiries, insurer: Insurer
) -> None:
    wish = await wish_of(ledger)
    await ledger.spending.reserve(keyed(key="k1"), wish.msisdn, wish.code, wish.subject)
    assert await paid.inquire(wish, keyed(key="k1")) == Going()
    assert not insurer.asked


@pytest.mark.parametrize("trouble", ["broken", "late"])
async def test_no_answer_costs_nothing_and_may_be_asked_for_again(
    ledger: Ledger, paid: PaidInquiries, insurer: Insurer, trouble: str
) -> None:
    wish = await wish_of(ledger)
    insurer.fault = RegistryFault("it broke") if trouble == "broken" else None
    insurer.go_on = asyncio.Event() if trouble == "late" else insurer.go_on
    assert await paid.inquire(wish, keyed(key="k1")) == Unanswered()
    assert await credit(ledger) == (10_000, 0, 0)
    insurer.fault = None
    insurer.go_on.set()
    assert isinstance(await paid.inquire(wish, keyed(key="k1")), Paid)
    operations = {asked.operation_id for asked in insurer.asked}
    assert len(operations) == 1, "asked again it is the same operation"


async def test_a_fault_of_ours_costs_nothing_either(ledger: Ledger, paid: PaidInquiries, insurer: Insurer) -> None:
    insurer.fault = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await paid.inquire(await wish_of(ledger), keyed(key="k1"))
    assert await credit(ledger) == (10_000, 0, 0)


async def test_cancelled_in_the_middle_it_costs_nothing(ledger: Ledger, paid: PaidInquiries, insurer: Insurer) -> None:
    insurer.go_on.clear()
    asking = asyncio.create_task(paid.inquire(await wish_of(ledger), keyed(key="k1")))
    while not insurer.asked:
        await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await credit(ledger) == (10_000, 0, 0)


async def test_whose_credit_was_given_back_meanwhile_gives_no_answer(
    ledger: Ledger, insurer: Insurer, clock: Clock
) -> None:
    wish = await wish_of(ledger)
    paid = PaidInquiries(ledger.spending, insurer, ledger.tracker, KEYS, seconds=30)
    insurer.go_on.clear()
    asking = asyncio.create_task(paid.inquire(wish, keyed(key="k1")))
    while not insurer.asked:
        await asyncio.sleep(0.01)
    clock.now += timedelta(seconds=50)
    assert await ledger.spending.sweep() == 1
    insurer.go_on.set()
    assert await asking == Unanswered()
    assert await credit(ledger) == (10_000, 0, 0)


async def test_a_retry_after_a_crash_gets_the_code_that_was_issued_before_it(
    ledger: Ledger, paid: PaidInquiries, clock: Clock
) -> None:
    wish = await wish_of(ledger)
    first = await paid.inquire(wish, keyed(key="k1"))
    assert isinstance(first, Paid)

    def dying_between_the_code_and_the_credit(connection: Connection) -> None:
        connection.exec_driver_sql("UPDATE credit_inquiries SET state = 'pending'")
        connection.exec_driver_sql("UPDATE credit_codes SET pending = 1, spent = 0")
        connection.exec_driver_sql("UPDATE api_requests SET answer_sealed = NULL")

    await ledger.database.write(dying_between_the_code_and_the_credit)
    clock.now += timedelta(seconds=50)
    await ledger.spending.sweep()
    again = await paid.inquire(wish, keyed(key="k1"))
    assert isinstance(again, Paid)
    assert again.tracking_code == first.tracking_code
    assert (await rows(ledger), await credit(ledger)) == (1, (9_999, 0, 1))


async def test_without_credit_nobody_is_asked(ledger: Ledger, paid: PaidInquiries, insurer: Insurer) -> None:
    wish = await wish_of(ledger)
    spent = "UPDATE credit_codes SET remaining = 0, spent = 10000"
    await ledger.database.write(lambda connection: connection.exec_driver_sql(spent))
    assert await paid.inquire(wish, keyed(key="k1")) == UsedUp()
    assert not insurer.asked
