"""P1 with a real Redis and a real ledger, through the gateways' doors: retries in bulk, many at once."""

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from sqlalchemy import func, select

from simulator.operators import Leg, Operator
from tests.promises.report import Kept
from tests.promises.scale import SEED, many
from tests.promises.simulation.run import quiet
from ussd.app import App, running
from ussd.callback import Phase, WireReply, WireRequest
from ussd.keys import Keys
from ussd.ledger import opened
from ussd.ledger.schema import inquiries
from ussd.settings import Settings
from ussd.web.callbacks import exchange

RETRIES = many(2_000, 1_000_000)
WITHIN = 420.0
"""Seconds; what was not tried by then is not counted."""
AT_ONCE = 8
"""Dialogues."""
AGAIN = many(40, 500)
"""Retries of each dialogue."""
GATEWAYS = ("reference", "africastalking", "wigal", "hubtel")
PERSON = "0007569602"
Said = tuple[int, bytes, tuple[tuple[str, str], ...]]


@dataclass(slots=True)
class Seen:
    """What came of them."""

    retries: int = 0
    differing: int = 0
    dialogues: int = 0
    apologies: int = 0
    """Who got none of its session's screens: a machine that stalls for a second is as one whose Redis is away."""


@dataclass(slots=True)
class Dialogue:
    """One session and what each of its callbacks was answered first."""

    app: App
    gateway: str
    msisdn: str
    seen: Seen
    chance: random.Random
    session: str = field(default_factory=lambda: secrets.token_hex(8))
    typed: Sequence[str] = ("1", "2", PERSON)
    first: dict[int, Said] = field(default_factory=dict)

    async def play(self) -> None:
        """From the dial to the end, each callback three times at once; then retries of any of them."""
        self.seen.dialogues += 1
        wires = [self._wire(number) for number in range(1 + len(self.typed))]
        for number, wire in enumerate(wires):
            while number not in self.first:
                await self._bring(number, wire)
            await asyncio.gather(*(self._bring(number, wire) for _ in range(2)))
        for _ in range(AGAIN // 8):
            numbers = [self.chance.randrange(len(wires)) for _ in range(8)]
            await asyncio.gather(*(self._bring(number, wires[number]) for number in numbers))

    async def _bring(self, number: int, wire: WireRequest) -> None:
        said = _said(await exchange(self.app.door(self.gateway), self.app.service, wire))
        if _is_no_screen(said):
            self.seen.apologies += 1
            await asyncio.sleep(0.05)
        elif number not in self.first:
            self.first[number] = said
        else:
            self.seen.retries += 1
            self.seen.differing += said != self.first[number]

    def _wire(self, number: int) -> WireRequest:
        operator: Operator = import_module(f"simulator.operators.{self.gateway}")  # type: ignore[assignment]
        phase = Phase.CONTINUE if number else Phase.BEGIN
        wire = operator.ask(Leg(self.session, self.msisdn, "*4*1420#", phase, tuple(self.typed[:number])))
        assert wire
        return wire


def _said(reply: WireReply) -> Said:
    return reply.status, reply.body, tuple(sorted(reply.headers.items()))


def _is_no_screen(said: Said) -> bool:
    return any(word in said[1].decode() for word in ("موقتا", "شلوغ"))


@asynccontextmanager
async def unlimited(home: Path, redis: str) -> AsyncIterator[tuple[App, Settings]]:
    """An installation whose lines may dial as often as they like."""
    settings = Settings(
        home=home,
        redis_url=redis,
        secret=secrets.token_hex(32),
        dials_per_minute=0,
        dials_per_hour=0,  # type: ignore[arg-type]
    )
    async with running(settings, redis, smpp=False) as app:
        yield app, settings


async def test_p1_each_of_a_million_duplicates_gets_the_bytes_of_its_first_answer(
    kept: Kept, tmp_path: Path, redis_url: str
) -> None:
    chance, seen, began = random.Random(SEED), Seen(), time.monotonic()
    with quiet():
        async with unlimited(tmp_path, redis_url) as (app, settings):

            async def line(number: int) -> None:
                while seen.retries < RETRIES and time.monotonic() - began < WITHIN:
                    await Dialogue(app, chance.choice(GATEWAYS), f"9891300{number:05}", seen, chance).play()

            await asyncio.gather(*map(line, range(AT_ONCE)))
            rows = await _rows(settings)
    took = time.monotonic() - began
    kept.seen(
        "each callback three times at once and then again and again, also after the end; Redis and SQLite are real",
        f"{seen.retries:,} retries of {seen.dialogues:,} dialogues, {seen.retries / took:,.0f} a second",
        f"{seen.differing} with other bytes, {rows:,} inquiries in the ledger, {seen.apologies} apologies",
    )
    assert seen.differing == 0
    assert rows <= seen.dialogues
    assert seen.apologies <= seen.retries / 100
    assert seen.apologies or rows == seen.dialogues


async def _rows(settings: Settings) -> int:
    count = select(func.count()).select_from(inquiries)
    async with opened(settings.ledger, Keys(settings.key())) as ledger:
        return await ledger.database.read(lambda connection: connection.scalar(count)) or 0
