"""The simulator's store answers as the real one does, operation by operation."""

import random
import secrets

import pytest
from redis.asyncio import Redis

from tests.promises.scale import SEED, many
from tests.promises.simulation.store import MemoryStore
from tests.store.fakes import Clock
from ussd.callback import Reply
from ussd.core.session import Session
from ussd.keys import Keys
from ussd.sessions import Held, Late, Request, Reused, SessionKey, Store
from ussd.store import RedisStore
from ussd.store.drawer import Drawer

CODES = ("*1#", "*2#")
OPERATIONS = ("step", "step", "step", "step", "late", "whose", "time", "expire")


class Pair:
    """Both stores, asked the same."""

    def __init__(self, redis: Redis, real: RedisStore, keys: Keys, clock: Clock, chance: random.Random) -> None:
        self.redis, self.real, self.keys, self.clock, self.chance = redis, real, keys, clock, chance
        self.model = MemoryStore(clock, lambda: 0.0)
        self.asked: list[tuple[SessionKey, Request, int]] = []
        self.count = 0

    async def step(self) -> None:
        """A request, its retry, or one from a version that may have passed, loaded and committed."""
        chance = self.chance
        if self.asked and chance.random() < 0.4:
            key, request, version = chance.choice(self.asked)
            if chance.random() < 0.1:
                request = Request(request.id, request.content + "!")
        else:
            key, version = self._key(), -1
            name = f"r{len(self.asked)}" if chance.random() < 0.6 else ""
            request = Request(name, chance.choice(("1", "2")))
        code = chance.choice((*CODES, ""))
        held = await self._load(key, request, code)
        if held is None or (held.answered and chance.random() < 0.7):
            return
        version = held.version if version < 0 or chance.random() < 0.5 else version
        self.asked.append((key, request, version))
        await self._commit(key, request, version)

    async def _load(self, key: SessionKey, request: Request, code: str) -> Held | None:
        try:
            model = self.model.load(key, request, code)
        except Reused:
            with pytest.raises(Reused):
                await self.real.load(key, request, code)
            return None
        real = await self.real.load(key, request, code)
        assert bool(model.dropped) == bool(real.dropped)
        if model.dropped:
            assert self.model.recall(key, model.dropped) == await self.real.recall(key, real.dropped)
        assert _plain(model) == _plain(real)
        return model

    async def _commit(self, key: SessionKey, request: Request, version: int) -> None:
        self.count += 1
        chance = self.chance
        session = Session(chance.choice(CODES), f"screen {self.count}")
        reply = Reply(f"text {self.count}", ends=chance.random() < 0.25)
        ways = {
            "offer": chance.random() < 0.7,
            "read_late": chance.random() < 0.3,
            "language": chance.choice(("", "", "fa", "en")),
        }
        model = self.model.commit(key, request, version, session, reply, **ways)  # type: ignore[arg-type]
        store: Store = self.real
        assert model == await store.commit(key, request, version, session, reply, **ways)  # type: ignore[arg-type]

    async def late(self) -> None:
        """An answer that came too late."""
        key, late = self._key(), Late(Session(self.chance.choice(CODES), "wait"), "found", {"n": str(self.count)})
        self.model.keep_late(key, late)
        await self.real.keep_late(key, late)

    async def whose(self) -> None:
        """Whose a session is, said or asked."""
        key = self._key()
        given = key.msisdn if self.chance.random() < 0.5 else ""
        model = self.model.whose(key.gateway, key.session, given)
        assert model == await self.real.whose(key.gateway, key.session, given)

    async def time(self) -> None:
        """The processes' clocks go on; so little passes on the server's that nothing expires there."""
        self.clock.now += self.chance.choice((0.5, 2.0, 2.999, 3.0, 10.0, -1.0))

    async def expire(self) -> None:
        """A session's time is over."""
        key = self._key()
        self.model.expire(key)
        await self.redis.delete(Drawer(self.keys, key).body)

    def _key(self) -> SessionKey:
        chance = self.chance
        return SessionKey(chance.choice(("g", "h")), chance.choice(("98912", "98913")), chance.choice(("a", "b")))


def _plain(held: Held) -> Held:
    """Each store has names of its own for what was dropped."""
    return Held(held.version, held.session, held.answered, held.last, "", held.late, held.language)


async def test_any_walk_gets_the_same_answers_from_both(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        for walk in range(many(20, 500)):
            clock, keys = Clock(), Keys(secrets.token_bytes(32))
            real = RedisStore(redis_url, keys, clock=clock)
            pair = Pair(redis, real, keys, clock, random.Random(f"{SEED} {walk}"))
            try:
                for _ in range(60):
                    await getattr(pair, pair.chance.choice(OPERATIONS))()
            except AssertionError as broken:
                raise AssertionError(f"walk {walk} of seed {SEED}") from broken
            finally:
                await real.close()
