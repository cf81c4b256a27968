"""The sender of a developer's machine: it shows messages on a terminal, and nowhere else."""

import io
import os
from collections.abc import Iterator
from typing import TextIO

import pytest
from structlog.testing import capture_logs

from tests.sms.conftest import LINE, TEXT
from ussd.sms import Message, SmsFailed
from ussd.sms.terminal import TerminalSender

MESSAGE = Message("0123456789abcdef0123456789abcdef", LINE, TEXT)


@pytest.fixture
def terminal() -> Iterator[tuple[TextIO, int]]:
    """A terminal, as a program writes to it and as its user reads it."""
    read, written = os.openpty()
    with os.fdopen(written, "w", encoding="utf-8") as stream:
        yield stream, read
    os.close(read)


async def test_on_a_terminal_number_and_text_are_shown(terminal: tuple[TextIO, int]) -> None:
    stream, read = terminal
    with capture_logs() as logs:
        await TerminalSender(stream).send(MESSAGE)
    assert os.read(read, 4096).decode().splitlines() == [f"SMS to {LINE}:", TEXT]
    assert [(line["event"], line["message"], line["on_terminal"]) for line in logs] == [
        ("sms_shown", MESSAGE.name, True)
    ]
    assert not [value for value in (LINE, TEXT) if value in str(logs)]


async def test_anywhere_else_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    file = io.StringIO()
    with capture_logs() as logs:
        await TerminalSender(file).send(MESSAGE)
        await TerminalSender().send(MESSAGE)
    assert (file.getvalue(), *capsys.readouterr()) == ("", "", "")
    assert [line["on_terminal"] for line in logs] == [False, False]


async def test_a_terminal_that_cannot_show_it_is_a_failure_without_its_text() -> None:
    read, written = os.openpty()
    with os.fdopen(written, "w", encoding="ascii") as stream, pytest.raises(SmsFailed) as failed:
        await TerminalSender(stream).send(MESSAGE)
    os.close(read)
    assert str(failed.value) == "the terminal does not take it: UnicodeEncodeError"
