"""An inquiry for a credit, in a process that is killed at one point of it: before or after any statement or commit."""

import asyncio
import os
import signal
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import event

from tests.ledger.books import LINE, keyed
from ussd.backends import Asked, Person, RegistryFault, Subject
from ussd.keys import Keys
from ussd.ledger import Client, Ledger, opened
from ussd.paid import PaidInquiries, Wish

KEYS = Keys(b"a secret of the tests, 32 octets+")
SUBJECT = Subject("national_code", "0007569602")


class Insurer:
    """Knows everybody, or nobody; `met` is called before it is asked and after."""

    def __init__(self, met: Callable[[], None], *, answers: bool) -> None:
        self._met, self._answers = met, answers

    async def inquire(self, asked: Asked) -> Person | None:
        """Answer, or be a registry that is broken."""
        self._met()
        await asyncio.sleep(0)
        self._met()
        if not self._answers:
            raise RegistryFault("it is broken")
        return Person(entitled=True)


def paid_of(ledger: Ledger, met: Callable[[], None] = lambda: None, *, answers: bool = True) -> PaidInquiries:
    """Who sells inquiries."""
    return PaidInquiries(ledger.spending, Insurer(met, answers=answers), ledger.tracker, KEYS)


def wish(code: str) -> Wish:
    """What is asked, by the client that was added first."""
    return Wish(Client(1, "site"), LINE, code, SUBJECT)


def die(url: str, now: datetime, code: str, key: str, point: int, answers: bool) -> None:
    """Ask, and be killed at the point of that number; end as usual where there are not so many."""
    asyncio.run(_asked(url, now, code, key, point, answers=answers))


async def _asked(url: str, now: datetime, code: str, key: str, point: int, *, answers: bool) -> None:
    left = point

    def met(*_: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    async with opened(url, KEYS, migrate=False, clock=lambda: now, samples=False) as ledger:
        engine = ledger.database.engine
        for name in ("before_cursor_execute", "after_cursor_execute", "begin", "commit"):
            event.listen(engine, name, met)
        event.listen(engine.pool, "checkin", met)
        await paid_of(ledger, met, answers=answers).inquire(wish(code), keyed(key=key))
        met()
