"""P4 for the clock: it steps back an hour and on a day in the middle of dialogues, in all of the engine at once."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

import pytest

from tests.conftest import MAIN_MENU, PROMPT
from tests.promises.books import compared
from tests.promises.report import Kept
from tests.promises.scale import SEED, many
from tests.promises.traffic import Seen, last_words_in, msisdn, person
from tests.store.fakes import Clock
from ussd.backends import World, backends, contracts_of
from ussd.callback import Callback, Phase, Reply
from ussd.core.loader import COMMON, load_all, load_words
from ussd.core.profile import Profile
from ussd.keys import Keys
from ussd.ledger import opened
from ussd.limits import Allowed
from ussd.line import Line
from ussd.lookups import Lookups
from ussd.service import Service
from ussd.settings import Settings
from ussd.store import RedisStore
from ussd.store.limits import RedisLimits

STEPS = (-3600.0, 86_400.0, -1.0, 1.0, 30.0)
"""Seconds by which the clock steps between two callbacks, or between one and its retry."""
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Stepped:
    """An engine all of whose parts go by one clock; only the lifetimes in Redis go by Redis' own."""

    service: Service
    clock: Clock


async def nobody(_: str) -> bool:
    """No line is a centre's."""
    return False


@pytest.fixture
async def engine(settings: Settings, redis_url: str) -> AsyncIterator[Stepped]:
    clock, keys, found = Clock(), Keys(settings.key()), backends()
    contracts = contracts_of(found)
    settings.make_home()
    store = RedisStore(redis_url, keys, clock=clock)
    async with opened(settings.ledger, keys, clock=lambda: datetime.fromtimestamp(clock(), UTC)) as ledger:
        world = World(
            sso=ledger.sso,
            health_insurance=ledger.health_insurance,
            owners=ledger.owners,
            centres=ledger.centres,
            tracker=ledger.tracker,
            credits=ledger.credits,
            one_time=ledger.one_time,
        )
        lookups = Lookups({name: partial(one.look_up, world=world) for name, one in found.items()}, contracts)
        limits = RedisLimits(store.scripts, keys, Allowed(), nobody, clock)
        menus, words = load_all(settings.menus, contracts), load_words(settings.menus / COMMON)
        yield Stepped(Service(menus, words, store, lookups, keys, clock, limits), clock)
        await lookups.close()
    await store.close()


@dataclass(slots=True)
class Came:
    """What came of it."""

    steps: int = 0
    wrong: int = 0
    retries: int = 0
    differing: int = 0
    away: int = 0
    """Retries that read an apology, where the machine is too slow for all of this."""
    seen: Seen = field(default_factory=Seen)
    """The codes that were shown."""


def callback(number: int, place: int) -> Callback:
    """What a line sends."""
    line = Callback(f"s{number}", msisdn(number), Phase.CONTINUE, typed=("", "1", "2", person(number))[place])
    begins = {} if place else {"phase": Phase.BEGIN, "dialled": "*4*1420#"}
    return replace(line, request=str(place), **begins)  # type: ignore[arg-type]


async def talk(engine: Stepped, number: int, chance: random.Random, came: Came) -> None:
    """A dialogue of four callbacks, with a step of the clock wherever chance has one."""
    line, screens = Line("stepped", Profile()), []
    for place in range(4):
        screens.append(await engine.service.answer(line, callback(number, place)))
        for _ in range(chance.choice((0, 1, 1, 2))):
            engine.clock.now += chance.choice(STEPS)
            came.steps += 1
            if chance.random() < 0.5:
                came.retries += 1
                again = await engine.service.answer(line, callback(number, place))
                came.away += bool(last_words_in(again.text))
                came.differing += again != screens[-1] and not last_words_in(again.text)
    came.wrong += (screens[0], screens[2]) != (Reply(MAIN_MENU, ends=False), Reply(PROMPT, ends=False))
    came.seen.finished[number] = screens[-1].text[-7:]


async def test_p4_a_clock_that_steps_breaks_no_dialogue(kept: Kept, engine: Stepped, settings: Settings) -> None:
    dialogues, came = many(80, 6000), Came()
    waiting = iter(range(dialogues))

    async def one_after_the_other(chance: random.Random) -> None:
        for number in waiting:
            await talk(engine, number, chance, came)

    await asyncio.gather(*(one_after_the_other(random.Random(f"{SEED} {place}")) for place in range(AT_ONCE)))
    books = await compared(settings.ledger, settings.key().decode(), came.seen)
    kept.seen(
        "the clock of the engine and the ledger steps by -1 h, +1 day, -1 s, +1 s, +30 s in the middle of dialogues",
        f"{came.steps} steps, {dialogues} dialogues",
        f"{came.wrong} wrong screens; of {came.retries} retries with an id, after a step, {came.differing} with other "
        f"bytes, {came.away} apologies; {len(books.missing)} codes shown and not in the ledger, "
        f"{books.twice} asked twice",
    )
    assert (came.wrong, came.differing) == (0, 0), SEED
    assert came.away <= 0.001 * came.retries + 1, SEED
    assert books.agree, (SEED, books)


async def test_p4_a_line_with_a_clock_that_steps_back_may_dial_again(kept: Kept, engine: Stepped) -> None:
    line, refused, lines = Line("stepped", Profile()), 0, many(20, 1000)
    for number in range(lines):
        for step in (-3600.0, 86_400.0, -3600.0, 0.0):
            dial = replace(callback(number, 0), session=f"s{number} {step} {engine.clock.now}")
            refused += await engine.service.answer(line, dial) != Reply(MAIN_MENU, ends=False)
            engine.clock.now += step
    kept.seen("the clock steps between the dials of a line", f"{lines} lines, 4 dials each", f"{refused} refused")
    assert refused == 0
