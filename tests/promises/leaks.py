"""Finds what nobody may read, in whatever form it was written down: other digits, other codings, in groups."""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from tests.canaries import ARABIC, PERSIAN

_PERSIAN = re.compile(rb"\xdb([\xb0-\xb9])|\xd9([\xa0-\xa9])")
_WIDE = re.compile(rb"([\xf0-\xf9])\x06|\x06([\xf0-\xf9])|([\x60-\x69])\x06|\x06([\x60-\x69])")
_ESCAPED = re.compile(rb"\\u06(?:f|6)([0-9])", re.IGNORECASE)
_GROUPED = re.compile(rb"(?<=[0-9])[-_ ](?=[0-9])")
_RUN = re.compile(rb"[0-9]{9,}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){9,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}")
_OTHERS = bytes.maketrans(b"-_", b"+/")


def _folded(octets: bytes) -> bytes:
    """With ASCII digits in the places of Persian and Arabic ones, in UTF-8."""
    return _PERSIAN.sub(lambda found: b"%d" % (found[0][1] & 0x0F), octets)


def _views(octets: bytes) -> Iterator[bytes]:
    """The same octets as somebody may read them."""
    yield octets
    if b"%" in octets:
        yield unquote_to_bytes(octets)
    if b"\\u06" in octets.lower():
        yield _ESCAPED.sub(rb"\1", octets)
    if b"\0" in octets or b"\x06" in octets:
        yield _WIDE.sub(lambda found: b"%d" % (max(found[0]) & 0x0F), octets).replace(b"\0", b"")
    yield b"\n".join(_decoded(octets))


def _decoded(octets: bytes) -> Iterator[bytes]:
    for token in set(_HEX.findall(octets)):
        yield bytes.fromhex(token.decode())
    for token in set(_BASE64.findall(octets)):
        for skipped in range(4):
            some = token[skipped:].translate(_OTHERS)
            with suppress(ValueError):  # one letter over is none
                yield base64.b64decode(some[: len(some) - (len(some) % 4 == 1)] + b"==")


def runs(octets: bytes) -> set[bytes]:
    """All long numbers that are in there, in any form."""
    found: set[bytes] = set()
    for view in _views(octets):
        folded = _folded(view)
        found.update(_RUN.findall(folded))
        found.update(_RUN.findall(_GROUPED.sub(b"", folded)))
    return found


def spelt(text: str) -> set[bytes]:
    """A text as it may be written down."""
    coded = {text.encode(coding) for coding in ("utf-8", "utf-16-le", "utf-16-be")}
    inner = {base64.b64encode(text.encode()[skipped:])[4:-4] for skipped in range(3)}
    return coded | inner | {json.dumps(text)[1:-1].encode(), quote(text).encode(), text.encode().hex().encode()}


def written(number: str) -> dict[str, bytes]:
    """The forms in which a number is to be found, by their names; to see that it is."""
    scripts = {"ASCII": number, "Persian": number.translate(PERSIAN), "Arabic": number.translate(ARABIC)}
    forms: dict[str, bytes] = {}
    for name, text in scripts.items():
        octets = text.encode()
        forms |= {
            name: octets,
            f"{name}, for a URL": quote(text).encode(),
            f"{name}, base64": base64.b64encode(octets),
            f"{name}, base64 in something": base64.b64encode(b"ab" + octets + b"c"),
            f"{name}, base64 of URLs": base64.urlsafe_b64encode(b"\xff" + octets),
            f"{name}, in hexadecimal": octets.hex().encode(),
            f"{name}, in JSON": json.dumps(text).encode(),
            f"{name}, UTF-16": text.encode("utf-16-le"),
            f"{name}, UTF-16 the other way": text.encode("utf-16-be"),
            f"{name}, in groups": "-".join(re.findall("..?.?.?", text)).encode(),
        }
    return forms


@dataclass(frozen=True, slots=True)
class Leaks:
    """What is looked for."""

    numbers: frozenset[str]
    """Of nine digits and more."""
    texts: frozenset[str]

    def found_in(self, places: Mapping[str, bytes]) -> list[str]:
        """Which of it is where."""
        sought = {text: spelt(text) for text in self.texts}
        found = []
        for name, octets in places.items():
            there = b"\n".join(runs(octets))
            found += [f"{number} in {name}" for number in self.numbers if _bare(number) in there]
            found += [f"{text} in {name}" for text, forms in sought.items() if any(form in octets for form in forms)]
        return found


def _bare(number: str) -> bytes:
    """Without the country's code, as a line may be written either way."""
    return number.removeprefix("98").encode() if len(number) == 12 else number.encode()


def lines_of(log: Iterable[str]) -> int:
    """How many lines of JSON a log has."""
    return sum(line.startswith("{") for line in log)
