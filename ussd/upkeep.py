"""What the ledger needs done every few seconds: credits that a dead process left reserved are given back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from ussd.backends import LedgerAway
from ussd.ledger import Ledger

EVERY = 5.0
"""Seconds. With what counts as left open (ussd/ledger/spending.py), nothing is reserved for a minute."""

_log = structlog.get_logger(__name__)


class Upkeep:
    """The one of this process; several at once do no harm."""

    def __init__(self, ledger: Ledger, every: float = EVERY) -> None:
        """Do nothing yet."""
        self._ledger, self._every = ledger, every

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run it in the background, at once and then every few seconds."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _run(self) -> None:
        while True:
            try:
                if returned := await self._ledger.spending.sweep():
                    _log.warning("credits_given_back", number=returned)
                await self._ledger.one_time.forget_old()
            except LedgerAway:
                _log.warning("upkeep_ledger_away")
            except Exception:  # a fault of ours must not end what keeps credits from being lost
                _log.exception("upkeep_failed")
            await asyncio.sleep(self._every)
