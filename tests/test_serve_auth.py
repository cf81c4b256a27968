"""Authentication as an operator's engineer meets it: at start, by two processes, without Redis, with `ussd dial`."""

import json
import os
import signal
import time
from contextlib import closing
from pathlib import Path
from urllib.request import Request

import pytest

from tests.conftest import MAIN_MENU
from tests.server import Server, asked, ussd
from tests.web.signing import signed
from ussd.redis_server import own_server

CONFIG = """
host: 0.0.0.0
drain: 0
gateways:
  irancell:
    format: reference
    auth: {networks: [127.0.0.0/8], hmac: {secret_env: IRANCELL_SECRET}}
  mci: {format: africastalking, auth: {bearer: {token_env: MCI_TOKEN}}}
"""
SECRET, TOKEN = "secret-of-irancell-hush", "token-of-mci-hush"
BODY = json.dumps(
    {"session": "s1", "msisdn": "989120000001", "event": "begin", "dialled": "*4*1420#", "request": "1"}
).encode()


@pytest.fixture
def home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a configuration whose secrets are set."""
    monkeypatch.setenv("IRANCELL_SECRET", SECRET)
    monkeypatch.setenv("MCI_TOKEN", TOKEN)
    (home / "ussd.yaml").write_text(CONFIG)
    return home


def start(home: Path, **settings: str) -> Server:
    return Server(home, "--config", str(home / "ussd.yaml"), **settings)


def call(server: Server, headers: dict[str, str]) -> tuple[int, str]:
    url = f"http://127.0.0.1:{server.port}/gateways/irancell"
    return asked(Request(url, BODY, {"Content-Type": "application/json", **headers}))


def right() -> dict[str, str]:
    return signed(SECRET, "/gateways/irancell", BODY)


def test_a_replay_is_refused_by_another_process_and_after_a_restart(home: Path) -> None:
    headers = right()
    with closing(start(home)) as one, closing(start(home)) as other:
        status, first = call(one, headers)
        assert (status, json.loads(first)["text"]) == (200, MAIN_MENU)
        assert call(one, headers)[0] == call(other, headers)[0] == 401
        assert call(other, right()) == (200, first), "a retry, signed anew"
        one.kill()
        other.stop()
    with closing(start(home)) as again:
        assert call(again, headers)[0] == 401
        again.stop()
    log = "".join([*one.log, *other.log, *again.log])
    assert '"missed":["replay"]' in log
    assert "hush" not in log
    assert headers["X-Ussd-Nonce"] not in log


@pytest.mark.alone
def test_without_redis_a_signed_call_gets_the_apology_and_any_other_401(home: Path) -> None:
    with own_server(home / "elsewhere") as url, closing(start(home, redis_url=url)) as server:
        assert call(server, right())[0] == 200
        redis = _process_of(url)
        os.kill(redis, signal.SIGSTOP)
        try:
            begun = time.monotonic()
            status, apology = call(server, right())
            assert time.monotonic() - begun < 1.5  # the apology is due within a second; the rest is the machine's
            assert status == 200
            assert json.loads(apology)["ends"] is True
            assert "پاسخگو نیست" in json.loads(apology)["text"]
            assert call(server, right() | {"X-Ussd-Nonce": "of-another"})[0] == 401
        finally:
            os.kill(redis, signal.SIGCONT)
        server.stop()
    assert '"event":"replay_unknown"' in "".join(server.log)


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_secret_that_is_not_set_is_one_line_at_the_start(
    home: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("MCI_TOKEN") if value is None else monkeypatch.setenv("MCI_TOKEN", value)
    refused = ussd(home, "serve", "--config", str(home / "ussd.yaml"))
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "ussd.yaml:8:60: the environment has no variable of this name" in refused.stderr


def test_the_handset_may_send_a_header_that_lets_it_in(home: Path) -> None:
    with closing(start(home)) as server:
        dial = ("dial", "*4*1420#", "--url", f"http://127.0.0.1:{server.port}/gateways/mci",
                "--gateway", "africastalking", "--inputs", "", "--plain")  # fmt: skip
        refused = ussd(home, *dial)
        assert refused.returncode == 1
        assert "401" in refused.stderr
        assert ussd(home, *dial, "--header", f"Authorization: Bearer {TOKEN}").stdout.strip() == MAIN_MENU
        server.stop()


def _process_of(url: str) -> int:
    """The server behind a Unix socket."""
    home = str(Path(url.removeprefix("unix://")).parent)
    [found] = [
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if home in (command := (process / "cmdline").read_text()) and "-server" in command.split("\0")[0]
    ]
    return found
