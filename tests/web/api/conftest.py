"""The API on loopback, over a real ledger whose clock stands still, for two clients."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from tests.ledger.conftest import Clock
from ussd.core.messages import load_messages
from ussd.keys import Keys
from ussd.ledger import Ledger, opened
from ussd.paid import PaidInquiries
from ussd.settings import Settings
from ussd.web.api import Desks, routes
from ussd.web.callbacks import MAX_BODY

MOBILE = {"mobile": "09120000001"}
KEYS = Keys(b"a secret of the tests, 32 octets+")


@dataclass
class Api:
    """A server of the API as one client reaches it."""

    client: TestClient[web.Request, web.Application]
    key: str = ""

    async def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> "Said":
        """Ask for a path below /api/v1."""
        own = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        async with self.client.request(method, f"/api/v1{path}", headers=own | dict(headers or {}), **more) as reply:
            return await Said.of(reply)

    async def post(self, path: str, fields: object, key: str = "") -> "Said":
        """A POST, with an Idempotency-Key where `key` is one."""
        return await self.ask("POST", path, {"Idempotency-Key": key} if key else {}, json=fields)


@dataclass
class Said:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    octets: bytes
    json: Any

    @classmethod
    async def of(cls, reply: ClientResponse) -> "Said":
        octets = await reply.read()
        return cls(reply.status, reply.headers, octets, await reply.json(content_type=None) if octets else None)


def is_problem(said: Said, status: int) -> bool:
    """Whether it is a problem document of that status."""
    kind = said.headers["Content-Type"]
    return (said.status, said.json["status"], kind) == (status, status, "application/problem+json")


@asynccontextmanager
async def serving(desks: Desks) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """A client of a server that is set up as `ussd serve` sets it up."""
    application = web.Application(client_max_size=MAX_BODY)
    application.add_routes(routes(desks))
    server = TestServer(application)
    await server.start_server(auto_decompress=False)
    async with TestClient(server) as client:
        yield client


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def ledger(tmp_path: Path, clock: Clock) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", KEYS, clock=clock) as ledger:
        yield ledger


def desks_of(ledger: Ledger) -> Desks:
    """Those of a ledger, where its sample people answer."""
    return Desks(
        clients=ledger.clients,
        credits=ledger.credits,
        history=ledger.history,
        paid=PaidInquiries(ledger.spending, ledger.sso, ledger.tracker, KEYS),
        one_time=ledger.one_time,
        messages=load_messages(Settings().menus),
        keys=KEYS,
    )


@pytest.fixture
def desks(ledger: Ledger) -> Desks:
    return desks_of(ledger)


@pytest.fixture
async def nobody(desks: Desks) -> AsyncIterator[Api]:
    """Somebody without a key."""
    async with serving(desks) as client:
        yield Api(client)


@pytest.fixture
async def api(nobody: Api, ledger: Ledger) -> Api:
    """A client with a key."""
    return Api(nobody.client, await ledger.clients.add("دفترچه"))


@pytest.fixture
async def other(nobody: Api, ledger: Ledger) -> Api:
    """Another client with a key."""
    return Api(nobody.client, await ledger.clients.add("other"))


async def texts(ledger: Ledger) -> list[str]:
    """The SMS that wait, the oldest first."""
    return [str(waiting.text) for waiting in await ledger.outbox.waiting(reveal=True)]


async def credit_code(api: Api, ledger: Ledger) -> str:
    """A credit code that was sent and verified."""
    assert (await api.post("/credit-codes", MOBILE)).status == 202
    code = (await texts(ledger))[-1].splitlines()[-1]
    assert (await api.post("/credit-codes/verify", MOBILE | {"code": code})).json == {"remaining": 10_000}
    return code
