"""`ussd track` and `ussd migrate`: the ledger."""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from ussd.cli.running import CONFIG, settings_of, told
from ussd.keys import Keys
from ussd.ledger import Found, day_of, opened, read_code, read_day, upgrade
from ussd.settings import Settings

_TEHRAN = ZoneInfo("Asia/Tehran")


def _read(
    reader: Callable[[str], str], wanted: str
) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """A callback of click's that reads an argument, or says what it should have been."""

    def read(_: click.Context, __: click.Parameter, written: str | None) -> str | None:
        try:
            return None if written is None else reader(written)
        except ValueError:
            raise click.BadParameter(f"{written} is not {wanted}") from None

    return read


@click.command()
@click.argument("code", callback=_read(read_code, "a letter and six digits, n570134"))
@click.option(
    "--date",
    "day",
    callback=_read(read_day, "a Jalali day, 1405-08-30"),
    help="The code's Jalali day; today unless told.",
)
@click.option("--show-person", is_flag=True, help="Show in clear whom it was asked about and which line asked.")
@CONFIG
def track(code: str, day: str | None, show_person: bool, config: Path | None) -> None:
    """Say what the tracking code CODE stands for."""
    with told():
        day = day or day_of(datetime.now(UTC))
        found = asyncio.run(_find(settings_of("readable", config), code, day, show_person))
        if found is None:
            click.echo(f"no {code} on {day}", err=True)
            sys.exit(1)
        for name, value in _told_of(found).items():
            click.echo(f"{name:18}{value}")


async def _find(settings: Settings, code: str, day: str, reveal: bool) -> Found | None:
    settings.make_home()
    async with opened(settings.ledger, Keys(settings.key()), migrate=settings.migrate, samples=False) as ledger:
        return await ledger.tracker.find(code, day, reveal=reveal)


def _told_of(found: Found) -> dict[str, str]:
    told = {
        "code": found.code,
        "date": found.day,
        "time": f"{found.asked_at.astimezone(_TEHRAN):%H:%M:%S} Asia/Tehran",
        "gateway": found.gateway,
        "shortcode": found.shortcode,
        "asked": found.kind,
        "outcome": found.outcome,
    }
    person = {found.subject_kind.replace("_", " "): found.subject and found.subject.number}
    further = {"centre": found.centre, **person, "line": found.msisdn}
    return told | {name: value for name, value in further.items() if value}


@click.command()
@CONFIG
def migrate(config: Path | None) -> None:
    """Bring the ledger's schema to this version."""
    with told():
        settings = settings_of("readable", config)
        settings.make_home()
        asyncio.run(upgrade(settings.ledger))
        click.echo("the ledger is at this version's schema")
