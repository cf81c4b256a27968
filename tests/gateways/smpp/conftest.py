"""What the tests of an SMPP gateway stand on."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from gateways.smpp import client as client_module
from tests.gateways.smpp.network import Network, network
from ussd.app import App, running
from ussd.settings import Settings
from ussd.settings.gateway import GatewayGiven
from ussd.settings.smpp import Smpp

Apps = Callable[..., AbstractAsyncContextManager[App]]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a password, and with pauses between two binds that a test can wait out."""
    monkeypatch.setenv("MCI_PASSWORD", "hush")
    monkeypatch.setattr(client_module, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(client_module, "LONGEST_PAUSE", 0.5)


@pytest.fixture
def apps(settings: Settings, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Apps:
    """The engine at work, with one SMPP gateway that is configured as told."""
    monkeypatch.setenv("MCI_PASSWORD", "hush")

    @asynccontextmanager
    async def start(port: int, profile: dict[str, object] | None = None, **more: object) -> AsyncIterator[App]:
        smpp = Smpp(host="127.0.0.1", port=port, system_id="tamin", password_env="MCI_PASSWORD", **more)  # type: ignore[arg-type]
        mci = GatewayGiven(format="smpp", smpp=smpp, profile=profile or {})  # type: ignore[arg-type]
        gateways = {"mci": mci, "reference": GatewayGiven(format="reference")}
        async with running(settings.model_copy(update={"gateways": gateways}), redis_url) as app, app.at_work():
            yield app

    return start


@asynccontextmanager
async def bound(apps: Apps, times: int = 1, **more: object) -> AsyncIterator[tuple[App, Network]]:
    """The engine, bound to a network."""
    async with network() as net, apps(net.port, **more) as app:
        await net.until_bound(times)
        yield app, net
