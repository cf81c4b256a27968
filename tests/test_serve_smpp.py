"""`ussd serve` bound to an SMSC that is not ours: killed, restarted, stopped, and left alone by the SMSC."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from tests.conftest import ENTITLED, LINE, MAIN_MENU, PROMPT
from tests.gateways.smpp.network import Network, Phone, free_port, network
from tests.server import Server, ussd
from ussd.callback import Reply

CONFIG = """
drain: 0
gateways:
  mci:
    format: smpp
    smpp: {{host: 127.0.0.1, port: {port}, system_id: tamin, password_env: MCI_PASSWORD}}
"""
SMSC = """
import asyncio, sys, smpp34

async def serve():
    server = smpp34.Server("127.0.0.1", int(sys.argv[1]), system_id="smsc")
    await server.start()
    while True:
        await server.next()

asyncio.run(serve())
"""


@pytest.fixture
def home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With the password of its SMSC."""
    monkeypatch.setenv("MCI_PASSWORD", "hush")
    return home


def configured(home: Path, port: int, more: str = "") -> tuple[str, str]:
    """The arguments of a server with this configuration."""
    config = home / "ussd.yaml"
    config.write_text(CONFIG.format(port=port) + more)
    return "--config", str(config)


@asynccontextmanager
async def serving(home: Path, net: Network) -> AsyncIterator[Server]:
    """A server that is bound, and is not left behind."""
    server = await asyncio.to_thread(Server, home, *configured(home, net.port))
    try:
        await net.until_bound()
        yield server
    finally:
        await asyncio.to_thread(server.close)


async def test_a_server_that_is_killed_in_the_middle_of_a_dialogue_goes_on_with_it(home: Path) -> None:
    async with network() as net:
        phone = Phone(net, LINE)
        async with serving(home, net) as server:
            assert await phone.dial("*4*1420#") == Reply(MAIN_MENU, False)
            await phone.type("1")
            assert await asyncio.to_thread(server.ready) == (200, {"redis": "ok", "ledger": "ok", "smsc mci": "ok"})
            await asyncio.to_thread(server.kill)
            await net.until_unbound()
        async with serving(home, net) as server:
            assert await phone.type("2") == Reply(PROMPT, False)
            answer = await phone.type(ENTITLED)
            assert answer.text.startswith("از حمایت درمانی برخوردار میباشید.")
            assert answer.ends
            assert await asyncio.to_thread(server.stop) == 0
            await net.until_unbound()
    log = "".join(server.log)
    assert not any(word in log for word in (LINE, ENTITLED, "hush"))


async def test_a_stop_in_the_middle_of_dialogues_unbinds_and_is_clean(home: Path) -> None:
    async with network() as net, serving(home, net) as server:
        await Phone(net, LINE).dial("*4*1420#")
        assert await asyncio.to_thread(server.stop, signal.SIGINT) == 0
        await net.until_unbound()
        assert server.events()[-1] == "stopped"


def test_an_smsc_that_dies_is_said_to_be_away_until_it_is_back(home: Path) -> None:
    port = free_port()
    with closing(Server(home, *configured(home, port, "  ours: {format: reference}\n"))) as server:
        assert server.ready() == (200, {"redis": "ok", "ledger": "ok", "smsc mci": "away"})
        for _ in range(2):
            smsc = subprocess.Popen([sys.executable, "-c", SMSC, str(port)])
            try:
                _until(lambda: server.ready()[1]["smsc mci"] == "ok")
            finally:
                smsc.kill()
                smsc.wait()
            _until(lambda: server.ready()[1]["smsc mci"] == "away")
        assert server.healthy() == 200
        assert server.stop() == 0


def test_where_nothing_but_smpp_is_served_an_smsc_that_is_away_is_not_ready(home: Path) -> None:
    with closing(Server(home, *configured(home, free_port()))) as server:
        assert server.ready() == (503, {"redis": "ok", "ledger": "ok", "smsc mci": "away"})
        assert server.stop() == 0


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("    auth: none\n", "nobody calls an SMPP gateway, so there is nothing that `auth` could ask for: mci"),
        ("  other: {format: smpp}\n", "smpp"),
        ("  other: {format: reference, smpp: {host: h, port: 1, system_id: s, password_env: MCI_PASSWORD}}\n", "smpp"),
    ],
)
def test_a_fault_of_its_configuration_is_one_line_at_the_start(home: Path, written: str, said: str) -> None:
    refused = ussd(home, "serve", *configured(home, 2775, written))
    assert refused.returncode == 1
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert "hush" not in refused.stderr


def test_it_may_be_served_where_others_reach_us_without_authentication_as_nobody_calls_it(home: Path) -> None:
    with closing(Server(home, *configured(home, free_port(), "host: 0.0.0.0\n"))) as server:
        assert server.stop() == 0


def _until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)
