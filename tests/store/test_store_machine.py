"""Any order of steps, retries, races, ends, redials and restarts, beside a model of plain dicts."""

import asyncio
import os
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from redis.asyncio import Redis

from tests.store.fakes import Clock
from ussd.callback import Reply
from ussd.core.session import Session
from ussd.keys import Keys
from ussd.sessions import Request, Reused, SessionKey
from ussd.store import RedisStore

T = TypeVar("T")

KEYS = st.builds(
    SessionKey, st.just("irancell"), st.sampled_from(["989120000001", "989120000002"]), st.sampled_from(["a", "b"])
)
CODES = st.sampled_from(["*1#", "*2#"])
TYPED = st.sampled_from(["1", "2"])


@dataclass
class Kept:
    """What the model knows of one session."""

    version: int = 0
    session: Session | None = None
    last: Reply | None = None
    last_asked: str = ""
    last_at: float = 0.0
    answers: dict[str, tuple[str, Reply]] = field(default_factory=dict)


class StoreMachine(RuleBasedStateMachine):
    url: str

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.keys = Keys(os.urandom(32))
        self.redis = Redis.from_url(self.url)
        self.store = RedisStore(self.url, self.keys, clock=self.clock)
        self.kept: dict[SessionKey, Kept] = {}
        self.dropped: dict[tuple[str, str], SessionKey] = {}
        self.count = 0

    def teardown(self) -> None:
        self.run(self.store.close())
        self.run(self.redis.aclose())
        self.runner.close()

    def run(self, waiting: Awaitable[T]) -> T:
        async def wait() -> T:
            return await waiting

        return self.runner.run(wait())

    def fresh(self) -> int:
        self.count += 1
        return self.count

    def of(self, key: SessionKey) -> Kept:
        return self.kept.setdefault(key, Kept())

    @rule(key=KEYS, code=CODES, typed=TYPED, named=st.booleans(), ends=st.booleans(), offer=st.booleans())
    def a_request_takes_a_step(
        self, key: SessionKey, code: str, typed: str, named: bool, ends: bool, offer: bool
    ) -> None:
        kept = self.of(key)
        request = Request(f"r{self.fresh()}" if named else "", typed)
        held = self.run(self.store.load(key, request, code))
        assert held.version == kept.version
        assert held.session == kept.session
        assert held.last == (kept.last if kept.version and kept.session is None else None)
        self.check_dropped(key, code, held.dropped)
        if not named and kept.version and kept.last_asked == typed and self.clock.now - kept.last_at < 3:
            assert held.answered == kept.last
            return
        assert held.answered is None
        session, reply = Session(code, f"screen {self.fresh()}"), Reply(f"text {self.count}", ends)
        assert self.run(self.store.commit(key, request, held.version, session, reply, offer=offer)) == reply
        self.taken(key, request, session, reply, offer)

    @rule(key=KEYS, code=CODES, typed=st.tuples(TYPED, TYPED), named=st.booleans(), ends=st.booleans())
    def two_requests_race(self, key: SessionKey, code: str, typed: tuple[str, str], named: bool, ends: bool) -> None:
        version = self.of(key).version
        requests = [Request(f"r{self.fresh()}" if named else "", one) for one in typed]
        steps = [(Session(code, f"screen {self.fresh()}"), Reply(f"text {self.count}", ends)) for _ in requests]

        async def race() -> list[Reply]:
            pairs = zip(requests, steps, strict=True)
            return await asyncio.gather(
                *(self.store.commit(key, request, version, *step, offer=True) for request, step in pairs)
            )

        answers = self.run(race())
        assert answers[0] == answers[1]
        winner = [reply for _, reply in steps].index(answers[0])
        self.taken(key, requests[winner], *steps[winner], offer=True)
        loser = requests[1 - winner]
        if loser.id:
            self.of(key).answers[loser.id] = (loser.content, answers[0])

    @precondition(lambda self: any(kept.answers for kept in self.kept.values()))
    @rule(data=st.data(), behind=st.integers(0, 2))
    def a_request_comes_again_however_late(self, data: st.DataObject, behind: int) -> None:
        key = data.draw(st.sampled_from([key for key, kept in self.kept.items() if kept.answers]))
        id = data.draw(st.sampled_from(sorted(self.kept[key].answers)))
        content, reply = self.kept[key].answers[id]
        request = Request(id, content)
        assert self.run(self.store.load(key, request, "")).answered == reply
        version = max(self.kept[key].version - behind, 0)
        other = Session("*1#", "never"), Reply("never", ends=True)
        assert self.run(self.store.commit(key, request, version, *other, offer=True)) == reply
        with pytest.raises(Reused):
            self.run(self.store.load(key, Request(id, f"not {content}"), ""))

    @precondition(lambda self: any(kept.version for kept in self.kept.values()))
    @rule(data=st.data(), named=st.booleans())
    def a_step_from_a_version_that_has_passed_gets_the_last_reply(self, data: st.DataObject, named: bool) -> None:
        key = data.draw(st.sampled_from([key for key, kept in self.kept.items() if kept.version]))
        kept = self.kept[key]
        request = Request(f"r{self.fresh()}" if named else "", "late")
        other = Session("*1#", "never"), Reply("never", ends=True)
        reply = self.run(self.store.commit(key, request, kept.version - 1, *other, offer=True))
        assert reply == kept.last
        if named:
            kept.answers[request.id] = ("late", reply)

    @rule()
    def the_client_starts_anew(self) -> None:
        self.run(self.store.close())
        self.store = RedisStore(self.url, self.keys, clock=self.clock)

    @rule(seconds=st.sampled_from([0.5, 2.0, 10.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(key=KEYS)
    def a_session_expires(self, key: SessionKey) -> None:
        tag, name = self.tag(key), self.keys.short("session", key.gateway, key.msisdn, key.session)
        self.run(self.redis.delete(f"ussd:{{{tag}}}:s:{name}"))
        self.kept[key] = Kept(answers=self.of(key).answers)

    @invariant()
    def every_key_has_a_time_to_live(self) -> None:
        async def left() -> list[int]:
            names = [name for key in self.kept for name in await self.redis.keys(f"ussd:{{{self.tag(key)}}}:*")]
            return [await self.redis.pttl(name) for name in names]

        assert all(0 < milliseconds <= 780_000 for milliseconds in self.run(left()))

    def taken(self, key: SessionKey, request: Request, session: Session, reply: Reply, offer: bool) -> None:
        """A step was accepted."""
        kept = self.of(key)
        kept.version += 1
        kept.session = None if reply.ends else session
        kept.last, kept.last_asked, kept.last_at = reply, request.content, self.clock.now
        if request.id:
            kept.answers[request.id] = (request.content, reply)
        place = (key.msisdn, session.code)
        if offer and not reply.ends:
            self.dropped[place] = key
        elif self.dropped.get(place) == key:
            del self.dropped[place]

    def check_dropped(self, key: SessionKey, code: str, dropped: str) -> None:
        open_there = self.dropped.get((key.msisdn, code))
        assert bool(dropped) == bool(open_there)
        if open_there:
            assert self.run(self.store.recall(key, dropped)) == self.of(open_there).session

    def tag(self, key: SessionKey) -> str:
        return self.keys.short("subscriber", key.gateway, key.msisdn, octets=12)


def test_any_order_of_events_keeps_the_promises(server: str) -> None:
    class OnServer(StoreMachine):
        url = server

    run_state_machine_as_test(
        OnServer,
        settings=settings(
            max_examples=100,
            stateful_step_count=30,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
