"""What was asked by a credit code, in the order asked, until its list is deleted; the rows stay in the ledger."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, select, update

from ussd.backends import Subject
from ussd.keys import Keys, Seal
from ussd.ledger.accounts import Account, code_name, confirmed, opened
from ussd.ledger.database import Database
from ussd.ledger.reserving import subjects
from ussd.ledger.said import Stopped, Unknown
from ussd.ledger.schema import credit_inquiries
from ussd.ledger.tracking import Clock
from ussd.ledger.works import Scene, Works


@dataclass(frozen=True, slots=True)
class Entry:
    """An inquiry in the list of a code."""

    subject: Subject
    entitled: bool
    tracking_code: str
    asked_at: datetime


class History:
    """The lists of a ledger's credit codes."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, works: Works) -> None:
        """Take what it stands on."""
        self._database, self._keys, self._clock, self._works = database, keys, clock, works

    async def of_code(self, client: int, msisdn: str, code: str) -> tuple[Entry, ...] | Unknown | Stopped:
        """The list of a code that the client may use. Raises LedgerAway."""

        def work(scene: Scene) -> Account | Unknown | Stopped:
            return self._account(scene, client, msisdn, code)

        account = await self._works.locked(self._keys.name("line", msisdn), work)
        if not isinstance(account, Account):
            return account
        asked = select(credit_inquiries).where(_listed(account)).order_by(credit_inquiries.c.id)
        rows = await self._database.read(lambda connection: connection.execute(asked).all())
        # They may be ten thousand, for which no callback shall wait.
        return await asyncio.to_thread(_entries, rows, subjects(self._keys, account.number))

    async def delete(self, client: int, msisdn: str, code: str) -> int | Unknown | Stopped:
        """Take all off the list of a code, and say how much that was. Raises LedgerAway."""

        def work(scene: Scene) -> int | Unknown | Stopped:
            account = self._account(scene, client, msisdn, code)
            if not isinstance(account, Account):
                return account
            off = update(credit_inquiries).where(_listed(account)).values(listed=False)
            return len(scene.connection.execute(off.returning(credit_inquiries.c.id)).all())

        return await self._works.locked(self._keys.name("line", msisdn), work)

    def _account(self, scene: Scene, client: int, msisdn: str, code: str) -> Account | Unknown | Stopped:
        return confirmed(opened(scene, code_name(self._keys, msisdn, code), client, self._clock()))


def _listed(account: Account) -> ColumnElement[bool]:
    here = credit_inquiries.c
    return (here.credit_code_id == account.number) & (here.state == "spent") & here.listed


def _entries(rows: Sequence[Row[tuple[object, ...]]], seal: Seal) -> tuple[Entry, ...]:
    return tuple(_entry(row, seal) for row in rows)


def _entry(row: Row[tuple[object, ...]], seal: Seal) -> Entry:
    subject = Subject(row.subject_kind, seal.open(row.subject_sealed).decode())
    return Entry(subject, row.entitled, row.tracking_code, row.reserved_at)
