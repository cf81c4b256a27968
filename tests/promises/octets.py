"""What goes over a socket: the corpus of bad input as octets, and what becomes of it by chance; and what comes back."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from random import Random

from simulator.operators import Leg
from tests.corpus.gate import Gate, gate
from tests.corpus.judge import MENU
from tests.corpus.reading import Dialled, Sent, Typed, entries, octets
from tests.corpus.test_wire import FAMILIES, goes_on
from ussd.callback import Phase
from ussd.doors import formats

SILENCE = 0.25
"""Seconds without an answer, after which a connection is left: much of what comes by chance is never whole."""
PATIENCE = 12.0
"""Seconds after which a server that began to answer is stuck."""
_MUCH = 64 * 1024
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_ODD = (
    b"\r\n",
    b"\n",
    b"\0",
    b"\xff\xfe",
    b" ",
    b":",
    b"%00",
    b"%ff",
    b"*",
    b"#",
    b"&",
    b"=",
    b'"',
    b"{",
    b"<",
    b"\xd9\xa1",
)
_API = (
    "/credit-codes",
    "/credit-codes/verify",
    "/inquiries",
    "/one-time-codes",
    "/one-time-codes/verify",
    "/openapi.json",
)


def corpus(key: str) -> list[bytes]:
    """Every entry of the corpus, as a request of every gateway that it is about; and requests of the API."""
    found = [request for name in formats() for request in _spoken(gate(name))]
    return found + list(_of_api(key))


def _spoken(at: Gate) -> Iterator[bytes]:
    begun = Leg("session-of-octets", "989121234567", MENU, Phase.BEGIN)
    right = [begun, replace(begun, phase=Phase.CONTINUE, typed=("1",))]
    for family in FAMILIES:
        for entry in entries(family, Sent):
            if at.kind in entry.of and not entry.slow and (spoilt := at.spoilt(entry, goes_on(begun, entry))):
                yield spoilt
    typed = [octets(entry.typed).decode() for family in ("menu_input", "encodings") for entry in entries(family, Typed)]
    legs = [replace(begun, phase=Phase.CONTINUE, typed=(text,)) for text in typed]
    legs += [replace(begun, dialled=octets(entry.dialled).decode()) for entry in entries("dial_strings", Dialled)]
    for leg in right + legs:
        with suppress(UnicodeEncodeError, ValueError):
            if spoken := at.spoken(leg):
                yield spoken.octets()


def _of_api(key: str) -> Iterator[bytes]:
    fields = {"mobile": "09121234567", "code": "1234567890123456", "national_code": "0007569602", "purpose": "login"}
    body = json.dumps(fields).encode()
    for path in _API:
        for method in ("POST", "GET", "DELETE"):
            head = (
                f"{method} /api/v1{path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\nIdempotency-Key: k\r\n"
            )
            length = f"Content-Type: application/json\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
            yield (head + length).encode() + body


def mutated(random: Random, seeds: Sequence[bytes]) -> bytes:
    """One of them, changed in one to four places."""
    changed = random.choice(seeds)
    for _ in range(random.randrange(1, 5)):
        changed = random.choice(_CHANGES)(random, changed, random.choice(seeds))
    return changed[:_MUCH]


def _span(random: Random, size: int, most: int = 30) -> tuple[int, int]:
    begin = random.randrange(size + 1)
    return begin, min(size, begin + random.randrange(1, most))


def _flipped(random: Random, one: bytes, _: bytes) -> bytes:
    at, _ = _span(random, max(0, len(one) - 1))
    return one[:at] + bytes(byte ^ 1 << random.randrange(8) for byte in one[at : at + 1]) + one[at + 1 :]


def _dropped(random: Random, one: bytes, _: bytes) -> bytes:
    begin, end = _span(random, len(one))
    return one[:begin] + one[end:]


def _doubled(random: Random, one: bytes, _: bytes) -> bytes:
    begin, end = _span(random, len(one), 200)
    return one[:end] + one[begin:end] * random.choice((1, 1, 1, 50)) + one[end:]


def _odd(random: Random, one: bytes, _: bytes) -> bytes:
    at, _ = _span(random, len(one))
    return one[:at] + random.choice(_ODD) * random.choice((1, 1, 3, 200)) + one[at:]


def _noise(random: Random, one: bytes, _: bytes) -> bytes:
    at, _ = _span(random, len(one))
    return one[:at] + random.randbytes(random.randrange(1, 12)) + one[at:]


def _spliced(random: Random, one: bytes, other: bytes) -> bytes:
    return one[: random.randrange(len(one) + 1)] + other[random.randrange(len(other) + 1) :]


def _cut(random: Random, one: bytes, _: bytes) -> bytes:
    return one[: random.randrange(len(one) + 1)]


def _numbered(random: Random, one: bytes, _: bytes) -> bytes:
    number = random.choice((b"0", b"-1", b"4294967296", b"9" * 400, b"1e9", b"0x10", "٣".encode()))
    places = list(re.finditer(rb"[0-9]+", one))
    if not places:
        return one
    place = random.choice(places)
    return one[: place.start()] + number + one[place.end() :]


_CHANGES: Sequence[Callable[[Random, bytes, bytes], bytes]] = (
    _flipped, _flipped, _dropped, _doubled, _odd, _noise, _spliced, _cut, _numbered, _numbered,
)  # fmt: skip


@dataclass
class Heard:
    """What a server said to all of it."""

    sent: int = 0
    octets: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    silent: int = 0
    """Requests to which nothing came, and that were left."""
    faults: list[str] = field(default_factory=list)
    slowest: float = 0.0
    """Seconds to the last octet of an answer."""

    async def say(self, port: int, request: bytes) -> None:
        """Send one request over a connection of its own, and listen."""
        self.sent += 1
        self.octets += len(request)
        began = asyncio.get_running_loop().time()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answer = b""
        try:
            with suppress(ConnectionError):
                writer.write(request)
                async with asyncio.timeout(PATIENCE):
                    await writer.drain()
                answer = await _answer(reader)
        except TimeoutError:
            self.faults.append(f"stuck: {request[:300]!r}")
        finally:
            writer.transport.abort()
        if answer:
            self.slowest = max(self.slowest, asyncio.get_running_loop().time() - began)
        self._noted(request, answer)

    def _noted(self, request: bytes, answer: bytes) -> None:
        statuses = [int(status) for status in _STATUS.findall(answer)]
        self.statuses.update(statuses)
        self.silent += not statuses
        if any(status >= 500 and status != 503 for status in statuses) or b"Traceback" in answer:
            self.faults.append(f"{statuses}: {request[:300]!r}")


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the connection is closed, or nothing more comes."""
    answer = b""
    while len(answer) < _MUCH * 16:
        try:
            async with asyncio.timeout(SILENCE if not answer else SILENCE / 2):
                some = await reader.read(_MUCH)
        except TimeoutError:
            break
        if not some:
            break
        answer += some
    return answer
