"""The lines that menus are checked for: those that lay out a screen in one way are checked as one."""

from dataclasses import replace

from ussd.core.checks.finding import Lines
from ussd.core.languages import profile_in
from ussd.core.profile import Profile

_DEADLINE = Profile().deadline
_NAMED = 2


def distinct(lines: Lines) -> Lines:
    """One line for all that show the same, under all their names."""
    gateways: dict[Profile, list[str]] = {}
    for name, profile in lines.items():
        gateways.setdefault(replace(profile, deadline=_DEADLINE), []).append(name)
    return {_together(names): profile for profile, names in gateways.items()}


def lines_in(language: str, lines: Lines) -> Lines:
    """How these lines show a text in a language."""
    return {name: profile_in(language, profile) for name, profile in lines.items()}


def _together(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:_NAMED])} and {more} more"


def limits(gateway: str, profile: Profile) -> str:
    """What one screen of a line holds, and whose it is."""
    characters = f" and {profile.max_chars} characters" if profile.max_chars else ""
    return f"{profile.max_octets} octets{characters}{f' ({gateway})' if gateway else ''}"
