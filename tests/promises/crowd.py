"""Lines in the middle of a dialogue, as many as are asked for: what the store holds of them is what a dialogue leaves.

python -m tests.promises.crowd URL SECRET FIRST NUMBER
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from tests.homes import a_home
from ussd.app import App, running
from ussd.callback import Callback, Phase, Reply
from ussd.core.session import Session
from ussd.keys import Keys
from ussd.limits import Allowed
from ussd.retries import dial_name, request_of
from ussd.sessions import Request, SessionKey, StoreAway
from ussd.settings import Settings
from ussd.store import Lifetimes, RedisStore
from ussd.store.limits import RedisLimits

GATEWAY, CODE = "africastalking", "*4*1420#"
TYPED = ("", "1", "1*2")
"""Until the national code is asked for."""
HOURS = 6 * 3600 * 1000
AT_ONCE = 200
Result = TypeVar("Result")
PLANTED = 10**8
"""Lines from this number on are nobody else's."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one callback of the dialogue left."""

    request: Request
    session: Session
    reply: Reply


def callback(number: int, typed: str) -> Callback:
    """As Africa's Talking sends it."""
    phase = Phase.CONTINUE if typed else Phase.BEGIN
    return Callback(f"ATUid_{number:032x}", f"98{9 * 10**9 + number}", phase, CODE, typed, accumulated=True)


async def steps(url: str, secret: str, number: int) -> list[Step]:
    """Those of a real dialogue, on a line of its own."""
    with a_home() as home:
        settings = Settings(home=home, redis_url=url, secret=secret)  # type: ignore[arg-type]
        async with running(settings, url) as app:
            store = RedisStore(url, Keys(secret.encode()))
            taken = [await _step(app, store, callback(3 * PLANTED + number, typed)) for typed in TYPED]
            await store.close()
            return taken


async def _step(app: App, store: RedisStore, asked: Callback) -> Step:
    reply = await app.service.answer(app.doors[GATEWAY].line, asked)
    held = await store.load(SessionKey(GATEWAY, asked.msisdn, asked.session), request_of(asked), "")
    assert held.session
    return Step(request_of(asked), held.session, reply)


async def fill(url: str, secret: str, first: int, number: int) -> None:
    """Take so many lines there, and keep them for hours."""
    taken, keys, numbers = await steps(url, secret, first), Keys(secret.encode()), iter(range(first, first + number))
    store = RedisStore(url, keys, Lifetimes(session=HOURS, replies=HOURS, dropped=HOURS))
    limits = RedisLimits(store.scripts, keys, Allowed(), _nobody)

    async def go_on() -> None:
        for number in numbers:
            await _dialogue(store, limits, number, taken)

    await asyncio.gather(*(go_on() for _ in range(AT_ONCE)))
    await store.close()


async def _dialogue(store: RedisStore, limits: RedisLimits, number: int, taken: list[Step]) -> None:
    asked = callback(number, "")
    key = SessionKey(GATEWAY, asked.msisdn, asked.session)
    await _patiently(limits.dialled, GATEWAY, 0, asked.msisdn, dial_name(key, request_of(asked), 0.0))
    for version, step in enumerate(taken):
        commit = partial(store.commit, offer=True)
        assert await _patiently(commit, key, step.request, version, step.session, step.reply) == step.reply


async def _patiently(call: Callable[..., Awaitable[Result]], *given: object) -> Result:
    """A machine that is busy may keep Redis waiting for too long."""
    while True:
        try:
            return await call(*given)
        except StoreAway:
            await asyncio.sleep(0.1)


async def _nobody(msisdn: str) -> bool:
    return False


if __name__ == "__main__":
    asyncio.run(fill(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
