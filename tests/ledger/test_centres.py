"""The contracted centres: whose line it is on which day, and what each of them asked."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from tests.ledger.conftest import Clock
from tests.ledger.test_tracking import ASKED
from ussd.backends import Centre
from ussd.keys import Keys, Unsealable
from ussd.ledger import CentreKnown, Contract, Ledger, LinesTaken, opened

MIDNIGHT = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
"""In Tehran: the beginning of 1405-08-30, on which the clock of these tests stands."""
LINE, OTHER_LINE = "989120000017", "989120000018"
HOSPITAL = Contract("17", "بیمارستان هفده", (LINE, OTHER_LINE), "1405-01-01")
CLINIC = Contract("18", "درمانگاه هجده", ("989120000019",), "1405-01-01", "1405-12-29")


async def test_a_line_is_the_centres_that_has_it(ledger: Ledger) -> None:
    await ledger.centres.add(HOSPITAL)
    assert await ledger.centres.of_line(LINE) == Centre("17", "بیمارستان هفده")
    assert await ledger.centres.of_line(OTHER_LINE) == Centre("17", "بیمارستان هفده")
    assert await ledger.centres.of_line("989120000099") is None


async def test_a_contract_begins_at_midnight_in_tehran_and_ends_at_midnight_in_tehran(
    ledger: Ledger, clock: Clock
) -> None:
    await ledger.centres.add(replace(HOSPITAL, valid_from="1405-08-30", valid_to="1405-08-30"))
    moment, day = timedelta(microseconds=1), timedelta(days=1)
    valid = []
    for clock.now in (MIDNIGHT - moment, MIDNIGHT, MIDNIGHT + day - moment, MIDNIGHT + day):
        valid.append(await ledger.centres.of_line(LINE) is not None)
    assert valid == [False, True, True, False]


async def test_a_contract_without_a_last_day_is_valid_until_further_notice(ledger: Ledger, clock: Clock) -> None:
    await ledger.centres.add(HOSPITAL)
    clock.now = MIDNIGHT + timedelta(days=9 * 365)
    assert await ledger.centres.of_line(LINE)


async def test_a_line_of_another_centre_is_refused_and_only_the_centre_is_named(ledger: Ledger) -> None:
    await ledger.centres.add(HOSPITAL)
    with pytest.raises(LinesTaken, match="centre 17") as refused:
        await ledger.centres.add(replace(CLINIC, lines=("989120000019", LINE)))
    assert LINE not in str(refused.value)
    assert [listed.contract.code for listed in await ledger.centres.all()] == ["17"]
    assert await ledger.centres.of_line("989120000019") is None


async def test_a_line_of_a_contract_that_is_over_is_still_that_centres(ledger: Ledger) -> None:
    await ledger.centres.add(replace(HOSPITAL, valid_to="1405-01-02"))
    with pytest.raises(LinesTaken):
        await ledger.centres.add(replace(CLINIC, lines=(LINE,)))


async def test_two_who_add_the_same_line_at_once_do_not_both_have_it(ledger: Ledger, url: str, keys: Keys) -> None:
    async with opened(url, keys) as other:
        books = (ledger.centres, other.centres)
        adding = [books[number % 2].add(Contract(str(number), "مرکز", (LINE,), "1405-01-01")) for number in range(8)]
        results = await asyncio.gather(*adding, return_exceptions=True)
    assert results.count(None) == 1
    assert sum(isinstance(result, LinesTaken) for result in results) == 7


async def test_a_centre_is_added_once(ledger: Ledger) -> None:
    await ledger.centres.add(HOSPITAL)
    with pytest.raises(CentreKnown, match="centre 17"):
        await ledger.centres.add(replace(CLINIC, code="17"))
    assert await ledger.centres.of_line(LINE)


async def test_a_centre_that_is_replaced_has_its_new_lines_and_days_only(ledger: Ledger) -> None:
    await ledger.centres.add(HOSPITAL)
    await ledger.centres.replace([replace(HOSPITAL, name="نو", lines=(OTHER_LINE,), valid_to="1405-12-29")])
    assert await ledger.centres.of_line(LINE) is None
    assert await ledger.centres.of_line(OTHER_LINE) == Centre("17", "نو")
    [listed] = await ledger.centres.all()
    assert (listed.line_count, listed.contract.valid_to) == (1, "1405-12-29")


async def test_centres_that_are_replaced_together_may_pass_lines_to_each_other(ledger: Ledger) -> None:
    await ledger.centres.replace([HOSPITAL, CLINIC])
    await ledger.centres.replace([replace(HOSPITAL, lines=CLINIC.lines), replace(CLINIC, lines=HOSPITAL.lines)])
    assert await ledger.centres.of_line(LINE) == Centre("18", "درمانگاه هجده")


async def test_where_one_of_many_is_refused_nothing_of_them_is_taken(ledger: Ledger) -> None:
    await ledger.centres.add(HOSPITAL)
    many = [Contract(f"c{number}", "مرکز", (f"98913{number:07}",), "1405-01-01") for number in range(500)]
    with pytest.raises(LinesTaken) as refused:
        await ledger.centres.replace([*many, replace(CLINIC, lines=(LINE,)), replace(CLINIC, code="19", lines=(LINE,))])
    assert refused.value.holders == {"18": "17", "19": "17"}
    assert [listed.contract.code for listed in await ledger.centres.all()] == ["17"]


async def test_thousands_of_centres_are_taken_together(ledger: Ledger) -> None:
    many = [
        Contract(f"c{number:04}", "مرکز", tuple(f"9891{line}{number:07}" for line in range(10)), "1405-01-01")
        for number in range(4_000)
    ]
    await ledger.centres.replace(many)
    await ledger.centres.replace(many)
    assert [listed.contract.code for listed in await ledger.centres.all()] == [each.code for each in many]
    assert await ledger.centres.of_line("989190003999") == Centre("c3999", "مرکز")


async def test_nothing_replaces_nothing(ledger: Ledger) -> None:
    await ledger.centres.add(HOSPITAL)
    await ledger.centres.replace([])
    assert await ledger.centres.of_line(LINE)


async def test_a_centre_that_is_removed_takes_its_lines_with_it_and_leaves_its_report(ledger: Ledger) -> None:
    await ledger.centres.add(HOSPITAL)
    await ledger.tracker.issue(replace(ASKED, centre="17"))
    assert await ledger.centres.remove("17")
    assert not await ledger.centres.remove("17")
    assert await ledger.centres.of_line(LINE) is None
    assert await ledger.centres.report("17") == {"1405-08-30": {"entitled": 1}}
    await ledger.centres.add(replace(CLINIC, lines=(LINE,)))


async def test_lines_are_shown_only_where_they_are_asked_for(ledger: Ledger, url: str) -> None:
    await ledger.centres.replace([CLINIC, HOSPITAL])
    closed, revealed = await ledger.centres.all(), await ledger.centres.all(reveal=True)
    assert [listed.contract for listed in closed] == [replace(HOSPITAL, lines=()), replace(CLINIC, lines=())]
    assert [listed.line_count for listed in closed] == [2, 1]
    assert [listed.contract for listed in revealed] == [HOSPITAL, CLINIC]
    assert LINE not in repr(revealed)
    async with opened(url, Keys(b"another secret" * 3)) as other:
        assert await other.centres.all() == closed
        with pytest.raises(Unsealable):
            await other.centres.all(reveal=True)


async def test_a_report_counts_what_the_centre_asked_by_day_and_outcome(ledger: Ledger, clock: Clock) -> None:
    asked = [("17", "entitled"), ("17", "entitled"), ("17", "overlap"), ("18", "entitled"), ("", "entitled")]
    for today in (MIDNIGHT, MIDNIGHT - timedelta(microseconds=1)):
        clock.now = today
        for number, (centre, outcome) in enumerate(asked):
            operation_id = f"{today}-{number}"
            await ledger.tracker.issue(replace(ASKED, operation_id=operation_id, centre=centre, outcome=outcome))
    await ledger.tracker.issue(replace(ASKED, operation_id="one more", centre="17"))
    report = await ledger.centres.report("17")
    assert report == {"1405-08-29": {"entitled": 3, "overlap": 1}, "1405-08-30": {"entitled": 2, "overlap": 1}}
    assert list(report) == sorted(report), "the days follow one another"
    assert await ledger.centres.report("19") == {}


async def test_lines_that_are_asked_about_together_are_read_together(ledger: Ledger) -> None:
    await ledger.centres.replace([HOSPITAL, CLINIC])
    statements: list[str] = []
    event.listen(
        ledger.database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_rest: statements.append(statement),
    )
    found = await asyncio.gather(*(ledger.centres.of_line(line) for line in (LINE, *CLINIC.lines) * 50))
    assert [centre and centre.code for centre in found] == ["17", "18"] * 50
    assert len([statement for statement in statements if "centre_lines" in statement]) == 1


async def test_the_file_of_sqlite_names_a_centre_and_none_of_its_lines(sqlite_file: Path, keys: Keys) -> None:
    async with opened(f"sqlite:///{sqlite_file}", keys) as ledger:
        await ledger.centres.add(HOSPITAL)
    stored = sqlite_file.read_bytes()
    assert "بیمارستان هفده".encode() in stored
    for line in HOSPITAL.lines:
        assert line.removeprefix("98").encode() not in stored
