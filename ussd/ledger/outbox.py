"""Messages to be sent by SMS, each written in the same transaction as what it announces.

A message is sent at least once: whoever sends takes it for a while, and if nothing is heard of it by then, it is sent
again under the same name. All processes of an installation may send from one outbox.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import Any
from uuid import uuid4

import structlog
from sqlalchemy import ColumnElement, Connection, Row, Update, delete, func, insert, or_, select, update

from ussd.keys import Keys, Seal, Unsealable
from ussd.ledger.database import Database
from ussd.ledger.schema import messages
from ussd.ledger.tracking import Clock

LONGEST = timedelta(hours=24)
"""After which any message is given up."""
LEASE = timedelta(seconds=30)
"""How long a message is its taker's; sending it must take less."""
KEPT = timedelta(days=7)
"""How long it is kept that a message was sent or given up; its text is not."""
_FIRST, _LAST = timedelta(seconds=1), timedelta(minutes=5)
"""What is waited for after the first failure, and at most."""
_AT_ONCE = 1000
"""Rows deleted in a transaction: others wait for it."""
_WAITING, _SENT, _GIVEN_UP = "waiting", "sent", "given_up"

_log = structlog.get_logger(__name__)
_random = SystemRandom()


@dataclass(frozen=True, slots=True)
class Message:
    """A message to be sent now. Its `repr` shows nothing personal."""

    name: str
    """By which whoever gets it twice knows that it is the same one."""
    to: str = field(repr=False)
    """An MSISDN."""
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits. Its `repr` shows nothing personal."""

    name: str
    put_at: datetime
    due_at: datetime
    """When it is tried next."""
    tries: int
    """How often it was tried, without success or without an end that we know of."""
    to: str | None = field(default=None, repr=False)
    """None unless revealed, as the next one."""
    text: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits."""

    waiting: int
    due: int
    """Of these, how many are to be tried now, or given up."""
    oldest_seconds: float
    """Since when the oldest one waits; 0 where none does."""


class Outbox:
    """The messages of a ledger. All methods that wait raise LedgerAway."""

    def __init__(self, database: Database, keys: Keys, clock: Clock) -> None:
        """Do nothing yet."""
        self._database = database
        self._keys = keys
        self._clock = clock
        self._nudge = asyncio.Event()

    def put(self, connection: Connection, msisdn: str, text: str, useless_at: datetime) -> None:
        """Write a message down in the caller's transaction, so that it is sent if and only if that is committed.

        It is given up at `useless_at`, or after 24 h.
        """
        now, name = self._clock(), uuid4().hex
        row = {
            "name": name,
            "to_sealed": self._lines(now).close(msisdn.encode(), name.encode()),
            "text_sealed": self._texts(now).close(text.encode(), name.encode()),
            "put_at": now,
            "due_at": now,
            "useless_at": min(useless_at, now + LONGEST),
            "state": _WAITING,
        }
        connection.execute(insert(messages).values(row))

    def nudge(self) -> None:
        """Wake who sends in this process; for whoever put a message, once it is committed."""
        self._nudge.set()

    async def nudged(self, seconds: float) -> None:
        """Wait for a nudge, one that came since the last call too, or for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._nudge.wait()
        self._nudge.clear()

    async def claim(self, most: int) -> list[Message]:
        """Take messages that are due; for 30 s nobody else takes them, in this process or in another.

        One that was sealed under another secret is left out, and comes due again for those who have that.
        """
        now = self._clock()
        due = select(messages).where(_waiting(), messages.c.due_at <= now, messages.c.useless_at > now)
        # SQLite has no such lock and needs none: who writes there is alone.
        due = due.order_by(messages.c.due_at).limit(most).with_for_update(skip_locked=True)

        def work(connection: Connection) -> Sequence[Row[Any]]:
            rows = connection.execute(due).all()
            taken = update(messages).where(messages.c.id.in_([row.id for row in rows]))
            connection.execute(taken.values(due_at=now + LEASE, tries=messages.c.tries + 1))
            return rows

        rows = await self._database.write(work)
        return [message for row in rows if (message := self._readable(row))]

    async def sent(self, name: str) -> None:
        """Note that a message is sent, and erase its text; also where it was given up while it was being sent."""
        sent = _named(name).values(state=_SENT, text_sealed=None)
        await self._database.write(lambda connection: connection.execute(sent))

    async def failed(self, name: str) -> None:
        """Note that a message could not be sent: it comes due again in 1 s, the next time in 2 s, up to 5 minutes."""

        def work(connection: Connection) -> None:
            tries = connection.scalar(select(messages.c.tries).filter_by(name=name))
            due_at = self._clock() + backoff(tries or 1)
            connection.execute(_named(name).where(_waiting()).values(due_at=due_at))

        await self._database.write(work)

    async def give_up_old(self) -> int:
        """Give up what is of no use any more, erase its text, and say how many these were."""
        old = update(messages).where(_waiting(), messages.c.useless_at <= self._clock())
        given_up = old.values(state=_GIVEN_UP, text_sealed=None).returning(messages.c.id)
        return len(await self._database.write(lambda connection: connection.execute(given_up).all()))

    async def waiting(self, *, reveal: bool = False) -> list[Waiting]:
        """What waits, the oldest first; with number and text where `reveal` is set.

        Raises Unsealable where a message was sealed under another secret.
        """
        by_age = select(messages).where(_waiting()).order_by(messages.c.put_at, messages.c.id)
        rows = await self._database.read(lambda connection: connection.execute(by_age).all())
        return [self._told(row, reveal) for row in rows]

    async def backlog(self) -> Backlog:
        """How much waits, for those who watch and for those who send."""
        now = self._clock()
        due = func.count().filter(or_(messages.c.due_at <= now, messages.c.useless_at <= now))
        counted = select(func.count(), due, func.min(messages.c.put_at)).where(_waiting())
        waiting, due_now, oldest = await self._database.read(lambda connection: connection.execute(counted).one())
        return Backlog(waiting, due_now, max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)

    async def forget_old(self) -> int:
        """Forget some of what was sent or given up 7 days ago; 0 where there is none left."""
        # Nothing that is over was due later than it ended, or much sooner.
        over = messages.c.state.in_((_SENT, _GIVEN_UP)) & (messages.c.due_at < self._clock() - KEPT)
        some = select(messages.c.id).where(over).limit(_AT_ONCE)
        forgotten = delete(messages).where(messages.c.id.in_(some)).returning(messages.c.id)
        return len(await self._database.write(lambda connection: connection.execute(forgotten).all()))

    def _readable(self, row: Row[Any]) -> Message | None:
        try:
            return Message(row.name, self._to(row), self._text(row))
        except Unsealable:
            _log.error("sms_sealed_under_another_secret", message=row.name)
            return None

    def _told(self, row: Row[Any], reveal: bool) -> Waiting:
        plain = (row.name, row.put_at, row.due_at, row.tries)
        return Waiting(*plain, self._to(row), self._text(row)) if reveal else Waiting(*plain)

    def _to(self, row: Row[Any]) -> str:
        return self._lines(row.put_at).open(row.to_sealed, row.name.encode()).decode()

    def _text(self, row: Row[Any]) -> str:
        return self._texts(row.put_at).open(row.text_sealed, row.name.encode()).decode()

    # A key a day: all messages of some years are more than may be sealed under one (ussd/keys.py).
    def _lines(self, put_at: datetime) -> Seal:
        return self._keys.seal("message line", f"{put_at:%Y-%m-%d}")

    def _texts(self, put_at: datetime) -> Seal:
        return self._keys.seal("message text", f"{put_at:%Y-%m-%d}")


def backoff(tries: int) -> timedelta:
    """What is waited for after so many tries: the double each time, between half of that and all of it.

    By chance, so that what failed together does not come back together.
    """
    return min(_FIRST * 2.0 ** min(tries - 1, 30), _LAST) * _random.uniform(0.5, 1.0)


def _waiting() -> ColumnElement[bool]:
    return messages.c.state == _WAITING


def _named(name: str) -> Update:
    return update(messages).where(messages.c.name == name)
