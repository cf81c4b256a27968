"""`ussd dial` on a terminal draws a phone; anywhere else nothing of what draws it is loaded."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.server import USSD, environment
from ussd.cli import handset

DIAL = (*USSD, "dial", "*4*1420#")


class Terminal:
    """A terminal, and the command that runs on it."""

    def __init__(self, home: Path, *command: str, columns: int = 100, lines: int = 32) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        variables = environment(home) | {"TERM": "xterm-256color"}
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=variables)
        os.close(theirs)
        self.said = ""

    def read_until(self, text: str, seconds: float = 30.0) -> None:
        """Read until a text was written."""
        until = time.monotonic() + seconds
        while text not in self.said:
            assert time.monotonic() < until, self.said
            self.said += os.read(self._ours, 65536).decode(errors="replace")

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def close(self) -> int:
        """Wait for the command; its exit code."""
        try:
            while os.read(self._ours, 65536):
                pass
        except OSError:  # which is how Linux says that nobody is on the other side
            pass
        return self.hang_up()

    def hang_up(self) -> int:
        """Close the terminal; the command's exit code."""
        os.close(self._ours)
        return self.process.wait(timeout=20)


def test_a_phone_is_drawn_on_a_terminal_and_put_away_again(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, *DIAL)
    terminal.read_until("ﻝﺎﺳﺭﺍ")
    terminal.type("\r")
    terminal.read_until("ﻡﻼﻌﺘﺳﺍ")
    terminal.type("\x11")
    assert terminal.close() == 0
    assert terminal.said.startswith("\x1b[8l")
    assert (tmp_path / "dial.log").read_text() == ""


def test_a_terminal_that_is_closed_takes_the_phone_with_it(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, *DIAL)
    terminal.read_until("ﻝﺎﺳﺭﺍ")
    assert terminal.hang_up() == -signal.SIGHUP


def test_with_plain_it_is_line_mode(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, *DIAL, "--plain", "--inputs", "2")
    terminal.read_until("3-حساب کاربری")
    assert terminal.close() == 0


def test_without_the_extra_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(handset, "_DRAWING", ("textual", "nothing_of_that_name"))
    assert not handset._can_draw()
    assert capsys.readouterr().err.count("\n") == 1


def test_line_mode_loads_nothing_that_draws() -> None:
    loaded = (
        "import sys, ussd.cli.handset as _; print(*sorted({'textual', 'bidi', 'arabic_reshaper'} & {*sys.modules}))"
    )
    run = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, timeout=30)
    assert (run.returncode, run.stdout) == (0, "\n")
