"""`ussd graph`: a picture of a menu."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import click

from ussd.backends import backends, contracts_of
from ussd.cli.running import settings_of, told
from ussd.core.checks import Lines, distinct, findings, lines_in
from ussd.core.graph import Graph, graph_of
from ussd.core.languages import languages_of, menu_in, untranslated
from ussd.core.loader import COMMON, load_words, menu_files
from ussd.core.menu import Menu, Words
from ussd.core.strict_yaml import Document, FileError, read
from ussd.core.text import fold_in
from ussd.doors import AppError, lines
from ussd.pictures import FORMATS
from ussd.settings import Settings


class _NoMenu(Exception):
    """Nothing to draw."""


@click.command()
@click.argument("code")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="mermaid", show_default=True)
@click.option("--language", default="", help="One of the menu's; without it, the first.")
def graph(code: str, form: str, language: str) -> None:
    """Print a picture of the menu of CODE, a shortcode or a file, with what is wrong with it in red."""
    with told(_NoMenu, AppError):
        settings = settings_of("readable")
        document = _document(settings, code)
        shared = Path(document.file).parent / COMMON
        words = load_words(shared if shared.exists() else Settings().menus / COMMON)
        click.echo(FORMATS[form](_drawn(document, words, language, lines(settings))), nl=False)


def _document(settings: Settings, code: str) -> Document:
    """The file of a menu, of which no more is known than that it is YAML."""
    if Path(code).is_file():
        return read(Path(code))
    for document in _readable(settings.menus):
        if isinstance(document.data, dict) and document.data.get("code") == fold_in(code):
            return document
    raise _NoMenu(f"no menu {code} in {settings.menus}")


def _readable(folder: Path) -> Iterator[Document]:
    """The files of a folder that are YAML. What is wrong with the others is for `ussd check` to say."""
    for path in menu_files(folder):
        try:
            yield read(path)
        except FileError:
            continue


def _drawn(document: Document, words: Words, language: str, shown: Lines) -> Graph:
    """The graph of a menu in a language, with the faults of all. Raises FileError where it is no menu at all."""
    languages = languages_of(document.data)
    if language and language not in languages:
        raise _NoMenu(f"no text in {language} (there is {', '.join(languages)})" if any(languages) else "one language")
    if found := list(untranslated(document.data, languages)):
        raise FileError(document.fault(loc, said) for loc, said in found)
    contracts, distinctly = contracts_of(backends()), distinct(shown)
    versions = {one: _version(document, words, one) for one in languages}
    found_in_all = [
        finding
        for one, version in versions.items()
        for finding in findings(version, contracts, lines_in(one, distinctly))
    ]
    return graph_of(versions[language or languages[0]], found_in_all)


def _version(document: Document, words: Words, language: str) -> Menu:
    """A menu whose shape is right and whose links may be dead. No picture shows the words that it has of its own."""
    if not isinstance(document.data, dict):
        raise FileError([document.fault((), "a menu is a mapping: code, start, screens")])
    data = cast(dict[str, Any], menu_in(language, document.data))
    return replace(document, data=data | {"words": words.spoken(language)}).checked(Menu)
