"""P22: what the Health Insurance Organization did not say is never shown as "clear", on no screen of `*1666#`."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from random import Random

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import HttpUrl

from simulator.call import InProcess
from tests.conftest import Handset
from tests.promises import registries
from tests.promises.registries import NEVER, RIGHT, WRONG, Said, Way
from tests.promises.report import Kept
from tests.promises.scale import LONG, SEED, many
from ussd.app import running
from ussd.core.profile import Profile
from ussd.keys import Keys
from ussd.ledger import Contract, opened
from ussd.line import Line
from ussd.registries import HttpRegistry
from ussd.registries.guard import Limits
from ussd.settings import Settings
from ussd.web.callbacks import Door

DIALS = many(40, 3_000)
AT_ONCE = 30
DEADLINE = 1.25
"""Seconds; the other insurer has 0.25 of them."""
LATE = (0.4, 1.5)
"""Seconds after which the organization answers late: after the other insurer's time, and after the callback's."""
CENTRE_LINES = tuple(str(989120002000 + number) for number in range(20))
CLEAR = ("بدون همپوشانی", "پوشش ندارد")
UNCHECKED = "بررسی نشد"
NO_ANSWER, BUSY = "پاسخی از سامانه نرسید", "سامانه شلوغ است"
COVERED = ("همپوشانی با بیمه سلامت دارد", "تحت پوشش بیمه سلامت")
ALL_OF_IT = Limits(at_once=1_000, faults=10**9, rest=0.0)


async def of_another_person(_: web.Request, said: Said) -> web.StreamResponse:
    """The right operation with somebody else's record."""
    return web.json_response({**said, "national_code": "0092000304"})


async def twice_over(_: web.Request, said: Said) -> web.StreamResponse:
    """An answer that says both yes and no."""
    octets = web.json_response(said).body
    assert isinstance(octets, bytes)
    return web.Response(body=octets[:-1] + b', "entitled": true}', content_type="application/json")


async def a_word(_: web.Request, said: Said) -> web.StreamResponse:
    """`false` as a word."""
    return web.json_response({**said, "entitled": "false"})


async def redirected(request: web.Request, _: Said) -> web.StreamResponse:
    """Another place would say that."""
    raise web.HTTPTemporaryRedirect(str(request.url))


async def late(_: web.Request, said: Said) -> web.StreamResponse:
    """Right, and too late."""
    await asyncio.sleep(LATE[0])
    return web.json_response(said)


BROKEN: tuple[Way, ...] = (
    *WRONG, *NEVER, of_another_person, twice_over, a_word, redirected, late, registries.reset_at_once,
)  # fmt: skip


@dataclass
class Insurers:
    """Both, and what the other one has plainly said of whom."""

    random: Random
    went: Counter[str] = field(default_factory=Counter)
    said_not_covered: set[str] = field(default_factory=set)
    said_covered: set[str] = field(default_factory=set)
    entitled: set[str] = field(default_factory=set)

    def application(self) -> web.Application:
        """At `/sso` and `/health`."""
        application = web.Application()
        application.router.add_post("/sso/inquiries", self._sso)
        application.router.add_post("/health/inquiries", self._health)
        return application

    async def _sso(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        said, drawn = _said(asked, entitled=self.random.random() < 0.5), self.random.random()
        if said["entitled"]:
            self.entitled.add(asked["national_code"])
        if drawn < 0.25:
            await asyncio.sleep(LATE[drawn < 0.12])
        return web.json_response(said)

    async def _health(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        said = _said(asked, entitled=self.random.random() < 0.3)
        way = self.random.choice(RIGHT if self.random.random() < 0.25 else BROKEN)
        self.went[way.__name__] += 1
        if way in RIGHT:
            (self.said_covered if said["entitled"] else self.said_not_covered).add(asked["national_code"])
        return await way(request, said)


def _said(asked: Mapping[str, str], *, entitled: bool) -> Said:
    known = {"operation_id": asked["operation_id"], "known": True, "entitled": entitled}
    return {**known, "insurer": "x", "as_of": "2026-11-21"}


def national_code(number: int) -> str:
    """One with a right check digit."""
    first = f"{100_000_000 + number:09}"
    rest = sum(int(digit) * weight for digit, weight in zip(first, range(10, 1, -1), strict=True)) % 11
    return f"{first}{rest if rest < 2 else 11 - rest}"


@asynccontextmanager
async def at_centres(settings: Settings, redis_url: str, insurers: Insurers) -> AsyncIterator[list[Handset]]:
    """The lines of a contracted centre, which gives little time."""
    async with opened(settings.ledger, Keys(settings.key()), samples=False) as ledger:
        await ledger.centres.add(Contract("1021", "مرکز", CENTRE_LINES, "1400-01-01"))
    async with TestServer(insurers.application()) as server:
        urls = {
            name: HttpUrl(str(server.make_url(path)))
            for name, path in (("entitlement_url", "/sso"), ("health_insurance_url", "/health"))
        }
        async with running(settings.model_copy(update=urls), redis_url) as app:
            door = Door(app.door("reference").gateway, Line("reference", Profile(deadline=DEADLINE)))
            handsets = [Handset(app, line) for line in CENTRE_LINES]
            for handset in handsets:
                handset.carrier = InProcess(door, app.service)
            yield handsets


@dataclass
class Read:
    """What was read of one person, dial after dial."""

    code: str
    texts: list[str] = field(default_factory=list)


async def asked_about(handset: Handset, person: Read, random: Random) -> None:
    """Dial, and dial again where there is no verdict: at once, or when what was late is there."""
    for _ in range(6):
        person.texts.append((await handset.call(f"*1666*1*{person.code}#").dial()).text)
        if BUSY in person.texts[-1]:
            await asyncio.sleep(random.uniform(0.1, 0.5))
        elif NO_ANSWER in person.texts[-1]:
            await asyncio.sleep(random.choice((0.0, LATE[1])))
        else:
            return


def falsehoods(people: list[Read], insurers: Insurers) -> list[str]:
    """Each screen that says what nobody has said."""
    false = []
    for person in people:
        for text in person.texts:
            clear, covered = any(word in text for word in CLEAR), any(word in text for word in COVERED)
            if clear and person.code not in insurers.said_not_covered:
                false.append(f"a false clear: {text!r}")
            if covered and person.code not in insurers.said_covered:
                false.append(f"a false overlap: {text!r}")
            if clear and UNCHECKED in text:
                false.append(f"both: {text!r}")
    return false


BOTH = [("flag", False), ("deny", True)]
EVERY = [*BOTH, ("deny", False), ("flag", True)]


@pytest.mark.parametrize(("overlap", "breaker"), EVERY if LONG else BOTH)
async def test_p22_not_checked_never_reads_as_clear(
    kept: Kept, settings: Settings, redis_url: str, monkeypatch: pytest.MonkeyPatch, overlap: str, breaker: bool
) -> None:
    if not breaker:
        monkeypatch.setattr("ussd.app.HttpRegistry", partial(HttpRegistry, limits=ALL_OF_IT))
    insurers, random, numbers = Insurers(Random(SEED)), Random(SEED), count()
    dials = DIALS // 4 if breaker else DIALS
    people = [Read(national_code(next(numbers))) for _ in range(dials)]
    slots = asyncio.Semaphore(AT_ONCE)
    limits = {"dials_per_minute": 0, "dials_per_hour": 0, "people_per_day": 0, "overlap": overlap}
    async with at_centres(settings.model_copy(update=limits), redis_url, insurers) as handsets:

        async def one(number: int, person: Read) -> None:
            async with slots:
                await asked_about(handsets[number % len(handsets)], person, random)

        await asyncio.gather(*(one(*each) for each in enumerate(people)))
    false, texts = falsehoods(people, insurers), [text for person in people for text in person.texts]
    shown = {
        name: sum(word in text for text in texts) for name, word in (("clear", CLEAR[0]), ("not checked", UNCHECKED))
    }
    troubles = sum(number for way, number in insurers.went.items() if way not in {one.__name__ for one in RIGHT})
    kept.seen(
        f"the other insurer broken in {len(BROKEN)} ways{', and left alone by its breaker' if breaker else ''}, the "
        f"organization late, redials; USSD_OVERLAP={overlap}",
        f"{len(texts):,} dials, {troubles:,} of {sum(insurers.went.values()):,} answers broken",
        f"{len(false)} false; {shown['not checked']:,} read as not checked, {shown['clear']:,} as clear",
    )
    assert not false, f"seed {SEED}"
    assert breaker or all(shown.values()), "neither would say anything"
    assert breaker or sum(insurers.went.values()) > dials / 2, Counter(text.partition("\n")[0] for text in texts)
