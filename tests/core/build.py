"""Small menus for the tests, and what their lookups may ask."""

from collections.abc import Mapping
from pathlib import Path

from ussd.backends import backends, contracts_of
from ussd.core.checks import Contract, findings
from ussd.core.engine import Engine
from ussd.core.loader import load_menu, load_words
from ussd.core.machine import Moves
from ussd.core.menu import Menu, Words
from ussd.core.profile import Profile

ROOT = Path(__file__).parent.parent.parent
SHIPPED = ROOT / "menus"
FAULTS, SOUND = ROOT / "tests/menus/faults", ROOT / "tests/menus/sound"
WORDS = load_words(SHIPPED / "common.yaml")
ENGLISH = Words(
    next="next",
    back="back",
    home="start",
    back_key="0",
    home_key="00",
    wrong_key="No such option.",
    wrong_answer="Not a valid answer.",
    go_on="Your last session was cut off. Go on?",
    go_on_yes="Go on",
    go_on_no="Start anew",
    too_many="Three wrong answers. Please dial again.",
    ended="Goodbye.",
    expired="Your time is up.",
    unknown_code="No such code.",
    apology="Please try again later.",
    too_often="Too many calls. Wait {minutes} minutes.",
    too_many_people="Enough for today.",
    paused="Too many wrong codes. Wait {minutes} minutes.",
    busy="Too busy.",
)
SHIPPED_CONTRACTS = contracts_of(backends())
CONTRACTS = {
    **SHIPPED_CONTRACTS,
    "registry": Contract({"found": {"name"}, "missing": set(), "unavailable": set()}, {"name": 30}),
}

BYE = {"end": "bye"}
ESSAY = " ".join(f"word{number:02}" for number in range(60))
MAIN = "Main\n1-Code\n2-Numbers\n3-Letters\n4-Read\n5-Loop\n6-Bye"


def menu(screens: Mapping[str, object], **fields: object) -> Menu:
    """A menu in English that starts at its first screen, proven as the loader proves it but for hidden ways back.

    An author is not to hide one; what the engine makes of it is tested nevertheless.
    """
    given = {"code": "*1#", "start": next(iter(screens)), "words": ENGLISH, "screens": screens}
    built = Menu.model_validate(given | fields)
    assert {one.rule for one in findings(built, CONTRACTS)} <= {"key-hides"}
    return built


def choose(text: str, *options: str, **fields: object) -> dict[str, object]:
    """A choosing screen; an option is `label>screen`, or `label>screen>key` where it has a key of its own."""
    parts = [option.split(">") for option in options]
    written = [dict(zip(("label", "goto", "key"), part, strict=False)) for part in parts]
    return {"choose": text, "options": written, **fields}


def ask(text: str, goto: str, check: str = "digits(5)", save_as: str = "code", **fields: object) -> dict[str, object]:
    """An asking screen."""
    return {"ask": text, "goto": goto, "check": check, "save_as": save_as, **fields}


def look_up(found: str, missing: str, unavailable: str, given: tuple[str, ...] = ()) -> dict[str, object]:
    """A lookup in the registry."""
    outcomes = {"found": found, "missing": missing, "unavailable": unavailable}
    return {"look_up": "registry", "given": given, "outcomes": outcomes}


def engine(menu: Menu, profile: Profile | None = None) -> Engine:
    """The engine of a menu on a line."""
    return Engine(menu, Moves(menu), profile or Profile())


def small_menu(**fields: object) -> Menu:
    """All kinds of screens: a screen of several pages, keys of its own, a loop, a lookup."""
    letters = [f"{letter * 40}>stop" for letter in "abcdefgh"]
    screens = {
        "main": choose("Main", "Code>code", "Numbers>number", "Letters>letters", "Read>essay", "Loop>main", "Bye>stop"),
        "code": ask("Code?", "look", sorry="Five digits."),
        "look": look_up("hello", "main", "sorry", ("code",)),
        "hello": {"end": "Hello {name}, {code}"},
        "sorry": {"end": "Later, please"},
        "number": ask("Number?", "stop", check="digits(1-2)", save_as="number"),
        "letters": choose("Letters", *letters, "All>stop>9", "Zero>code>0"),
        "essay": {"end": ESSAY},
        "stop": {"end": "Bye"},
    }
    return menu(screens, **fields)


def public_menu() -> Menu:
    """The menu that is shipped for *4*1420#."""
    return load_menu(SHIPPED / "1420.yaml", WORDS, SHIPPED_CONTRACTS)
