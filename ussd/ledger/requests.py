"""The API's requests that carry an Idempotency-Key: the same one asked again has its effect once, and the same answer.

draft-ietf-httpapi-idempotency-key-header-07, 2.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, bindparam, delete, select, update

from ussd.keys import Keys, Seal
from ussd.ledger.database import insert
from ussd.ledger.said import Before, Going, Keyed, Refused, Replayed, Reused, Unknown
from ussd.ledger.schema import api_requests

KEPT = timedelta(days=7)
"""How long an answer is kept for those who ask again."""
_UNKNOWN = b""
"""In the place of a body, where the answer was Unknown."""

_FINISH = update(api_requests).where(api_requests.c.id == bindparam("number"))

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Begun:
    """A request that is new, and is to be finished or forgotten."""

    number: int | None
    """None where it carries no key: there is nothing to keep."""
    day: str = ""
    """In UTC; there is a key a day, as all answers of some years are too many for one (ussd/keys.py)."""


class Requests:
    """The requests of a ledger. Every method works within a transaction of its caller's."""

    def __init__(self, keys: Keys) -> None:
        """Take the keys that names and seals are made of."""
        self._keys = keys

    def once(
        self,
        connection: Connection,
        keyed: Keyed,
        now: datetime,
        do: Callable[[], Result],
    ) -> Result | Before:
        """Do what is asked, unless it was done."""
        [begun] = self.begin(connection, [keyed], now)
        if not isinstance(begun, Begun):
            return begun
        result = do()
        if isinstance(result, Refused):
            self.refuse(connection, [(begun, result)])
        else:
            self.finish(connection, [(begun, keyed.render(result))])
        return result

    def begin(self, connection: Connection, asked: Sequence[Keyed], now: datetime) -> list[Begun | Before]:
        """For each, a request that is new, or what became of the first one with its key."""
        names = [self._name(keyed) if keyed.key else "" for keyed in asked]
        # The first of those with one key, where there are several.
        firsts = {name: keyed for name, keyed in zip(reversed(names), reversed(asked), strict=True) if name}
        new = self._written(connection, firsts, now)
        there = _there(connection, firsts.keys() - new.keys())
        begun: list[Begun | Before] = []
        for name, keyed in zip(names, asked, strict=True):
            if name in there:
                begun.append(self._first(there[name], keyed))
            elif not name or firsts[name] is keyed:
                begun.append(new.get(name, Begun(None)))
            else:
                begun.append(Going() if firsts[name].fingerprint == keyed.fingerprint else Reused())
        return begun

    def _written(self, connection: Connection, firsts: Mapping[str, Keyed], now: datetime) -> dict[str, Begun]:
        """Those whose keys nobody has used."""
        # In one order, so that two transactions with the same keys do not wait for each other in a circle.
        rows = [
            {"client_id": keyed.client, "key_hash": name, "fingerprint": keyed.fingerprint, "asked_at": now}
            for name, keyed in sorted(firsts.items(), key=itemgetter(0))
        ]
        if not rows:
            return {}
        write = insert(connection, api_requests).on_conflict_do_nothing()
        written = connection.execute(write.returning(api_requests.c.id, api_requests.c.key_hash), rows)
        return {row.key_hash: Begun(row.id, _day(now)) for row in written}

    def _first(self, row: Row[Any], keyed: Keyed) -> Before:
        if row.fingerprint != keyed.fingerprint:
            return Reused()
        if row.answer_sealed is None:
            return Going()
        body = self._seal(_day(row.asked_at)).open(row.answer_sealed, str(row.id).encode())
        return Replayed(body) if body != _UNKNOWN else Unknown()

    def finish(self, connection: Connection, answered: Sequence[tuple[Begun, bytes]]) -> None:
        """Keep the answers of requests."""
        rows = [
            {"number": begun.number, "answer_sealed": self._seal(begun.day).close(body, str(begun.number).encode())}
            for begun, body in answered
            if begun.number is not None
        ]
        if rows:
            connection.execute(_FINISH, rows)

    def refuse(self, connection: Connection, refused: Sequence[tuple[Begun, Refused]]) -> None:
        """Keep that a code was wrong, which counts once; any other refusal had no effect, and may be none next time."""
        wrong = [begun for begun, said in refused if isinstance(said, Unknown) and said.counted]
        self.finish(connection, [(begun, _UNKNOWN) for begun in wrong])
        self.forget(connection, [begun.number for begun, _ in refused if begun not in wrong])

    def forget(self, connection: Connection, numbers: Sequence[int | None]) -> None:
        """Let requests be asked anew: they had no effect."""
        if kept := [number for number in numbers if number is not None]:
            connection.execute(delete(api_requests).where(api_requests.c.id.in_(kept)))

    def forget_old(self, connection: Connection, now: datetime) -> None:
        """Forget the answers that nobody asks for any more."""
        connection.execute(delete(api_requests).where(api_requests.c.asked_at < now - KEPT))

    def _name(self, keyed: Keyed) -> str:
        return self._keys.name("idempotency key", str(keyed.client), keyed.key)

    def _seal(self, day: str) -> Seal:
        return self._keys.seal("api answer", day)


def _there(connection: Connection, names: Collection[str]) -> dict[str, Row[Any]]:
    if not names:
        return {}
    rows = connection.execute(select(api_requests).where(api_requests.c.key_hash.in_(names)))
    return {row.key_hash: row for row in rows}


def _day(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d")
