"""What every command does: read the settings, and say in one line what went wrong."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ussd.backends import LedgerAway
from ussd.core.strict_yaml import FileError
from ussd.keys import Unsealable
from ussd.log import Form, configure
from ussd.redis_server import NoServer
from ussd.settings import Settings, load

CONFIG = click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A YAML file.")


@contextmanager
def told(*others: type[Exception]) -> Iterator[None]:
    """Turn what may go wrong, with this command or with all, into the exit code 1 and what is to be said about it."""
    expected: tuple[type[Exception], ...] = (FileError, NoServer, LedgerAway, *others)
    try:
        yield
    except expected as fault:
        click.echo(str(fault), err=True)
    except Unsealable:
        click.echo("that row was sealed under another secret", err=True)
    except OSError as fault:
        click.echo(f"{fault.strerror or fault}: {fault.filename or ''}".removesuffix(": "), err=True)
    else:
        return
    sys.exit(1)


def settings_of(form: Form, config: Path | None = None, **given: object) -> Settings:
    """The settings of the variables, of `config` and of what the command line gave, with the logs set up by them."""
    settings = load(config, **given)
    configure(form, settings.log_level or ("info" if form == "json" else "error"))
    return settings
