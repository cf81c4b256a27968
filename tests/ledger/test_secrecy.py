"""Nobody's national code and no line's number is in clear anywhere in the ledger's files."""

import asyncio
from pathlib import Path

from ussd.keys import Keys
from ussd.ledger import Contract, Inquiry, Ledger, opened
from ussd.ledger.samples import LINES, PEOPLE
from ussd.ledger.schema import metadata

NATIONAL_CODE, MSISDN, CENTRES_LINE = "7731689951", "989129998877", "989135557799"
ALPHABETS = ("0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩")


def traces(number: str) -> set[bytes]:
    """A number as it might lie in a file: in each alphabet and encoding, packed, or as an integer."""
    written = {number.translate(str.maketrans(ALPHABETS[0], alphabet)) for alphabet in ALPHABETS}
    encodings = ("utf-8", "utf-16-le", "utf-16-be")
    packed = {bytes.fromhex(number), int(number).to_bytes(8, "big"), int(number).to_bytes(8, "little")}
    return {text.encode(encoding) for text in written for encoding in encodings} | packed


def canaries() -> set[str]:
    people = {person.national_code for person in PEOPLE}
    lines = {MSISDN, CENTRES_LINE} | {line.msisdn for line in LINES}
    return {NATIONAL_CODE} | people | lines | {line.removeprefix("98") for line in lines}


async def ask(ledger: Ledger) -> None:
    asked = [
        Inquiry(f"op-{number}", "entitlement", "reference", "*4*1420#", MSISDN, NATIONAL_CODE, "entitled")
        for number in range(50)
    ]
    await ledger.centres.add(Contract("17", "مرکز", (CENTRES_LINE,), "1405-01-01"))
    await asyncio.gather(*(ledger.tracker.issue(inquiry) for inquiry in asked))


async def test_the_files_of_sqlite_hold_no_number_in_clear(sqlite_file: Path, keys: Keys) -> None:
    async with opened(f"sqlite:///{sqlite_file}", keys) as ledger:
        await ask(ledger)
        files = {file.name: file.read_bytes() for file in sqlite_file.parent.iterdir()}
    files["ledger.sqlite, closed"] = sqlite_file.read_bytes()
    assert len(files["ledger.sqlite-wal"]) > 10_000
    assert b"*4*1420#" in files["ledger.sqlite-wal"], "what is not secret can be read, so this test can see"
    for number in canaries():
        found = [name for name, content in files.items() for trace in traces(number) if trace in content]
        assert not found, f"{number} in {found}"


async def test_no_column_of_any_table_holds_a_number_in_clear(ledger: Ledger) -> None:
    await ask(ledger)
    async with ledger.database.reading() as connection:
        for table in metadata.tables.values():
            for row in await connection.execute(table.select()):
                stored = b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
                assert not [number for number in canaries() for trace in traces(number) if trace in stored]
