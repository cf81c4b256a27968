"""YAML to Menu, or every fault of it at once, each at file:line:column."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ussd.core.checks import Contract, findings, word_findings
from ussd.core.menu import Menu, Words
from ussd.core.strict_yaml import Document, Fault, FileError, read

COMMON = "common.yaml"
"""The words that menus share, beside them."""
MESSAGES = "messages.yaml"
"""What is said outside of the screens (ussd/core/messages.py), beside them too."""


class MenuError(FileError):
    """The faults of an author: nothing is served until they are mended."""


def load_words(path: Path) -> Words:
    """The shared words of a folder of menus."""
    try:
        document = read(path)
        words = document.checked(Words)
    except FileError as error:
        raise MenuError(error.faults) from None
    if found := word_findings(words):
        raise MenuError(document.fault(one.loc, one.message) for one in found)
    return words


def load_menu(path: Path, words: Words, contracts: Mapping[str, Contract]) -> Menu:
    """One menu, proven against what the backends declare. `words` are those it does not write itself."""
    try:
        document = read(path)
        menu = _shaped(document, words)
    except FileError as error:
        raise MenuError(error.faults) from None
    found = findings(menu, contracts)
    found += [type(one)(("words", *one.loc), one.message) for one in word_findings(menu.words)]
    if found:
        raise MenuError(document.fault(one.loc, one.message) for one in found)
    return menu


def _shaped(document: Document, words: Words) -> Menu:
    if not isinstance(document.data, dict):
        raise FileError([document.fault((), "a menu is a mapping: code, start, screens")])
    own = document.data.get("words")
    given: dict[str, Any] = document.data | {"words": words.model_dump() | own if isinstance(own, dict) else words}
    if own is not None and not isinstance(own, dict):
        raise FileError([document.fault(("words",), "words is a mapping")])
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
