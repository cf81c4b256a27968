"""What a store promises of one session: its steps, their retries, its end."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from tests.store.fakes import Clock
from tests.store.steps import BYE, NOBODY, SHOWN, only, step
from ussd.callback import Reply
from ussd.core.session import Place, Session
from ussd.keys import Keys
from ussd.sessions import Held, Request, Reused, SessionKey
from ussd.store import RedisStore


async def test_nothing_is_held_of_a_line_that_never_called(store: RedisStore, key: SessionKey) -> None:
    assert await store.load(key, Request("1", ""), "*4*1420#") == NOBODY


async def test_a_step_is_found_by_the_next_request(store: RedisStore, key: SessionKey, session: Session) -> None:
    there = replace(session, at=Place(3, 2, 1), behind=(("main", Place()),), mistakes=2, facts={"name": "نام"})
    assert await step(store, key, there, "1") == SHOWN
    assert await store.load(key, Request("2", "x"), "") == Held(version=1, session=there)


async def test_each_step_adds_one_to_the_version(store: RedisStore, key: SessionKey, session: Session) -> None:
    for number in range(1, 12):
        await step(store, key, session, str(number))
        assert (await store.load(key, Request("next", ""), "")).version == number


async def test_a_retry_gets_the_same_reply_and_changes_nothing(
    store: RedisStore, key: SessionKey, session: Session
) -> None:
    await step(store, key, session, "1")
    again = Request("1", "content of 1")
    assert (await store.load(key, again, "")).answered == SHOWN
    assert await store.commit(key, again, 1, session, BYE, offer=False) == SHOWN
    assert (await store.load(key, again, "")).version == 1


async def test_ten_commits_of_one_request_at_once_are_one_step(
    store: RedisStore, key: SessionKey, session: Session
) -> None:
    replies = [Reply(f"screen {number}", ends=False) for number in range(10)]
    request = Request("1", "same")
    answers = await asyncio.gather(*(store.commit(key, request, 0, session, reply, offer=False) for reply in replies))
    assert len(set(answers)) == 1
    assert (await store.load(key, request, "")).version == 1


@pytest.mark.parametrize("id", ["named", ""])
async def test_of_two_requests_at_once_both_get_the_winners_reply(
    store: RedisStore, key: SessionKey, session: Session, id: str
) -> None:
    requests = [Request(id and f"{id} {number}", f"typed {number}") for number in range(2)]
    answers = await asyncio.gather(
        *(
            store.commit(key, request, 0, session, Reply(request.content, ends=False), offer=False)
            for request in requests
        )
    )
    assert answers[0] == answers[1]
    assert (await store.load(key, Request("next", ""), "")).version == 1


async def test_the_losers_retry_gets_the_winners_reply_too(
    store: RedisStore, key: SessionKey, session: Session
) -> None:
    winner, loser = Request("1", "typed 1"), Request("2", "typed 2")
    assert await store.commit(key, winner, 0, session, SHOWN, offer=False) == SHOWN
    assert await store.commit(key, loser, 0, session, BYE, offer=False) == SHOWN
    assert (await store.load(key, loser, "")).answered == SHOWN
    with pytest.raises(Reused):
        await store.load(key, Request("2", "typed 3"), "")


async def test_a_commit_that_comes_twice_counts_once(store: RedisStore, key: SessionKey, session: Session) -> None:
    for request in (Request("1", "a"), Request("", "b")):
        version = (await store.load(key, request, "")).version
        for _ in range(3):
            assert await store.commit(key, request, version, session, Reply(request.content, False), offer=False) == (
                Reply(request.content, False)
            )
        assert (await store.load(key, Request("next", ""), "")).version == version + 1


async def test_without_an_id_the_same_content_within_three_seconds_is_a_retry(
    store: RedisStore, key: SessionKey, session: Session, clock: Clock
) -> None:
    await step(store, key, session, "", content="typed 1")
    clock.now += 2.99
    assert (await store.load(key, Request("", "typed 1"), "")).answered == SHOWN
    assert (await store.load(key, Request("", "typed 2"), "")).answered is None
    clock.now += 0.01
    assert (await store.load(key, Request("", "typed 1"), "")).answered is None


async def test_a_clock_that_is_behind_still_knows_a_retry(
    store: RedisStore, key: SessionKey, session: Session, clock: Clock
) -> None:
    await step(store, key, session, "", content="typed 1")
    clock.now -= 0.5
    assert (await store.load(key, Request("", "typed 1"), "")).answered == SHOWN
    clock.now -= 3600
    assert (await store.load(key, Request("", "typed 1"), "")).answered is None


async def test_an_id_that_is_used_for_two_things_is_refused(
    store: RedisStore, key: SessionKey, session: Session
) -> None:
    await step(store, key, session, "1")
    with pytest.raises(Reused):
        await store.load(key, Request("1", "something else"), "")


async def test_a_late_callback_gets_the_reply_that_ended(store: RedisStore, key: SessionKey, session: Session) -> None:
    await step(store, key, session, "1")
    await step(store, key, session, "2", BYE)
    assert await store.load(key, Request("3", "late"), "") == Held(version=2, last=BYE)
    assert await store.load(key, Request("2", "content of 2"), "") == Held(version=2, answered=BYE, last=BYE)


async def test_an_ended_session_keeps_no_answers(
    store: RedisStore, key: SessionKey, session: Session, redis: Redis, keys: Keys
) -> None:
    await step(store, key, session, "1")
    await step(store, key, session, "2", BYE)
    assert b"b" not in await redis.hgetall(await only(redis, keys, key, "s"))


async def test_an_ended_session_can_begin_again(store: RedisStore, key: SessionKey, session: Session) -> None:
    await step(store, key, session, "1", BYE)
    assert await step(store, key, session, "2") == SHOWN
    assert await store.load(key, Request("3", ""), "") == Held(version=2, session=session)


@pytest.mark.parametrize("other", [{"msisdn": "989120000002"}, {"gateway": "mci"}, {"session": "s-2"}])
async def test_an_id_belongs_to_its_line_and_gateway(
    store: RedisStore, key: SessionKey, session: Session, other: dict[str, str]
) -> None:
    await step(store, key, session, "1")
    assert await store.load(replace(key, **other), Request("1", "content of 1"), "") == NOBODY


async def test_two_workers_see_the_same_sessions(
    open_store: Callable[..., RedisStore], store: RedisStore, server: str, key: SessionKey, session: Session
) -> None:
    await step(store, key, session, "1")
    assert (await open_store(server).load(key, Request("2", ""), "")).session == session


async def test_text_of_any_kind_comes_back_as_it_went(store: RedisStore, key: SessionKey, session: Session) -> None:
    for number, text in enumerate(["", "\0", "a\nb", "می\u200cباشید 🙂", "\ud83d", "=@{}" * 500]):
        reply = Reply(text, ends=bool(number % 2))
        await step(store, key, session, f"{number} {text}", reply)
        assert (await store.load(key, Request(f"{number} {text}", f"content of {number} {text}"), "")).answered == reply
