"""One-time codes: good once, for 120 s and three tries, for one number, one client and one purpose."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.ledger.conftest import Clock
from tests.ledger.one_time_desk import LINE, LOGIN, OTHER_LINE, Desk, desk_of, keyed, wrong
from ussd.backends import PendingCode
from ussd.keys import Keys
from ussd.ledger import Ledger, opened
from ussd.ledger.said import Replayed, Reused, Right, Sent, Stopped, Unknown
from ussd.ledger.schema import messages, one_time_codes

SIGNING = "signing"
MOMENT, SECOND, MINUTE = timedelta(microseconds=1), timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
async def desk(ledger: Ledger, keys: Keys, clock: Clock) -> AsyncIterator[Desk]:
    async with desk_of(ledger.database, keys, clock) as desk:
        yield desk


@pytest.fixture
async def gov(desk: Desk) -> int:
    return await desk.client("my.gov.ir")


@pytest.fixture
async def pharmacy(desk: Desk) -> int:
    return await desk.client("داروخانه")


async def test_a_code_is_right_once_and_a_second_use_is_refused(desk: Desk, gov: int) -> None:
    code = await desk.sent(gov)
    assert await desk.tried(gov, code) == Right()
    assert await desk.tried(gov, code) == Unknown()


async def test_wrong_three_times_is_gone_and_the_right_one_comes_too_late(desk: Desk, gov: int) -> None:
    code = await desk.sent(gov)
    assert [await desk.tried(gov, wrong(code)) for _ in range(3)] == [Unknown()] * 3
    assert await desk.tried(gov, code) == Unknown()
    assert await desk.book.pending(LINE) is None


async def test_wrong_twice_leaves_the_third_try(desk: Desk, gov: int) -> None:
    code = await desk.sent(gov)
    assert [await desk.tried(gov, wrong(code)) for _ in range(2)] == [Unknown()] * 2
    assert await desk.tried(gov, code) == Right()


async def test_tries_under_idempotency_keys_are_counted_too(desk: Desk, gov: int) -> None:
    code = await desk.sent(gov)
    for number in range(3):
        assert await desk.book.verify(keyed(gov, f"key {number}"), LINE, LOGIN, wrong(code)) == Unknown()
    assert await desk.tried(gov, code) == Unknown()


@pytest.mark.parametrize("given", ["", "1234", "123456", "۱۲۳۴۵", "1234\u00b2"])
async def test_what_is_no_code_is_a_wrong_one(desk: Desk, gov: int, given: str) -> None:
    code = await desk.sent(gov)
    assert [await desk.tried(gov, given) for _ in range(3)] == [Unknown()] * 3
    assert await desk.tried(gov, code) == Unknown()


async def test_a_code_lives_until_120_seconds_have_passed_and_not_longer(desk: Desk, gov: int, clock: Clock) -> None:
    code = await desk.sent(gov)
    clock.now += 120 * SECOND
    assert await desk.tried(gov, code) == Unknown()
    assert await desk.book.pending(LINE) is None
    clock.now -= MOMENT
    assert await desk.book.pending(LINE) == PendingCode(code, "my.gov.ir", 1)
    assert await desk.tried(gov, code) == Right()


async def test_what_a_code_is_not_bound_to_does_not_know_it_and_takes_no_try_of_it(
    desk: Desk, gov: int, pharmacy: int
) -> None:
    code = await desk.sent(gov)
    for _ in range(3):
        assert await desk.tried(pharmacy, code) == Unknown()
        assert await desk.tried(gov, code, line=OTHER_LINE) == Unknown()
        assert await desk.tried(gov, code, purpose=SIGNING) == Unknown()
    assert await desk.tried(gov, code) == Right()


async def test_a_new_code_ends_the_one_before_and_has_three_tries_of_its_own(desk: Desk, gov: int) -> None:
    first = await desk.sent(gov)
    assert [await desk.tried(gov, wrong(first)) for _ in range(2)] == [Unknown()] * 2
    second = await desk.sent(gov)
    if first != second:  # once in a hundred thousand times
        assert await desk.tried(gov, first) == Unknown()
    assert await desk.tried(gov, second) == Right()


async def test_a_new_code_of_another_client_purpose_or_number_ends_nothing(desk: Desk, gov: int, pharmacy: int) -> None:
    code = await desk.sent(gov)
    others = [
        await desk.sent(pharmacy),
        await desk.sent(gov, purpose=SIGNING),
        await desk.sent(gov, line=OTHER_LINE),
    ]
    assert await desk.tried(gov, code) == Right()
    assert await desk.tried(pharmacy, others[0]) == Right()
    assert await desk.tried(gov, others[1], purpose=SIGNING) == Right()
    assert await desk.tried(gov, others[2], line=OTHER_LINE) == Right()


async def test_a_code_has_five_digits_and_keeps_its_zeros_in_front(desk: Desk, gov: int) -> None:
    codes = []
    while not codes or codes[-1][0] != "0":
        line = f"9891200{len(codes):05}"
        codes.append(await desk.sent(gov, line))
        assert re.fullmatch("[0-9]{5}", codes[-1])
    assert await desk.tried(gov, codes[-1].lstrip("0"), line) == Unknown()
    assert await desk.tried(gov, codes[-1], line) == Right()


async def test_the_message_is_the_clients_own_words_and_useless_when_the_code_is(
    desk: Desk, gov: int, clock: Clock
) -> None:
    code = await desk.sent(gov)
    assert [(message.to, message.text) for message in await desk.outbox.claim(10)] == [(LINE, f"code {code}")]
    useless_at = await desk.database.read(lambda connection: connection.scalar(select(messages.c.useless_at)))
    assert useless_at == clock.now + 120 * SECOND


async def test_whoever_sends_messages_is_woken(desk: Desk, gov: int) -> None:
    await desk.sent(gov)
    async with asyncio.timeout(5):
        await desk.outbox.nudged(60)


async def test_a_message_that_cannot_be_written_leaves_no_code(desk: Desk, gov: int) -> None:
    with pytest.raises(ZeroDivisionError):
        await desk.book.send(keyed(gov, "key"), LINE, LOGIN, lambda code: str(1 // 0))
    assert await desk.book.pending(LINE) is None
    assert await desk.send(keyed(gov, "key")) == Sent(120)
    assert len(await desk.texts()) == 1


async def test_a_request_repeated_gets_the_same_bytes_and_sends_one_message(desk: Desk, gov: int) -> None:
    assert await desk.send(keyed(gov, "key", body=b'{"expires_in": 120}')) == Sent(120)
    assert await desk.send(keyed(gov, "key", body=b"other words")) == Replayed(b'{"expires_in": 120}')
    assert await desk.texts() == [f"code {desk.codes[0]}"]
    assert await desk.tried(gov, desk.codes[0]) == Right()


async def test_a_verification_repeated_gets_the_same_bytes_though_the_code_is_used(desk: Desk, gov: int) -> None:
    code = await desk.sent(gov)
    assert await desk.book.verify(keyed(gov, "key", body=b"yes"), LINE, LOGIN, code) == Right()
    assert await desk.book.verify(keyed(gov, "key", body=b"again"), LINE, LOGIN, code) == Replayed(b"yes")
    assert await desk.tried(gov, code) == Unknown()


async def test_a_key_that_was_another_requests_is_refused_and_changes_nothing(desk: Desk, gov: int) -> None:
    await desk.send(keyed(gov, "key", "of this"))
    assert await desk.send(keyed(gov, "key", "of that")) == Reused()
    assert await desk.book.verify(keyed(gov, "key", "of that"), LINE, LOGIN, "00000") == Reused()
    assert len(await desk.texts()) == 1
    assert await desk.tried(gov, desk.codes[0]) == Right()


async def test_another_clients_key_is_another_key(desk: Desk, gov: int, pharmacy: int) -> None:
    assert await desk.send(keyed(gov, "key")) == await desk.send(keyed(pharmacy, "key")) == Sent(120)


async def test_a_wrong_code_asked_again_under_its_key_counts_once(desk: Desk, gov: int) -> None:
    code = await desk.sent(gov)
    for _ in range(5):
        assert await desk.book.verify(keyed(gov, "key", "wrong"), LINE, LOGIN, wrong(code)) == Unknown()
    assert await desk.book.verify(keyed(gov, "key", "right"), LINE, LOGIN, code) == Reused()
    assert await desk.book.verify(keyed(gov, "other key", "right"), LINE, LOGIN, code) == Right()


async def test_a_number_gets_five_codes_in_15_minutes_from_all_clients_together(
    desk: Desk, gov: int, pharmacy: int, clock: Clock
) -> None:
    for client, purpose in [(gov, LOGIN), (pharmacy, LOGIN), (gov, SIGNING), (pharmacy, SIGNING), (gov, LOGIN)]:
        await desk.sent(client, purpose=purpose)
        clock.now += MINUTE
    assert await desk.send(keyed(pharmacy, "key")) == Stopped(600)
    assert len(await desk.texts()) == 5
    assert await desk.send(keyed(gov), line=OTHER_LINE) == Sent(120)
    clock.now += 10 * MINUTE - MOMENT
    assert await desk.send(keyed(pharmacy, "key")) == Stopped(1)
    clock.now += MOMENT
    assert await desk.send(keyed(pharmacy, "key")) == Sent(120)
    assert await desk.send(keyed(gov)) == Stopped(60)


async def test_being_stopped_ends_no_code_that_waits(desk: Desk, gov: int) -> None:
    code = [await desk.sent(gov) for _ in range(5)][-1]
    assert await desk.send(keyed(gov)) == Stopped(900)
    assert await desk.tried(gov, code) == Right()


async def test_used_codes_count_among_the_five(desk: Desk, gov: int) -> None:
    for _ in range(5):
        assert await desk.tried(gov, await desk.sent(gov)) == Right()
    assert await desk.send(keyed(gov)) == Stopped(900)


async def test_five_are_sent_where_many_are_asked_for_at_once(
    desk: Desk, gov: int, url: str, keys: Keys, clock: Clock
) -> None:
    async with opened(url, keys) as other, desk_of(other.database, keys, clock) as elsewhere:
        said = await asyncio.gather(*(one.send(keyed(gov)) for one in (desk, elsewhere) for _ in range(6)))
    assert sorted(map(str, said)) == [str(Sent(120))] * 5 + [str(Stopped(900))] * 7
    assert len(await desk.texts()) == 5


async def test_of_two_at_once_with_the_right_code_one_is_right(
    desk: Desk, gov: int, url: str, keys: Keys, clock: Clock
) -> None:
    async with opened(url, keys) as other, desk_of(other.database, keys, clock) as elsewhere:
        for _ in range(5):
            code = await desk.sent(gov)
            tries = (one.tried(gov, code) for one in (desk, elsewhere) for _ in range(3))
            assert (await asyncio.gather(*tries)).count(Right()) == 1


async def test_of_many_guesses_at_once_three_are_looked_at(
    desk: Desk, gov: int, url: str, keys: Keys, clock: Clock
) -> None:
    await desk.sent(gov)
    async with opened(url, keys) as other, desk_of(other.database, keys, clock) as elsewhere:
        guesses = [wrong(desk.codes[0])] * 10
        await asyncio.gather(*(one.tried(gov, guess) for one in (desk, elsewhere) for guess in guesses))
    tried = select(one_time_codes.c.wrong, one_time_codes.c.over)
    rows = await desk.database.read(lambda connection: connection.execute(tried).all())
    assert [tuple(row) for row in rows] == [(3, True)]


async def test_a_line_is_shown_its_newest_code_that_may_be_used(
    desk: Desk, gov: int, pharmacy: int, clock: Clock
) -> None:
    assert await desk.book.pending(LINE) is None
    first = await desk.sent(gov)
    clock.now += 30 * SECOND + MOMENT
    assert await desk.book.pending(LINE) == PendingCode(first, "my.gov.ir", 90), "a second that has begun is whole"
    second = await desk.sent(pharmacy)
    assert await desk.book.pending(LINE) == PendingCode(second, "داروخانه", 120)
    await desk.tried(pharmacy, second)
    assert await desk.book.pending(LINE) == PendingCode(first, "my.gov.ir", 90)
    await desk.tried(gov, first)
    assert await desk.book.pending(LINE) is None


async def test_each_of_many_lines_that_dial_at_once_is_shown_its_own(desk: Desk, gov: int) -> None:
    lines = [f"9891200{number:05}" for number in range(20)]
    for line in lines[::2]:
        await desk.sent(gov, line)
    shown = await asyncio.gather(*(desk.book.pending(line) for line in lines))
    assert [one.code for one in shown if one] == desk.codes
    assert shown[1::2] == [None] * 10


async def test_looking_uses_no_try_up(desk: Desk, gov: int) -> None:
    code = await desk.sent(gov)
    for _ in range(5):
        await desk.book.pending(LINE)
    assert await desk.tried(gov, code) == Right()


async def test_neither_code_nor_number_is_in_clear_in_any_row(desk: Desk, gov: int) -> None:
    await desk.sent(gov)
    tables = (one_time_codes, messages)
    stored = await desk.database.read(
        lambda connection: [value for table in tables for row in connection.execute(table.select()) for value in row]
    )
    assert "waiting" in stored, "what is not secret can be read, so this test can see"
    for secret in (desk.codes[0], LOGIN, LINE, LINE.removeprefix("98")):
        assert not [value for value in stored if isinstance(value, bytes) and secret.encode() in value]
        assert not [value for value in stored if str(value) == secret]
    assert not [value for value in stored if LINE.removeprefix("98") in str(value)]


async def test_what_expired_more_than_a_day_ago_is_forgotten(desk: Desk, gov: int, clock: Clock) -> None:
    await desk.sent(gov)
    clock.now += timedelta(days=1, seconds=120)
    await desk.book.forget_old()
    assert await _rows(desk) == 1
    code = await desk.sent(gov)
    clock.now += MOMENT
    await desk.book.forget_old()
    assert await _rows(desk) == 1
    assert await desk.tried(gov, code) == Right()


async def _rows(desk: Desk) -> int:
    number = select(func.count()).select_from(one_time_codes)
    return await desk.database.read(lambda connection: connection.scalar(number)) or 0
