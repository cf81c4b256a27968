"""`ussd sms list`, as those who look after an installation use it."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.server import ussd
from ussd.keys import Keys
from ussd.ledger import opened
from ussd.settings import Settings

LINE, TEXT = "989129998877", "کد یکبار مصرف شما:\n48291"
AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def said(home: Path, *arguments: str) -> str:
    run = ussd(home, "sms", *arguments)
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout


def put(home: Path) -> None:
    """A message that was put at 13:00 in Tehran, and then tried once."""

    async def putting() -> None:
        settings = Settings(home=home)
        settings.make_home()
        async with opened(settings.ledger, Keys(settings.key()), clock=lambda: AT) as ledger:
            useless_at = AT + timedelta(hours=1)
            await ledger.database.write(lambda connection: ledger.outbox.put(connection, LINE, TEXT, useless_at))
            await ledger.outbox.claim(1)

    asyncio.run(putting())


def test_where_nothing_waits_nothing_is_said(home: Path) -> None:
    assert said(home, "list") == ""


def test_what_waits_is_listed_and_only_shown_where_asked(home: Path) -> None:
    put(home)
    listed = said(home, "list")
    assert re.fullmatch("[0-9a-f]{32}\t1405-08-30 13:00:00\tdue 1405-08-30 13:00:30\t1 try\n", listed)
    assert said(home, "list", "--show") == f"{listed}\t{LINE}\n\tکد یکبار مصرف شما:\n\t48291\n"


def test_what_was_sealed_under_another_secret_is_listed_and_cannot_be_shown(home: Path) -> None:
    put(home)
    (home / "secret").write_text("another secret of 32 octets or more")
    assert said(home, "list").count("\n") == 1
    run = ussd(home, "sms", "list", "--show")
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "that row was sealed under another secret\n"


@pytest.mark.parametrize("command", [(), ("list",)])
def test_every_command_answers_help(home: Path, command: tuple[str, ...]) -> None:
    assert said(home, *command, "--help").startswith("Usage: ")
