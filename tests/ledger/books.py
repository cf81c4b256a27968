"""Clients of the API, and what they say when they come with a code."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from ussd.backends import Issued, Subject
from ussd.ledger import Keyed, Ledger, Reserved
from ussd.ledger.schema import credit_codes

LINE, OTHER_LINE = "989120000001", "989120000002"
SOMEBODY = Subject("national_code", "0007569602")
ISSUED = Issued("n570134", "1405-08-30", "entitled")


@dataclass
class Inbox:
    """The text of each message that was worded, in order; a code is all there is to it."""

    texts: list[str] = field(default_factory=list)

    def __call__(self, code: str) -> str:
        self.texts.append(code)
        return f"code {code}"


def keyed(client: int = 1, key: str = "", asked: str = "this") -> Keyed:
    return Keyed(client, key, asked, render)


def render(said: Any) -> bytes:
    return repr(said).encode()


async def two_clients(ledger: Ledger) -> tuple[int, int]:
    """The numbers of two clients."""
    found = [await ledger.clients.of_key(await ledger.clients.add(name)) for name in ("one", "two")]
    first, second = (client.number for client in found if client)
    return first, second


async def reserved(ledger: Ledger, code: str, key: str, client: int = 1) -> Reserved:
    found = await ledger.spending.reserve(keyed(client, key), LINE, code, SOMEBODY)
    assert isinstance(found, Reserved)
    return found


async def spend(ledger: Ledger, code: str, key: str, client: int = 1, subject: Subject = SOMEBODY) -> bool:
    found = await ledger.spending.reserve(keyed(client, key), LINE, code, subject)
    assert isinstance(found, Reserved)
    return await ledger.spending.take(found, True, ISSUED, b"the answer")


async def credit(ledger: Ledger) -> tuple[int, int, int]:
    """Remaining, pending and spent, of the only code that there is."""
    columns = (credit_codes.c.remaining, credit_codes.c.pending, credit_codes.c.spent)
    row = await ledger.database.read(lambda connection: connection.execute(select(*columns)).one())
    return row.remaining, row.pending, row.spent
