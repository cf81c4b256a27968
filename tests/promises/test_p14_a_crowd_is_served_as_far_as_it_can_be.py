"""P14: ten times as many dial as can be served. As many are served as could be, the others are told so soon, and who
has begun comes to the end.

What can be served is measured first, by a closed loop, and of a processor, which others may share, again at the end.
Between these dialogues begin by a clock, whatever the server does.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import pytest
from aiohttp import web

from simulator.call import OverHttp
from simulator.load import Plan, Step, over_http
from simulator.load.found import Found, Tally
from simulator.load.plan import GRACE
from simulator.registry import Temper, application
from tests.promises.report import Kept
from tests.promises.scale import LONG, SEED, many
from tests.rigs.slowed import slowed
from tests.server import Server
from ussd.core.loader import COMMON, load_words
from ussd.settings import Settings

GATEWAY = "africastalking"
WORDS = load_words(Settings().menus / COMMON)
ANSWER = 0.3
"""Seconds that the registry takes."""
AT_ONCE = 6
"""Questions that it can work on; the others wait."""
QUIET, CROWD = many(1, 4), many(2, 16)
"""Seconds of each step."""
CONNECTIONS = 1024
"""Of our client, which else waits for one itself, and measures that."""
TYPING = 4.0
"""Seconds that people take for each of three answers, in the long form."""
MOMENT = 1
"""Seconds in which a crowd is new: until it has lasted a while it is one of a moment, which is served."""


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
async def served(home: Path, share: float = 1, **settings: str) -> AsyncIterator[OverHttp]:
    """A server, with a share of a processor."""
    server = await asyncio.to_thread(Server, home, **settings)
    try:
        with slowed(server.process.pid, share) if share < 1 else nullcontext():
            yield OverHttp(f"http://127.0.0.1:{server.port}", GATEWAY)
    finally:
        await asyncio.to_thread(server.close)


async def capacity(server: OverHttp, at_once: int, seed: int = SEED) -> float:
    """Dialogues a second that come to their right end, where so many are under way at any time.

    A second time with another seed: the same dialogues would be answered as retries.
    """
    plan = Plan(dialogues=1_000_000, at_once=at_once, seconds=1.5 * QUIET, words=WORDS, seed=seed)
    found = await over_http(plan, server)
    assert not found.wrong
    assert not found.failed
    return found.goodput


async def crowd(server: OverHttp, quiet: float, offered: float, typing: float = 0.0) -> Found:
    """A quiet time, a crowd, a time to get over it, and a quiet time: dialogues a second.

    The last is long enough not to be a crowd by chance: dialogues begin at random. Where people take their time to
    type, all but that is as long as some of their dialogues.
    """
    before, lasts, after = max(QUIET, 15 * typing), lasting(typing), max(QUIET, 4 * typing)
    rates = ((quiet, before), (offered, MOMENT), (offered, lasts - MOMENT), (quiet, after), (quiet, 2 * QUIET))
    steps = tuple(Step(rate, seconds) for rate, seconds in rates)
    seed = SEED + round(offered)
    plan = Plan(steps=steps, words=WORDS, seed=seed, connections=CONNECTIONS, think=typing, grace=GRACE + 3 * typing)
    return await over_http(plan, server)


def lasting(typing: float) -> float:
    """Seconds of a crowd."""
    return max(CROWD, 10 * typing)


def of_the_crowd(found: Found) -> tuple[Tally, Tally]:
    """What came of the crowd, of all of it and after its first moment."""
    _, (_, new), (_, old), *_ = found.steps
    return new + old, old


def good(crowded: Tally, typing: float) -> int:
    """Dialogues that came to their right end in the crowd; where people take their time, those that began in it."""
    return crowded.finished if typing else crowded.good


def finished(tallies: Iterator[Tally]) -> float:
    """Of the dialogues that have read their first screen, the share that came to its right end."""
    every = list(tallies)
    return sum(one.finished for one in every) / max(1, sum(one.begun for one in every))


SOON = 200
"""Milliseconds in which nearly all are told."""
LATE = 1000
"""Milliseconds by which a client is so late that it cannot judge."""


def told_within(tally: Tally) -> float:
    """Milliseconds in which nearly all who were turned away were told so, less those by which our client was late."""
    return tally.turned_away.ms(0.99) - tally.lag.ms(0.99)


def told(found: Found) -> str:
    """The same, for the report, and our client's lateness: one that cannot keep up measures itself."""
    crowded, old = of_the_crowd(found)
    return (
        f"turned away within {crowded.turned_away.ms(0.99):.0f} ms (p99; {old.turned_away.ms(0.99):.0f} after the "
        f"first second), our client late by {crowded.lag.ms(0.99):.0f}"
    )


def over_it(found: Found) -> bool:
    """Whether it is, in the end, as it was before, as far as so few seconds tell."""
    before, after = found.steps[0][1], found.steps[-1][1]
    slow = after.going_on.ms(0.99) > 2 * before.going_on.ms(0.99) + 500
    return not slow and sum(after.shed.values()) <= 0.05 * after.dialogues


@pytest.mark.alone
@pytest.mark.parametrize("typing", [0.0, TYPING] if LONG else [0.0])
async def test_p14_ten_times_the_load_of_a_registry_costs_nobody_who_has_begun(
    kept: Kept, tmp_path: Path, typing: float
) -> None:
    async with registry() as url, served(tmp_path, entitlement_url=url) as server:
        can = await capacity(server, 4 * AT_ONCE)
        found = await crowd(server, 0.6 * can, 10 * can, typing)
    (crowded, _), share, lasts = of_the_crowd(found), finished(tally for _, tally in found.steps), lasting(typing)
    kept.seen(
        f"ten times the dials for {lasts:.0f} s that a registry of {AT_ONCE} at once and {ANSWER} s can answer"
        + slowly(typing),
        f"{found.total.dialogues} dials, {sum(found.total.shed.values())} turned away",
        f"{good(crowded, typing) / lasts:.1f} dialogues/s of {can:.1f}; {told(found)}; "
        f"{share:.1%} of those begun came to their end; over it: {'yes' if over_it(found) else 'no'}",
    )
    assert not found.failed
    least = 0.75 if not LONG else 0.7 if typing else 0.9
    assert good(crowded, typing) / lasts >= least * min(can, AT_ONCE / ANSWER)
    assert share >= 0.99
    assert told_within(crowded) < SOON
    assert over_it(found)


def slowly(typing: float) -> str:
    """For the report."""
    return f"; people take {typing:.0f} s for each answer" if typing else ""


@pytest.mark.alone
@pytest.mark.parametrize(
    ("times", "share", "typing", "least"),
    [(2, 1, 0.0, 0.6), (4, 1, 0.0, 0.7), (10, 1, 0.0, 0.7), (4, 0.5, TYPING, 0.4), (10, 0.25, 0.0, 0.4)]
    if LONG
    else [(3, 1, 0.0, 0.0)],
)
async def test_p14_a_crowd_beyond_the_processor_costs_nobody_who_has_begun(
    kept: Kept, tmp_path: Path, times: int, share: float, typing: float, least: float
) -> None:
    """To turn ten dials away costs a fifth of a dialogue, so that ten times as many cannot be had for nothing.

    In two seconds hardly anything is seen of how many are served and of what comes after: the long form asks for that.
    A client that cannot keep up measures itself: where it is late by a second, all that is told of the server is that
    no screen was wrong, and the row says so. It always keeps up with ten times what a quarter of a processor can serve.
    Where people type it has thousands of dialogues to look after at a time, so the server has half a processor there.
    """
    async with served(tmp_path, share) as server:
        before = await capacity(server, 32)
        found = await crowd(server, 0.3 * before, times * before, typing)
        can = (before + await capacity(server, 32, SEED + 1)) / 2
    (crowded, old), came, lasts = of_the_crowd(found), finished(tally for _, tally in found.steps), lasting(typing)
    late = crowded.lag.ms(0.99) > LATE
    kept.seen(
        f"{times} times the dials for {lasts:.0f} s that {share:.0%} of a processor can serve, beside who dials"
        + slowly(typing),
        f"{found.total.dialogues} dials, {sum(found.total.shed.values())} turned away",
        f"{good(crowded, typing) / lasts:.0f} dialogues/s of {can:.0f} ({good(crowded, typing) / lasts / can:.0%}); "
        f"{told(found)}; {came:.1%} of those begun came to their end; over it: {'yes' if over_it(found) else 'no'}"
        + ("; THE CLIENT COULD NOT KEEP UP, so this tells nothing of the server but that no screen was wrong" * late),
    )
    assert not found.total.wrong
    if late:
        return
    assert not found.failed
    assert came >= 0.99
    assert good(crowded, typing) / lasts >= least * can
    assert not LONG or (told_within(old) < SOON and over_it(found))
