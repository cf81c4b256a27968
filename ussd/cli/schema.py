"""`ussd schema`: what an editor needs to complete and to check a menu."""

import click

from ussd.backends import backends, contracts_of
from ussd.core.schema import menu_schema, written


@click.command()
def schema() -> None:
    """Print the JSON Schema of a menu file, for the backends that are here."""
    click.echo(written(menu_schema(contracts_of(backends()))), nl=False)
