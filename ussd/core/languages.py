"""Texts in several languages: wherever a menu has a text, it may have one for each of its languages.

What its author writes is turned into one menu a language, each as if it had no other. All have the same screens, so a
session may go from one to another between any two pages.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ussd.core.profile import Profile
from ussd.core.strict_yaml import Loc, Tree

ARABIC_SCRIPT = frozenset({"", "ar", "ckb", "fa", "ps", "ur"})
"""Languages whose digits a profile may show in Persian; where a menu names no language, it is Persian."""

TEXTS = ("choose", "ask", "sorry", "end")
OF_OPTION = ("label", "language")
"""What a screen and an option may have once a language."""


def profile_in(language: str, profile: Profile) -> Profile:
    """How a gateway shows a text of this language: beside Latin letters, digits are as Latin has them."""
    return profile if language in ARABIC_SCRIPT else replace(profile, digits="ascii")


def languages_of(data: Tree) -> tuple[str, ...]:
    """The languages that a file lists, the first of them the one that is spoken unless another is chosen; or ("",)."""
    listed = data.get("languages") if isinstance(data, dict) else None
    named = tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()
    return named or ("",)


def menu_in(language: str, data: Tree) -> Tree:
    """The data of a menu with its texts in one language. What is written where no text belongs is let be."""
    if not isinstance(data, dict):
        return data
    screens, words = data.get("screens"), data.get("words")
    if isinstance(screens, dict):
        data = data | {"screens": {name: _screen_in(language, screen) for name, screen in screens.items()}}
    return data | {"words": words_in(language, words)} if isinstance(words, dict) else data


def words_in(language: str, data: Tree) -> Tree:
    """The same of the shared words."""
    if not isinstance(data, dict):
        return data
    return {name: said if name == "languages" else _in(language, said) for name, said in data.items()}


def _screen_in(language: str, screen: Tree) -> Tree:
    if not isinstance(screen, dict):
        return screen
    screen = screen | {kind: _in(language, screen[kind]) for kind in TEXTS if kind in screen}
    options = screen.get("options")
    if isinstance(options, list):
        screen["options"] = [_option_in(language, option) for option in options]
    return screen


def _option_in(language: str, option: Tree) -> Tree:
    if not isinstance(option, dict):
        return option
    return option | {name: _in(language, option[name]) for name in OF_OPTION if name in option}


def _in(language: str, said: Tree) -> Tree:
    return said.get(language, said) if isinstance(said, dict) else said


def untranslated(data: Tree, languages: Sequence[str]) -> Iterator[tuple[Loc, str]]:
    """Texts of a menu, or of the shared words, that lack one of the languages, or are in one that is not listed."""
    for loc, said in _several(data, ()):
        if languages == ("",):
            yield loc, "one text a language, and no languages are listed"
            continue
        yield from ((loc, f"no text in {one}") for one in languages if one not in said)
        yield from (((*loc, one), f"not one of the languages: {one}") for one in said if one not in languages)


def _several(data: Tree, loc: Loc) -> Iterator[tuple[Loc, dict[str, Tree]]]:
    """Every mapping that stands where a text belongs."""
    if not isinstance(data, dict):
        return
    screens, words = data.get("screens"), data.get("words", None if "screens" in data else data)
    for name, screen in screens.items() if isinstance(screens, dict) else ():
        yield from _within(screen, TEXTS, ("screens", name))
        options = screen.get("options") if isinstance(screen, dict) else None
        for place, option in enumerate(options) if isinstance(options, list) else ():
            yield from _within(option, OF_OPTION, ("screens", name, "options", place))
    if isinstance(words, dict):
        yield from _within(
            words, [name for name in words if name != "languages"], ("words",) if "words" in data else ()
        )


def _within(data: Tree, names: Sequence[str], loc: Loc) -> Iterator[tuple[Loc, dict[str, Tree]]]:
    if not isinstance(data, dict):
        return
    for name in names:
        said = data.get(name)
        if isinstance(said, dict):
            yield (*loc, name), said
