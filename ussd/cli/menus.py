"""`ussd check`: what can be proven of menus."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import click

from ussd.backends import backends, contracts_of
from ussd.cli.running import CONFIG, settings_of, told
from ussd.core.checks import Lines
from ussd.core.loader import COMMON, MESSAGES, MenuError, clashes_of, load_menu, load_words, menu_files
from ussd.core.menu import Menu
from ussd.core.messages import read_messages
from ussd.core.strict_yaml import Fault
from ussd.doors import AppError, lines
from ussd.settings import Settings


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
@click.option("--gateway", help="Check for its line alone; without it, for those of all gateways that are configured.")
@CONFIG
def check(files: tuple[Path, ...], form: str, gateway: str | None, config: Path | None) -> None:
    """Prove what can be proven of menus: of FILES, or of all that are served."""
    with told(AppError):
        settings = settings_of("readable", config)
        checked = files or tuple(menu_files(settings.menus))
        beside = [path for path in (settings.menus / MESSAGES,) if path.exists() and not files]
        faults = _all_faults([*checked, *beside], _lines(settings, gateway))
        for fault in faults:
            click.echo(_FORMS[form](fault))
        if faults:
            sys.exit(1)
        if form == "text":
            click.echo(f"{len(checked)} menu{'s' if len(checked) != 1 else ''}, no fault")


def _lines(settings: Settings, gateway: str | None) -> Lines:
    """The lines to check for. Raises AppError where there is no such gateway."""
    there = lines(settings)
    if gateway is None:
        return there
    if gateway not in there:
        raise AppError(f"no gateway {gateway} here (there are {', '.join(sorted(there))})")
    return {gateway: there[gateway]}


def _all_faults(paths: list[Path], shown: Lines) -> list[Fault]:
    """The faults of some files, each for itself and beside the others."""
    menus: dict[Path, Menu] = {}
    faults: list[Fault] = []
    for path in paths:
        try:
            menus |= _loaded(path, shown)
        except MenuError as error:
            faults += error.faults
    return sorted({*faults, *clashes_of(menus, contracts_of(backends()), shown)})


def _loaded(path: Path, shown: Lines) -> Mapping[Path, Menu]:
    """Load a menu, or the words or messages of several. Those that it shares stand beside it, or are this program's."""
    if path.name == MESSAGES:
        read_messages(path)
        return {}
    shared = path.parent / COMMON
    words = load_words(shared if shared.exists() else Settings().menus / COMMON, shown)
    return {} if path.name == COMMON else {path: load_menu(path, words, contracts_of(backends()), shown)}


def _text(fault: Fault) -> str:
    return f"{fault}\n    {fault.hint}" if fault.hint else str(fault)


def _json(fault: Fault) -> str:
    return json.dumps(asdict(fault), ensure_ascii=False)


def _github(fault: Fault) -> str:
    """A workflow command, escaped as GitHub's toolkit does it (packages/core/src/command.ts)."""
    place = {"file": fault.file, "line": fault.line, "col": fault.column, "title": fault.rule}
    properties = ",".join(f"{name}={_escaped(str(said), _OF_PROPERTY)}" for name, said in place.items() if said)
    said = f"{fault.message}\n{fault.hint}".rstrip()
    return f"::error {properties}::{_escaped(said, _OF_DATA)}"


_OF_DATA = "%\r\n"
_OF_PROPERTY = "%\r\n:,"


def _escaped(text: str, letters: str) -> str:
    for letter in letters:
        text = text.replace(letter, f"%{ord(letter):02X}")
    return text


_FORMS: Mapping[str, Callable[[Fault], str]] = {"text": _text, "json": _json, "github": _github}
