"""Credit codes: whose they are, and who may try them."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.ledger.books import LINE, OTHER_LINE, SOMEBODY, Inbox, keyed, spend, two_clients
from tests.ledger.conftest import Clock
from ussd.ledger import Ledger, Replayed, Reserved, Reused, Sent, Stopped, Unknown, Verified
from ussd.ledger.schema import credit_codes, guards, messages

SECOND = timedelta(seconds=1)


@pytest.fixture
async def clients(ledger: Ledger) -> tuple[int, int]:
    return await two_clients(ledger)


async def sent_code(ledger: Ledger, client: int = 1) -> str:
    inbox = Inbox()
    assert await ledger.credits.send(keyed(client), LINE, inbox) == Sent(180)
    [code] = inbox.texts
    return code


async def codes(ledger: Ledger) -> int:
    return len(await ledger.database.read(lambda connection: connection.execute(select(credit_codes)).all()))


async def messages_put(ledger: Ledger) -> int:
    return len(await ledger.database.read(lambda connection: connection.execute(select(messages)).all()))


async def test_dialled_twice_it_is_the_same_code(ledger: Ledger) -> None:
    first, second = await ledger.credits.dialled(LINE), await ledger.credits.dialled(LINE)
    assert first == second
    assert first.remaining == 10_000
    assert (await ledger.credits.dialled(OTHER_LINE)).code != first.code


async def test_dialled_many_times_at_once_it_is_the_same_code(ledger: Ledger) -> None:
    shown = await asyncio.gather(*(ledger.credits.dialled(LINE) for _ in range(20)))
    assert len({each.code for each in shown}) == 1
    assert await codes(ledger) == 1


async def test_a_code_without_credit_gives_way_to_a_new_one(ledger: Ledger) -> None:
    first = await ledger.credits.dialled(LINE)
    used_up = update(credit_codes).values(remaining=0, spent=10_000)
    await ledger.database.write(lambda connection: connection.execute(used_up))
    assert (await ledger.credits.dialled(LINE)).code != first.code


async def test_a_dialled_code_is_confirmed_and_good_with_any_client(ledger: Ledger, clients: tuple[int, int]) -> None:
    code = (await ledger.credits.dialled(LINE)).code
    for client in clients:
        assert await ledger.credits.verify(keyed(client), LINE, code) == Verified(10_000)
    assert await spend(ledger, code, "k1", clients[1])


async def test_a_code_that_was_sent_is_good_for_nothing_until_it_is_confirmed(
    ledger: Ledger, clients: tuple[int, int]
) -> None:
    code = await sent_code(ledger)
    assert await ledger.history.of_code(1, LINE, code) == Unknown()
    assert await ledger.credits.verify(keyed(), LINE, code) == Verified(10_000)
    assert await ledger.history.of_code(1, LINE, code) == ()


@pytest.mark.parametrize(("seconds", "said"), [(179, Verified(10_000)), (180, Unknown())])
async def test_unconfirmed_for_three_minutes_it_is_gone(
    ledger: Ledger, clients: tuple[int, int], clock: Clock, seconds: int, said: object
) -> None:
    code = await sent_code(ledger)
    clock.now += seconds * SECOND
    assert await ledger.credits.verify(keyed(), LINE, code) == said
    await ledger.spending.sweep()
    assert await codes(ledger) == (1 if isinstance(said, Verified) else 0)


async def test_once_confirmed_it_stays(ledger: Ledger, clients: tuple[int, int], clock: Clock) -> None:
    code = await sent_code(ledger)
    await ledger.credits.verify(keyed(), LINE, code)
    clock.now += timedelta(days=400)
    await ledger.spending.sweep()
    assert await ledger.credits.verify(keyed(), LINE, code) == Verified(10_000)


async def test_another_clients_code_is_as_unknown_as_none(ledger: Ledger, clients: tuple[int, int]) -> None:
    code = await sent_code(ledger, clients[0])
    await ledger.credits.verify(keyed(clients[0]), LINE, code)
    assert await ledger.credits.verify(keyed(clients[1]), LINE, code) == Unknown()
    assert await ledger.history.of_code(clients[1], LINE, code) == Unknown()


async def test_a_code_is_bound_to_the_number_that_got_it(ledger: Ledger, clients: tuple[int, int]) -> None:
    code = (await ledger.credits.dialled(LINE)).code
    assert await ledger.credits.verify(keyed(), OTHER_LINE, code) == Unknown()


async def test_one_code_a_minute_is_sent_to_a_number(ledger: Ledger, clients: tuple[int, int], clock: Clock) -> None:
    await sent_code(ledger)
    clock.now += 20 * SECOND
    assert await ledger.credits.send(keyed(clients[1]), LINE, Inbox()) == Stopped(40)
    assert await ledger.credits.send(keyed(), OTHER_LINE, Inbox()) == Sent(180)
    clock.now += 40 * SECOND
    assert await ledger.credits.send(keyed(), LINE, Inbox()) == Sent(180)


async def test_asked_for_many_times_at_once_one_code_is_sent(ledger: Ledger, clients: tuple[int, int]) -> None:
    said = await asyncio.gather(*(ledger.credits.send(keyed(), LINE, Inbox()) for _ in range(10)))
    assert sorted(map(repr, said)) == sorted([repr(Sent(180))] + [repr(Stopped(60))] * 9)
    assert await messages_put(ledger) == 1


async def test_the_same_key_sends_one_message_and_gets_the_same_answer(
    ledger: Ledger, clients: tuple[int, int]
) -> None:
    first = await ledger.credits.send(keyed(key="k1"), LINE, Inbox())
    again = await ledger.credits.send(keyed(key="k1"), LINE, Inbox())
    assert (first, again) == (Sent(180), Replayed(repr(Sent(180)).encode()))
    assert await ledger.credits.send(keyed(key="k1", asked="that"), LINE, Inbox()) == Reused()
    assert await ledger.credits.send(keyed(clients[1], "k1"), OTHER_LINE, Inbox()) == Sent(180)
    assert await messages_put(ledger) == 2


async def test_a_refusal_is_not_kept_under_its_key(ledger: Ledger, clients: tuple[int, int], clock: Clock) -> None:
    await sent_code(ledger)
    assert await ledger.credits.send(keyed(key="k1"), LINE, Inbox()) == Stopped(60)
    clock.now += 60 * SECOND
    assert await ledger.credits.send(keyed(key="k1"), LINE, Inbox()) == Sent(180)


async def test_five_wrong_codes_in_a_row_stop_the_number_for_a_quarter_of_an_hour(
    ledger: Ledger, clients: tuple[int, int], clock: Clock
) -> None:
    code = (await ledger.credits.dialled(LINE)).code
    for number in range(5):
        assert await ledger.credits.verify(keyed(), LINE, f"{number:016}") == Unknown()
    assert await ledger.credits.verify(keyed(), LINE, code) == Stopped(900)
    assert await ledger.history.of_code(1, LINE, code) == Stopped(900)
    assert await ledger.credits.send(keyed(), LINE, Inbox()) == Stopped(900)
    assert await ledger.credits.verify(keyed(), OTHER_LINE, code) == Unknown()
    clock.now += 899 * SECOND
    assert await ledger.credits.verify(keyed(), LINE, code) == Stopped(1)
    clock.now += SECOND
    assert await ledger.credits.verify(keyed(), LINE, code) == Verified(10_000)


async def test_a_right_code_among_them_starts_the_count_anew(ledger: Ledger, clients: tuple[int, int]) -> None:
    code = (await ledger.credits.dialled(LINE)).code
    for _ in range(3):
        for number in range(4):
            assert await ledger.credits.verify(keyed(), LINE, f"{number:016}") == Unknown()
        assert await ledger.credits.verify(keyed(), LINE, code) == Verified(10_000)


async def test_a_wrong_code_asked_again_under_its_key_counts_once(ledger: Ledger, clients: tuple[int, int]) -> None:
    code = (await ledger.credits.dialled(LINE)).code
    for _ in range(20):
        assert await ledger.credits.verify(keyed(key="k1"), LINE, "0" * 16) == Unknown()
    assert await ledger.credits.verify(keyed(key="k1", asked="that"), LINE, code) == Reused()
    assert await ledger.credits.verify(keyed(key="k2"), LINE, code) == Verified(10_000)


async def test_a_code_that_was_not_confirmed_yet_may_be_used_later_under_the_same_key(
    ledger: Ledger, clients: tuple[int, int]
) -> None:
    code = await sent_code(ledger)
    for _ in range(20):
        assert await ledger.spending.reserve(keyed(key="k1"), LINE, code, SOMEBODY) == Unknown()
    await ledger.credits.verify(keyed(key="k2"), LINE, code)
    assert isinstance(await ledger.spending.reserve(keyed(key="k1"), LINE, code, SOMEBODY), Reserved)


async def test_of_many_wrong_codes_at_once_five_are_looked_at(ledger: Ledger, clients: tuple[int, int]) -> None:
    tries = (ledger.credits.verify(keyed(), LINE, f"{number:016}") for number in range(40))
    said = await asyncio.gather(*tries)
    assert said.count(Unknown()) == 5
    assert said.count(Stopped(900)) == 35


async def test_a_wrong_code_counts_wherever_it_is_tried_and_by_whom(ledger: Ledger, clients: tuple[int, int]) -> None:
    wrong, code = "0" * 16, (await ledger.credits.dialled(LINE)).code
    for client in (*clients, *clients):
        await ledger.history.of_code(client, LINE, wrong)
    await ledger.history.delete(1, LINE, wrong)
    assert await ledger.credits.verify(keyed(), LINE, code) == Stopped(900)


async def test_no_code_is_in_clear_in_its_row(ledger: Ledger, clients: tuple[int, int]) -> None:
    numbers = [(await ledger.credits.dialled(LINE)).code, await sent_code(ledger), LINE]
    tables = (credit_codes, guards, messages)
    rows = await ledger.database.read(
        lambda connection: [row for table in tables for row in connection.execute(select(table))]
    )
    stored = b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)
    assert len(rows) == 4
    assert not [number for number in numbers if number.encode() in stored]
