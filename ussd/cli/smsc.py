"""The SMSC that `ussd dial` and `ussd load` play for an SMPP gateway: there the server comes to the operator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import click

from simulator.smsc import DIALECTS, Smsc
from ussd.cli.calling import Address
from ussd.settings.smpp import DialectName

BIND_SECONDS = 35.0
"""A server whose SMSC is away tries again every 30 seconds at the least."""
DIALECT = click.option(
    "--dialect", default="default", show_default=True, type=click.Choice(list(DIALECTS)), help="With --gateway smpp."
)


@asynccontextmanager
async def bound(listen: Address | None, dialect: str, first: int | None = None) -> AsyncIterator[Smsc]:
    """An SMSC that a running server has bound to, and the number of its first session. Raises CallFailed."""
    if listen is None:
        raise click.UsageError(
            "an SMPP gateway is served by `ussd serve --config FILE` alone: start it with a gateway of `format: smpp`, "
            "and add --listen with the host and port of that gateway's SMSC: --listen 127.0.0.1:2775"
        )
    smsc = Smsc(DIALECTS[cast(DialectName, dialect)], first=first)
    async with smsc.listening(*listen) as (host, port):
        click.echo(f"waiting up to {BIND_SECONDS:g} s for a server that binds to {host}:{port}", err=True)
        await smsc.bound(BIND_SECONDS)
        yield smsc
