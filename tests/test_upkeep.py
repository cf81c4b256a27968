"""What a server does every few seconds."""

import asyncio
from datetime import timedelta
from pathlib import Path

from tests.ledger.books import LINE, credit, reserved
from tests.ledger.conftest import Clock
from ussd.keys import Keys
from ussd.ledger import opened
from ussd.upkeep import Upkeep

KEYS = Keys(b"a secret of the tests, 32 octets+")


async def test_a_start_gives_back_what_a_dead_server_left_reserved_and_goes_on_after_an_outage(tmp_path: Path) -> None:
    clock, file = Clock(), tmp_path / "ledger.sqlite3"
    async with opened(f"sqlite:///{file}", KEYS, clock=clock) as ledger:
        await ledger.clients.add("one")
        code = (await ledger.credits.dialled(LINE)).code
        await reserved(ledger, code, "k1")
        clock.now += timedelta(seconds=46)
        file.rename(tmp_path / "away")
        async with Upkeep(ledger, every=0.05).running():
            await asyncio.sleep(0.2)
            (tmp_path / "away").rename(file)
            async with asyncio.timeout(5):
                while await credit(ledger) != (10_000, 0, 0):
                    await asyncio.sleep(0.05)
