"""The own server, whatever is killed, hangs, comes in between or cannot be read."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.homes import User, ask, eventually, pongs, processes, server
from ussd import redis_server
from ussd.redis_server import NoServer, own_server


def test_killed_users_leave_no_server(home: Path) -> None:
    users = [User(home) for _ in range(3)]
    for user in users:
        assert pongs(user.url())
    for user in users:
        user.end(signal.SIGKILL)
    assert eventually(lambda: not processes(home))


def test_a_ctrl_c_for_one_user_leaves_the_server_to_the_others(home: Path) -> None:
    first, second = User(home), User(home)
    url = first.url() and second.url()
    before = server(home)
    first.end(signal.SIGINT)
    time.sleep(0.3)
    assert pongs(url)
    assert server(home) == before
    second.leave()


def test_a_killed_server_comes_back_with_all_that_it_acknowledged(home: Path) -> None:
    with own_server(home) as url:
        for number in range(100):
            assert ask(url, "SET", f"key {number}", "1") == b"+OK\r\n"
        os.kill(server(home), signal.SIGKILL)
        assert eventually(lambda: not pongs(url))
        assert eventually(lambda: pongs(url))
        assert ask(url, "DBSIZE") == b":100\r\n"


def test_a_killed_keeper_takes_its_server_along_and_the_next_user_starts_both(home: Path) -> None:
    with own_server(home) as url:
        [keeper] = processes(home, "redis_keeper.py")
        os.kill(keeper, signal.SIGKILL)
        assert eventually(lambda: not processes(home))
        with own_server(home) as again:
            assert again == url
            assert pongs(url)


def test_a_signal_to_a_whole_service_leaves_the_server_to_who_still_works(home: Path) -> None:
    with own_server(home) as url:
        for pid in processes(home):
            os.kill(pid, signal.SIGTERM)
        assert eventually(lambda: not pongs(url))
        assert eventually(lambda: pongs(url))


def test_a_hanging_server_is_stopped_too(home: Path) -> None:
    with own_server(home):
        os.kill(server(home), signal.SIGSTOP)
    assert eventually(lambda: not processes(home), 0.5)


def test_who_comes_while_the_last_one_leaves_is_served(home: Path) -> None:
    deadline = time.monotonic() + 3
    served = []

    def come_and_go(pause: float) -> None:
        while time.monotonic() < deadline:
            with own_server(home) as url:
                served.append(ask(url, "PING"))
            time.sleep(pause)

    calls = [threading.Thread(target=come_and_go, args=(pause,)) for pause in (0.0, 0.013, 0.11)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert set(served) == {b"+PONG\r\n"}
    assert len(served) > 20


def test_a_socket_that_a_crash_left_is_no_obstacle(home: Path) -> None:
    (home / "redis").mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(home / "redis" / "redis.sock"))
    with own_server(home) as url:
        assert pongs(url)


def log_of_appends(home: Path) -> Path:
    [path] = (home / "redis").glob("appendonlydir/*.incr.aof")
    return path


def test_a_log_that_a_crash_cut_short_is_read_as_far_as_it_goes(home: Path) -> None:
    with own_server(home) as url:
        ask(url, "SET", "a", "1")
        ask(url, "SET", "b", "1")
    os.truncate(log_of_appends(home), log_of_appends(home).stat().st_size - 5)
    with own_server(home) as url:
        assert ask(url, "GET", "a") == b"$1\r\n1\r\n"
        assert ask(url, "DBSIZE") == b":1\r\n"


def filled_with_zeros(folder: Path) -> None:
    """As some file systems leave a file after a power cut."""
    [path] = folder.glob("*.incr.aof")
    path.write_bytes(path.read_bytes() + bytes(4096))


def without_its_list(folder: Path) -> None:
    os.truncate(folder / "appendonly.aof.manifest", 3)


def of_a_newer_server(folder: Path) -> None:
    """As after a change from the wheel's server to an older one that is installed."""
    [path] = folder.glob("*.base.rdb")
    path.write_bytes(b"REDIS9999" + path.read_bytes()[9:])


@pytest.mark.parametrize("harm", [filled_with_zeros, without_its_list, of_a_newer_server])
def test_files_that_the_server_cannot_read_are_put_aside(home: Path, harm: Callable[[Path], None]) -> None:
    with own_server(home) as url:
        ask(url, "SET", "a", "1")
    harm(home / "redis" / "appendonlydir")
    with own_server(home) as url:
        assert ask(url, "DBSIZE") == b":0\r\n"
    assert len(list((home / "redis").glob("unreadable-*"))) == 1


def test_a_server_that_does_not_start_is_an_error_with_its_last_words(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = home / "valkey-server"
    binary.write_text("#!/bin/sh\necho the moon is in the wrong house\nexit 1\n")
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", f"{home}:{os.environ['PATH']}")
    monkeypatch.setattr(redis_server, "_START_PATIENCE", 0.5)
    with pytest.raises(NoServer, match="the moon is in the wrong house") as raised, own_server(home):
        pass
    assert "\n" not in str(raised.value)
    assert processes(home) == []


def test_the_log_of_the_server_is_bounded(home: Path) -> None:
    (home / "redis").mkdir()
    (home / "redis" / "server.log").write_bytes(b"x" * 1_100_000)
    with own_server(home):
        pass
    assert (home / "redis" / "server.log").stat().st_size < 10_000
