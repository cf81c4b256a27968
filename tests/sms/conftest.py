"""An outbox on a real database, and SMS gateways: real servers on loopback, as good or as bad as a test needs them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import pytest
from aiohttp import ClientSession, web
from sqlalchemy import Connection

from tests.ledger.conftest import Clock, clock, keys, ledger, sqlite_file, url
from tests.registries.conftest import Serve, serve, session
from ussd.ledger import Ledger
from ussd.ledger.outbox import LEASE
from ussd.metrics import Metrics
from ussd.sms.http import HttpSender
from ussd.sms.worker import SmsWorker

__all__ = ["clock", "keys", "ledger", "serve", "session", "sqlite_file", "url"]

LONG = timedelta(days=9)
"""Longer than any message waits."""
LINE, TEXT = "989129998877", "کد یکبار مصرف شما: 48291"


class Gateway:
    """An SMS gateway that notes what it is given, and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.status = 202
        self.open = asyncio.Event()
        self.open.set()
        self.url = ""

    @property
    def texts(self) -> list[str]:
        """What it was told to send, every time."""
        return [message["text"] for message in self.got]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Note it, wait until open, and answer."""
        self.got.append(await request.json() | {"path": request.path_qs, "method": request.method})
        self.headers.append(dict(request.headers))
        await self.open.wait()
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})


@pytest.fixture
async def gateway(serve: Serve) -> AsyncIterator[Gateway]:
    """A gateway that takes everything."""
    gateway = Gateway()
    gateway.url = await serve(gateway.answer)
    yield gateway
    gateway.open.set()


@pytest.fixture
def metrics() -> Metrics:
    """Numbers that begin at zero."""
    return Metrics()


async def put(ledger: Ledger, useless_at: datetime, text: str = TEXT) -> None:
    """Write a message down, as those do who announce something."""
    await ledger.database.write(lambda connection: ledger.outbox.put(connection, LINE, text, useless_at))
    ledger.outbox.nudge()


async def roll_back(ledger: Ledger, useless_at: datetime) -> None:
    """Write a message down, and think better of it."""

    def putting(connection: Connection) -> None:
        ledger.outbox.put(connection, LINE, TEXT, useless_at)
        raise ZeroDivisionError

    await ledger.database.write(putting)


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that is about to be true."""
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


def number(metrics: Metrics, name: str) -> float:
    """One number, as Prometheus reads it."""
    [line] = [line for line in metrics.written().decode().splitlines() if line.startswith(f"ussd_sms_{name} ")]
    return float(line.split()[1])


async def reached(metrics: Metrics, name: str, value: float) -> None:
    """Wait until a number is so great."""
    await until(lambda: number(metrics, name) == value)


@pytest.fixture
def worker(ledger: Ledger, session: ClientSession, gateway: Gateway, metrics: Metrics) -> SmsWorker:
    """One that sends by the gateway."""
    return SmsWorker(ledger.outbox, HttpSender(session, gateway.url, "t0ken"), metrics)


async def backed_off(ledger: Ledger, clock: Clock) -> None:
    """Wait until it is written down of everything that waits that it failed."""
    async with asyncio.timeout(10):
        while any(waiting.due_at >= clock.now + LEASE for waiting in await ledger.outbox.waiting()):
            await asyncio.sleep(0.01)


async def emptied(ledger: Ledger, left: int = 0) -> None:
    """Wait until no more than so many messages wait."""
    async with asyncio.timeout(10):
        while len(await ledger.outbox.waiting()) > left:
            await asyncio.sleep(0.01)
