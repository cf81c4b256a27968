"""P14: ten times as many dial as can be served. As many are served as could be, the others are told so soon, and who
has begun comes to the end.

What can be served is measured first, by a closed loop. Then dialogues begin by a clock, whatever the server does.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from simulator.call import OverHttp
from simulator.load import Plan, Step, over_http
from simulator.load.found import Found, Tally
from simulator.registry import Temper, application
from tests.promises.report import Kept
from tests.promises.scale import LONG, SEED, many
from tests.server import Server
from ussd.core.loader import COMMON, load_words
from ussd.settings import Settings

GATEWAY = "africastalking"
WORDS = load_words(Settings().menus / COMMON)
ANSWER = 0.3
"""Seconds that the registry takes."""
AT_ONCE = 6
"""Questions that it can work on; the others wait."""
QUIET, CROWD = many(1, 4), many(2, 8)
"""Seconds of each step."""


class Busy:
    """A registry's time: so many questions are worked on at once."""

    def __init__(self, at_once: int) -> None:
        self._free = asyncio.Semaphore(at_once)

    async def __call__(self, seconds: float) -> None:
        async with self._free:
            await asyncio.sleep(seconds)


@asynccontextmanager
async def registry() -> AsyncIterator[str]:
    """The example registry, that can carry so much and no more."""
    runner = web.AppRunner(application(Temper(delay=ANSWER, wait=Busy(AT_ONCE))), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/sso"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def served(home: Path, **settings: str) -> AsyncIterator[OverHttp]:
    server = await asyncio.to_thread(Server, home, **settings)
    try:
        yield OverHttp(f"http://127.0.0.1:{server.port}", GATEWAY)
    finally:
        await asyncio.to_thread(server.close)


async def capacity(server: OverHttp, at_once: int) -> float:
    """Dialogues a second that come to their right end, where so many are under way at any time."""
    plan = Plan(dialogues=1_000_000, at_once=at_once, seconds=1.5 * QUIET, words=WORDS, seed=SEED)
    found = await over_http(plan, server)
    assert not found.wrong
    assert not found.failed
    return found.goodput


async def crowd(server: OverHttp, quiet: float, offered: float) -> Found:
    """A quiet time, a crowd, a time to get over it, and a quiet time: dialogues a second."""
    steps = (Step(quiet, QUIET), Step(offered, CROWD), Step(quiet, QUIET), Step(quiet, QUIET))
    return await over_http(Plan(steps=steps, words=WORDS, seed=SEED + round(offered)), server)


def finished(tallies: Iterator[Tally]) -> float:
    """Of the dialogues that have read their first screen, the share that came to its right end."""
    every = list(tallies)
    return sum(one.finished for one in every) / max(1, sum(one.begun for one in every))


LATE = 1000
"""Milliseconds by which a client is so late that it cannot judge."""


def told_within(tally: Tally) -> float:
    """Milliseconds in which nearly all who were turned away were told so, less those by which our client was late."""
    return tally.turned_away.ms(0.99) - tally.lag.ms(0.99)


def told(tally: Tally) -> str:
    """The same, for the report: both times, as a client that cannot keep up measures itself."""
    return f"turned away within {tally.turned_away.ms(0.99):.0f} ms (p99), our client late by {tally.lag.ms(0.99):.0f}"


def over_it(found: Found) -> bool:
    """Whether it is, in the end, as it was before, as far as so few seconds tell."""
    before, after = found.steps[0][1], found.steps[-1][1]
    slow = after.going_on.ms(0.99) > 2 * before.going_on.ms(0.99) + 500
    return not slow and sum(after.shed.values()) <= 0.05 * after.dialogues


@pytest.mark.alone
async def test_p14_ten_times_the_load_of_a_registry_costs_nobody_who_has_begun(kept: Kept, tmp_path: Path) -> None:
    async with registry() as url, served(tmp_path, entitlement_url=url) as server:
        can = await capacity(server, 4 * AT_ONCE)
        found = await crowd(server, 0.6 * can, 10 * can)
    crowded, share = found.steps[1][1], finished(tally for _, tally in found.steps)
    kept.seen(
        f"ten times the dials for {CROWD} s that a registry of {AT_ONCE} at once and {ANSWER} s can answer",
        f"{found.total.dialogues} dials, {sum(found.total.shed.values())} turned away",
        f"{crowded.good / CROWD:.1f} dialogues/s of {can:.1f}; {told(crowded)}; "
        f"{share:.1%} of those begun came to their end; over it: {'yes' if over_it(found) else 'no'}",
    )
    assert not found.failed
    assert crowded.good / CROWD >= (0.9 if LONG else 0.75) * min(can, AT_ONCE / ANSWER)
    assert share >= 0.99
    assert told_within(crowded) < 200
    assert over_it(found)


@pytest.mark.alone
@pytest.mark.parametrize(("times", "least"), [(2, 0.6), (4, 0.3), (10, 0.1)] if LONG else [(3, 0.0)])
async def test_p14_a_crowd_beyond_the_processor_costs_nobody_who_has_begun(
    kept: Kept, tmp_path: Path, times: int, least: float
) -> None:
    """To turn a dial away costs a fifth of a callback, so that ten times as many cannot be had for nothing.

    In two seconds hardly anything is seen of how many are served and of what comes after: the long form asks for that.
    A client that cannot keep up measures itself: where it is late by a second, all that is told of the server is that
    no screen was wrong, and the row says so.
    """
    async with served(tmp_path) as server:
        can = await capacity(server, 32)
        found = await crowd(server, 0.3 * can, times * can)
    crowded, share = found.steps[1][1], finished(tally for _, tally in found.steps)
    late = crowded.lag.ms(0.99) > LATE
    kept.seen(
        f"{times} times the dials for {CROWD} s that the processor can serve, which it shares with who dials",
        f"{found.total.dialogues} dials, {sum(found.total.shed.values())} turned away",
        f"{crowded.good / CROWD:.0f} dialogues/s of {can:.0f} ({crowded.good / CROWD / can:.0%}); "
        f"{told(crowded)}; {share:.1%} of those begun came to their end; over it: {'yes' if over_it(found) else 'no'}"
        + ("; THE CLIENT COULD NOT KEEP UP, so this tells nothing of the server but that no screen was wrong" * late),
    )
    assert not found.total.wrong
    if late:
        return
    assert not found.failed
    assert share >= 0.99
    assert crowded.good / CROWD >= least * can
    assert not LONG or over_it(found)
