"""What a handset draws of a text: something at all, and every letter of it."""

import unicodedata
from collections.abc import Iterator

from ussd.core.checks.finding import Finding, Lines, Loc
from ussd.core.menu import PLACEHOLDER, Ask, Choose, Menu, texts
from ussd.core.profile import Profile
from ussd.core.text import fold_in, fold_out

EMPTY = "may come out as an empty screen: it has no words of its own"
EMPTY_HINT = "write a word beside what is filled in"
_JOINERS = "\u200c\u200d"
_HINTS = {
    "Z": "write a space, or a line break",
    "C": "take it away: it is not seen on a phone, or only as a box",
}
_BEYOND = "write a word for it: UCS-2 ends at U+FFFF, and most phones draw two boxes"


def blank(menu: Menu) -> Iterator[Finding]:
    """A screen without options shows its text alone, and what a placeholder stands for may be nothing."""
    for name, screen in menu.screens.items():
        if not isinstance(screen, Choose):
            for loc, text in texts(screen):
                if not visible(text):
                    yield Finding(("screens", name, *loc), EMPTY, "empty-screen", EMPTY_HINT)


def visible(text: str) -> bool:
    """Whether anything is left of a text where nothing is filled in."""
    return bool(fold_in(PLACEHOLDER.sub("", text)))


def unshown(menu: Menu, lines: Lines) -> Iterator[Finding]:
    """Letters that are still there once a line has folded a text, and that its phones cannot show."""
    for name, screen in menu.screens.items():
        for loc, text in texts(screen):
            yield from unshown_of(("screens", name, *loc), text, lines)
        if isinstance(screen, Ask) and screen.sorry:
            yield from unshown_of(("screens", name, "sorry"), screen.sorry, lines)


def unshown_of(loc: Loc, text: str, lines: Lines) -> Iterator[Finding]:
    """The same of one text."""
    if text.isascii() and text.isprintable():
        return
    for letter in sorted({letter for profile in lines.values() for letter in _odd(text, profile)}):
        said = f"a letter that phones cannot show: U+{ord(letter):04X} {unicodedata.name(letter, '')}".rstrip()
        hint = _BEYOND if ord(letter) > 0xFFFF else _HINTS[unicodedata.category(letter)[0]]
        yield Finding(loc, said, "letters", hint)


def _odd(text: str, profile: Profile) -> set[str]:
    return {letter for letter in set(fold_out(text, profile)) if not _shown(letter)}


def _shown(letter: str) -> bool:
    """Whether UCS-2 has a letter (3GPP TS 23.038, 6.2.3), and a font draws it or rightly draws nothing."""
    if letter == "\n" or letter in _JOINERS:
        return True
    category = unicodedata.category(letter)
    return ord(letter) <= 0xFFFF and category[0] != "C" and category not in ("Zl", "Zp")
