"""How to find what nobody may read, in whatever form it was written down."""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def forms(number: str) -> set[bytes]:
    """A long number as it might be written, in any digits, alphabet or grouping."""
    written = {number, number.removeprefix("98")}
    written |= {f"{number[:3]}-{number[3:9]}-{number[9:]}", f"{number[:4]} {number[4:7]} {number[7:]}"}
    written |= {mark.join(re.findall("..?.?.?", number)) for mark in "- "}
    return {octets for text in written for octets in _coded(text)}


def short_forms(number: str) -> set[bytes]:
    """A short number as it might be written; its bare digits could be there by chance."""
    marked = {f'"{number}"', f"'{number}'", f"*{number}", f"={number}"}
    return {text.encode() for text in marked} | _coded(number) - {number.encode()}


def text_forms(text: str) -> set[bytes]:
    """A text as it might be written, or escaped."""
    return {text.encode(coding) for coding in ("utf-8", "utf-16-le", "utf-16-be")} | {json.dumps(text)[1:-1].encode()}


def _coded(text: str) -> set[bytes]:
    written = {text, text.translate(PERSIAN), text.translate(ARABIC)}
    octets = {each.encode(coding) for each in written for coding in ("utf-8", "utf-16-le", "utf-16-be")}
    return octets | {text.encode().hex().encode()}


@dataclass
class Canaries:
    """What was planted, and may be read nowhere."""

    numbers: set[str] = field(default_factory=set)
    """So long that none is anywhere by chance."""
    short: set[str] = field(default_factory=set)
    """Five digits."""
    texts: set[str] = field(default_factory=set)

    def found_in(self, places: dict[str, bytes]) -> list[tuple[str, str]]:
        """Which of them are in which of these files."""
        sought = {number: forms(number) for number in self.numbers} | {text: text_forms(text) for text in self.texts}
        sought |= {number: short_forms(number) for number in self.short}
        return [
            (name, canary)
            for name, octets in places.items()
            for canary, written in sought.items()
            if any(form in octets for form in written)
        ]

    def standing_alone_in(self, values: Iterable[object]) -> list[str]:
        """Which of the short ones are a word of any of these values."""
        texts = [value for value in values if isinstance(value, str)]
        words = {word for text in texts for word in re.findall(r"(?<![0-9A-Za-z])[0-9]{5}(?![0-9A-Za-z])", text)}
        sealed = [value for value in values if isinstance(value, bytes)]
        return sorted(words & self.short) + [each for each in self.short for value in sealed if each.encode() in value]


def files(home: Path) -> dict[str, bytes]:
    """Every file of an installation, by its path there."""
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def cells(database: Path) -> Iterator[object]:
    """Every value in every table of a SQLite file."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                yield from row


def logged(log: Iterable[str]) -> Iterator[object]:
    """Every value in a log, whatever its name."""
    for line in log:
        yield from _leaves(json.loads(line))


def _leaves(value: object) -> Iterator[object]:
    match value:
        case dict():
            for name, each in value.items():
                yield name
                yield from _leaves(each)
        case list():
            for each in value:
                yield from _leaves(each)
        case _:
            yield value
