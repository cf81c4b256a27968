"""A slow machine: a process that gets a part of its processor and no more, as in a container with a quota."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_BEAT = 0.01
"""Seconds in which it runs once and rests once: what a quota of Linux has too, or ten of these."""
_METRONOME = """
import os, signal, sys, time
pid, runs, rests = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
while True:
    os.kill(pid, signal.SIGSTOP)
    time.sleep(rests)
    os.kill(pid, signal.SIGCONT)
    time.sleep(runs)
"""


@contextmanager
def slowed(pid: int, share: float) -> Iterator[None]:
    """Give a process this share of its time. It is to outlive the block."""
    beats = (str(_BEAT * share), str(_BEAT * (1 - share)))
    metronome = subprocess.Popen([sys.executable, "-c", _METRONOME, str(pid), *beats])
    try:
        yield
    finally:
        metronome.kill()
        metronome.wait()
        os.kill(pid, signal.SIGCONT)
