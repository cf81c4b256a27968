"""Whose codes may be tried now: five wrong ones in a row stop a line for a quarter of an hour."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import Connection, bindparam, update

from ussd.ledger.database import insert
from ussd.ledger.said import Stopped
from ussd.ledger.schema import guards

WRONG = 5
"""Wrong codes in a row."""
STOP = timedelta(minutes=15)

_SAVE = update(guards).where(guards.c.line_hash == bindparam("line"))


@dataclass(frozen=True, slots=True)
class Guard:
    """What is known of a line, which is locked to everybody else until the transaction ends."""

    line_hash: str
    wrong: int
    stopped_until: datetime | None
    texted_at: datetime | None

    def stopped(self, now: datetime) -> Stopped | None:
        """Whether no code of this line may be looked at now."""
        until = self.stopped_until
        return Stopped(ceil((until - now).total_seconds())) if until and now < until else None

    def after_wrong(self, now: datetime) -> "Guard":
        """After one more wrong code: the fifth in a row stops the line, and the count begins anew."""
        if self.wrong + 1 < WRONG:
            return replace(self, wrong=self.wrong + 1)
        return replace(self, wrong=0, stopped_until=now + STOP)

    def after_right(self) -> "Guard":
        """After a right code, which makes up for the wrong ones."""
        return replace(self, wrong=0) if self.wrong else self

    def after_text(self, now: datetime) -> "Guard":
        """After a credit code was sent to the line."""
        return replace(self, texted_at=now)


def locked(connection: Connection, line_hashes: Sequence[str]) -> dict[str, Guard]:
    """Lock lines to every other transaction, and read what is known of them.

    In one order, so that two who lock the same lines do not wait for each other in a circle.
    """
    there = insert(connection, guards)
    # An update that changes nothing, as that is what locks and returns a row which may or may not be there.
    lock = there.on_conflict_do_update(index_elements=[guards.c.line_hash], set_={"wrong": guards.c.wrong})
    lines = [{"line_hash": line_hash} for line_hash in sorted(set(line_hashes))]
    rows = connection.execute(lock.returning(*guards.c), lines)
    return {row.line_hash: Guard(*row) for row in rows}


def save(connection: Connection, changed: Iterable[Guard]) -> None:
    """Write down what has become of lines that are locked."""
    rows = [
        {"line": one.line_hash, "wrong": one.wrong, "stopped_until": one.stopped_until, "texted_at": one.texted_at}
        for one in changed
    ]
    if rows:
        connection.execute(_SAVE, rows)
