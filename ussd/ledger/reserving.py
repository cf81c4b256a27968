"""Credits reserved for many inquiries at once, in one transaction of few statements: lock and read, decide, write."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, bindparam, update

from ussd.backends import Subject
from ussd.keys import Keys, Seal
from ussd.ledger import guards
from ussd.ledger.accounts import Account, confirmed, find, judged
from ussd.ledger.database import Database, insert
from ussd.ledger.guards import Guard
from ussd.ledger.requests import Begun, Requests
from ussd.ledger.said import Before, Keyed, Refused, Stopped, Unknown, UsedUp
from ussd.ledger.schema import credit_codes, credit_inquiries
from ussd.ledger.tracking import Clock

_MOVE = (
    update(credit_codes)
    .where(credit_codes.c.id == bindparam("number"))
    .values({name: credit_codes.c[name] + bindparam(f"{name}_by") for name in ("remaining", "pending", "spent")})
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An inquiry that wants a credit."""

    keyed: Keyed
    line_hash: str = field(repr=False)
    name: str = field(repr=False)
    """The credit code's (`code_name`)."""
    subject: Subject


@dataclass(frozen=True, slots=True)
class Reserved:
    """A credit that is kept for one inquiry."""

    line_hash: str = field(repr=False)
    code: int
    """The number of the credit code."""
    inquiry: int
    """The number of its row."""
    request: Begun
    remaining: int
    """Credits, without this one."""


Decided = Account | Stopped | UsedUp | Before
Said = Reserved | Stopped | UsedUp | Before


@dataclass(slots=True)
class Books:
    """What is known of some lines and codes, as it changes from one inquiry to the next."""

    guards: dict[str, Guard]
    accounts: dict[str, Account]

    def reserve(self, wanted: Wanted, now: datetime) -> Account | Unknown | Stopped | UsedUp:
        """The account of a credit that is kept, as it is after that; or why there is none."""
        guard = self.guards[wanted.line_hash]
        said, guard = judged(self.accounts.get(wanted.name), guard, wanted.keyed.client, now)
        self.guards[wanted.line_hash] = guard
        account = confirmed(said)
        if not isinstance(account, Account):
            return account
        if not account.remaining:
            return UsedUp()
        kept = self.accounts[wanted.name] = replace(account, remaining=account.remaining - 1)
        return kept


class Reserving:
    """Who reserves credits."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, requests: Requests) -> None:
        """Take what it stands on."""
        self._database, self._keys, self._clock, self._requests = database, keys, clock, requests

    async def all(self, batch: Sequence[Wanted]) -> list[Said]:
        """Reserve a credit for each, in their order; all of it is committed, or nothing. Raises LedgerAway."""
        return await self._database.write(partial(self._reserved, batch))

    def _reserved(self, batch: Sequence[Wanted], connection: Connection) -> list[Said]:
        there = guards.locked(connection, [wanted.line_hash for wanted in batch])
        now = self._clock()  # only now, as the lines may have been waited for
        begun = self._requests.begin(connection, [wanted.keyed for wanted in batch], now)
        books = Books(dict(there), dict(find(connection, [wanted.name for wanted in batch])))
        decided = [
            (wanted, one, books.reserve(wanted, now) if isinstance(one, Begun) else one)
            for wanted, one in zip(batch, begun, strict=True)
        ]
        guards.save(connection, [guard for guard in books.guards.values() if guard != there[guard.line_hash]])
        return self._written(connection, decided, now)

    def _written(
        self, connection: Connection, decided: Sequence[tuple[Wanted, Begun | Before, Decided]], now: datetime
    ) -> list[Said]:
        """Write down what was decided, and say it."""
        kept: list[tuple[Wanted, Begun, Account]] = []
        refused: list[tuple[Begun, Refused]] = []
        for wanted, begun, said in decided:
            match begun, said:
                case Begun(), Account():
                    kept.append((wanted, begun, said))
                case Begun(), Unknown() | Stopped() | UsedUp():
                    refused.append((begun, said))
        self._requests.refuse(connection, refused)
        move(connection, Counter(account.number for *_, account in kept), remaining=-1, pending=1)
        reserved = iter(self._inquiries(connection, kept, now))
        return [next(reserved) if isinstance(said, Account) else said for *_, said in decided]

    def _inquiries(
        self, connection: Connection, kept: Sequence[tuple[Wanted, Begun, Account]], now: datetime
    ) -> list[Reserved]:
        rows = [self._row(wanted, begun, account.number, now) for wanted, begun, account in kept]
        if not rows:
            return []
        write = insert(connection, credit_inquiries).returning(credit_inquiries.c.id, sort_by_parameter_order=True)
        numbers = connection.scalars(write, rows).all()
        return [
            Reserved(wanted.line_hash, account.number, number, begun, account.remaining)
            for (wanted, begun, account), number in zip(kept, numbers, strict=True)
        ]

    def _row(self, wanted: Wanted, begun: Begun, code: int, now: datetime) -> Mapping[str, object]:
        return {
            "credit_code_id": code,
            "request_id": begun.number,
            "state": "pending",
            "reserved_at": now,
            "subject_kind": wanted.subject.kind,
            "subject_sealed": subjects(self._keys, code).close(wanted.subject.number.encode()),
        }


def move(
    connection: Connection, times: Mapping[int, int], *, remaining: int = 0, pending: int = 0, spent: int = 0
) -> None:
    """Move credits of codes, by their numbers and so many times, from one column to another."""
    rows = [
        {"number": code, "remaining_by": n * remaining, "pending_by": n * pending, "spent_by": n * spent}
        for code, n in times.items()
    ]
    if rows:
        connection.execute(_MOVE, rows)


def subjects(keys: Keys, code: int) -> Seal:
    """The seal of those who were asked about by a credit code, by its number."""
    return keys.seal("credit subject", str(code))
