"""P18: without the proofs that its configuration asks for, nothing comes of a callback, over real HTTP."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from redis import Redis

from tests.canaries import cells
from tests.promises.report import Kept
from tests.promises.scale import SEED, many
from tests.server import Server
from tests.web.callers import AUTH, BODY, PASSWORD, SECRET, TOKEN, Headers, right, wrong
from tests.web.signing import signed
from ussd.redis_server import own_server

TRIES = many(300, 40_000)
AT_ONCE = 16
SPOILT = (
    "X-Ussd-Timestamp",
    "X-Ussd-Nonce",
    "X-Ussd-Signature",
    "At",
    "No",
    "S",
    "Authorization",
    "X-Print",
    "X-Subject",
)
ASKING = sorted(AUTH.keys() - {"open", "near"})
"""The gateways that ask for something which somebody on loopback may fail to have."""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gateway of each kind of proof, all of one format."""
    for name, value in {"SIGNED": SECRET, "PASSWORD": PASSWORD, "TOKEN": TOKEN}.items():
        monkeypatch.setenv(name, value)
    limits = {"drain": 0, "dials_per_minute": 0, "dials_per_hour": 0}
    gateways = {name: {"format": "reference", "auth": auth} for name, auth in AUTH.items()}
    path = tmp_path / "ussd.yaml"
    path.write_text(json.dumps({**limits, "gateways": gateways}))
    return path


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A Redis that nobody else uses."""
    with own_server(tmp_path) as url:
        yield url


@pytest.fixture
def redis(url: str) -> Iterator[Redis]:
    with closing(Redis.from_url(url)) as redis:
        yield redis


def body(number: int) -> bytes:
    """A callback of a session that nobody else has: let in, it leaves something in Redis."""
    return BODY.replace(b'"s1"', b'"session-%d"' % number)


def pairs(headers: Headers) -> list[tuple[str, str]]:
    return list(headers.items() if isinstance(headers, Mapping) else headers)


def spoilt(random: Random, name: str, said: bytes) -> tuple[str, list[tuple[str, str]], bytes]:
    """What a gateway would take, with one thing wrong in it; the kind of fault, the headers, and the body sent."""
    headers = pairs(right(name, said))
    match random.randrange(8):
        case 0:
            return "nothing proved", [], said
        case 1 if headers:
            headers.pop(random.randrange(len(headers)))
            return "one proof missing", headers, said
        case 2 if name in ("signed", "all", "named"):
            return "signed with another key", _as(name, signed("another", f"/gateways/{name}", said)), said
        case 3 if name in ("signed", "all", "named"):
            at = time.time() + random.choice((-1, 1)) * random.uniform(62, 10**6)
            return "old, or ahead", _as(name, signed(SECRET, f"/gateways/{name}", said, at=at)), said
        case 4 if name in ("signed", "all", "named"):
            other = random.choice([one for one in AUTH if one != name])
            return "signed for another gateway", _as(name, signed(SECRET, f"/gateways/{other}", said)), said
        case 5 if name in ("signed", "all", "named"):
            return "another body than the signed one", headers, said.replace(b"*4*1420#", b"*4*1421#")
        case 6 if twice := [one for one in headers if one[0] in SPOILT]:
            return "a proof sent twice", [*headers, random.choice(twice)], said
        case _:
            return "a letter changed", _changed(random, headers), said


def _as(name: str, headers: Mapping[str, str]) -> list[tuple[str, str]]:
    names = ("At", "No", "S") if name == "named" else tuple(headers)
    token = [("Authorization", f"Bearer {TOKEN}")] if name == "all" else []
    return [*zip(names, headers.values(), strict=True), *token]


def _changed(random: Random, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """One letter of one proof; a nonce's and a timestamp's are signed, so they count as well."""
    places = [place for place, (name, _) in enumerate(headers) if name in SPOILT]
    if not places:
        return [("X-Forwarded-For", "192.0.2.1")]
    place = random.choice(places)
    name, value = headers[place]
    letters = list(value)
    at = random.randrange(value.find(" ") + 1, len(value))
    letters[at] = random.choice([one for one in "0189bdfkz" if one.lower() != letters[at].lower()])
    return [*headers[:place], (name, "".join(letters)), *headers[place + 1 :]]


class Caller:
    """One connection that stays."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._pair: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, name: str, headers: list[tuple[str, str]], said: bytes) -> tuple[int, bytes]:
        reader, writer = self._pair = self._pair or await asyncio.open_connection("127.0.0.1", self._port)
        written = "".join(f"{header}: {value}\r\n" for header, value in headers)
        head = f"POST /gateways/{name} HTTP/1.1\r\nHost: ussd\r\nContent-Type: application/json\r\n{written}"
        writer.write(f"{head}Content-Length: {len(said)}\r\n\r\n".encode() + said)
        async with asyncio.timeout(15):
            answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = int(answer.partition("content-length: ")[2].partition("\r")[0])
            return int(answer.split()[1]), await reader.readexactly(length)

    async def close(self) -> None:
        if self._pair:
            self._pair[1].close()
            await self._pair[1].wait_closed()


def requests(random: Random) -> Iterator[tuple[str, str, list[tuple[str, str]], bytes]]:
    """The listed ways to be refused, and then many more."""
    yield from (("as listed", name, pairs(headers), BODY) for name, headers in wrong())
    for number in range(TRIES):
        name = random.choice(ASKING)
        yield (fault := spoilt(random, name, body(number)))[0], name, *fault[1:]


@dataclass
class Refusals:
    """What came of everything that was sent."""

    kinds: Counter[str] = field(default_factory=Counter)
    words: set[bytes] = field(default_factory=set)
    let_in: list[str] = field(default_factory=list)

    async def call(self, caller: Caller, asking: Iterator[tuple[str, str, list[tuple[str, str]], bytes]]) -> None:
        for kind, name, headers, said in asking:
            status, answer = await caller.post(name, headers, said)
            self.kinds[kind] += 1
            self.words.add(answer)
            if status != 401:
                self.let_in.append(f"{name}, {kind}: {status} for {headers}")


async def test_p18_who_proves_nothing_changes_nothing(
    kept: Kept, tmp_path: Path, config: Path, url: str, redis: Redis
) -> None:
    refusals, asking, ledger = Refusals(), requests(Random(SEED)), tmp_path / "ledger.sqlite3"
    with closing(Server(tmp_path, "--config", str(config), redis_url=url)) as server:
        callers = [Caller(server.port) for _ in range(AT_ONCE)]
        try:
            assert (await callers[0].post("open", [], BODY))[0] == 200
            while not any(key.startswith(b"ussd:m:") for key, _ in _kept(redis)):  # the menus, which every start keeps
                await asyncio.sleep(0.05)
            before, rows = _kept(redis), list(cells(ledger))
            await asyncio.gather(*(refusals.call(caller, asking) for caller in callers))
            new, later = _kept(redis) - before, list(cells(ledger))
            replayed = await _replayed(callers[0])
            opened = {name: (await callers[0].post(name, pairs(right(name)), BODY))[0] for name in AUTH}
        finally:
            await asyncio.gather(*(caller.close() for caller in callers))
    kept.seen(
        f"{', '.join(sorted(refusals.kinds))}; replays; for {len(ASKING)} gateways that ask for every kind of proof",
        f"{refusals.kinds.total():,} requests, {len(replayed):,} replays",
        f"{len(refusals.let_in)} let in, {replayed.count(200)} replays; {len(new)} keys and "
        f"{sum(one != other for one, other in zip(rows, later, strict=False))} cells changed",
    )
    assert not refusals.let_in, f"seed {SEED}: {refusals.let_in[:5]}"
    assert set(replayed) == {401}
    assert not new
    assert later == rows
    assert len(refusals.words) == 1, "all are refused in the same words"
    impossible = {"far", "misled"}
    assert {name for name, status in opened.items() if status != 200} == impossible, "who proves all of it is let in"


def _kept(redis: Redis) -> set[tuple[bytes, bytes | None]]:
    return {(key, redis.dump(key)) for key in redis.keys("*")}


async def _replayed(caller: Caller) -> list[int]:
    """What a signed request gets that was let in, when it is sent again."""
    statuses = []
    for number in range(many(5, 200)):
        said = body(number)
        headers = pairs(right("signed", said))
        assert (await caller.post("signed", headers, said))[0] == 200
        statuses += [(await caller.post("signed", headers, said))[0] for _ in range(3)]
    return statuses
