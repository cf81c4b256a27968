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


async def test_only_what_is_read_is_answered(admin: Client) -> None:
    assert (await admin.post("/metrics")).status == 405
    assert (await (await admin.get("/healthz")).json()) == {"status": "ok"}
    assert (await admin.get("/readyz")).status == 200
