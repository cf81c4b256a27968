"""What is typed means one thing: no key is there twice, and none hides another.

`ussd.core.engine` takes what is typed for the key of the next line, else for an option or an answer, else for a way
back. The numbers of options and of the next line go around the keys that are pinned, but not around the ways back.
"""

from collections.abc import Iterator
from itertools import islice

from ussd.core.checks.finding import Finding
from ussd.core.inputs import rule
from ussd.core.menu import Ask, Choose, End, LookUp, Menu
from ussd.core.screen import Content

HIDES = "key-hides"
_OTHER_WAYS = "let the menu go back by other keys: `words: {back_key: …, home_key: …}`"
_ELSE = f"it works without an option; pin another key, or {_OTHER_WAYS}"
_LONGER = f"ask for more digits, or {_OTHER_WAYS}"
_OUT_OF_REACH = "keys that begin with a zero are never numbers"


def pinned_twice(menu: Menu) -> Iterator[Finding]:
    """Options of one screen with one key."""
    for name, screen in menu.screens.items():
        pinned: set[str] = set()
        for place, one in enumerate(screen.options if isinstance(screen, Choose) else ()):
            if one.key in pinned:
                loc = ("screens", name, "options", place, "key")
                yield Finding(loc, f"the key {one.key} is pinned twice", "key-twice", "pin another key to one of them")
            if one.key:
                pinned.add(one.key)


def hidden_ways_back(menu: Menu) -> Iterator[Finding]:
    """Keys, numbers and answers that are taken for something else than the way back that they would be."""
    back = {menu.words.back_key: "goes back", menu.words.home_key: "goes to the start"}
    for name, screen in menu.screens.items():
        match screen:
            case Choose(options=options):
                for place, one in enumerate(options):
                    if one.key in back:
                        said = f"the key {one.key} hides the one that {back[one.key]}"
                        yield Finding(("screens", name, "options", place, "key"), said, HIDES, _ELSE)
            case Ask(check=check):
                yield from (_accepted(name, check, key, back[key]) for key in back if _accepts(check, key))
        for key in back.keys() & _numbers(screen):
            said = f"the number {key}, of an option or the next line, hides the key that {back[key]}"
            yield Finding(("screens", name), said, HIDES, _OUT_OF_REACH)


def _accepts(check: str, typed: str) -> bool:
    accepted = rule(check)
    return accepted is not None and accepted(typed) is not None


def _accepted(name: str, check: str, key: str, does: str) -> Finding:
    said = f"{check} accepts {key}, which hides the key that {does}"
    return Finding(("screens", name, "check"), said, HIDES, _LONGER)


def _numbers(screen: Choose | Ask | LookUp | End) -> set[str]:
    """Every number that a page of a screen may show."""
    match screen:
        case Choose(options=options):
            pinned = tuple(one.key for one in options)
            # Of several pages each shows an option less than all, or one beside a piece of the text, and the next line.
            return set(islice(Content("", "", pinned=pinned).numbers(), max(pinned.count(None), 2)))
        case Ask() | End():
            return {"1"}
        case LookUp():
            return set()
