"""`ussd clients`: who may call the API."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NoReturn, TypeVar
from zoneinfo import ZoneInfo

import click

from ussd.cli.running import CONFIG, settings_of, told
from ussd.core.text import printable
from ussd.keys import Keys
from ussd.ledger import MAX_CLIENT_NAME, ClientBook, ClientKnown, opened

Result = TypeVar("Result")

_TEHRAN = ZoneInfo("Asia/Tehran")


def _name(_: click.Context, __: click.Parameter, written: str) -> str:
    """A name that a screen can show."""
    name = printable(written).strip()
    if not name or name != written or len(name) > MAX_CLIENT_NAME:
        raise click.BadParameter(f"a name has 1 to {MAX_CLIENT_NAME} letters that can be seen")
    return name


_NAME = click.argument("name", callback=_name)


@click.group()
def clients() -> None:
    """Say who may call the API, each with a key."""


@clients.command()
@_NAME
@CONFIG
def add(name: str, config: Path | None) -> None:
    """Add the client NAME, and print its key on the last line: it is not shown again."""
    with told():
        try:
            key = _run(config, lambda book: book.add(name))
        except ClientKnown as known:
            _fail(str(known))
        click.echo(f"client {name} is added; its key, which is not shown again:")
        click.echo(key)


@clients.command()
@_NAME
@CONFIG
def remove(name: str, config: Path | None) -> None:
    """Let the key of the client NAME open nothing any more; what it did is its own again if it is added again."""
    with told():
        if not _run(config, lambda book: book.remove(name)):
            _fail(f"there is no client {name}")
        click.echo(f"client {name} is removed")


@clients.command(name="list")
@CONFIG
def list_(config: Path | None) -> None:
    """List the clients: name, and when the key was made."""
    with told():
        for listed in _run(config, lambda book: book.all()):
            click.echo(f"{listed.name}\t{listed.added_at.astimezone(_TEHRAN):%Y-%m-%d %H:%M} Asia/Tehran")


def _run(config: Path | None, do: Callable[[ClientBook], Awaitable[Result]]) -> Result:
    settings = settings_of("readable", config)
    settings.make_home()

    async def run() -> Result:
        async with opened(settings.ledger, Keys(settings.key()), migrate=settings.migrate, samples=False) as ledger:
            return await do(ledger.clients)

    return asyncio.run(run())


def _fail(said: str) -> NoReturn:
    click.echo(said, err=True)
    sys.exit(1)
