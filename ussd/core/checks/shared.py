"""The words that menus share: each of their screens fits one, and the keys differ."""

from collections.abc import Iterator

from ussd.core.checks.finding import ANY_LINE, Finding, Lines
from ussd.core.checks.letters import EMPTY, EMPTY_HINT, unshown_of, visible
from ussd.core.checks.lines import limits
from ussd.core.menu import MINUTES, Words
from ussd.core.text import fits, fold_out

_LONGEST_WAIT = "1440"
"""Minutes."""
_ALONE = (
    "too_many",
    "ended",
    "expired",
    "unknown_code",
    "apology",
    "too_often",
    "too_many_people",
    "paused",
    "busy",
)


def word_findings(words: Words, lines: Lines = ANY_LINE) -> list[Finding]:
    """The shared screens are shown when all else fails, so each of them must fit one screen as it is."""
    screens = {name: str(getattr(words, name)).replace(MINUTES, _LONGEST_WAIT) for name in _ALONE}
    screens["go_on"] = f"{words.go_on}\n1-{words.go_on_yes}\n2-{words.go_on_no}"
    found = [Finding((name,), EMPTY, "empty-screen", EMPTY_HINT) for name, text in screens.items() if not visible(text)]
    found += [one for name, text in screens.items() for one in _too_wide(name, text, lines)]
    found += [one for name, text in words if isinstance(text, str) for one in unshown_of((name,), text, lines)]
    if words.back_key == words.home_key:
        said = f"the key {words.home_key} is the one that goes back"
        found.append(Finding(("home_key",), said, "key-twice", "give the way to the start a key of its own"))
    return found


def _too_wide(name: str, text: str, lines: Lines) -> Iterator[Finding]:
    for gateway, profile in lines.items():
        if not fits(fold_out(text, profile), profile):
            yield Finding((name,), f"does not fit one screen of {limits(gateway, profile)}", "pages", "shorten it")
