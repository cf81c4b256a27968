"""One Redis-compatible server of a test's own on a port of loopback, that it may kill, halt and start again."""

import os
import random
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from ussd.redis_server import _binary

_WITHIN = 10.0
"""Seconds that a start may take."""
AS_OURS = {
    "appendonly": "yes",
    "appendfsync": "everysec",
    "aof-load-truncated": "yes",
    "maxmemory-policy": "noeviction",
    "hash-max-ziplist-value": "2048",
}
"""As `ussd/redis_server.py` starts the program's own."""

_GIVEN: list[socket.socket] = []
"""The UDP side of each port that was given out, which is nobody else's as long as this process lives."""


class Server:
    """A server on a TCP port, with a folder of its own in which it keeps what survives a kill."""

    def __init__(
        self, folder: Path, options: Mapping[str, str] = AS_OURS, *, mode: str = "", password: str = ""
    ) -> None:
        """Start nothing yet; `mode`: `--sentinel` or nothing."""
        self.folder, self.port, self._password = folder, free_port(), password
        folder.mkdir(parents=True)
        ours = {"port": str(self.port), "bind": "127.0.0.1", "dir": str(folder), "requirepass": f'"{password}"'}
        # In a file, where a sentinel and a node of a cluster write down what they have learnt.
        (folder / "server.conf").write_text("".join(f"{name} {value}\n" for name, value in {**ours, **options}.items()))
        self._command = [str(_binary()), str(folder / "server.conf"), *([mode] if mode else ["--save", ""])]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, or start it again, and wait until it answers."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start it, and do not wait."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait(self) -> None:
        """Wait until it answers, and not with an error since it is still loading."""
        end = time.monotonic() + _WITHIN
        while not self.answers():
            assert self.runs, self.log()
            assert time.monotonic() < end, self.log()
            time.sleep(0.005)

    def answers(self) -> bool:
        try:
            return bool(self.ask("PING"))
        except RedisError:
            return False

    def ask(self, *words: str | bytes | int) -> Any:
        """One command's reply, without an event loop, which so does not notice what becomes of its connections."""
        never = Retry(NoBackoff(), 0)
        client = Redis(
            port=self.port,
            password=self._password or None,
            socket_timeout=2,
            retry=never,
            protocol=2,
            decode_responses=True,
        )
        with closing(client):
            return client.execute_command(*words)

    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")[-2000:]

    def kill(self) -> None:
        """SIGKILL, and see it gone."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait(_WITHIN)

    @contextmanager
    def halted(self) -> Iterator[None]:
        """SIGSTOP, and afterwards SIGCONT."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process and self.runs:
            os.kill(self._process.pid, number)


@contextmanager
def redis(options: Mapping[str, str] = AS_OURS, password: str = "") -> Iterator[Server]:
    """A server that answers."""
    with tempfile.TemporaryDirectory(prefix="ussd-rig-") as folder:
        server = Server(Path(folder) / "redis", options, password=password)
        try:
            server.start()
            yield server
        finally:
            server.kill()


def free_port() -> int:
    """A port that nobody has, below those from which connections are made: it is still free after a kill.

    Nor does any process of the tests give it out a second time, before or after somebody listens there.
    """
    while True:
        port, token = random.randrange(15_000, 32_000), socket.socket(type=socket.SOCK_DGRAM)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                token.bind(("127.0.0.1", port))
            except OSError:
                token.close()
                continue
        _GIVEN.append(token)
        return port
