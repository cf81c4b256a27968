"""A million lines in the middle of a dialogue: how much of Redis they take, and what the next callback then costs.

Of two installations one is all but empty. Dialogues go on in both, in turns.
"""

import asyncio
import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import pytest

from tests.promises.crowd import CODE, GATEWAY, PLANTED, callback
from tests.promises.report import Kept
from tests.promises.scale import LONG, many
from tests.rigs.redis import Server, redis
from ussd.app import App, running
from ussd.callback import Reply
from ussd.settings import Settings

SESSIONS, CODES = many(12_000, 1_000_000), many(4_000, 1_000_000)
FEW = 1_000
PROCESSES, ROUNDS = 2, many(3, 25)
DIALOGUES = many(100, 1_000)
MOST = 2**30 / 1_000_000
"""Octets of Redis a session: a million of them in a GiB."""
SECRET = secrets.token_hex(32)
INPUTS = ("", "1", "1*2", "1*2*0007569602")


@contextmanager
def filled(sessions: int) -> Iterator[tuple[Server, float]]:
    """A Redis that holds so many, and the octets that each takes."""
    with redis() as server:
        before = memory(server)
        share = sessions // PROCESSES
        command = (sys.executable, "-m", "tests.promises.crowd", server.url, SECRET)
        filling = [
            subprocess.Popen([*command, str(PLANTED + share * number), str(share)], stderr=subprocess.DEVNULL)
            for number in range(PROCESSES)
        ]
        assert [one.wait(1800) for one in filling] == [0] * PROCESSES
        yield server, (memory(server) - before) / sessions


def memory(server: Server) -> int:
    """Octets that it uses."""
    return int(server.ask("INFO", "memory")["used_memory"])


def plant(home: Path, codes: int) -> None:
    """So many tracking codes of yesterday, as rows of the ledger that is there."""
    with sqlite3.connect(home / "ledger.sqlite3") as ledger:
        rows = ((f"a{number:06}", f"planted {number}", f"p{number % 99_991}") for number in range(codes))
        ledger.executemany(
            "INSERT INTO inquiries (day, code, operation_id, asked_at, gateway, shortcode, kind, subject_hash,"
            " subject_sealed, line_hash, line_sealed, outcome) VALUES"
            f" ('1399-12-30', ?, ?, '2021-03-20 08:00:00', '{GATEWAY}', '{CODE}', 'x', ?, x'00', 'l', x'00', 'x')",
            rows,
        )
    ledger.close()


async def cost(app: App, server: Server, first: int) -> float:
    """Seconds of processor for a callback, ours and Redis'."""
    line = app.doors[GATEWAY].line

    async def dialogue(number: int) -> Reply:
        for typed in INPUTS:
            reply = await app.service.answer(line, callback(number, typed))
        return reply

    began = time.process_time() + used(server)
    for start in range(first, first + DIALOGUES, 50):
        replies = await asyncio.gather(*(dialogue(number) for number in range(start, start + 50)))
        assert all(reply.ends and "کد پیگیری" in reply.text for reply in replies)
    return (time.process_time() + used(server) - began) / (DIALOGUES * len(INPUTS))


def used(server: Server) -> float:
    """Seconds of processor that it has used."""
    found = server.ask("INFO", "cpu")
    return float(found["used_cpu_sys"]) + float(found["used_cpu_user"])


@pytest.mark.alone
async def test_p15_a_million_sessions_take_no_more_than_a_gib_and_slow_no_callback_down(
    kept: Kept, tmp_path: Path
) -> None:
    homes = [tmp_path / "few", tmp_path / "many"]
    with ExitStack() as stack:
        servers = [stack.enter_context(filled(number)) for number in (FEW, SESSIONS)]
        each = servers[1][1]
        for home, codes in zip(homes, (FEW, CODES), strict=True):
            home.mkdir()
            async with running(Settings(home=home, secret=SECRET), servers[0][0].url):  # type: ignore[arg-type]
                plant(home, codes)
        ratio = await compared(homes, [server for server, _ in servers])
    kept.seen(
        f"{SESSIONS:,} sessions in Redis, {CODES:,} tracking codes in SQLite, beside {FEW:,} of each",
        f"{ROUNDS} rounds of {DIALOGUES * len(INPUTS):,} callbacks in each",
        f"{each:.0f} octets of Redis a session with its retry records and limits, {each * 10**6 / 2**30:.2f} GiB a "
        f"million; {ratio:.2f} times the callbacks per CPU-second",
    )
    assert each <= MOST
    assert ratio >= (0.9 if LONG else 0.6)


async def compared(homes: list[Path], servers: list[Server]) -> float:
    """How many times the callbacks per CPU-second there are with many; the median of rounds, the first not counted.

    Of two that are equal a round may find one cheaper by a fifth: hence so many rounds, begun by turns.
    """
    ratios = []
    settings = [
        Settings(home=home, redis_url=server.url, secret=SECRET)  # type: ignore[arg-type]
        for home, server in zip(homes, servers, strict=True)
    ]
    async with running(settings[0], servers[0].url) as few, running(settings[1], servers[1].url) as crowd:
        turns = [(0, few), (1, crowd)]
        for number in range(ROUNDS + 1):
            spent = {which: await cost(app, servers[which], number * DIALOGUES) for which, app in turns}
            ratios.append(spent[0] / spent[1])
            turns.reverse()
    return median(ratios[1:])
