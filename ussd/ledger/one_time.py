"""One-time codes: five digits sent to a line, by which a client of the API sees that somebody has that line at hand.

A line's codes are few in a quarter of an hour and each takes few tries, which bounds guesses and messages alike.
"""

import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import ceil
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, select, update

from ussd.backends import PendingCode
from ussd.keys import Keys, Seal
from ussd.ledger.batches import Batches
from ussd.ledger.database import Database, insert
from ussd.ledger.outbox import Outbox
from ussd.ledger.requests import Requests
from ussd.ledger.said import Before, Keyed, Right, Sent, Stopped, Unknown
from ussd.ledger.schema import clients, one_time_codes
from ussd.ledger.tracking import Clock
from ussd.ledger.works import Scene, Works

LIFE = timedelta(seconds=120)
"""How long a code may be used."""
TRIES = 3
"""Wrong codes that end the right one."""
MOST = 5
"""Codes that a line gets within WITHIN, from all clients together."""
WITHIN = timedelta(minutes=15)
_KEPT = timedelta(days=1)
"""How long a code's row stays once the code has expired."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Bound:
    """What a code is bound to: it is good for nothing else."""

    line_hash: str
    client: int
    purpose_hash: str


class OneTimeBook:
    """The one-time codes of a ledger."""

    def __init__(
        self, database: Database, keys: Keys, clock: Clock, works: Works, requests: Requests, outbox: Outbox
    ) -> None:
        """Take what it stands on."""
        self._database, self._keys, self._clock = database, keys, clock
        self._works, self._requests, self._outbox = works, requests, outbox
        self._batches = Batches(self._read)

    async def send(
        self, keyed: Keyed, msisdn: str, purpose: str, text: Callable[[str], str]
    ) -> Sent | Stopped | Before:
        """Send a new code to the line, as `text` words it; the one before it for the same is over. Raises LedgerAway.

        Stopped says when the line may have its next code.
        """

        def work(connection: Connection, now: datetime) -> Sent | Stopped:
            if stopped := _too_many(connection, bound.line_hash, now):
                return stopped
            code = f"{secrets.randbelow(100_000):05}"
            self._replace(connection, bound, code, now)
            self._outbox.put(connection, msisdn, text(code), now + LIFE)
            return Sent(int(LIFE.total_seconds()))

        bound = self._bound(keyed, msisdn, purpose)
        said = await self._once(keyed, bound, work)
        if isinstance(said, Sent):
            self._outbox.nudge()
        return said

    async def verify(self, keyed: Keyed, msisdn: str, purpose: str, code: str) -> Right | Before:
        """See whether a code is right, which it is once; the third wrong one ends the right one. Raises LedgerAway."""

        def work(connection: Connection, now: datetime) -> Right | Unknown:
            pending = select(one_time_codes).where(_usable_by(bound, now))
            row = connection.execute(pending).one_or_none()
            return self._tried(connection, row, code) if row else Unknown()

        bound = self._bound(keyed, msisdn, purpose)
        return await self._once(keyed, bound, work)

    async def pending(self, msisdn: str) -> PendingCode | None:
        """The line's newest code that may be used now, whichever client had it sent. Raises LedgerAway within 2 s."""
        return await self._batches.put(self._keys.name("line", msisdn))

    async def forget_old(self) -> None:
        """Forget what expired more than a day ago. Raises LedgerAway."""
        old = delete(one_time_codes).where(one_time_codes.c.expires_at < self._clock() - _KEPT)
        await self._database.write(lambda connection: connection.execute(old))

    async def close(self) -> None:
        """Finish what is being read, and take no more."""
        await self._batches.close()

    def _bound(self, keyed: Keyed, msisdn: str, purpose: str) -> _Bound:
        return _Bound(self._keys.name("line", msisdn), keyed.client, self._keys.name("purpose", purpose))

    async def _once(self, keyed: Keyed, bound: _Bound, do: Callable[[Connection, datetime], Result]) -> Result | Before:
        """Do something to a line's codes, while nobody else does, unless it was done for the same key."""

        def work(scene: Scene) -> Result | Before:
            now = self._clock()  # only now, as the line may have been waited for
            return self._requests.once(scene.connection, keyed, now, partial(do, scene.connection, now))

        return await self._works.locked(bound.line_hash, work)

    def _replace(self, connection: Connection, bound: _Bound, code: str, now: datetime) -> None:
        # Of the codes that may be used only: what `forget_old` deletes meanwhile must not be waited for.
        connection.execute(update(one_time_codes).where(_usable_by(bound, now)).values(over=True))
        values = {
            "client_id": bound.client,
            "purpose_hash": bound.purpose_hash,
            "line_hash": bound.line_hash,
            "code_sealed": self._seal(now).close(code.encode(), bound.line_hash.encode()),
            "asked_at": now,
            "expires_at": now + LIFE,
        }
        connection.execute(insert(connection, one_time_codes).values(values))

    def _tried(self, connection: Connection, row: Row[tuple[object, ...]], code: str) -> Right | Unknown:
        """What one try comes to, and the try counted."""
        right = hmac.compare_digest(self._opened(row).encode(), code.encode())
        wrong = row.wrong if right else row.wrong + 1
        this = update(one_time_codes).where(one_time_codes.c.id == row.id)
        connection.execute(this.values(wrong=wrong, over=right or wrong >= TRIES))
        return Right() if right else Unknown()

    async def _read(self, lines: Sequence[str]) -> list[PendingCode | None]:
        now = self._clock()
        here = and_(one_time_codes.c.line_hash.in_(lines), _usable(now))
        shown = select(one_time_codes, clients.c.name).join(clients).where(here).order_by(one_time_codes.c.id)
        rows = await self._database.read(lambda connection: connection.execute(shown).all())
        newest = {row.line_hash: row for row in rows}
        return [self._shown(newest[line], now) if line in newest else None for line in lines]

    def _shown(self, row: Row[tuple[object, ...]], now: datetime) -> PendingCode:
        return PendingCode(self._opened(row), row.name, ceil((row.expires_at - now).total_seconds()))

    def _opened(self, row: Row[tuple[object, ...]]) -> str:
        return self._seal(row.asked_at).open(row.code_sealed, row.line_hash.encode()).decode()

    # A key a day: the codes of some years are more than may be sealed under one (ussd/keys.py).
    def _seal(self, asked_at: datetime) -> Seal:
        return self._keys.seal("one-time code", asked_at.strftime("%Y-%m-%d"))


def _too_many(connection: Connection, line_hash: str, now: datetime) -> Stopped | None:
    """Whether the line has had all its codes, and until when."""
    asked_at = one_time_codes.c.asked_at
    here = and_(one_time_codes.c.line_hash == line_hash, asked_at > now - WITHIN)
    latest = connection.scalars(select(asked_at).where(here).order_by(asked_at.desc()).limit(MOST)).all()
    return Stopped(ceil((latest[-1] + WITHIN - now).total_seconds())) if len(latest) == MOST else None


def _usable(now: datetime) -> ColumnElement[bool]:
    return and_(one_time_codes.c.over.is_(False), one_time_codes.c.expires_at > now)


def _usable_by(bound: _Bound, now: datetime) -> ColumnElement[bool]:
    here = one_time_codes.c
    of_bound = (
        here.line_hash == bound.line_hash,
        here.client_id == bound.client,
        here.purpose_hash == bound.purpose_hash,
    )
    return and_(*of_bound, _usable(now))
