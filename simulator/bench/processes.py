"""The processes of a benchmark: on which core each runs, how much of it they took, how they start and end."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_START_PATIENCE = 30.0
"""Seconds until a server that does not listen is given up."""
_STOP_PATIENCE = 5.0
_POLL = 0.02
_PLACE = re.compile(r"(https?:/)?(/[\w.@%+-]+){2,}/?")
"""An address or a path, which say nothing to those who read it elsewhere."""


class BenchFailed(Exception):
    """It cannot be measured; one line says why."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Where things run. Without a second core, or without Linux, nothing is told where to run."""

    count: int
    server: int | None = None
    load: int | None = None
    """Also Redis's."""

    def __str__(self) -> str:
        """As it is printed."""
        if self.server is None:
            return f"{self.count}; nothing is pinned"
        return f"{self.count}; the server on core {self.server}, Redis and the load on core {self.load}"


def cores() -> Cores:
    """The cores that this process may use."""
    if not hasattr(os, "sched_getaffinity"):
        return Cores(os.cpu_count() or 1)
    first, *others = sorted(os.sched_getaffinity(0))
    return Cores(1 + len(others), first, others[0]) if others else Cores(1)


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """What is started within runs on that core, with all that it starts."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float | None:
    """What a process and all below it have taken, proc(5); None where that cannot be known."""
    try:
        # What stands in brackets is the program's name, and may have spaces.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = [child for task in Path(f"/proc/{pid}/task").iterdir() for child in _children(task)]
    except OSError:
        return None
    # Fields 14 to 17: user and system time, its own and of the children that have ended.
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(cpu_seconds(child) or 0 for child in children)


def _children(task: Path) -> list[int]:
    with suppress(OSError):
        return [int(pid) for pid in (task / "children").read_text().split()]
    return []


def free_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is serving."""

    pid: int
    port: int


@contextmanager
def serving(
    command: Sequence[str], port: int, environment: Mapping[str, str], folder: Path, log: Path
) -> Iterator[Server]:
    """A server on that port while the context lasts; what it says goes to `log`. Raises BenchFailed."""
    with log.open("wb") as said:
        process = _started(command, environment, folder, said.fileno())
    try:
        _wait(process, port, log)
        yield Server(process.pid, port)
    finally:
        _end(process)


def _started(command: Sequence[str], environment: Mapping[str, str], folder: Path, log: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    except OSError as fault:
        raise BenchFailed(f"{command[0]} does not start: {fault.strerror}") from None


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _START_PATIENCE
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > until:
            raise BenchFailed(f"the server does not start: {reason(log.read_bytes())}")
        time.sleep(_POLL)


def _answers(port: int) -> bool:
    """Whether HTTP is spoken there, whatever is said: some listen before they know whether they can serve."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as line:
        line.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return line.recv(5) == b"HTTP/"
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end; whatever is left of it then is killed."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_PATIENCE)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def reason(said: bytes) -> str:
    """Why a program failed, for those who have not its log: the last error that it speaks of, or its last words."""
    lines = [_PLACE.sub("...", line.strip()) for line in said.decode(errors="replace").splitlines()]
    errors = [line for line in lines if "Error" in line]
    return next((line[:200] for line in reversed(errors or lines) if line), "it said nothing")
