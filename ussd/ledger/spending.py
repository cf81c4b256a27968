"""The credit of a code as it is spent: reserved before an inquiry is asked, taken when it is answered, or given back.

Each step moves credits between `remaining`, `pending` and `spent` in the transaction that says so, and the database
refuses a row in which they do not add up to what was issued.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, bindparam, delete, select, update

from ussd.backends import Issued, Subject
from ussd.keys import Keys
from ussd.ledger import guards
from ussd.ledger.accounts import code_name
from ussd.ledger.batches import Batches
from ussd.ledger.database import Database
from ussd.ledger.requests import Begun, Requests
from ussd.ledger.reserving import Reserved, Reserving, Said, Wanted, move
from ussd.ledger.said import Keyed
from ussd.ledger.schema import credit_codes, credit_inquiries
from ussd.ledger.tracking import Clock

LEFT_OPEN = timedelta(seconds=45)
"""Whoever reserved this long ago has died: none is left open for a minute, though it is looked for every 5 s."""
_AT_ONCE = 200
"""Reserved credits that are given back in one transaction."""

_LEAVE = update(credit_inquiries).where(credit_inquiries.c.id == bindparam("number"))


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a credit is spent on."""

    entitled: bool
    issued: Issued
    body: bytes


@dataclass(frozen=True, slots=True)
class _Settling:
    """What is to become of a reserved credit: spent on an answer, or given back for none."""

    reserved: Reserved
    answer: _Answer | None

    def row(self) -> Mapping[str, object]:
        """What its inquiry's row is to say."""
        number, answer = self.reserved.inquiry, self.answer
        return {
            "number": number,
            "state": "spent" if answer else "returned",
            "entitled": answer and answer.entitled,
            "tracking_day": answer and answer.issued.day,
            "tracking_code": answer and answer.issued.code,
        }


class Spending:
    """The credits of a ledger, between inquiries."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, requests: Requests) -> None:
        """Do nothing yet."""
        self._database, self._keys, self._clock, self._requests = database, keys, clock, requests
        self._reserving = Batches(Reserving(database, keys, clock, requests).all)
        self._settling = Batches(self._settled)

    async def reserve(self, keyed: Keyed, msisdn: str, code: str, subject: Subject) -> Said:
        """Keep a credit for an inquiry about somebody. Raises LedgerAway within 2 s."""
        line, name = self._keys.name("line", msisdn), code_name(self._keys, msisdn, code)
        return await self._reserving.put(Wanted(keyed, line, name, subject))

    async def take(self, reserved: Reserved, entitled: bool, issued: Issued, body: bytes) -> bool:
        """Spend a reserved credit on an answer, and keep its body; False where it was given back meanwhile.

        Raises LedgerAway within 2 s, after which it may still come to be spent.
        """
        return await self._settling.put(_Settling(reserved, _Answer(entitled, issued, body)))

    async def give_back(self, reserved: Reserved) -> None:
        """Return a reserved credit, unless it was taken; the request may be asked anew. Raises LedgerAway."""
        await self._settling.put(_Settling(reserved, None))

    async def sweep(self) -> int:
        """Give back what was reserved by processes that have died, and say how many; forget what has expired.

        Raises LedgerAway.
        """
        now, number = self._clock(), 0
        while left := await self._left_open(now):
            number += sum(await self._settled([_Settling(reserved, None) for reserved in left]))
        await self._database.write(partial(self._forget, now))
        return number

    def _forget(self, now: datetime, connection: Connection) -> None:
        connection.execute(delete(credit_codes).where(credit_codes.c.confirm_by <= now))
        self._requests.forget_old(connection, now)

    async def close(self) -> None:
        """Finish what is under way, and take no more."""
        await self._reserving.close()
        await self._settling.close()

    async def _left_open(self, now: datetime) -> list[Reserved]:
        here = credit_inquiries.c
        columns = (credit_codes.c.line_hash, here.credit_code_id, here.id, here.request_id)
        old = select(*columns).join(credit_codes).where(here.state == "pending", here.reserved_at < now - LEFT_OPEN)
        rows = await self._database.read(lambda connection: connection.execute(old.limit(_AT_ONCE)).all())
        return [Reserved(line, code, inquiry, Begun(request), 0) for line, code, inquiry, request in rows]

    async def _settled(self, batch: Sequence[_Settling]) -> list[bool]:
        """Settle all that are still pending, and say which these were."""
        done = await self._database.write(partial(self._settle, batch))
        return [done.get(settling.reserved.inquiry) is settling for settling in batch]

    def _settle(self, batch: Sequence[_Settling], connection: Connection) -> dict[int, _Settling]:
        guards.locked(connection, [settling.reserved.line_hash for settling in batch])
        pending = _pending(connection, [settling.reserved.inquiry for settling in batch])
        done: dict[int, _Settling] = {}
        for settling in batch:
            if settling.reserved.inquiry in pending:
                done.setdefault(settling.reserved.inquiry, settling)
        if done:
            self._write(connection, list(done.values()))
        return done

    def _write(self, connection: Connection, settled: Sequence[_Settling]) -> None:
        connection.execute(_LEAVE, [settling.row() for settling in settled])
        spent = [(one.reserved, one.answer) for one in settled if one.answer]
        returned = [one.reserved for one in settled if not one.answer]
        move(connection, Counter(one.code for one, _ in spent), pending=-1, spent=1)
        move(connection, Counter(one.code for one in returned), pending=-1, remaining=1)
        self._requests.finish(connection, [(one.request, answer.body) for one, answer in spent])
        self._requests.forget(connection, [one.request.number for one in returned])


def _pending(connection: Connection, inquiries: Sequence[int]) -> set[int]:
    here = credit_inquiries.c
    return set(connection.scalars(select(here.id).where(here.id.in_(inquiries), here.state == "pending")))
