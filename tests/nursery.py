"""Processes of `ussd` that begin with all of it imported: forked by one that has done that once for hundreds of tests.

Each is a process of its own, with its own variables, folder, pipes and signals, and can be killed like any other. Only
the second that Python takes to import everything is saved. `python -m tests.nursery FD` is the one that forks.
"""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).parent.parent
_PRELOADED = ("ussd.cli.server", "ussd.cli.handset", "ussd.cli.centres", "ussd.cli.sms", "ussd.ledger.migrations.env")
_MOST = 64 * 1024


class Process:
    """As much of subprocess.Popen as the tests use; text on its pipes."""

    def __init__(self, pid: int, ended: threading.Event, stdin: IO[str], stdout: IO[str], stderr: IO[str]) -> None:
        self.pid, self.stdin, self.stdout, self.stderr = pid, stdin, stdout, stderr
        self.returncode: int | None = None
        self._ended = ended

    def poll(self) -> int | None:
        """Its exit code, negative where a signal ended it; None while it runs."""
        return self.wait(0) if self._ended.is_set() else None

    def wait(self, timeout: float) -> int:
        """Its exit code. Raises TimeoutExpired."""
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired("ussd", timeout)
        self.returncode = _nursery().codes[self.pid]
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if not self._ended.is_set():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, given: str, timeout: float) -> tuple[str, str]:
        """Give it its input, and read all that it says. Raises TimeoutExpired."""
        said: dict[str, str] = {}
        readers = [
            threading.Thread(target=lambda name=name, pipe=pipe: said.setdefault(name, pipe.read()), daemon=True)
            for name, pipe in (("stdout", self.stdout), ("stderr", self.stderr))
        ]
        for reader in readers:
            reader.start()
        with suppress(BrokenPipeError), self.stdin:
            self.stdin.write(given)
        try:
            self.wait(timeout)
        finally:
            self.kill()
            for reader in readers:
                reader.join(5)
            self.stdout.close()
            self.stderr.close()
        return said["stdout"], said["stderr"]


class Nursery:
    """The one that forks, as a test sees it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        command = (sys.executable, "-m", "tests.nursery", str(theirs.fileno()))
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(command, pass_fds=(theirs.fileno(),), env=environment, cwd=ROOT)
        theirs.close()
        self._socket, self._lock = ours, threading.Lock()
        self.codes: dict[int, int] = {}
        self._ended: dict[int, threading.Event] = {}
        self._born: list[int] = []
        self._said = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def start(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Process:
        """A process of `ussd` with these arguments and variables."""
        ends = [os.pipe() for _ in range(3)]
        theirs = (ends[0][0], ends[1][1], ends[2][1])
        ours = (ends[0][1], ends[1][0], ends[2][0])
        request = json.dumps({"arguments": arguments, "environment": dict(environment), "folder": str(Path.cwd())})
        with self._lock:
            socket.send_fds(self._socket, [request.encode() + b"\n"], theirs)
            with self._said:
                self._said.wait_for(lambda: self._born, 60)
                pid = self._born.pop(0)
        for fd in theirs:
            os.close(fd)
        stdin, stdout, stderr = (os.fdopen(fd, mode, encoding="utf-8") for fd, mode in zip(ours, "wrr", strict=True))
        return Process(pid, self._ended[pid], stdin, stdout, stderr)

    def _listen(self) -> None:
        for line in self._socket.makefile("r", encoding="utf-8"):
            said = json.loads(line)
            if "born" in said:
                self._ended[said["born"]] = threading.Event()
                with self._said:
                    self._born.append(said["born"])
                    self._said.notify()
            else:
                self.codes[said["ended"]] = said["code"]
                self._ended[said["ended"]].set()


@cache
def _nursery() -> Nursery:
    return Nursery()


def start(arguments: Sequence[str], environment: Mapping[str, str]) -> Process:
    """A process of `ussd`, forked in the nursery of this process."""
    return _nursery().start(arguments, environment)


def serve(fd: int) -> None:
    """Fork until the tests are over, and tell who has ended."""
    for name in _PRELOADED:
        with suppress(AttributeError):  # Alembic's file wants to be run by Alembic; all that it imports is there now
            import_module(name)
    with socket.socket(fileno=fd) as channel, selectors.DefaultSelector() as selector:
        woken, wake = socket.socketpair()
        for end in (woken, wake):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno())
        selector.register(channel, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is woken:
                    woken.recv(_MOST)
                    _reap(channel)
                elif not _bear(channel, (woken, wake)):
                    return


def _reap(channel: socket.socket) -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            _say(channel, ended=ended[0], code=os.waitstatus_to_exitcode(ended[1]))


def _bear(channel: socket.socket, ours: Sequence[socket.socket]) -> bool:
    request, fds, _, _ = socket.recv_fds(channel, _MOST, 3)
    if not request:
        return False
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for end in (channel, *ours):
            end.close()
        _live(json.loads(request), fds)
    for fd in fds:
        os.close(fd)
    _say(channel, born=pid)
    return True


def _live(request: Mapping[str, object], fds: Sequence[int]) -> NoReturn:
    """Be `ussd`, from here to the end."""
    code = 70
    try:
        for number, fd in enumerate(fds):
            os.dup2(fd, number)
        os.closerange(3, 64)
        os.environ.clear()
        os.environ.update(request["environment"])  # type: ignore[call-overload]
        os.chdir(str(request["folder"]))
        sys.stdin, sys.stdout = os.fdopen(0, encoding="utf-8"), os.fdopen(1, "w", encoding="utf-8")
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1)
        sys.argv = ["ussd", *request["arguments"]]  # type: ignore[misc]
        from ussd.cli import main

        main(prog_name="ussd")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _say(channel: socket.socket, **said: int) -> None:
    channel.sendall(json.dumps(said).encode() + b"\n")


if __name__ == "__main__":
    serve(int(sys.argv[1]))
