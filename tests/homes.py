"""Homes for a while, users of a home's own server as processes, and what is seen of the server from outside."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[1]
USER = """
import sys
from pathlib import Path
from ussd.redis_server import own_server
with own_server(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""
_GONE = 10.0
"""Seconds until what still runs in a home is there for good."""


@contextmanager
def a_home() -> Iterator[Path]:
    """A home whose path is short enough for a socket, removed once nothing runs in it any more.

    Who is killed leaves a keeper and a server, which go a moment later, and write to their log until then.
    """
    with tempfile.TemporaryDirectory(prefix="ussd-") as folder:
        home = Path(folder)
        try:
            yield home
        finally:
            if not eventually(lambda: not processes(home), _GONE):
                raise AssertionError(f"still running in {home}: {processes(home)}")


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
