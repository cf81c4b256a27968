"""The server as its operators know it: killed, starved of Redis or of its database, stopped, misconfigured."""

import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.conftest import ENTITLED, MAIN_MENU, PROMPT, SLOW
from tests.server import Server, ussd
from ussd.redis_server import own_server

ANSWER = re.compile("END از حمایت درمانی برخوردار میباشید\\.\nکد پیگیری: n[0-9]{6}")
TEXTS = ("", "1", "1*2", f"1*2*{ENTITLED}")
DRAIN = {"drain": "0"}


Start = Callable[..., Server]


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    """Starts servers, none of which outlives its test."""
    with ExitStack() as stack:
        yield lambda *arguments, **settings: stack.enter_context(closing(Server(home, *arguments, **settings)))


def test_a_killed_server_goes_on_where_it_was(start: Start) -> None:
    read = []
    for typed in TEXTS:
        server = start()
        read.append(server.post(typed))
        server.kill()
    server = start()
    assert read[0] == f"CON {MAIN_MENU}"
    assert read[2] == f"CON {PROMPT}"
    assert ANSWER.fullmatch(read[3])
    assert [server.post(typed) for typed in TEXTS] == read, "retries after the last restart"
    assert server.stop() == 0


@pytest.mark.alone
def test_without_redis_there_is_an_apology_within_a_second_until_it_is_back(home: Path, start: Start) -> None:
    with own_server(home / "elsewhere") as url:
        server = start(redis_url=url, **DRAIN)
        server.post("")
        redis = _server_of(home / "elsewhere")
        _signal(redis, signal.SIGSTOP)
        begun = time.monotonic()
        apology = server.post("1")
        assert time.monotonic() - begun < 1.5  # the apology is due within a second; the rest is the machine's
        assert apology.startswith("END ")
        assert "پاسخگو نیست" in apology
        assert server.ready() == (503, {"redis": "away", "ledger": "ok"})
        assert server.healthy() == 200
        _signal(redis, signal.SIGCONT)
        _until(lambda: server.ready()[0] == 200)
        assert server.post("1*2") == f"CON {PROMPT}"
        server.stop()


def test_a_redis_that_died_is_back_and_the_session_with_it(home: Path, start: Start) -> None:
    server = start(**DRAIN)
    server.post("")
    server.post("1")
    time.sleep(1.1)  # appendfsync everysec
    _signal(_server_of(home), signal.SIGKILL)
    assert server.post("1", session="other", msisdn="989120000002").startswith(("END ", "CON "))
    _until(lambda: server.ready()[0] == 200)
    assert server.post("1*2") == f"CON {PROMPT}"
    server.stop()


def test_without_its_database_no_tracking_code_is_shown(home: Path, start: Start) -> None:
    (home / "db").mkdir()
    server = start(database_url=f"sqlite:///{home / 'db' / 'ledger.sqlite3'}", **DRAIN)
    server.post("1*2")
    (home / "db").rename(home / "gone")
    reply = server.post(f"1*2*{ENTITLED}")
    assert reply.startswith("END پاسخی از سامانه نرسید.")
    assert "پیگیری" not in reply
    assert server.ready() == (503, {"redis": "ok", "ledger": "away"})
    (home / "gone").rename(home / "db")
    _until(lambda: server.ready()[0] == 200)
    assert ANSWER.fullmatch(server.post(f"1*2*{ENTITLED}", session="ATUid_2"))
    server.stop()


def test_a_stop_first_says_so_and_finishes_what_is_under_way(start: Start) -> None:
    server = start(drain="0.5s")
    replies: list[str] = []
    slow = threading.Thread(target=lambda: replies.append(server.post(f"1*2*{SLOW}")))
    slow.start()
    time.sleep(0.3)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    time.sleep(0.2)
    assert server.ready() == (503, {"redis": "ok", "ledger": "ok", "draining": "yes"})
    assert server.post("", session="last").startswith("CON "), "callbacks are taken until the drain is over"
    slow.join()
    stopping.join()
    assert replies[0].startswith("END پاسخی از سامانه نرسید.")
    assert server.process.returncode == 0
    assert server.events()[-2:] == ["callback_answered", "stopped"]


def test_what_a_home_holds_is_for_its_owner_alone(home: Path) -> None:
    new = home / "new" / "home"
    with closing(Server(new, **DRAIN)) as server:
        server.post("1*2")
        assert new.stat().st_mode & 0o077 == 0
        assert all(path.stat().st_mode & 0o077 == 0 for path in new.iterdir())
        server.stop()


def test_nothing_is_left_behind(home: Path, start: Start) -> None:
    server = start(**DRAIN)
    assert _server_of(home)
    assert server.stop(signal.SIGINT) == 0
    assert not _servers(home)


def test_a_port_that_others_reach_wants_authentication_or_its_absence_said_out_loud(home: Path, start: Start) -> None:
    refused = ussd(home, "serve", "--host", "0.0.0.0", "--port", "0", "--admin-port", "0")
    assert refused.returncode == 1
    assert "0.0.0.0 is not loopback" in refused.stderr
    assert refused.stderr.count("\n") == 1
    config = home / "ussd.yaml"
    config.write_text("host: 0.0.0.0\ngateways:\n  ours: {format: reference, auth: none}\n")
    start("--config", str(config), **DRAIN).stop()


def test_a_configuration_says_which_gateways_there_are_and_what_their_lines_show(home: Path, start: Start) -> None:
    config = home / "ussd.yaml"
    config.write_text(
        "gateways:\n  irancell:\n    format: africastalking\n    profile: {letters: arabic, deadline: 4s}\n"
    )
    server = start("--config", str(config), **DRAIN)
    dialled = ussd(home, "dial", "*4*1420#", "--url", f"http://127.0.0.1:{server.port}/gateways/irancell",
                   "--gateway", "africastalking", "--inputs", "", "--plain")  # fmt: skip
    assert dialled.stdout.strip() == MAIN_MENU.replace("ی", "ي")
    assert ussd(home, "dial", "*4*1420#", "--url", f"http://127.0.0.1:{server.port}").returncode == 1
    server.stop()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("prot: 80\n", "ussd.yaml:1:1: unknown field: prot"),
        ("port: many\n", "ussd.yaml:1:7: Input should be a valid integer"),
        ("gateways:\n  x: {format: reference, auth: basic}\n", "ussd.yaml:2:32: Input should be 'none'"),
        ("gateways:\n  x: {format: nokia}\n", "gateway x: no such format: nokia (there are africastalking, "),
        ("- list\n", "ussd.yaml:1:1: the configuration is a mapping"),
    ],
)
def test_a_fault_of_the_configuration_is_said_with_its_place(home: Path, written: str, said: str) -> None:
    (home / "ussd.yaml").write_text(written)
    refused = ussd(home, "serve", "--config", str(home / "ussd.yaml"))
    assert refused.returncode == 1
    assert said in refused.stderr


def test_a_fault_of_a_variable_names_the_variable(home: Path) -> None:
    refused = ussd(home, "serve", port="many")
    assert refused.returncode == 1
    assert refused.stderr.startswith("USSD_PORT")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("redis_url", "redis://:hush@host:port"), ("entitlement_url", "http://user:hush@registry"),
     ("database_url", "postgresql://user:hush@host:port/x"), ("entitlement_url", "nowhere")],
)  # fmt: skip
def test_an_address_that_is_none_is_one_line_without_its_password(home: Path, setting: str, value: str) -> None:
    refused = ussd(home, "serve", **{setting: value})
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "hush" not in refused.stderr


def test_a_menu_with_a_fault_is_not_served(home: Path) -> None:
    menus = home / "menus"
    shutil.copytree(Path(__file__).parent.parent / "menus", menus)
    broken = (menus / "1420.yaml").read_text().replace("goto: services}", "goto: servces}")
    (menus / "1420.yaml").write_text(broken)
    refused = ussd(home, "serve", menus=str(menus))
    assert refused.returncode == 1
    assert "1420.yaml:18:50: no such screen: servces" in refused.stderr
    checked = ussd(home, "check", menus=str(menus))
    assert checked.returncode == 1
    assert "1420.yaml:18:50: no such screen: servces" in checked.stdout


def _servers(home: Path) -> list[int]:
    """The processes that run the Redis-compatible server of this home."""
    return [
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if (command := _command(process))
        and re.search("(valkey|redis)-server", command[0])
        and str(home) in str(command)
    ]


def _command(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_text().split("\0")
    except OSError:
        return []


def _server_of(home: Path) -> int:
    [server] = _servers(home)
    return server


def _signal(process: int, number: signal.Signals) -> None:
    os.kill(process, number)


def _until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)
