"""A session: where a subscriber stands in a menu, and its stored form."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_WRITER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Place(NamedTuple):
    """How much of a screen is behind the reader: where the page now shown begins."""

    text: int = 0
    """Characters of the screen's text."""
    option: int = 0
    """Options of the screen."""
    label: int = 0
    """Characters of that option's label, where one label is longer than a screen."""


TOP = Place()


@dataclass(frozen=True, slots=True)
class Session:
    """All that is known between two callbacks. What the handset shows is a function of it, its menu and its profile."""

    code: str
    screen: str
    at: Place = TOP
    answers: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    behind: tuple[tuple[str, Place], ...] = ()
    """The pages that `0` goes back through, the newest last."""
    mistakes: int = 0
    """Wrong answers in a row; where there is one, the screen shows its note."""
    offered: bool = False
    """A dropped session was found, and the subscriber is asked whether to go on with it."""
    heard: str = ""
    """All inputs so far, for a gateway that accumulates them."""
    born: int = 0
    """When it began, as the shell counts time: two sessions of one id are told apart by it."""
    language: str = ""
    """The one that was chosen; empty for the menu's first."""
    version: str = ""
    """Which edition of the menu it began in, as the shell names it."""
    waiting: tuple[str, ...] = ()
    """Answers of the dial string that are not fed yet. Empty wherever a session is stored."""

    def dumps(self) -> bytes:
        """The stored form, JSON in UTF-8; a lone surrogate in a fact passes through it, as it does on the way back."""
        return _WRITER.encode(
            [
                self.code,
                self.screen,
                _written(self.at),
                dict(self.answers),
                dict(self.facts),
                [(name, _written(place)) for name, place in self.behind],
                self.mistakes,
                self.offered,
                self.heard,
                self.born,
                self.language,
                self.version,
            ]
        ).encode(errors="surrogatepass")

    @classmethod
    def loads(cls, stored: bytes) -> "Session":
        """Read the stored form back."""
        code, screen, at, answers, facts, behind, mistakes, offered, heard, born, language, version = json.loads(stored)
        return cls(
            code=code,
            screen=screen,
            at=_read(at),
            answers=answers,
            facts=facts,
            behind=tuple((name, _read(place)) for name, place in behind),
            mistakes=mistakes,
            offered=offered,
            heard=heard,
            born=born,
            language=language,
            version=version,
        )


def _written(place: Place) -> Place | int:
    """Almost all are the top, and there are as many sessions as lines that dial."""
    return 0 if place == TOP else place


def _read(place: Any) -> Place:
    return Place(*place) if place else TOP
