"""YAML to Menu, or every fault of it at once, each at file:line:column."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from ussd.core.checks import Contract, Finding, findings, word_findings
from ussd.core.languages import languages_of, menu_in, untranslated, words_in
from ussd.core.menu import Menu, Words
from ussd.core.strict_yaml import Document, Fault, FileError, read

M = TypeVar("M", Menu, Words)
COMMON = "common.yaml"
"""The words that menus share, beside them."""
MESSAGES = "messages.yaml"
"""What is said outside of the screens (ussd/core/messages.py), beside them too."""


class MenuError(FileError):
    """The faults of an author: nothing is served until they are mended."""


def load_words(path: Path) -> Words:
    """The shared words of a folder of menus, in the first of their languages; the others are in its `spoken`."""
    try:
        document = read(path)
        languages = _languages(document)
        versions = {one: replace(document, data=words_in(one, document.data)).checked(Words) for one in languages}
    except FileError as error:
        raise MenuError(error.faults) from None
    found = [(one, finding) for one, words in versions.items() for finding in word_findings(words)]
    if found:
        raise MenuError(_fault(document, language, finding) for language, finding in found)
    return _together(versions)


def load_menu(path: Path, words: Words, contracts: Mapping[str, Contract]) -> Menu:
    """One menu in the first of its languages, proven in all of them against what the backends declare.

    `words` are those it does not write itself.
    """
    try:
        document = read(path)
        languages = _languages(document)
        if lacking := [one for one in languages if one and one not in words.languages]:
            said = (f"the shared words are not there in {one}" for one in lacking)
            raise FileError(document.fault(("languages",), one) for one in said)
        versions = {one: _shaped(document, words, one) for one in languages}
    except FileError as error:
        raise MenuError(error.faults) from None
    found = [(one, finding) for one, menu in versions.items() for finding in _findings(menu, contracts)]
    if found:
        raise MenuError(_fault(document, language, finding) for language, finding in found)
    return _together(versions)


def _findings(menu: Menu, contracts: Mapping[str, Contract]) -> list[Finding]:
    of_words = (Finding(("words", *one.loc), one.message) for one in word_findings(menu.words))
    return [*findings(menu, contracts), *of_words]


def _fault(document: Document, language: str, finding: Finding) -> Fault:
    """A finding at its place, which is that of the text in its language where there are several."""
    within = (*finding.loc, language)
    return document.fault(within if within in document.values else finding.loc, finding.message)


def _languages(document: Document) -> tuple[str, ...]:
    """The languages of a file. Raises FileError where a text is not there in each of them."""
    languages = languages_of(document.data)
    if found := list(untranslated(document.data, languages)):
        at_key = "not one of the languages"
        raise FileError(document.fault(loc, said, at_key=said.startswith(at_key)) for loc, said in found)
    return languages


def _together(versions: Mapping[str, M]) -> M:
    first, *others = versions
    return versions[first].translated({one: versions[one] for one in others})


def _shaped(document: Document, words: Words, language: str) -> Menu:
    if not isinstance(document.data, dict):
        raise FileError([document.fault((), "a menu is a mapping: code, start, screens")])
    data = cast(dict[str, Any], menu_in(language, document.data))
    own = data.get("words")
    if own is not None and not isinstance(own, dict):
        raise FileError([document.fault(("words",), "words is a mapping")])
    shared = words.spoken(language)
    given = data | {"words": shared.model_dump(exclude={"languages"}) | own if own else shared}
    try:
        return Menu.model_validate(given)
    except ValidationError as error:
        raise FileError(document.faults_of(error)) from None


def load_all(folder: Path, contracts: Mapping[str, Contract]) -> dict[str, Menu]:
    """Every menu of a folder by its shortcode, or all the faults of all of them."""
    words = load_words(folder / COMMON)
    menus: dict[str, Menu] = {}
    faults: list[Fault] = []
    for path in menu_files(folder):
        try:
            menu = load_menu(path, words, contracts)
        except MenuError as error:
            faults += error.faults
            continue
        if menu.code in menus:
            faults.append(Fault(str(path), 1, 1, f"the shortcode {menu.code} has a menu already"))
        menus[menu.code] = menu
    if not menus and not faults:
        faults.append(Fault(str(folder), 1, 1, "no menu here"))
    if faults:
        raise MenuError(faults)
    return menus


def menu_files(folder: Path) -> list[Path]:
    """The menus of a folder: every YAML file but the shared words and the messages."""
    return [path for path in sorted(folder.glob("*.yaml")) if path.name not in (COMMON, MESSAGES)]
