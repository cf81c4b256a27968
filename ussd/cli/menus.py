"""`ussd check`: what can be proven of menus."""

import sys
from pathlib import Path

import click

from ussd.backends import backends, contracts_of
from ussd.cli.running import settings_of, told
from ussd.core.loader import COMMON, MESSAGES, MenuError, load_menu, load_words, menu_files
from ussd.core.messages import read_messages
from ussd.settings import Settings


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Prove what can be proven of menus: of FILES, or of all that are served."""
    with told():
        settings = settings_of("readable")
        checked = files or tuple(menu_files(settings.menus))
        beside = [path for path in (settings.menus / MESSAGES,) if path.exists() and not files]
        faults = [fault for path in (*checked, *beside) for fault in _faults(path)]
        for fault in faults:
            click.echo(fault)
        if faults:
            sys.exit(1)
        click.echo(f"{len(checked)} menu{'s' if len(checked) != 1 else ''}, no fault")


def _faults(path: Path) -> list[str]:
    """The faults of one file of a folder of menus."""
    try:
        if path.name == MESSAGES:
            read_messages(path)
        else:
            _load(path)
    except MenuError as error:
        return [str(fault) for fault in error.faults]
    return []


def _load(path: Path) -> None:
    """Load a menu; the words that it shares stand beside it, or are those of this program."""
    shared = path.parent / COMMON
    words = load_words(shared if shared.exists() else Settings().menus / COMMON)
    if path.name != COMMON:
        load_menu(path, words, contracts_of(backends()))
