"""A process that draws tracking codes from a ledger until it is killed, by a clock that is set about."""

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from struct import Struct

from ussd.keys import Keys
from ussd.ledger.codes import LETTERS
from ussd.ledger.database import Database
from ussd.ledger.jalali import day_of
from ussd.ledger.leases import Leases
from ussd.ledger.permutation import SIZE

KEYS = Keys(b"a secret of the tests, 32 octets+")
RECORD = Struct("<II")
"""A day as a number, and a code as one."""
_AT_ONCE = 50
"""Codes between two looks at the clock; they are given when they are all written down."""


def day_number(day: str) -> int:
    """`1405-08-30` as 14050830."""
    return int(day.replace("-", ""))


def draw_into(url: str, file: Path, seed: int, clocks: Sequence[tuple[datetime, float]], block: int) -> None:
    """Draw for ever. `clocks`: instants that the clock is set to, with how often that is."""
    asyncio.run(_drawn(url, file, Random(seed), clocks, block))


async def _drawn(url: str, file: Path, random: Random, clocks: Sequence[tuple[datetime, float]], block: int) -> None:
    instants, weights = zip(*clocks, strict=True)
    database = Database(url, patience=30)  # where many share few cores, one may be starved for a while
    leases, octets = Leases(database, KEYS, block), os.open(file, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    while True:
        [instant] = random.choices(instants, weights)
        day = day_of(instant + timedelta(seconds=random.randrange(600)))
        codes = [await leases.draw(day) for _ in range(_AT_ONCE)]
        os.write(octets, b"".join(RECORD.pack(day_number(day), _number(code)) for code in codes))


def _number(code: str) -> int:
    return LETTERS.index(code[0]) * SIZE + int(code[1:])
