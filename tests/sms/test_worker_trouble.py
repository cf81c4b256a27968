"""The worker where it is stopped, or its sender or its ledger fails: nothing ends it, and nothing is lost."""

import asyncio
from datetime import timedelta
from pathlib import Path

from aiohttp import ClientSession
from structlog.testing import capture_logs

from tests.ledger.conftest import Clock
from tests.ledger.test_outage import locked
from tests.sms.conftest import LONG, TEXT, Gateway, backed_off, emptied, put, reached, until
from ussd.keys import Keys
from ussd.ledger import Ledger, opened
from ussd.ledger.outbox import LEASE
from ussd.metrics import Metrics
from ussd.sms import Message, SmsFailed
from ussd.sms.http import HttpSender
from ussd.sms.worker import SECONDS, SmsWorker


async def test_what_was_being_sent_at_a_stop_is_sent_again_by_the_same_id(
    ledger: Ledger, clock: Clock, worker: SmsWorker, gateway: Gateway, metrics: Metrics, session: ClientSession
) -> None:
    gateway.open.clear()
    async with worker.running():
        await put(ledger, clock.now + LONG)
        await until(lambda: len(gateway.got) == 1)
    gateway.open.set()
    async with SmsWorker(ledger.outbox, HttpSender(session, gateway.url), metrics).running():
        await asyncio.sleep(0.1)
        assert len(gateway.got) == 1, "it is still the first one's"
        clock.now += LEASE
        ledger.outbox.nudge()
        await emptied(ledger)
    assert len(gateway.got) == 2
    assert len({message["id"] for message in gateway.got}) == 1


async def test_what_is_sent_is_noted_though_the_worker_is_stopped_meanwhile(
    sqlite_file: Path, keys: Keys, clock: Clock, session: ClientSession, gateway: Gateway, metrics: Metrics
) -> None:
    gateway.open.clear()
    async with opened(f"sqlite:///{sqlite_file}", keys, clock=clock) as ledger:
        working = asyncio.create_task(SmsWorker(ledger.outbox, HttpSender(session, gateway.url), metrics).run())
        await put(ledger, clock.now + LONG)
        await until(lambda: len(gateway.got) == 1)
        with locked(sqlite_file):
            gateway.open.set()
            await reached(metrics, "sent_total", 1)
            working.cancel()
            await asyncio.sleep(0.1)
            assert not working.done()
        await asyncio.wait([working])
        assert await ledger.outbox.waiting() == []


class Stuck:
    """A sender that never comes back."""

    async def send(self, message: Message) -> None:
        await asyncio.Event().wait()


async def test_a_sender_that_never_comes_back_has_failed(ledger: Ledger, clock: Clock, metrics: Metrics) -> None:
    assert LEASE.total_seconds() > SECONDS
    async with SmsWorker(ledger.outbox, Stuck(), metrics, seconds=0.05).running():
        await put(ledger, clock.now + LONG)
        await reached(metrics, "failed_total", 1)
        await backed_off(ledger, clock)


class Broken:
    """A sender with a fault of its own, at first."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.faults: list[Exception] = [ZeroDivisionError(TEXT), SmsFailed("it is tired")]

    async def send(self, message: Message) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append(message)


async def test_a_broken_sender_ends_nothing(ledger: Ledger, clock: Clock, metrics: Metrics) -> None:
    sender = Broken()
    with capture_logs() as logs:
        async with SmsWorker(ledger.outbox, sender, metrics).running():
            await put(ledger, clock.now + LONG)
            for tries in (1, 2):
                await reached(metrics, "failed_total", tries)
                await backed_off(ledger, clock)
                clock.now += timedelta(seconds=tries)
                ledger.outbox.nudge()
            await emptied(ledger)
    assert [line["event"] for line in logs] == ["sms_sender_broken", "sms_failed", "sms_failed", "sms_sent"]
    assert len(sender.sent) == 1


async def test_a_ledger_that_was_away_is_worked_for_again(
    sqlite_file: Path, keys: Keys, clock: Clock, session: ClientSession, gateway: Gateway, metrics: Metrics
) -> None:
    folder, elsewhere = sqlite_file.parent, sqlite_file.parent.with_name("elsewhere")
    async with opened(f"sqlite:///{sqlite_file}", keys, clock=clock) as ledger:
        gateway.open.clear()
        with capture_logs() as logs:
            async with SmsWorker(ledger.outbox, HttpSender(session, gateway.url), metrics).running():
                await put(ledger, clock.now + LONG)
                await until(lambda: len(gateway.got) == 1)
                folder.rename(elsewhere)
                gateway.open.set()
                ledger.outbox.nudge()
                await until(lambda: {"sms_not_marked", "sms_outbox_away"} <= {line["event"] for line in logs})
                elsewhere.rename(folder)
                clock.now += LEASE
                await emptied(ledger)
    assert len(gateway.got) == 2
    assert len({message["id"] for message in gateway.got}) == 1
