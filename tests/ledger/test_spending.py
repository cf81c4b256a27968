"""Credits as they are spent: each is taken once or given back, whatever comes in between."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from tests.ledger.books import ISSUED, LINE, OTHER_LINE, SOMEBODY, credit, keyed, reserved, spend, two_clients
from tests.ledger.conftest import Clock
from ussd.backends import Subject
from ussd.ledger import Entry, Going, Ledger, Replayed, Reserved, Reused, Stopped, Unknown, UsedUp
from ussd.ledger.schema import credit_codes, credit_inquiries


@pytest.fixture
async def code(ledger: Ledger) -> str:
    """A code of LINE, with 10,000 credits."""
    await two_clients(ledger)
    return (await ledger.credits.dialled(LINE)).code


async def leave(ledger: Ledger, credits: int) -> None:
    left = update(credit_codes).values(remaining=credits, issued=credits)
    await ledger.database.write(lambda connection: connection.execute(left))


async def test_a_credit_is_reserved_and_then_taken(ledger: Ledger, code: str) -> None:
    kept = await reserved(ledger, code, "k1")
    assert kept.remaining == 9_999
    assert await credit(ledger) == (9_999, 1, 0)
    assert await ledger.spending.take(kept, True, ISSUED, b"the answer")
    assert await credit(ledger) == (9_999, 0, 1)


async def test_a_credit_that_brought_no_answer_is_given_back(ledger: Ledger, code: str) -> None:
    await ledger.spending.give_back(await reserved(ledger, code, "k1"))
    assert await credit(ledger) == (10_000, 0, 0)
    assert isinstance(await ledger.spending.reserve(keyed(key="k1"), LINE, code, SOMEBODY), Reserved)


async def test_taken_or_given_back_it_is_done_with(ledger: Ledger, code: str) -> None:
    kept = await reserved(ledger, code, "k1")
    assert await ledger.spending.take(kept, True, ISSUED, b"the answer")
    assert not await ledger.spending.take(kept, False, ISSUED, b"another")
    await ledger.spending.give_back(kept)
    assert await credit(ledger) == (9_999, 0, 1)
    returned = await reserved(ledger, code, "k2")
    await ledger.spending.give_back(returned)
    await ledger.spending.give_back(returned)
    assert not await ledger.spending.take(returned, True, ISSUED, b"late")
    assert await credit(ledger) == (9_999, 0, 1)


async def test_the_same_key_costs_once_and_gets_the_same_answer(ledger: Ledger, code: str) -> None:
    kept = await reserved(ledger, code, "k1")
    assert await ledger.spending.reserve(keyed(key="k1"), LINE, code, SOMEBODY) == Going()
    assert await ledger.spending.reserve(keyed(key="k1", asked="that"), LINE, code, SOMEBODY) == Reused()
    await ledger.spending.take(kept, True, ISSUED, b"the answer")
    assert await ledger.spending.reserve(keyed(key="k1"), LINE, code, SOMEBODY) == Replayed(b"the answer")
    assert await ledger.spending.reserve(keyed(key="k1", asked="that"), LINE, code, SOMEBODY) == Reused()
    assert await credit(ledger) == (9_999, 0, 1)


async def test_an_answer_is_kept_for_a_week(ledger: Ledger, code: str, clock: Clock) -> None:
    await spend(ledger, code, "k1")
    clock.now += timedelta(days=7)
    await ledger.spending.sweep()
    assert await ledger.spending.reserve(keyed(key="k1"), LINE, code, SOMEBODY) == Replayed(b"the answer")
    clock.now += timedelta(seconds=1)
    await ledger.spending.sweep()
    assert isinstance(await ledger.spending.reserve(keyed(key="k1"), LINE, code, SOMEBODY), Reserved)


async def test_no_credit_no_inquiry(ledger: Ledger, code: str) -> None:
    await leave(ledger, 1)
    kept = await reserved(ledger, code, "k1")
    assert await ledger.spending.reserve(keyed(key="k2"), LINE, code, SOMEBODY) == UsedUp()
    await ledger.spending.give_back(kept)
    assert await spend(ledger, code, "k2")
    assert await ledger.spending.reserve(keyed(key="k3"), LINE, code, SOMEBODY) == UsedUp()
    assert await credit(ledger) == (0, 0, 1)


async def test_many_at_once_spend_what_there_is(ledger: Ledger, code: str) -> None:
    await leave(ledger, 30)

    async def one(number: int) -> bool:
        found = await ledger.spending.reserve(keyed(key=f"k{number}"), LINE, code, SOMEBODY)
        return isinstance(found, Reserved) and await ledger.spending.take(found, True, ISSUED, b"the answer")

    assert sum(await asyncio.gather(*(one(number) for number in range(90)))) == 30
    assert await credit(ledger) == (0, 0, 30)


async def test_a_wrong_code_reserves_nothing_and_counts(ledger: Ledger, code: str) -> None:
    for number in range(5):
        found = await ledger.spending.reserve(keyed(key=f"k{number}"), LINE, f"{number:016}", SOMEBODY)
        assert found == Unknown()
    assert await ledger.spending.reserve(keyed(key="k9"), LINE, code, SOMEBODY) == Stopped(900)
    assert await ledger.spending.reserve(keyed(key="k9"), OTHER_LINE, code, SOMEBODY) == Unknown()
    assert await credit(ledger) == (10_000, 0, 0)


async def test_what_a_dead_process_left_open_is_given_back_within_a_minute(
    ledger: Ledger, code: str, clock: Clock
) -> None:
    kept = await reserved(ledger, code, "k1")
    clock.now += timedelta(seconds=45)
    assert await ledger.spending.sweep() == 0
    clock.now += timedelta(seconds=1)
    assert await ledger.spending.sweep() == 1
    assert await credit(ledger) == (10_000, 0, 0)
    assert not await ledger.spending.take(kept, True, ISSUED, b"from the dead")
    assert await spend(ledger, code, "k1")


async def test_two_that_sweep_at_once_give_back_once(ledger: Ledger, code: str, clock: Clock) -> None:
    for number in range(10):
        await reserved(ledger, code, f"k{number}")
    clock.now += timedelta(seconds=50)
    await asyncio.gather(*(ledger.spending.sweep() for _ in range(4)))
    assert await credit(ledger) == (10_000, 0, 0)


@pytest.mark.parametrize(
    "values",
    [{"remaining": -1, "issued": -1}, {"remaining": 9_999}, {"pending": 1}, {"spent": -1, "issued": 9_999}],
)
async def test_the_database_refuses_credits_that_do_not_add_up(
    ledger: Ledger, code: str, values: dict[str, int]
) -> None:
    with pytest.raises(IntegrityError):
        await ledger.database.write(lambda connection: connection.execute(update(credit_codes).values(values)))


async def test_the_history_has_what_was_answered_in_the_order_asked(ledger: Ledger, code: str, clock: Clock) -> None:
    subjects = [Subject("national_code", "0092000304"), Subject("insurance_number", "00000105"), SOMEBODY]
    asked = [await ledger.spending.reserve(keyed(key=f"k{n}"), LINE, code, one) for n, one in enumerate(subjects)]
    for kept in reversed(asked):
        assert isinstance(kept, Reserved)
        await ledger.spending.take(kept, kept is asked[1], ISSUED, b"the answer")
    await reserved(ledger, code, "open")
    await ledger.spending.give_back(await reserved(ledger, code, "returned"))
    history = await ledger.history.of_code(1, LINE, code)
    assert history == tuple(
        Entry(subject, number == 1, "n570134", clock.now) for number, subject in enumerate(subjects)
    )


async def test_deleted_it_is_off_the_list_and_in_the_ledger(ledger: Ledger, code: str) -> None:
    for key in ("k1", "k2"):
        await spend(ledger, code, key)
    assert await ledger.history.delete(1, LINE, code) == 2
    assert await ledger.history.delete(1, LINE, code) == 0
    assert await ledger.history.of_code(1, LINE, code) == ()
    await spend(ledger, code, "k3")
    history = await ledger.history.of_code(1, LINE, code)
    assert isinstance(history, tuple)
    assert len(history) == 1
    rows = await ledger.database.read(lambda connection: connection.execute(select(credit_inquiries)).all())
    assert len(rows) == 3
    assert await credit(ledger) == (9_997, 0, 3)


async def test_of_those_with_one_key_that_come_at_once_one_is_asked(ledger: Ledger, code: str) -> None:
    asked = [ledger.spending.reserve(keyed(key="k1", asked=what), LINE, code, SOMEBODY) for what in ("a", "b", "a")]
    first, other, again = await asyncio.gather(*asked)
    assert isinstance(first, Reserved)
    assert (other, again) == (Reused(), Going())
    assert await credit(ledger) == (9_999, 1, 0)


async def test_those_without_a_key_are_each_their_own(ledger: Ledger, code: str) -> None:
    asked = [ledger.spending.reserve(keyed(), LINE, one, SOMEBODY) for one in (code, "0" * 16, code)]
    first, wrong, third = await asyncio.gather(*asked)
    assert isinstance(first, Reserved)
    assert isinstance(third, Reserved)
    assert wrong == Unknown()
    assert {first.inquiry, third.inquiry} == {1, 2}
    assert (first.remaining, third.remaining) == (9_999, 9_998)


async def test_in_a_crowd_each_is_told_what_concerns_it(ledger: Ledger, code: str) -> None:
    other = (await ledger.credits.dialled(OTHER_LINE)).code
    subjects = [Subject("national_code", f"{number:010}") for number in range(120)]

    async def ask(number: int) -> object:
        line, mine = (LINE, code) if number % 2 else (OTHER_LINE, other)
        wrong = number % 40 == 7
        found = await ledger.spending.reserve(
            keyed(key=f"k{number}"), line, "0" * 16 if wrong else mine, subjects[number]
        )
        if not isinstance(found, Reserved):
            return found
        await ledger.spending.take(found, True, ISSUED, f"{number}".encode())
        return await ledger.spending.reserve(keyed(key=f"k{number}"), line, mine, subjects[number])

    said = await asyncio.gather(*(ask(number) for number in range(120)))
    assert said == [Unknown() if number % 40 == 7 else Replayed(f"{number}".encode()) for number in range(120)]
    history = await ledger.history.of_code(1, LINE, code)
    assert isinstance(history, tuple)
    assert {entry.subject for entry in history} == {subjects[n] for n in range(1, 120, 2) if n % 40 != 7}
