"""The command line, `ussd`.

One file a user's concern. Every command exits 0; or 2 for a usage error; or 1, with a line on stderr for each thing
that is wrong.
"""

from importlib import import_module
from typing import cast

import click

from ussd import __version__

_FILES = {
    "dial": "handset",
    "serve": "server",
    "load": "load",
    "bench": "bench",
    "check": "menus",
    "test": "transcripts",
    "graph": "pictures",
    "schema": "schema",
    "new": "new",
    "track": "ledger",
    "migrate": "ledger",
    "centres": "centres",
    "clients": "clients",
    "sms": "sms",
    "registry": "registry",
}
"""Each command and its file, which is imported when the command is called: few need all that the others stand on."""


class _Commands(click.Group):
    """Commands that are read when they are needed, as click's documentation has it under "lazily loading"."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_FILES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _FILES:
            return None
        return cast(click.Command, getattr(import_module(f"ussd.cli.{_FILES[cmd_name]}"), cmd_name))


@click.group(cls=_Commands)
@click.version_option(__version__, prog_name="ussd")
def main() -> None:
    """A USSD menu session engine."""
