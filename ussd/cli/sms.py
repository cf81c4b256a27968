"""`ussd sms`: the messages that wait to be sent."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from ussd.cli.running import CONFIG, settings_of, told
from ussd.keys import Keys
from ussd.ledger import Waiting, day_of, opened
from ussd.settings import Settings

_TEHRAN = ZoneInfo("Asia/Tehran")


@click.group()
def sms() -> None:
    """Look after the messages that are sent by SMS."""


@sms.command(name="list")
@click.option("--show", is_flag=True, help="Show numbers and texts in clear.")
@CONFIG
def list_(show: bool, config: Path | None) -> None:
    """List the messages that wait: id, since when, when each is tried next (both in Tehran's time), tries so far."""
    with told():
        for waiting in asyncio.run(_waiting(settings_of("readable", config), show)):
            for line in _told_of(waiting):
                click.echo(line)


async def _waiting(settings: Settings, reveal: bool) -> list[Waiting]:
    settings.make_home()
    async with opened(settings.ledger, Keys(settings.key()), migrate=settings.migrate, samples=False) as ledger:
        return await ledger.outbox.waiting(reveal=reveal)


def _told_of(waiting: Waiting) -> Iterator[str]:
    tries = f"{waiting.tries} {'try' if waiting.tries == 1 else 'tries'}"
    yield "\t".join([waiting.name, _written(waiting.put_at), f"due {_written(waiting.due_at)}", tries])
    if waiting.to is not None and waiting.text is not None:
        yield f"\t{waiting.to}"
        yield from (f"\t{line}" for line in waiting.text.splitlines())


def _written(instant: datetime) -> str:
    return f"{day_of(instant)} {instant.astimezone(_TEHRAN):%H:%M:%S}"
