"""The outbox: what is committed is sent, what is not is not, and nothing useless reaches anybody."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Row, select
from structlog.testing import capture_logs

from tests.ledger.conftest import Clock
from ussd.keys import Keys, Unsealable
from ussd.ledger import Ledger, opened
from ussd.ledger.outbox import KEPT, LEASE, LONGEST, Backlog, Outbox, backoff
from ussd.ledger.schema import messages

LINE, TEXT = "989129998877", "کد یکبار مصرف شما: 48291"
FAR = timedelta(days=9)


@pytest.fixture
def outbox(ledger: Ledger) -> Outbox:
    return ledger.outbox


async def put(ledger: Ledger, clock: Clock, *, good_for: timedelta = FAR, text: str = TEXT) -> None:
    await ledger.database.write(lambda connection: ledger.outbox.put(connection, LINE, text, clock.now + good_for))


async def roll_back(ledger: Ledger, clock: Clock) -> None:
    def put_and_fail(connection: Connection) -> None:
        ledger.outbox.put(connection, LINE, TEXT, clock.now + FAR)
        raise ZeroDivisionError

    await ledger.database.write(put_and_fail)


async def rows(ledger: Ledger) -> Sequence[Row[tuple[object, ...]]]:
    in_order = select(messages).order_by(messages.c.id)
    return await ledger.database.read(lambda connection: connection.execute(in_order).all())


async def states(ledger: Ledger) -> list[object]:
    return [row.state for row in await rows(ledger)]


async def test_a_message_is_claimed_as_it_was_put(ledger: Ledger, outbox: Outbox, clock: Clock) -> None:
    await put(ledger, clock)
    [message] = await outbox.claim(20)
    assert (message.to, message.text, len(message.name)) == (LINE, TEXT, 32)
    assert repr(message) == f"Message(name={message.name!r})"


async def test_what_is_rolled_back_is_not_sent(ledger: Ledger, outbox: Outbox, clock: Clock) -> None:
    with pytest.raises(ZeroDivisionError):
        await roll_back(ledger, clock)
    assert await outbox.claim(20) == []
    assert await outbox.waiting() == []


async def test_what_was_claimed_and_never_heard_of_is_claimed_again_by_the_same_name(
    ledger: Ledger, outbox: Outbox, clock: Clock
) -> None:
    await put(ledger, clock)
    claimed = await outbox.claim(20)
    clock.now += LEASE - timedelta(milliseconds=1)
    assert await outbox.claim(20) == []
    clock.now += timedelta(milliseconds=1)
    assert await outbox.claim(20) == claimed
    assert [row.tries for row in await rows(ledger)] == [2]


async def test_those_who_claim_at_once_share_the_messages(ledger: Ledger, url: str, keys: Keys, clock: Clock) -> None:
    for number in range(40):
        await put(ledger, clock, text=str(number))
    async with opened(url, keys, clock=clock) as other:
        boxes = [ledger.outbox, other.outbox] * 4
        claims = await asyncio.gather(*(box.claim(6) for box in boxes))
        claims.append(await other.outbox.claim(40))
    assert sorted(int(message.text) for claim in claims for message in claim) == list(range(40))
    assert all(len(claim) <= 6 for claim in claims[:-1])


async def test_the_oldest_due_are_claimed_first(ledger: Ledger, outbox: Outbox, clock: Clock) -> None:
    for number in range(3):
        await put(ledger, clock, text=str(number))
        clock.now += timedelta(seconds=1)
    assert [message.text for message in await outbox.claim(2)] == ["0", "1"]


async def test_what_is_sent_is_not_sent_again_and_its_text_is_gone(
    ledger: Ledger, outbox: Outbox, clock: Clock
) -> None:
    await put(ledger, clock)
    [message] = await outbox.claim(20)
    await outbox.sent(message.name)
    clock.now += LEASE
    assert await outbox.claim(20) == []
    [row] = await rows(ledger)
    assert (row.state, row.text_sealed) == ("sent", None)


async def test_what_failed_comes_due_again_ever_later_up_to_five_minutes(
    ledger: Ledger, outbox: Outbox, clock: Clock
) -> None:
    await put(ledger, clock)
    waited = []
    for _ in range(12):
        [message] = await outbox.claim(20)
        await outbox.failed(message.name)
        [waiting] = await outbox.waiting()
        waited.append((waiting.due_at - clock.now).total_seconds())
        clock.now = waiting.due_at - timedelta(milliseconds=1)
        assert await outbox.claim(20) == []
        clock.now = waiting.due_at
    for seconds, most in zip(waited, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300], strict=True):
        assert most / 2 <= seconds <= most


def test_what_failed_together_does_not_come_back_together() -> None:
    assert len({backoff(9) for _ in range(50)}) > 25
    assert backoff(10_000) <= timedelta(minutes=5)


async def test_what_is_of_no_use_any_more_is_never_claimed_and_given_up(
    ledger: Ledger, outbox: Outbox, clock: Clock
) -> None:
    await put(ledger, clock, good_for=timedelta(seconds=120))
    await put(ledger, clock)
    clock.now += timedelta(seconds=120)
    assert len(await outbox.claim(20)) == 1, "though it was not given up yet"
    assert await outbox.give_up_old() == 1
    assert await outbox.give_up_old() == 0
    given_up, waiting = await rows(ledger)
    assert (given_up.state, given_up.text_sealed) == ("given_up", None)
    assert (waiting.state, waiting.text_sealed is None) == ("waiting", False)


async def test_after_a_day_any_message_is_given_up(ledger: Ledger, outbox: Outbox, clock: Clock) -> None:
    await put(ledger, clock)
    clock.now += LONGEST - timedelta(milliseconds=1)
    assert await outbox.give_up_old() == 0
    clock.now += timedelta(milliseconds=1)
    assert await outbox.claim(20) == []
    assert await outbox.give_up_old() == 1


async def test_a_message_given_up_while_it_was_sent_is_known_to_be_sent(
    ledger: Ledger, outbox: Outbox, clock: Clock
) -> None:
    await put(ledger, clock, good_for=timedelta(seconds=5))
    [message] = await outbox.claim(20)
    clock.now += timedelta(seconds=5)
    assert await outbox.give_up_old() == 1
    await outbox.sent(message.name)
    assert await states(ledger) == ["sent"]


async def test_a_failure_changes_nothing_of_what_does_not_wait(ledger: Ledger, outbox: Outbox, clock: Clock) -> None:
    await put(ledger, clock)
    [message] = await outbox.claim(20)
    await outbox.sent(message.name)
    before = await rows(ledger)
    await outbox.failed(message.name)
    await outbox.failed("no such message")
    assert await rows(ledger) == before


async def test_what_waits_is_listed_in_clear_only_where_it_is_revealed(
    ledger: Ledger, outbox: Outbox, clock: Clock
) -> None:
    put_at: datetime = clock.now
    await put(ledger, clock)
    [message] = await outbox.claim(20)
    [hidden] = await outbox.waiting()
    assert (hidden.name, hidden.put_at, hidden.due_at, hidden.tries) == (message.name, put_at, put_at + LEASE, 1)
    assert (hidden.to, hidden.text) == (None, None)
    [shown] = await outbox.waiting(reveal=True)
    assert (shown.to, shown.text) == (LINE, TEXT)
    assert not [value for value in (LINE, TEXT) if value in repr(shown)]


async def test_the_backlog_says_how_much_waits_what_is_due_and_since_when(
    ledger: Ledger, outbox: Outbox, clock: Clock
) -> None:
    assert await outbox.backlog() == Backlog(0, 0, 0.0)
    await put(ledger, clock, good_for=timedelta(seconds=20))
    clock.now += timedelta(seconds=10)
    await put(ledger, clock)
    assert await outbox.backlog() == Backlog(2, 2, 10.0)
    await outbox.claim(20)
    assert await outbox.backlog() == Backlog(2, 0, 10.0)
    clock.now += timedelta(seconds=10)
    assert await outbox.backlog() == Backlog(2, 1, 20.0), "one of them is to be given up"
    await outbox.give_up_old()
    assert await outbox.backlog() == Backlog(1, 0, 10.0)


async def test_what_is_over_is_forgotten_after_a_week_and_what_waits_never(
    ledger: Ledger, outbox: Outbox, clock: Clock
) -> None:
    await put(ledger, clock)
    [message] = await outbox.claim(20)
    await outbox.sent(message.name)
    await put(ledger, clock, good_for=timedelta(0))
    await outbox.give_up_old()
    await put(ledger, clock)
    clock.now += KEPT
    assert await outbox.forget_old() == 0
    clock.now += LEASE + timedelta(milliseconds=1)
    assert await outbox.forget_old() == 2
    assert await outbox.forget_old() == 0
    assert await states(ledger) == ["waiting"]


async def test_a_message_sealed_under_another_secret_is_left_to_those_who_have_it(
    ledger: Ledger, url: str, outbox: Outbox, clock: Clock
) -> None:
    await put(ledger, clock)
    async with opened(url, Keys(b"another secret, 32 octets or more"), clock=clock) as stranger:
        with capture_logs() as logs:
            assert await stranger.outbox.claim(20) == []
        assert [line["event"] for line in logs] == ["sms_sealed_under_another_secret"]
        with pytest.raises(Unsealable):
            await stranger.outbox.waiting(reveal=True)
    clock.now += LEASE
    assert len(await outbox.claim(20)) == 1


async def test_a_seal_opens_for_no_other_message(ledger: Ledger, outbox: Outbox, clock: Clock) -> None:
    await put(ledger, clock, text="one")
    await put(ledger, clock, text="two")
    one, two = await rows(ledger)
    moved = messages.update().filter_by(id=one.id).values(text_sealed=two.text_sealed)
    await ledger.database.write(lambda connection: connection.execute(moved))
    with capture_logs():
        assert [message.text for message in await outbox.claim(20)] == ["two"]


async def test_no_row_holds_number_or_text_in_clear(ledger: Ledger, clock: Clock) -> None:
    await put(ledger, clock)
    [row] = await rows(ledger)
    stored = b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    assert row.name.encode() in stored, "what is not secret can be read, so this test can see"
    assert not [value for value in (LINE, LINE[2:], TEXT, "48291") if value.encode() in stored]


async def test_a_nudge_wakes_who_waits_and_one_that_came_before_is_not_lost(outbox: Outbox) -> None:
    outbox.nudge()
    async with asyncio.timeout(10):
        await outbox.nudged(60)
        waiting = asyncio.create_task(outbox.nudged(60))
        await asyncio.sleep(0.05)
        assert not waiting.done(), "a nudge is for one waiting"
        outbox.nudge()
        await waiting
    await outbox.nudged(0.01)
