"""The administration port, as Prometheus reads it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from tests.web.conftest import Client
from ussd.metrics import Metrics
from ussd.web.admin import Readiness, application


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def admin(metrics: Metrics) -> AsyncIterator[Client]:
    async with TestClient(TestServer(application(Readiness({}), metrics))) as client:
        yield client


async def read(admin: Client) -> dict[str, float]:
    reply = await admin.get("/metrics")
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(await reply.text())
    return {sample.name: sample.value for family in families for sample in family.samples}


async def test_prometheus_reads_how_the_messages_fare(admin: Client, metrics: Metrics) -> None:
    names = ("sent_total", "failed_total", "given_up_total", "waiting", "oldest_seconds")
    assert [(await read(admin))[f"ussd_sms_{name}"] for name in names] == [0] * 5
    metrics.sms_sent()
    metrics.sms_failed()
    metrics.sms_failed()
    metrics.sms_given_up(3)
    metrics.sms_backlog(4, 5.5)
    assert [(await read(admin))[f"ussd_sms_{name}"] for name in names] == [1, 2, 3, 4, 5.5]


async def test_every_application_has_numbers_of_its_own(metrics: Metrics) -> None:
    metrics.sms_sent()
    assert b"ussd_sms_sent_total 0.0" in Metrics().written()


async def _ready(**more: object) -> tuple[int, dict[str, str]]:
    async with TestClient(TestServer(application(Readiness({"redis": _there}, **more), Metrics()))) as client:  # type: ignore[arg-type]
        reply = await client.get("/readyz")
        return reply.status, await reply.json()


async def _there() -> None:
    """Answer."""


async def _gone() -> None:
    raise OSError


async def test_an_smsc_that_is_away_is_said_and_the_others_are_served_all_the_same() -> None:
    smscs = {"mci": lambda: False, "rightel": lambda: True}
    said = {"redis": "ok", "smsc mci": "away", "smsc rightel": "ok"}
    assert await _ready(smscs=smscs) == (200, said)
    assert await _ready(smscs=smscs, doors=False) == (200, said)
    assert await _ready(smscs={"mci": lambda: False}) == (200, {"redis": "ok", "smsc mci": "away"})


async def test_where_all_is_smpp_and_every_smsc_is_away_nothing_can_be_served() -> None:
    away = {"mci": lambda: False, "rightel": lambda: False}
    assert (await _ready(smscs=away, doors=False))[0] == 503


async def test_what_every_callback_needs_must_be_there_and_a_drain_ends_it() -> None:
    bound = {"mci": lambda: True}
    assert (await _ready(smscs=bound, draining=True)) == (503, {"redis": "ok", "smsc mci": "ok", "draining": "yes"})
    async with TestClient(TestServer(application(Readiness({"redis": _gone}, smscs=bound), Metrics()))) as client:
        assert (await client.get("/readyz")).status == 503


async def test_only_what_is_read_is_answered(admin: Client) -> None:
    assert (await admin.post("/metrics")).status == 405
    assert (await (await admin.get("/healthz")).json()) == {"status": "ok"}
    assert (await admin.get("/readyz")).status == 200
