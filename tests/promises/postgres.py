"""A PostgreSQL of a test's own, that it may kill, halt and start again."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.postgres import BINARIES, _run
from tests.rigs.redis import free_port


class Postgres:
    """A server with its data in a folder."""

    def __init__(self, folder: Path) -> None:
        """Start nothing yet."""
        assert BINARIES is not None
        self._binaries, self._folder, self._data, self._port = BINARIES, folder, folder / "data", free_port()
        folder.chmod(0o777)
        _run(BINARIES / "initdb", "-D", self._data, "-U", "postgres", "--auth=trust", "--no-sync")

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start it, or start it again, and wait until it answers."""
        options = f"-p {self._port} -c unix_socket_directories='' -c listen_addresses=127.0.0.1 -c fsync=off"
        command = ("-D", self._data, "-w", "-o", options, "-l", self._folder / "log", "start")
        _run(self._binaries / "pg_ctl", *command)

    def kill(self) -> None:
        """SIGKILL to all of its processes at once, as a machine's end would."""
        killed = self._signal(signal.SIGKILL)
        while any(Path(f"/proc/{one}/exe").exists() for one in killed):  # what is dead has none
            time.sleep(0.01)
        (self._data / "postmaster.pid").unlink()  # else a start may take the number for that of a server that runs

    @contextmanager
    def halted(self) -> Iterator[None]:
        """SIGSTOP to all of them, and afterwards SIGCONT."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it, if it runs."""
        with suppress(subprocess.CalledProcessError):
            _run(self._binaries / "pg_ctl", "-D", self._data, "-m", "immediate", "stop")

    def _signal(self, number: signal.Signals) -> list[int]:
        parent = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(parent, signal.SIGSTOP)  # so that it has no more children than are found now
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        processes = [*map(int, children), parent]
        for one in processes:
            with suppress(ProcessLookupError):
                os.kill(one, number)
        return processes


@contextmanager
def killable() -> Iterator[Postgres]:
    """A server that answers."""
    with tempfile.TemporaryDirectory(prefix="ussd-pg-") as folder:
        server = Postgres(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()
