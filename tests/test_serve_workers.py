"""Several processes on one port, as whoever runs them meets them."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from tests.conftest import MAIN_MENU
from tests.server import Server, asked, ussd


def until(holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError


def workers_of(server: Server) -> set[int]:
    """The processes that it has forked."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    return {int(pid) for pid in children.split()}


def serving(server: Server) -> list[dict[str, int]]:
    """What each worker has said of its ports."""
    said = [json.loads(line) for line in list(server.log) if line.startswith("{")]
    return [one for one in said if one["event"] == "serving"]


def begun(server: Server, number: int) -> str:
    wire = {"session": f"s{number}", "msisdn": f"98912{number:07}", "event": "begin", "dialled": "*4*1420#"}
    url = f"http://127.0.0.1:{server.port}/gateways/reference"
    status, body = asked(Request(url, json.dumps(wire).encode(), {"Content-Type": "application/json"}))
    assert status == 200
    return str(json.loads(body)["text"])


@contextmanager
def started(home: Path, count: int = 3) -> Iterator[Server]:
    server = Server(home, "--workers", str(count), drain="0")
    until(lambda: len(serving(server)) == count)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()


def test_all_answer_on_one_port_and_each_on_an_administration_port_of_its_own(home: Path) -> None:
    with started(home) as server:
        assert {one["port"] for one in serving(server)} == {server.port}
        ports = {one["admin_port"] for one in serving(server)}
        assert len(ports) == 3
        for port in ports:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as ready:
                assert json.load(ready) == {"redis": "ok", "ledger": "ok"}
        assert [begun(server, number) for number in range(20)] == [MAIN_MENU] * 20


def test_a_killed_one_is_replaced_and_sessions_go_on_elsewhere(home: Path) -> None:
    with started(home) as server:
        before = workers_of(server)
        os.kill(min(before), signal.SIGKILL)
        until(lambda: len(serving(server)) == 4)
        after = workers_of(server)
        assert len(after) == 3
        assert len(after & before) == 2
        assert [begun(server, number) for number in range(20)] == [MAIN_MENU] * 20
        server.stop()
        assert server.events().count("worker_died") == 1


def test_one_that_is_killed_again_and_again_while_it_serves_is_replaced_again_and_again(home: Path) -> None:
    with started(home, 2) as server:
        for kill in range(6):
            victim = max(workers_of(server))
            os.kill(victim, signal.SIGKILL)
            until(lambda kill=kill: len(serving(server)) == 3 + kill)  # type: ignore[misc]
        assert len(workers_of(server)) == 2
        assert begun(server, 1) == MAIN_MENU


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_stop_ends_all_of_them(home: Path, number: signal.Signals) -> None:
    with started(home) as server:
        workers = workers_of(server)
        assert server.stop(number) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
        assert server.events().count("stopped") == 3


def test_no_worker_outlives_its_parent(home: Path) -> None:
    with started(home) as server:
        workers = workers_of(server)
        server.kill()
        until(lambda: not any(_lives(pid) for pid in workers))
        with pytest.raises((URLError, ConnectionError)):
            begun(server, 1)


def _lives(pid: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    return False


def test_what_no_restart_mends_is_given_up(home: Path) -> None:
    (home / "ledger.sqlite3").mkdir(parents=True)
    run = ussd(home, "serve", "--workers", "2", "--port", "0", "--admin-port", "0")
    assert run.returncode == 1
    assert "died 5 times soon after its start" in run.stderr.splitlines()[-1]


def test_a_change_of_the_menus_is_taken_by_all(home: Path) -> None:
    with started(home) as server:
        server.process.send_signal(signal.SIGHUP)
        ports = {one["admin_port"] for one in serving(server)}
        for port in ports:
            until(lambda port=port: "ussd_menus_taken_total 1.0" in _metrics(port))  # type: ignore[misc]


def _metrics(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as reply:
        return str(reply.read().decode())
