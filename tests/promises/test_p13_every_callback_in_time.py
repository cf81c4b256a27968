"""P13: whatever a registry does, its callers read a screen within the line's deadline."""

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.homes import a_home
from tests.nursery import Process, start
from tests.promises.engine import Engine, engine
from tests.promises.report import Kept
from tests.promises.scale import SEED, many
from tests.promises.traffic import Seen
from tests.promises.wayward import Wayward
from tests.server import environment

GATE = 5.1
"""Seconds: the line's deadline, and a tenth for the way."""
AT_ONCE = many(40, 96)
GIVEN_UP = ('"lookup_failed"', '"TimeoutError"')
"""What is logged of a question that nobody waits for any more, once it has taken a minute."""
EXCUSED = {"unavailable", "busy", "apology"}


async def held(kept: Kept, one: Engine, seen: Seen, fault: str, did: str) -> None:
    """Everybody was answered in time."""
    books = await one.books(seen)
    kept.seen(
        fault,
        f"{seen.callbacks} callbacks of {seen.dialogues} inquiries; {did}",
        f"slowest answer {seen.slowest:.2f} s, {seen.timeouts} timeouts at the client; {len(seen.finished)} answers, "
        f"{dict(seen.ended) or 'no'} ends without; {len(seen.wrong)} wrong screens",
    )
    assert not seen.wrong, (SEED, seen.wrong[:3])
    assert (seen.timeouts, seen.broken, seen.lost, seen.behind, seen.differing) == (0, 0, 0, 0, 0), SEED
    assert seen.in_time(GATE), (SEED, seen.slowest, seen.held_up)
    assert seen.ended.keys() <= EXCUSED, (SEED, seen.ended)
    assert books.agree, (SEED, books)
    faults = [line for line in one.faults() if not all(word in line for word in GIVEN_UP)]
    assert not faults, faults[:3]


@pytest.mark.alone
async def test_p13_every_callback_is_answered_in_time_whatever_a_registry_does(kept: Kept) -> None:
    registry = Wayward(SEED, sound=many(50, 75) / 100)
    async with registry.serving() as url:
        with engine(entitlement_url=url) as one:
            async with one.loaded(AT_ONCE) as traffic:
                with suppress(TimeoutError):
                    async with asyncio.timeout(many(20, 120)):
                        while registry.ways.total() < many(60, 5000) or traffic.seen.callbacks < many(200, 15_000):
                            await asyncio.sleep(0.05)
            did = ", ".join(f"{count} {name}" for name, count in registry.ways.most_common())
            await held(kept, one, traffic.seen, "a registry that hangs, drips, breaks off and resets", did)
            assert registry.ways["hang"] + registry.ways["drip"] + registry.ways["half close"] > many(2, 20)


@contextmanager
def registry() -> Iterator[tuple[Process, str]]:
    """The example registry as a process, and its URL."""
    with a_home() as home:
        process = start(("registry", "--port", "0"), environment(home))
        try:
            yield process, process.stdout.readline().split()[-1] + "/sso"
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait(5)
            for pipe in (process.stdin, process.stdout, process.stderr):
                pipe.close()


@pytest.mark.alone
async def test_p13_every_callback_is_answered_in_time_while_the_registry_is_halted(kept: Kept) -> None:
    halts, chance = many(1, 10), random.Random(SEED)
    with registry() as (process, url), engine(entitlement_url=url) as one:
        async with one.loaded(AT_ONCE) as traffic:
            for _ in range(halts):
                await asyncio.sleep(chance.uniform(0.5, 1.5))
                os.kill(process.pid, signal.SIGSTOP)
                await asyncio.sleep(many(1, chance.randint(2, 8)))
                os.kill(process.pid, signal.SIGCONT)
        await held(kept, one, traffic.seen, "SIGSTOP of the registry", f"{halts} halts")
