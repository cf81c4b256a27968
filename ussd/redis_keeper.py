"""The keeper: a process that runs one home's Redis server, restarts it where it dies, and stops it with its last user.

`ussd/redis_server.py` runs this file by its path, and waits for it: so it imports little, and nothing of the project.

Users hold a shared lock on one file. The keeper tries now and then for the exclusive lock: when it gets it, no user is
left, and none can come before it lets go. The kernel takes a lock from a process however that ends, so no kill leaves
a server behind. Where the keeper itself is killed its server goes too, and the next user starts both again.
"""

import ctypes
import fcntl
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

_TICK = 0.1
"""Seconds between two looks at the users and at the server."""
_PATIENCE = 1.5
"""Seconds that a server may take to stop; one that is killed loses no write that it has acknowledged."""
_SETTLED = 5.0
"""Seconds after which a server that dies does not die of its start."""
_LONGEST_LOG = 1_000_000
"""Octets of the server's log, after which a new one is begun; one old one is kept."""
_UNREADABLE = (b"the append only file", b"aof manifest", b"rdb format")
"""What servers say, in lower case, before they exit over their files."""
_PR_SET_PDEATHSIG = 1
"""prctl(2)."""


def main(home: str, socket: str, *command: str) -> None:
    """Keep the server that `command` starts, with its locks and its log in `home`, unless another keeper does."""
    folder = Path(home)
    kept = _lock_file(folder, "keeper.lock")
    if not taken(kept):
        return
    _detach()
    _turn(folder / "server.log")
    users = _lock_file(folder, "users.lock")
    server = Server(folder, command, kept)
    while not taken(users):
        server.tend()
        time.sleep(_TICK)
    server.stop()
    _sweep(Path(socket), folder)
    os._exit(0)  # at once, so that who finds the locks free finds no process either


def taken(lock: int) -> bool:
    """Take a lock for this process alone, if no other holds it in any way."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_file(folder: Path, name: str) -> int:
    return os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)


def _detach() -> None:
    """Leave parent and terminal, and outlive what ends the users: a Ctrl-C, or a signal to all of a service."""
    if os.fork():
        os._exit(0)
    os.setsid()
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.SIG_IGN)


def _turn(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LONGEST_LOG:
        log.replace(log.with_name("server.log.1"))


def _sweep(socket: Path, folder: Path) -> None:
    socket.unlink(missing_ok=True)
    if socket.parent != folder:
        with suppress(OSError):  # others' files in it are not ours to judge
            socket.parent.rmdir()


class Server:
    """The server's process. It holds the keeper's lock too: no second keeper starts while any of the two is there."""

    def __init__(self, folder: Path, command: tuple[str, ...], lock: int) -> None:
        """Start nothing yet."""
        self._folder = folder
        self._command = command
        self._lock = lock
        self._pid = 0
        self._started = 0.0
        self._deaths = 0
        self._due = 0.0

    def tend(self) -> None:
        """Start the server where it is not there: at once the first time, and ever later where it dies of its start."""
        if self._pid and self._died():
            self._pid = 0
            self._due = time.monotonic() + _TICK * 2 ** (min(self._deaths, 6) - 1)
        if not self._pid and time.monotonic() >= self._due:
            self._started = time.monotonic()
            self._pid = self._start()

    def stop(self) -> None:
        """End the server, and wait until it is gone."""
        if not self._pid:
            return
        os.kill(self._pid, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE
        while os.waitpid(self._pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(self._pid, signal.SIGKILL)
            time.sleep(0.01)

    def _died(self) -> bool:
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if not pid:
            return False
        at_start = time.monotonic() - self._started < _SETTLED
        self._deaths = self._deaths + 1 if at_start else 0
        if at_start and os.waitstatus_to_exitcode(status) > 0:
            self._set_aside()
        return True

    def _set_aside(self) -> None:
        """Put away what the server calls unreadable: zeros after a power cut, or a newer server's form."""
        end = (self._folder / "server.log").read_bytes()[-600:].lower()
        if any(words in end for words in _UNREADABLE):
            for kept in self._folder.glob("appendonly*"):
                kept.rename(self._folder / f"unreadable-{time.time_ns()}")

    def _start(self) -> int:
        keeper = os.getpid()
        pid = os.fork()
        if pid:
            return pid
        try:
            os.set_inheritable(self._lock, True)
            for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(ending, signal.SIG_DFL)
            _die_with(keeper)
            os.execv(self._command[0], self._command)  # noqa: S606 - a server's binary, no shell wanted
        except OSError as fault:
            print(f"{self._command[0]}: {fault.strerror}", file=sys.stderr, flush=True)
        finally:
            os._exit(127)


def _die_with(parent: int) -> None:
    """Have the kernel end this process with its parent; only Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
