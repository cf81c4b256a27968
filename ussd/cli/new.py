"""`ussd new`: a small menu to begin with, and its transcript."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from shutil import copyfile

import click

from simulator.transcripts.steps import Dial, Note, Screen, Setting, Step, Typed
from simulator.transcripts.transcript import write
from ussd.backends import backends, contracts_of
from ussd.cli.running import settings_of, told
from ussd.core import engine
from ussd.core.checks import Contract, Lines
from ussd.core.dial import CODE
from ussd.core.engine import Dialled, Engine, Finish, Show
from ussd.core.loader import COMMON, MESSAGES, MenuError, load_all, load_menu, load_words
from ussd.core.machine import Moves
from ussd.core.menu import Menu
from ussd.core.profile import Profile
from ussd.core.schema import FILE, menu_schema, written
from ussd.core.strict_yaml import Fault
from ussd.doors import AppError, lines
from ussd.settings import Settings

_TEMPLATE = Path(__file__).with_name("new.yaml")
_CODE = "*123#"
_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_TAKEN = (Path(COMMON).stem, Path(MESSAGES).stem)
_DIALOGUES = (("1", "12", "1234"), ("3", "1", "1234"))
"""What is typed: an answer that is refused and one that is not, and the other language."""


class _Refused(Exception):
    """Nothing was written."""


@click.command()
@click.argument("name")
@click.option("--code", default=_CODE, show_default=True, help="What is dialled.")
def new(name: str, code: str) -> None:
    """Write a small menu, NAME.yaml of the folder of menus, and NAME.txt, its transcript."""
    with told(_Refused, AppError):
        settings = settings_of("readable")
        menu, transcript = _paths(settings.menus, name, code)
        _furnish(settings.menus)
        _begin(settings, menu, transcript, code)
        click.echo(f"{menu}\n{transcript}\n")
        click.echo(f"ussd check {menu}\nussd test {transcript}\nussd dial '{code}'")


def _paths(folder: Path, name: str, code: str) -> tuple[Path, Path]:
    """The files of a new menu and of its transcript. Raises _Refused where there can be none of that name or code."""
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise _Refused(f"not a name for a menu: {name}")
    if not CODE.fullmatch(code):
        raise _Refused(f"not a shortcode: {code} (one is {_CODE})")
    menu, transcript = folder / f"{name}.yaml", folder / f"{name}.txt"
    if there := [path for path in (menu, transcript) if path.exists()]:
        raise _Refused(f"there already: {there[0]}")
    return menu, transcript


def _furnish(folder: Path) -> None:
    """Put into a folder what a menu needs beside it, where it is not there: the shared words and the schema."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / COMMON).exists():
        copyfile(Settings.model_fields["menus"].default / COMMON, folder / COMMON)
    if not (folder / FILE).exists():
        (folder / FILE).write_text(written(menu_schema(contracts_of(backends()))), encoding="utf-8")


def _begin(settings: Settings, path: Path, transcript: Path, code: str) -> None:
    """Write both; or neither, and raise MenuError, where that would put a fault into the folder."""
    contracts, shown = contracts_of(backends()), lines(settings)
    before = _faults(settings.menus, contracts, shown)
    path.write_text(_TEMPLATE.read_text(encoding="utf-8").replace(f'"{_CODE}"', f'"{code}"'), encoding="utf-8")
    if faults := _faults(settings.menus, contracts, shown) - before:
        path.unlink()
        raise MenuError(faults)
    menu = load_menu(path, load_words(settings.menus / COMMON), contracts)
    transcript.write_text(write(_steps(menu)), encoding="utf-8")


def _faults(folder: Path, contracts: Mapping[str, Contract], shown: Lines) -> frozenset[Fault]:
    try:
        load_all(folder, contracts, shown)
    except MenuError as error:
        return frozenset(error.faults)
    return frozenset()


def _steps(menu: Menu) -> Iterator[Step]:
    yield Note(f"# {menu.code} as it must be. When it is changed on purpose: ussd test --update")
    yield Setting("line", "989120000001")
    for typed in _DIALOGUES:
        yield Note()
        yield Dial(menu.code)
        yield from _dialogue(menu, typed)


def _dialogue(menu: Menu, answers: tuple[str, ...]) -> Iterator[Step]:
    """What the engine shows, on a line of the usual limits."""
    talk = Engine(menu, Moves(menu), Profile())
    session, effect = talk.step(talk.start(), Dialled())
    yield _screen(effect)
    for typed in answers:
        session, effect = talk.step(session, engine.Typed(typed))
        yield Typed(typed)
        yield _screen(effect)


def _screen(effect: engine.Effect) -> Screen:
    match effect:
        case Show(text) | Finish(text):
            return Screen(text, isinstance(effect, Finish))
        case _:
            raise AssertionError("the menu asks no backend")
