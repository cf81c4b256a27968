"""What is counted at the door: who is not let in, and what cannot be taken."""

from dataclasses import replace

import pytest

from tests.canaries import Canaries
from tests.conftest import LINE
from tests.counted import Since
from tests.web.callers import BODY, SECRET, TOKEN, right
from tests.web.conftest import Client
from ussd.app import App
from ussd.callback import Callback, WireRequest
from ussd.settings import Settings
from ussd.settings.gateway import GatewayGiven
from ussd.web.auth import Raw, Unsure
from ussd.web.callbacks import admitted, exchange
from ussd.web.push import Answer


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("SIGNED", SECRET)
    monkeypatch.setenv("TOKEN", TOKEN)
    auth = {"signed": {"hmac": {"secret_env": "SIGNED"}}, "bearer": {"bearer": {"token_env": "TOKEN"}}}
    gateways = {name: GatewayGiven.model_validate({"format": "reference", "auth": one}) for name, one in auth.items()}
    return settings.model_copy(update={"gateways": gateways})


async def post(client: Client, path: str, headers: dict[str, str]) -> int:
    sent = headers | {"Content-Type": "application/json"}
    async with client.post(f"/gateways/{path}", data=BODY, headers=sent) as reply:
        return reply.status


async def test_who_is_not_let_in_is_counted_by_the_gateway_and_by_nothing_of_the_caller(
    client: Client, app: App
) -> None:
    since = Since(app.metrics)
    signature = right("signed")
    assert await post(client, "signed", signature) == 200
    assert await post(client, "signed", signature) == 401, "a replay"
    for number in range(5):
        assert await post(client, f"bearer/{LINE}{number}?msisdn={LINE}", {"Authorization": f"Bearer {LINE}"}) == 401
    assert since.of("callers_refused_total", "callbacks_total") == {
        "callers_refused_total signed": 1,
        "callers_refused_total bearer": 5,
        "callbacks_total signed *4*1420# shown": 1,
    }
    assert await post(client, f"nobody-{LINE}", {}) == 404
    assert Canaries({LINE}, texts={TOKEN, SECRET}).found_in({"metrics": app.metrics.written()}) == []


class Doubtful:
    """Cannot tell whether anything is a replay."""

    async def verdict(self, raw: Raw) -> Unsure:
        return Unsure()


async def test_where_nobody_can_tell_a_replay_the_store_is_away(app: App) -> None:
    since, door = Since(app.metrics), replace(app.door("signed"), guard=Doubtful())  # type: ignore[arg-type]
    raw = Raw("127.0.0.1", "POST", "/gateways/signed", (), BODY)
    await admitted(door, app.service, raw, WireRequest(headers={"content-type": "application/json"}, body=BODY))
    assert since.of("callbacks_total", "callback_seconds_count") == {"callbacks_total signed  store_away": 1}


class Full:
    """A way out that takes no more."""

    def take(self, callback: Callback, answer: Answer) -> None:
        return None


async def test_what_cannot_be_taken_is_counted_as_a_limit(app: App) -> None:
    since, door = Since(app.metrics), replace(app.door("signed"), push=Full())  # type: ignore[arg-type]
    wire = WireRequest(headers={"content-type": "application/json"}, body=BODY)
    assert (await exchange(door, app.service, wire)).status == 503
    assert since.of("callbacks_total", "limited_total") == {
        "callbacks_total signed  limited": 1,
        "limited_total full": 1,
    }
