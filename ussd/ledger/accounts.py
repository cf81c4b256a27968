"""A credit code as somebody who comes with it may use it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from ussd.keys import Keys
from ussd.ledger import guards
from ussd.ledger.said import Stopped, Unknown
from ussd.ledger.schema import credit_codes
from ussd.ledger.works import Scene

_COLUMNS = [credit_codes.c[name] for name in ("id", "code_hash", "client_id", "confirm_by", "remaining")]


@dataclass(frozen=True, slots=True)
class Account:
    """A credit code and what is left of it."""

    number: int
    name: str = field(repr=False)
    client: int | None
    confirm_by: datetime | None
    remaining: int

    def is_for(self, client: int, now: datetime) -> bool:
        """Whether a client may use it, or may still confirm it. Where a code was dialled, it is any client's."""
        in_time = self.confirm_by is None or now < self.confirm_by
        return in_time and self.client in (None, client)


def find(connection: Connection, names: Sequence[str]) -> Mapping[str, Account]:
    """The credit codes of those names (`code_name`) that there are."""
    rows = connection.execute(select(*_COLUMNS).where(credit_codes.c.code_hash.in_(names)))
    return {row.code_hash: Account(*row) for row in rows}


def judged(
    account: Account | None, guard: guards.Guard, client: int, now: datetime
) -> tuple[Account | Unknown | Stopped, guards.Guard]:
    """What somebody is told who comes with a code, and what becomes of the line's guard.

    Another client's code is one that nobody has, in words and in the count of wrong ones.
    """
    if stopped := guard.stopped(now):
        return stopped, guard
    if account is None or not account.is_for(client, now):
        return Unknown(), guard.after_wrong(now)
    return account, guard.after_right()


def confirmed(said: Account | Unknown | Stopped) -> Account | Unknown | Stopped:
    """The same for those who want to use the code: one that is not confirmed yet is good for nothing else."""
    unconfirmed = isinstance(said, Account) and said.confirm_by is not None
    return Unknown(counted=False) if unconfirmed else said


def opened(scene: Scene, name: str, client: int, now: datetime) -> Account | Unknown | Stopped:
    """Look at one code, and count it where it is wrong."""
    found = find(scene.connection, [name])
    said, guard = judged(found.get(name), scene.guard, client, now)
    guards.save(scene.connection, [guard] if guard != scene.guard else [])
    return said


def code_name(keys: Keys, msisdn: str, code: str) -> str:
    """The name by which a line's code is found."""
    return keys.name("credit code", msisdn, code)
