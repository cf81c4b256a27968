"""`ussd serve --workers N`: processes that share one port, replaced where they die, and stopped together.

The kernel deals connections out to them (SO_REUSEPORT, socket(7)). Each has an administration port of its own, counted
up from the first, so that each can be asked how it is. The first alone binds to SMSCs: operators count binds. Workers
end with their parent, however that ends (PR_SET_PDEATHSIG, prctl(2)).
"""

import ctypes
import mmap
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

import structlog

Serving = Callable[[], None]
"""Called by a worker once it serves."""
Run = Callable[[int, Serving], None]
"""What a worker does, by its number, until it is told to stop."""
GIVE_UP = 5
"""Deaths of one worker in a row, each of its start, after which something is wrong that no restart mends."""
SETTLED = 5.0
"""Seconds after which a worker did not die of its start. One that serves already did not, however soon it dies."""
_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_TICK = 0.05
_PR_SET_PDEATHSIG = 1
_STOPPING = (signal.SIGTERM, signal.SIGINT)

_log = structlog.get_logger(__name__)


class WorkersFailed(Exception):
    """A worker does not live; its own last words are on stderr."""


@dataclass(slots=True)
class _Worker:
    number: int
    pid: int = 0
    started: float = 0.0
    deaths: int = 0
    """In a row, soon after the start."""
    due: float = 0.0


@dataclass(slots=True)
class Workers:
    """The processes of one server. They are forked, so nothing may have been started yet."""

    count: int
    run: Run
    patience: float
    """Seconds that a worker may take to stop."""
    _workers: list[_Worker] = field(default_factory=list)
    _stop: signal.Signals | None = None
    _serving: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, mmap.PAGESIZE))
    """An octet a worker, shared with it: 1 once it serves."""

    def keep(self) -> None:
        """Keep all of them running until SIGTERM or SIGINT. Raises WorkersFailed, with none of them left."""
        self._workers = [_Worker(number) for number in range(self.count)]
        with self._signals():
            try:
                while self._stop is None:
                    for worker in self._workers:
                        self._tend(worker)
                    time.sleep(_TICK)
            finally:
                self._end(self._stop or signal.SIGTERM)

    def _tend(self, worker: _Worker) -> None:
        if worker.pid and self._has_ended(worker):
            _log.error("worker_died", worker=worker.number)
            at_its_start = not self._serving[worker.number] and time.monotonic() - worker.started < SETTLED
            worker.deaths = worker.deaths + 1 if at_its_start else 1
            if worker.deaths >= GIVE_UP:
                raise WorkersFailed(f"worker {worker.number} died {GIVE_UP} times soon after its start")
            worker.due = time.monotonic() + min(_PAUSE * 2**worker.deaths, _LONGEST_PAUSE)
        if not worker.pid and time.monotonic() >= worker.due and self._stop is None:
            self._start(worker)

    def _start(self, worker: _Worker) -> None:
        worker.started, parent, self._serving[worker.number] = time.monotonic(), os.getpid(), 0
        worker.pid = os.fork()
        if worker.pid:
            return
        code = 1
        try:
            _end_with(parent)
            for number in (*_STOPPING, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
            self.run(worker.number, partial(self._serving.__setitem__, worker.number, 1))
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        finally:
            os._exit(code)

    @staticmethod
    def _has_ended(worker: _Worker) -> bool:
        with suppress(ChildProcessError):
            if not os.waitpid(worker.pid, os.WNOHANG)[0]:
                return False
        worker.pid = 0
        return True

    def _end(self, number: signal.Signals) -> None:
        """Pass the signal on, wait, and kill what does not stop."""
        self._tell(number)
        until = time.monotonic() + self.patience
        while time.monotonic() < until and self._left():
            time.sleep(_TICK)
        self._tell(signal.SIGKILL)
        while self._left():
            time.sleep(_TICK)

    def _left(self) -> bool:
        left = [worker for worker in self._workers if worker.pid and not self._has_ended(worker)]
        return bool(left)

    def _tell(self, number: signal.Signals) -> None:
        for worker in self._workers:
            if worker.pid:
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, number)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._heard) for number in (*_STOPPING, signal.SIGHUP)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _heard(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._tell(signal.SIGHUP)
        else:
            self._stop = signal.Signals(number)


def _end_with(parent: int) -> None:
    with suppress(OSError, AttributeError):  # where there is no prctl, workers outlive a parent that is killed
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(1)


@contextmanager
def shared_port(host: str, port: int) -> Iterator[int]:
    """A port that several processes may listen on; held here, without listening, so that 0 is one port for all."""
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    with socket.socket(family, socket.SOCK_STREAM) as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((host, port))
        yield int(holder.getsockname()[1])
