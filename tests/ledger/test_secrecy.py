"""No number, code, key or message of anybody is in clear anywhere in the ledger's files."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ledger.one_time_desk import wrong
from ussd.backends import Subject
from ussd.keys import Keys
from ussd.ledger import Contract, Inquiry, Keyed, Ledger, Reserved, Right, Sent, Verified, opened
from ussd.ledger.samples import LINES, PEOPLE
from ussd.ledger.schema import metadata

NATIONAL_CODE, INSURANCE_NUMBER = "7731689951", "48151623"
MSISDN, CENTRES_LINE = "989129998877", "989135557799"
SUBJECTS = (Subject("national_code", NATIONAL_CODE), Subject("insurance_number", INSURANCE_NUMBER))
ALPHABETS = ("0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩")
WRONG_CODE = "4929017716430558"
ANSWER, MESSAGE = "an answer of the API", "a message to somebody"


@dataclass
class Drawn:
    """What the ledger drew for those who asked, and nobody else may read."""

    codes: set[str] = field(default_factory=set)
    """Credit codes and keys."""
    one_time: set[str] = field(default_factory=set)
    """Five digits: in a whole file they may be there by chance, in a value they are not."""
    worded: list[str] = field(default_factory=list)

    def word(self, code: str) -> str:
        """What is sent by SMS."""
        self.worded.append(code)
        return f"{MESSAGE}: {code}"


def traces(secret: str) -> set[bytes]:
    """It as it might lie in a file: in each alphabet and encoding, packed, or as an integer."""
    written = {secret.translate(str.maketrans(ALPHABETS[0], alphabet)) for alphabet in ALPHABETS}
    encodings = ("utf-8", "utf-16-le", "utf-16-be")
    packed = set()
    if secret.isdigit() and not secret.startswith("00000"):  # packed, zeros are what any file is full of
        packed = {bytes.fromhex(secret), int(secret).to_bytes(8, "big"), int(secret).to_bytes(8, "little")}
    return {text.encode(encoding) for text in written for encoding in encodings} | packed


def canaries() -> set[str]:
    people = {person.national_code for person in PEOPLE}
    people |= {person.insurance_number for person in PEOPLE if person.insurance_number}
    lines = {MSISDN, CENTRES_LINE} | {line.msisdn for line in LINES}
    ours = {NATIONAL_CODE, INSURANCE_NUMBER, WRONG_CODE, ANSWER, MESSAGE}
    return ours | people | lines | {line.removeprefix("98") for line in lines}


async def ask(ledger: Ledger) -> None:
    asked = [
        Inquiry(f"op-{number}", "entitlement", "reference", "*4*1420#", MSISDN, SUBJECTS[number % 2], "entitled")
        for number in range(50)
    ]
    await ledger.centres.add(Contract("17", "مرکز", (CENTRES_LINE,), "1405-01-01"))
    await asyncio.gather(*(ledger.tracker.issue(inquiry) for inquiry in asked))


def keyed(client: int, name: str) -> Keyed:
    """A request whose key holds what no key should."""

    def render(said: Any) -> bytes:
        return f"{ANSWER} about {MSISDN}: {said}".encode()

    return Keyed(client, f"{name}-{MSISDN}-{NATIONAL_CODE}", f"hash of {name}", render)


async def spend(ledger: Ledger, client: int, code: str) -> None:
    """Inquiries about two people: one is answered, one is left open."""
    for number, subject in enumerate(SUBJECTS):
        request = keyed(client, f"inquiry-{number}")
        reserved = await ledger.spending.reserve(request, MSISDN, code, subject)
        assert isinstance(reserved, Reserved)
        if number == 0:
            inquiry = Inquiry(f"api-{number}", "credit", "api/one", "", MSISDN, subject, "entitled")
            body = f'{{"{subject.kind}": "{subject.number}", "text": "{ANSWER}"}}'
            assert await ledger.spending.take(reserved, True, await ledger.tracker.issue(inquiry), body.encode())


async def deal(ledger: Ledger) -> Drawn:
    """Codes and messages of every kind; some are used, some wait."""
    drawn, key = Drawn(), await ledger.clients.add("one")
    found = await ledger.clients.of_key(key)
    assert found is not None
    client = found.number
    shown = await ledger.credits.dialled(MSISDN)
    assert isinstance(await ledger.credits.send(keyed(client, "send"), MSISDN, drawn.word), Sent)
    sent = drawn.worded.pop()
    assert await ledger.credits.verify(keyed(client, "verify"), MSISDN, sent) == Verified(10_000)
    await ledger.credits.verify(keyed(client, "wrong"), MSISDN, WRONG_CODE)
    await spend(ledger, client, shown.code)
    for number in range(3):
        request = keyed(client, f"one-time-{number}")
        assert isinstance(await ledger.one_time.send(request, MSISDN, "login", drawn.word), Sent)
    await ledger.one_time.verify(keyed(client, "guess"), MSISDN, "login", wrong(drawn.worded[2]))
    assert await ledger.one_time.verify(keyed(client, "use"), MSISDN, "login", drawn.worded[2]) == Right()
    [message] = await ledger.outbox.claim(1)
    await ledger.outbox.sent(message.name)
    drawn.codes, drawn.one_time = {shown.code, sent, key.removeprefix("ussd_")}, set(drawn.worded)
    return drawn


async def test_the_files_of_sqlite_hold_no_number_in_clear(sqlite_file: Path, keys: Keys) -> None:
    async with opened(f"sqlite:///{sqlite_file}", keys) as ledger:
        await ask(ledger)
        drawn = await deal(ledger)
        files = {file.name: file.read_bytes() for file in sqlite_file.parent.iterdir()}
    files["ledger.sqlite, closed"] = sqlite_file.read_bytes()
    assert len(files["ledger.sqlite-wal"]) > 10_000
    assert b"*4*1420#" in files["ledger.sqlite-wal"], "what is not secret can be read, so this test can see"
    for secret in canaries() | drawn.codes:
        found = [name for name, content in files.items() for trace in traces(secret) if trace in content]
        assert not found, f"{secret} in {found}"


async def test_no_column_of_any_table_holds_a_number_in_clear(ledger: Ledger) -> None:
    await ask(ledger)
    drawn = await deal(ledger)
    tables = await ledger.database.read(
        lambda connection: {name: connection.execute(table.select()).all() for name, table in metadata.tables.items()}
    )
    assert [name for name, rows in tables.items() if not rows] == [], "each table has something to hide"
    sought = {trace: secret for secret in canaries() | drawn.codes for trace in traces(secret)}
    for name, rows in tables.items():
        values = [value for row in rows for value in row]
        stored = b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)
        assert not [secret for trace, secret in sought.items() if trace in stored], name
        assert not drawn.one_time & {value for value in values if isinstance(value, str)}, name
        sealed = b"\n".join(value for value in values if isinstance(value, bytes))
        assert not [code for code in drawn.one_time if code.encode() in sealed], name
