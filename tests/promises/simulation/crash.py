"""The shipped menus' dialogues in processes that end at a hook, and in those that go on in their place.

`python -m tests.promises.simulation.crash` forks such processes: each begins with everything imported and the menus
read. It takes one Point as JSON a line, and says what became of it, on a line too.
"""

import asyncio
import json
import os
import random
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select

import ussd.app
from simulator.call import InProcess
from simulator.operators import Leg, Operator
from tests.ledger.one_time_desk import desk_of
from tests.promises.simulation.hooks import Hooks
from ussd.app import App, running
from ussd.backends import backends, contracts_of
from ussd.callback import Phase, Reply
from ussd.core.loader import load_all
from ussd.credit_code import grouped
from ussd.keys import Keys
from ussd.ledger import opened
from ussd.ledger.ledger import utc_now
from ussd.ledger.schema import inquiries, metadata
from ussd.sessions import Request, SessionKey
from ussd.settings import Settings
from ussd.store import RedisStore

LINE, CENTRE = "989120000001", "989120001666"
DIALOGUES: Mapping[str, tuple[str, str, Sequence[str]]] = {
    "1420": (LINE, "*4*1420#", ("1", "2", "0007569602")),
    "1666": (CENTRE, "*1666#", ("1", "7407268940")),
    "credit": (LINE, "*4*1420*99#", ()),
    "otp": (LINE, "*4*40#", ()),
}
"""Of each menu the way to what it is for: whose line, what is dialled, what is typed."""
GATEWAYS = ("reference", "africastalking", "wigal")
"""One for each seed; each tells its retries."""
_WITHIN = 30
"""Seconds for one process."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a dialogue is cut off, or taken up again."""

    menu: str
    callback: int
    """The callback that is under way."""
    home: str
    redis: str
    secret: str
    seed: int = 0
    hook: int = 0
    """0: none."""
    linger: float = 0.0
    again: bool = False
    """Whether it is the process that comes after: it takes up the dialogue with the callback that was under way."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a process came to that was not ended."""

    hooks: int
    screens: Sequence[tuple[str, bool]]
    version: int = 0
    """Of the session in Redis."""
    effects: int = 0
    """Rows of what the menu is to do once."""
    code: str = ""
    """The code that the ledger has for the line."""


async def carried_out(point: Point) -> Said:
    """Be the process of a point."""
    hooks = Hooks(point.hook, point.linger)
    hooks.watch(asyncio.get_running_loop())
    settings = _settings(point)
    if point.menu == "otp" and not point.again:
        await _sent(settings)
    async with running(settings, point.redis, smpp=False) as app:
        talk = _Talk(app, point, random.Random(repr(point)))
        if point.again:
            screens = [await talk.say(number) for number in range(point.callback, talk.callbacks)]
            return Said(0, screens, await talk.version(settings), *await _effects(app, settings, point.menu))
        screens = [await talk.say(number) for number in range(point.callback)]
        hooks.on = True
        screens += await talk.say_together(point.callback)
        hooks.on = False
        return Said(hooks.passed, screens)


class _Talk:
    """One dialogue, each callback of it by its number."""

    def __init__(self, app: App, point: Point, chance: random.Random) -> None:
        self.gateway = GATEWAYS[point.seed % len(GATEWAYS)]
        self._operator: Operator = import_module(f"simulator.operators.{self.gateway}")  # type: ignore[assignment]
        self._carrier = InProcess(app.door(self.gateway), app.service)
        self._line, self._dialled, self._typed = DIALOGUES[point.menu]
        self._seed, self._chance = point.seed, chance
        self.callbacks = 1 + len(self._typed)

    async def say(self, number: int, after: float = 0.0) -> tuple[str, bool]:
        """Bring one callback; its screen, and whether it ends."""
        await asyncio.sleep(after)
        phase = Phase.CONTINUE if number else Phase.BEGIN
        wire = self._operator.ask(Leg("s", self._line, self._dialled, phase, tuple(self._typed[:number])))
        assert wire
        reply: Reply = self._operator.read(await self._carrier.carry(wire))
        return reply.text, reply.ends

    async def say_together(self, number: int) -> Sequence[tuple[str, bool]]:
        """Bring it once, or by other seeds twice: at once, or the second when the first is on its way."""
        if not self._seed:
            return [await self.say(number)]
        apart = [0.0, self._chance.uniform(0, 0.004) if self._seed > 1 else 0.0]
        self._chance.shuffle(apart)
        return await asyncio.gather(*(self.say(number, after) for after in apart))

    async def version(self, settings: Settings) -> int:
        """The session's, by a store of its own."""
        store = RedisStore(str(settings.redis_url), Keys(settings.key()))
        held = await store.load(SessionKey(self.gateway, self._line, "s"), Request("", ""), "")
        await store.close()
        return held.version


async def _sent(settings: Settings) -> None:
    """Have a one-time code sent to the line."""
    keys = Keys(settings.key())
    async with opened(settings.ledger, keys) as ledger, desk_of(ledger.database, keys, utc_now) as desk:
        await desk.sent(await desk.client("my.gov.ir"), LINE)


async def _effects(app: App, settings: Settings, menu: str) -> tuple[int, str]:
    """How often the menu did what it is to do once, and the code that is in the ledger for it."""
    async with opened(settings.ledger, Keys(settings.key())) as ledger:
        table = metadata.tables[{"credit": "credit_codes", "otp": "one_time_codes"}.get(menu, "inquiries")]
        count, find = select(func.count()).select_from(table), select(inquiries.c.code)
        rows = await ledger.database.read(lambda connection: connection.scalar(count)) or 0
        code = await ledger.database.read(lambda connection: connection.scalar(find))
        match menu:
            case "credit":
                code = grouped((await ledger.credits.dialled(LINE)).code)
            case "otp":
                pending = await ledger.one_time.pending(LINE)
                code = pending.code if pending else ""
    return rows, code or ""


def _settings(point: Point) -> Settings:
    return Settings(home=Path(point.home), redis_url=point.redis, secret=point.secret, watch=False)  # type: ignore[arg-type]


def serve() -> None:
    """Fork a process for each point, and say how it ended, until nobody asks any more."""
    menus = load_all(Settings().menus, contracts_of(backends()))  # most of a start, and always the same
    ussd.app.load_all = lambda *given: menus  # type: ignore[attr-defined]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    for line in sys.stdin:
        reading, writing = os.pipe()
        if (pid := os.fork()) == 0:
            _live(Point(**json.loads(line)), writing)
        os.close(writing)
        with os.fdopen(reading) as said:
            told = said.read()
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(json.dumps({"code": code, "said": json.loads(told) if told else None}), flush=True)


def _live(point: Point, writing: int) -> None:
    """Be one process, from here to its end."""
    signal.alarm(_WITHIN)
    code = 70
    try:
        said: dict[str, Any] = asdict(asyncio.run(carried_out(point)))
        os.write(writing, json.dumps(said).encode())
        code = 0
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    serve()
