"""The worker: every message at least once, told apart by its id, and none that is of no use any more."""

import asyncio
import json
import logging
from datetime import timedelta

import pytest
from aiohttp import ClientSession
from sqlalchemy import Connection
from structlog.testing import capture_logs

from tests.ledger.conftest import Clock
from tests.sms.conftest import LINE, LONG, TEXT, Gateway, backed_off, emptied, number, put, reached, roll_back, until
from ussd.keys import Keys
from ussd.ledger import Ledger, opened
from ussd.ledger.outbox import KEPT, LEASE, LONGEST
from ussd.metrics import Metrics
from ussd.sms.http import HttpSender
from ussd.sms.worker import AT_ONCE, SmsWorker


async def test_what_is_put_is_sent_once(
    ledger: Ledger, clock: Clock, worker: SmsWorker, gateway: Gateway, metrics: Metrics
) -> None:
    async with worker.running():
        await put(ledger, clock.now + LONG)
        await emptied(ledger)
        clock.now += LEASE
        ledger.outbox.nudge()
        await asyncio.sleep(0.1)
    assert [(message["to"], message["text"]) for message in gateway.got] == [(LINE, TEXT)]
    assert (number(metrics, "sent_total"), number(metrics, "failed_total")) == (1, 0)


async def test_what_another_process_put_is_sent_without_a_nudge(
    ledger: Ledger, clock: Clock, url: str, keys: Keys, worker: SmsWorker, gateway: Gateway
) -> None:
    async with worker.running(), opened(url, keys, clock=clock) as other:
        await asyncio.sleep(0.05)
        await put(other, clock.now + LONG)
        await emptied(ledger)
    assert gateway.texts == [TEXT]


async def test_what_is_rolled_back_is_not_sent(
    ledger: Ledger, clock: Clock, worker: SmsWorker, gateway: Gateway
) -> None:
    async with worker.running():
        with pytest.raises(ZeroDivisionError):
            await roll_back(ledger, clock.now + LONG)
        ledger.outbox.nudge()
        await put(ledger, clock.now + LONG, "next")
        await emptied(ledger)
    assert gateway.texts == ["next"]


async def test_a_gateway_that_failed_gets_the_same_id_again(
    ledger: Ledger, clock: Clock, worker: SmsWorker, gateway: Gateway, metrics: Metrics
) -> None:
    gateway.status = 500
    async with worker.running():
        await put(ledger, clock.now + LONG)
        for tries in (1, 2):
            await reached(metrics, "failed_total", tries)
            await backed_off(ledger, clock)
            clock.now += timedelta(seconds=tries)
            ledger.outbox.nudge()
        gateway.status = 202
        clock.now += timedelta(seconds=4)
        await emptied(ledger)
    assert len(gateway.got) >= 3
    assert len({message["id"] for message in gateway.got}) == 1
    assert number(metrics, "sent_total") == 1


async def test_a_message_that_hangs_holds_no_other_one_up(
    ledger: Ledger, clock: Clock, worker: SmsWorker, gateway: Gateway, metrics: Metrics
) -> None:
    gateway.open.clear()
    async with worker.running():
        await put(ledger, clock.now + LONG, "hangs")
        await until(lambda: gateway.texts == ["hangs"])
        gateway.open = asyncio.Event()
        gateway.open.set()
        for text in ("a", "b"):
            await put(ledger, clock.now + LONG, text)
        await emptied(ledger, left=1)
    assert number(metrics, "sent_total") == 2


async def test_many_are_sent_so_many_at_once_and_none_is_forgotten(
    ledger: Ledger, clock: Clock, worker: SmsWorker, gateway: Gateway, metrics: Metrics
) -> None:
    most = 12 * AT_ONCE + 3  # by one look a second it would take longer than `emptied` waits

    def putting(connection: Connection) -> None:
        for text in range(most):
            ledger.outbox.put(connection, LINE, str(text), clock.now + LONG)

    await ledger.database.write(putting)
    gateway.open.clear()
    async with worker.running():
        await until(lambda: len(gateway.got) == AT_ONCE)
        await asyncio.sleep(0.1)
        assert len(gateway.got) == AT_ONCE
        gateway.open.set()
        await emptied(ledger)
    assert sorted(map(int, gateway.texts)) == list(range(most))


async def test_two_workers_share_the_messages_and_lose_none(
    ledger: Ledger, clock: Clock, url: str, keys: Keys, session: ClientSession, gateway: Gateway, metrics: Metrics
) -> None:
    async with opened(url, keys, clock=clock) as other:
        sender = HttpSender(session, gateway.url)
        workers = [SmsWorker(one.outbox, sender, metrics) for one in (ledger, other)]
        async with workers[0].running(), workers[1].running():
            for text in range(30):
                await put((ledger, other)[text % 2], clock.now + LONG, str(text))
            await emptied(ledger)
    assert {int(text) for text in gateway.texts} == set(range(30))
    assert len({message["id"] for message in gateway.got}) == 30, "one sent twice can be told by its id"


async def test_a_code_that_has_expired_never_reaches_anybody(
    ledger: Ledger, clock: Clock, worker: SmsWorker, gateway: Gateway, metrics: Metrics
) -> None:
    gateway.status = 503
    async with worker.running():
        await put(ledger, clock.now + timedelta(seconds=120))
        await reached(metrics, "failed_total", 1)
        await backed_off(ledger, clock)
        gateway.status = 202
        clock.now += timedelta(seconds=120)
        ledger.outbox.nudge()
        await emptied(ledger)
    assert len(gateway.got) == 1
    assert (number(metrics, "given_up_total"), number(metrics, "sent_total")) == (1, 0)


async def test_after_a_day_nothing_is_sent(
    ledger: Ledger, clock: Clock, worker: SmsWorker, gateway: Gateway, metrics: Metrics
) -> None:
    await put(ledger, clock.now + LONG)
    clock.now += LONGEST
    async with worker.running():
        await emptied(ledger)
    assert gateway.got == []
    assert number(metrics, "given_up_total") == 1


async def test_what_waits_and_since_when_can_be_watched(
    ledger: Ledger, clock: Clock, worker: SmsWorker, gateway: Gateway, metrics: Metrics
) -> None:
    gateway.open.clear()
    await put(ledger, clock.now + LONG)
    clock.now += timedelta(seconds=7)
    async with worker.running():
        await reached(metrics, "waiting", 1)
        assert number(metrics, "oldest_seconds") == 7
        gateway.open.set()
        await emptied(ledger)
        ledger.outbox.nudge()
        await reached(metrics, "waiting", 0)
        assert number(metrics, "oldest_seconds") == 0


async def test_what_is_over_for_a_week_is_forgotten(
    ledger: Ledger, clock: Clock, worker: SmsWorker, gateway: Gateway, metrics: Metrics, session: ClientSession
) -> None:
    async with worker.running():
        await put(ledger, clock.now + LONG)
        await emptied(ledger)
    clock.now += KEPT + LEASE + timedelta(seconds=1)
    async with SmsWorker(ledger.outbox, HttpSender(session, gateway.url), metrics).running():
        await put(ledger, clock.now + LONG)
        await emptied(ledger)
    assert await ledger.outbox.forget_old() == 0
    clock.now += KEPT + LEASE + timedelta(seconds=1)
    assert await ledger.outbox.forget_old() == 1, "only the second was there"


async def test_no_number_and_no_text_is_in_a_log(
    ledger: Ledger,
    clock: Clock,
    worker: SmsWorker,
    gateway: Gateway,
    metrics: Metrics,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    gateway.status = 400
    with capture_logs() as logs:
        async with worker.running():
            await put(ledger, clock.now + timedelta(seconds=60))
            await put(ledger, clock.now + LONG)
            await reached(metrics, "failed_total", 2)
            await backed_off(ledger, clock)
            gateway.status = 202
            clock.now += timedelta(seconds=60)
            ledger.outbox.nudge()
            await emptied(ledger)
    assert {line["event"] for line in logs} == {"sms_failed", "sms_given_up", "sms_sent"}
    everything = json.dumps(logs) + caplog.text + metrics.written().decode()
    assert not [value for value in (LINE, LINE[2:], TEXT, "48291", "t0ken") if value in everything]
