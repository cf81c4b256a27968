"""The command line, `ussd`.

One file a user's concern. Every command exits 0; or 2 for a usage error; or 1, with a line on stderr for each thing
that is wrong.
"""

import click

from ussd import __version__
from ussd.cli.centres import centres
from ussd.cli.clients import clients
from ussd.cli.handset import dial
from ussd.cli.ledger import migrate, track
from ussd.cli.menus import check
from ussd.cli.registry import registry
from ussd.cli.server import serve
from ussd.cli.sms import sms


@click.group()
@click.version_option(__version__, prog_name="ussd")
def main() -> None:
    """A USSD menu session engine."""


for _command in (dial, serve, check, track, migrate, centres, clients, sms, registry):
    main.add_command(_command)
