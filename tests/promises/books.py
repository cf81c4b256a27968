"""What the ledger holds at the end, against what was shown."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select

from tests.promises.traffic import Seen, msisdn, person
from ussd.backends import Subject
from ussd.keys import Keys
from ussd.ledger import opened
from ussd.ledger.schema import inquiries
from ussd.ledger.tracking import subject_name


@dataclass(frozen=True, slots=True)
class Books:
    """The rows of a ledger beside the screens of a traffic."""

    rows: int
    missing: list[int]
    """Dialogues that were shown a code which is not in the ledger for their line and their person."""
    twice: int
    """Lines with more than one row."""

    @property
    def agree(self) -> bool:
        """Whether every code that was shown is there, and nothing was done twice."""
        return not self.missing and not self.twice


async def compared(url: str, secret: str, seen: Seen) -> Books:
    """The ledger at `url` beside what was seen. Each line has one dialogue, and that asks once."""
    keys, of_line = Keys(secret.encode()), defaultdict(list)
    find = select(inquiries.c.line_hash, inquiries.c.subject_hash, inquiries.c.code)
    async with opened(url, keys, samples=False) as ledger:
        for line, subject, code in await ledger.database.read(lambda connection: connection.execute(find).all()):
            of_line[line].append((subject, code))
    missing = []
    for number, code in seen.finished.items():
        subject = subject_name(keys, Subject("national_code", person(number)))
        if of_line[keys.name("line", msisdn(number))] != [(subject, code)]:
            missing.append(number)
    rows = [there for there in of_line.values() if there]
    return Books(sum(map(len, rows)), missing, sum(len(there) > 1 for there in rows))
