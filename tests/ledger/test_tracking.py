"""Inquiries, their codes, and what is found by a code."""

import asyncio
import contextlib
import multiprocessing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

import pytest
from sqlalchemy import event, func, select

from ussd.backends import Subject
from ussd.keys import Keys, Unsealable
from ussd.ledger import Inquiry, Ledger, OperationReused, Tracker, opened
from ussd.ledger.schema import inquiries
from ussd.ledger.tracking import Clock

ASKED = Inquiry(
    operation_id="op-1",
    kind="entitlement",
    gateway="reference",
    shortcode="*4*1420#",
    msisdn="989120000001",
    subject=Subject("national_code", "0007569602"),
    outcome="entitled",
)


def numbered(count: int) -> list[Inquiry]:
    return [replace(ASKED, operation_id=f"op-{number}") for number in range(count)]


async def rows(ledger: Ledger) -> int:
    number = select(func.count()).select_from(inquiries)
    return await ledger.database.read(lambda connection: connection.scalar(number)) or 0


async def test_a_code_that_is_given_is_found(ledger: Ledger) -> None:
    issued = await ledger.tracker.issue(ASKED)
    assert (issued.day, issued.outcome) == ("1405-08-30", "entitled")
    found = await ledger.tracker.find(issued.code, issued.day)
    assert found is not None
    assert (found.code, found.day, found.outcome) == (issued.code, issued.day, issued.outcome)
    assert (found.operation_id, found.kind) == ("op-1", "entitlement")
    assert (found.gateway, found.shortcode) == ("reference", "*4*1420#")


async def test_those_who_ask_together_are_written_down_by_one_statement(ledger: Ledger) -> None:
    written: list[int] = []

    def note(*told: Any) -> None:
        statement, values = told[2:4]
        if statement.startswith("INSERT INTO inquiries"):
            written.append(len(values))

    event.listen(ledger.database.engine, "before_cursor_execute", note)
    await asyncio.gather(*(ledger.tracker.issue(inquiry) for inquiry in numbered(100)))
    assert await rows(ledger) == 100
    (values,) = written
    assert values > 100, "a statement for each row has as many sets of values"


async def test_the_centre_that_asked_is_kept_and_nobody_elses_line_is_a_centres(ledger: Ledger) -> None:
    of_centre = await ledger.tracker.issue(replace(ASKED, operation_id="op-2", kind="inpatient", centre="17"))
    of_subscriber = await ledger.tracker.issue(ASKED)
    found = [await ledger.tracker.find(issued.code, issued.day) for issued in (of_centre, of_subscriber)]
    assert [each and each.centre for each in found] == ["17", ""]


async def test_the_time_comes_back_in_utc(url: str, keys: Keys) -> None:
    in_tehran = datetime(2026, 11, 21, 13, 0, tzinfo=timezone(timedelta(hours=3, minutes=30)))
    async with opened(url, keys, clock=lambda: in_tehran) as ledger:
        issued = await ledger.tracker.issue(ASKED)
        found = await ledger.tracker.find(issued.code, issued.day)
    assert found is not None
    assert found.asked_at.isoformat() == "2026-11-21T09:30:00+00:00"


async def test_numbers_are_shown_only_where_they_are_asked_for(ledger: Ledger) -> None:
    issued = await ledger.tracker.issue(ASKED)
    closed = await ledger.tracker.find(issued.code, issued.day)
    open_ = await ledger.tracker.find(issued.code, issued.day, reveal=True)
    assert closed is not None
    assert open_ is not None
    assert (closed.subject_kind, closed.subject, closed.msisdn) == ("national_code", None, None)
    assert (open_.subject_kind, open_.subject, open_.msisdn) == ("national_code", ASKED.subject, "989120000001")
    assert "0007569602" not in repr(open_) + repr(ASKED)
    assert "989120000001" not in repr(open_) + repr(ASKED)


async def test_who_was_asked_about_by_insurance_number_is_shown_as_such(ledger: Ledger) -> None:
    subject = Subject("insurance_number", "00000105")
    issued = await ledger.tracker.issue(replace(ASKED, subject=subject))
    closed = await ledger.tracker.find(issued.code, issued.day)
    open_ = await ledger.tracker.find(issued.code, issued.day, reveal=True)
    assert closed is not None
    assert open_ is not None
    assert (closed.subject_kind, closed.subject) == ("insurance_number", None)
    assert (open_.subject_kind, open_.subject) == ("insurance_number", subject)
    assert "00000105" not in repr(open_) + repr(subject)


async def test_a_person_is_found_by_the_name_of_the_number_that_was_given(ledger: Ledger, keys: Keys) -> None:
    await ledger.tracker.issue(ASKED)
    same_digits = Subject("insurance_number", ASKED.subject.number)
    await ledger.tracker.issue(replace(ASKED, operation_id="op-2", subject=same_digits))
    in_order = select(inquiries.c.subject_hash).order_by(inquiries.c.id)
    names = await ledger.database.read(lambda connection: connection.scalars(in_order).all())
    number = ASKED.subject.number
    assert names == [keys.name("person", number), keys.name("insured", number)]


async def test_another_secret_opens_no_seal(ledger: Ledger, url: str) -> None:
    issued = await ledger.tracker.issue(ASKED)
    async with opened(url, Keys(b"another secret" * 3)) as other:
        assert await other.tracker.find(issued.code, issued.day)
        with pytest.raises(Unsealable):
            await other.tracker.find(issued.code, issued.day, reveal=True)


async def test_a_code_that_nobody_has_finds_nothing(ledger: Ledger) -> None:
    issued = await ledger.tracker.issue(ASKED)
    assert await ledger.tracker.find("n000000" if issued.code != "n000000" else "n000001", issued.day) is None
    assert await ledger.tracker.find(issued.code, "1405-08-29") is None


async def test_a_hundred_at_once_share_a_few_commits(ledger: Ledger) -> None:
    commits: list[object] = []
    event.listen(ledger.database.engine, "commit", commits.append)
    issued = await asyncio.gather(*(ledger.tracker.issue(inquiry) for inquiry in numbered(100)))
    assert len({each.code for each in issued}) == await rows(ledger) == 100
    assert len(commits) <= 5, "one for the lease, and a few for the rows"


async def test_each_row_is_committed_when_its_code_is_given(ledger: Ledger, url: str, keys: Keys) -> None:
    async with opened(url, keys) as other:
        for inquiry in numbered(20):
            issued = await ledger.tracker.issue(inquiry)
            found = await other.tracker.find(issued.code, issued.day)
            assert found is not None
            assert found.operation_id == inquiry.operation_id


async def test_an_operation_asked_again_keeps_its_code_and_its_outcome(ledger: Ledger) -> None:
    first = await ledger.tracker.issue(ASKED)
    assert await ledger.tracker.issue(replace(ASKED, outcome="not_entitled")) == first
    assert await rows(ledger) == 1


async def test_an_operation_asked_by_two_ledgers_at_once_gets_one_code(ledger: Ledger, url: str, keys: Keys) -> None:
    asked = numbered(50)
    async with opened(url, keys) as other:
        here = [ledger.tracker.issue(inquiry) for inquiry in asked]
        there = [other.tracker.issue(replace(inquiry, outcome="not_entitled")) for inquiry in reversed(asked)]
        twice = [ledger.tracker.issue(inquiry) for inquiry in asked]
        issued = await asyncio.gather(*here, *there, *twice)
    assert issued[:50] == issued[99:49:-1] == issued[100:]
    assert await rows(ledger) == 50


@pytest.mark.parametrize(
    "other",
    [
        {"subject": Subject("national_code", "0092000304")},
        {"subject": Subject("insurance_number", "0007569602")},
        {"msisdn": "989120000002"},
        {"kind": "overlap"},
    ],
)
async def test_an_operation_id_under_which_something_else_was_asked_shows_nobody_elses_code(
    ledger: Ledger, other: dict[str, Any]
) -> None:
    await ledger.tracker.issue(ASKED)
    with pytest.raises(OperationReused):
        await ledger.tracker.issue(replace(ASKED, **other))


async def test_a_row_that_cannot_be_stored_does_not_fail_the_others(ledger: Ledger) -> None:
    bad = replace(ASKED, operation_id="bad", shortcode="\ud800")
    asked = [*numbered(30), bad, *numbered(60)[30:]]
    results = await asyncio.gather(*(ledger.tracker.issue(inquiry) for inquiry in asked), return_exceptions=True)
    assert isinstance(results[30], Exception)
    assert "0007569602" not in str(results[30])
    assert await rows(ledger) == 60


async def test_a_caller_who_leaves_does_not_cancel_the_others(ledger: Ledger) -> None:
    issuing = [asyncio.create_task(ledger.tracker.issue(inquiry)) for inquiry in numbered(50)]
    await asyncio.sleep(0.001)
    for task in issuing[::2]:
        task.cancel()
    results = await asyncio.gather(*issuing, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results[::2])
    codes = {result.code for result in results[1::2] if not isinstance(result, BaseException)}
    assert len(codes) == 25
    again = await asyncio.gather(*(ledger.tracker.issue(inquiry) for inquiry in numbered(50)))
    assert codes < {issued.code for issued in again}
    assert await rows(ledger) == 50


async def test_what_is_queued_when_the_ledger_is_closed_is_stored(url: str, keys: Keys) -> None:
    async with opened(url, keys) as ledger:
        issuing = [asyncio.create_task(ledger.tracker.issue(inquiry)) for inquiry in numbered(300)]
        await asyncio.sleep(0)
    issued = await asyncio.gather(*issuing)
    async with opened(url, keys) as ledger:
        assert len({each.code for each in issued}) == await rows(ledger) == 300


async def test_a_new_day_in_tehran_begins_its_own_codes(url: str, keys: Keys) -> None:
    midnight = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)
    times = iter([midnight - timedelta(seconds=1), midnight])
    async with opened(url, keys, clock=lambda: next(times)) as ledger:
        before, after = [await ledger.tracker.issue(inquiry) for inquiry in numbered(2)]
        assert (before.day, after.day) == ("1405-08-30", "1405-09-01")
        for issued, operation in ((before, "op-0"), (after, "op-1")):
            found = await ledger.tracker.find(issued.code, issued.day)
            assert found is not None
            assert found.operation_id == operation


async def test_a_code_that_is_taken_is_passed_over(ledger: Ledger, url: str, keys: Keys, clock: Clock) -> None:
    """The counter may meet a code of the same day where the secret was changed, or a counter was put back by hand."""
    first = [await ledger.tracker.issue(inquiry) for inquiry in numbered(5)]
    await ledger.database.write(lambda connection: connection.exec_driver_sql("DELETE FROM tracking_leases"))
    async with opened(url, keys, clock=clock) as other:
        later = [await other.tracker.issue(replace(ASKED, operation_id=f"later-{number}")) for number in range(5)]
    assert len({issued.code for issued in first + later}) == 10


async def test_readers_who_leave_leave_nothing_behind(ledger: Ledger) -> None:
    issued = await ledger.tracker.issue(ASKED)
    for hundredth_ms in range(0, 200, 5):
        finding = asyncio.create_task(ledger.tracker.find(issued.code, issued.day))
        await asyncio.sleep(hundredth_ms / 100_000)
        finding.cancel()
        await asyncio.gather(finding, return_exceptions=True)
    assert await asyncio.gather(*(ledger.tracker.find(issued.code, issued.day) for _ in range(30)))
    await ledger.ping()


async def test_each_code_that_was_given_outlives_the_death_of_its_process(ledger: Ledger, url: str) -> None:
    receiving, giving = multiprocessing.get_context("spawn").Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_issue_for_ever, args=(url, giving))
    process.start()
    given = [await asyncio.to_thread(receiving.recv) for _ in range(200)]
    process.kill()
    await asyncio.to_thread(process.join)
    giving.close()
    with contextlib.suppress(EOFError):
        while True:
            given.append(receiving.recv())
    receiving.close()
    for operation, code, day in given:
        found = await ledger.tracker.find(code, day)
        assert found is not None
        assert found.operation_id == operation
    assert (await ledger.tracker.issue(replace(ASKED, operation_id=given[0][0]))).code == given[0][1]


def _issue_for_ever(url: str, giving: Connection) -> None:
    async def issue(tracker: Tracker, caller: int) -> None:
        for number in count():
            issued = await tracker.issue(replace(ASKED, operation_id=f"{caller}-{number}"))
            giving.send((f"{caller}-{number}", issued.code, issued.day))

    async def issue_all() -> None:
        async with opened(url, Keys(b"a secret of the tests, 32 octets+")) as ledger:
            await asyncio.gather(*(issue(ledger.tracker, caller) for caller in range(20)))

    asyncio.run(issue_all())
