"""YAML to Menu, or every fault of it at once, each at file:line:column."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from ussd.core.checks import (
    ANY_LINE,
    Contract,
    Finding,
    Lines,
    clashes,
    distinct,
    findings,
    lines_in,
    word_findings,
)
from ussd.core.languages import languages_of, menu_in, untranslated, words_in
from ussd.core.menu import Menu, Words
from ussd.core.strict_yaml import Document, Fault, FileError, read

M = TypeVar("M", Menu, Words)
COMMON = "common.yaml"
"""The words that menus share, beside them."""
MESSAGES = "messages.yaml"
"""What is said outside of the screens (ussd/core/messages.py), beside them too."""

_BEGIN = "begin with `code:`, `start:` and `screens:`"
_TRANSLATE = "write it in each of the `languages`, and in no other"


class MenuError(FileError):
    """The faults of an author: nothing is served until they are mended."""


def load_words(path: Path, lines: Lines = ANY_LINE) -> Words:
    """The shared words of a folder of menus, in the first of their languages; the others are in its `spoken`.

    They are checked for the `lines` that they are shown on.
    """
    try:
        document = read(path)
        languages = _languages(document)
        versions = {one: replace(document, data=words_in(one, document.data)).checked(Words) for one in languages}
    except FileError as error:
        raise MenuError(error.faults) from None
    shown = distinct(lines)
    found = [
        (one, finding) for one, words in versions.items() for finding in word_findings(words, lines_in(one, shown))
    ]
    if found:
        raise MenuError(_fault(document, language, finding) for language, finding in found)
    return _together(versions)


def load_menu(path: Path, words: Words, contracts: Mapping[str, Contract], lines: Lines = ANY_LINE) -> Menu:
    """One menu in the first of its languages, proven in all of them against what the backends declare.

    `words` are those it does not write itself, `lines` those that it is to be shown on.
    """
    try:
        document = read(path)
        languages = _languages(document)
        if lacking := [one for one in languages if one and one not in words.languages]:
            said = (f"the shared words are not there in {one}" for one in lacking)
            raise FileError(document.fault(("languages",), one, "language", _TRANSLATE) for one in said)
        versions = {one: _shaped(document, words, one) for one in languages}
    except FileError as error:
        raise MenuError(error.faults) from None
    shown = distinct(lines)
    found = [
        (one, finding) for one, menu in versions.items() for finding in _findings(menu, contracts, lines_in(one, shown))
    ]
    if found:
        raise MenuError(_fault(document, language, finding) for language, finding in found)
    return _together(versions)


def _findings(menu: Menu, contracts: Mapping[str, Contract], lines: Lines) -> list[Finding]:
    of_words = (replace(one, loc=("words", *one.loc)) for one in word_findings(menu.words, lines))
    return [*findings(menu, contracts, lines), *of_words]


def _fault(document: Document, language: str, finding: Finding) -> Fault:
    """A finding at its place, which is that of the text in its language where there are several."""
    within = (*finding.loc, language)
    loc = within if within in document.values else finding.loc
    return document.fault(loc, finding.message, finding.rule, finding.hint)


def _languages(document: Document) -> tuple[str, ...]:
    """The languages of a file. Raises FileError where a text is not there in each of them."""
    languages = languages_of(document.data)
    if found := list(untranslated(document.data, languages)):
        at_key = "not one of the languages"
        raise FileError(
            document.fault(loc, said, "language", _TRANSLATE, at_key=said.startswith(at_key)) for loc, said in found
        )
    return languages


def _together(versions: Mapping[str, M]) -> M:
    first, *others = versions
    return versions[first].translated({one: versions[one] for one in others})


def _shaped(document: Document, words: Words, language: str) -> Menu:
    if not isinstance(document.data, dict):
        raise FileError([document.fault((), "a menu is a mapping: code, start, screens", hint=_BEGIN)])
    data = cast(dict[str, Any], menu_in(language, document.data))
    own = data.get("words")
    if own is not None and not isinstance(own, dict):
        raise FileError([document.fault(("words",), "words is a mapping", hint="write each as `word: text`")])
    if own and "languages" in own:
        loc, hint = ("words", "languages"), "they are the menu's: write `languages:` above"
        raise FileError([document.fault(loc, "unknown field: languages", hint=hint, at_key=True)])
    shared = words.spoken(language)
    given = data | {"words": shared.model_dump(exclude={"languages"}) | own if own else shared}
    try:
        return Menu.model_validate(given)
    except ValidationError as error:
        raise FileError(document.faults_of(error)) from None


def load_all(folder: Path, contracts: Mapping[str, Contract], lines: Lines = ANY_LINE) -> dict[str, Menu]:
    """Every menu of a folder by its shortcode, or all the faults of all of them."""
    words = load_words(folder / COMMON, lines)
    menus: dict[Path, Menu] = {}
    faults: list[Fault] = []
    for path in menu_files(folder):
        try:
            menus[path] = load_menu(path, words, contracts, lines)
        except MenuError as error:
            faults += error.faults
    if not menus and not faults:
        faults.append(Fault(str(folder), 1, 1, "no menu here", "shape", "write one, or name another folder"))
    if faults := [*faults, *clashes_of(menus, contracts, lines)]:
        raise MenuError(faults)
    return {menu.code: menu for menu in menus.values()}


def clashes_of(menus: Mapping[Path, Menu], contracts: Mapping[str, Contract], lines: Lines = ANY_LINE) -> list[Fault]:
    """What is wrong with menus beside each other, by their files."""
    paths = {id(menu): path for path, menu in menus.items()}
    found = clashes(list(menus.values()), contracts, distinct(lines))
    return [_fault(read(paths[id(menu)]), "", finding) for menu, finding in found]


def menu_files(folder: Path) -> list[Path]:
    """The menus of a folder: every YAML file but the shared words and the messages."""
    return [path for path in sorted(folder.glob("*.yaml")) if path.name not in (COMMON, MESSAGES)]
