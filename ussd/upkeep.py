"""What the ledger needs done every few seconds: credits that a dead process left reserved are given back.

Beside that it is looked at how the ledger stands, for whoever asks (ussd/metrics.py).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from ussd.backends import LedgerAway
from ussd.counting import UNCOUNTED, LedgerCounting
from ussd.ledger import Ledger

EVERY = 5.0
"""Seconds. With what counts as left open (ussd/ledger/spending.py), nothing is reserved for a minute."""
AUDIT = 300.0
"""Seconds between two looks at all credit codes, which may be millions."""

_log = structlog.get_logger(__name__)


class Upkeep:
    """The one of this process; several at once do no harm."""

    def __init__(
        self, ledger: Ledger, counting: LedgerCounting = UNCOUNTED, *, every: float = EVERY, audit: float = AUDIT
    ) -> None:
        """Do nothing yet."""
        self._ledger, self._counting, self._every, self._audit = ledger, counting, every, audit

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run it in the background, at once and then every few seconds; none of its parts waits for another."""
        parts = ((self._tidy, self._every), (self._look, self._every), (self._add_up, self._audit))
        tasks = [asyncio.create_task(_again_and_again(part, every)) for part, every in parts]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _tidy(self) -> None:
        if returned := await self._ledger.spending.sweep():
            _log.warning("credits_given_back", number=returned)
        await self._ledger.one_time.forget_old()

    async def _look(self) -> None:
        self._counting.reserved(*await self._ledger.standing.reserved())
        self._counting.codes_left(await self._ledger.standing.codes_left())

    async def _add_up(self) -> None:
        drift = await self._ledger.standing.drift()
        self._counting.drift(drift)
        if drift:
            _log.error("ledger_drifts", credits=drift)


async def _again_and_again(part: Callable[[], Awaitable[None]], every: float) -> None:
    while True:
        try:
            await part()
        except LedgerAway:
            _log.warning("upkeep_ledger_away")
        except Exception:  # a fault of ours must not end what keeps credits from being lost
            _log.exception("upkeep_failed")
        await asyncio.sleep(every)
