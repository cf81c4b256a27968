"""Editions of menus: a session goes on in the menu that it began in, whatever its author has written since.

A session names its edition. Each process keeps those that it has served; what it has not, as after a restart, another
process has put into the store.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Protocol

from ussd.core.engine import Engine
from ussd.core.machine import Moves
from ussd.core.menu import Menu, Words
from ussd.core.profile import Profile

KEPT = 8
"""Editions of one menu that a process keeps; older ones come from the store, if anybody still needs them."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One menu as it was written at one time, with its engines."""

    version: str
    menu: Menu
    moves: Moves
    _engines: dict[Profile, Engine] = field(default_factory=dict)

    def engine(self, profile: Profile) -> Engine:
        """The engine of this edition on lines of one profile; compiled once."""
        if profile not in self._engines:
            self._engines[profile] = Engine(self.menu, self.moves, profile)
        return self._engines[profile]


def edition_of(menu: Menu) -> Edition:
    """The edition of a menu; the same words and screens are the same edition, in every process."""
    return Edition(blake2b(written(menu), digest_size=6).hexdigest(), menu, Moves(menu))


def written(menu: Menu) -> bytes:
    """A menu in all its languages, for the store."""
    others = menu.languages[1:]
    dumped = [menu.model_dump(mode="json"), {one: menu.spoken(one).model_dump(mode="json") for one in others}]
    return json.dumps(dumped, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def read(octets: bytes) -> Menu:
    """What `written` wrote. Raises ValueError for anything else."""
    first, others = json.loads(octets)
    versions = {language: Menu.model_validate(other) for language, other in others.items()}
    return Menu.model_validate(first).translated(versions)


class Editions(Protocol):
    """Where the processes of an installation put their editions for each other."""

    async def keep(self, edition: Edition) -> None:
        """Write an edition down. Raises StoreAway within a second."""

    async def kept(self, version: str) -> Menu | None:
        """A menu by its version; None where nobody has written it down. Raises StoreAway within a second."""


class Nowhere:
    """For a process that has no others beside it, and none after it."""

    async def keep(self, edition: Edition) -> None:
        """Forget it."""

    async def kept(self, version: str) -> Menu | None:
        """There is none."""
        return None


NOWHERE = Nowhere()


class Shelf:
    """The editions of an installation's menus, and the words that belong to no menu."""

    def __init__(self, menus: Mapping[str, Menu], words: Words) -> None:
        """Begin with these."""
        self._known: dict[str, dict[str, Edition]] = {}
        self.take(map(edition_of, menus.values()), words)

    def take(self, editions: Iterable[Edition], words: Words) -> None:
        """Serve these from now on, to whoever dials."""
        self.words = words
        self.current = {edition.menu.code: self.add(edition) for edition in editions}

    def add(self, edition: Edition) -> Edition:
        """Keep an edition for the sessions that are in it; the one that is here already, if it is."""
        known = self._known.setdefault(edition.menu.code, {})
        edition = known.pop(edition.version, edition)  # the newest last
        known[edition.version] = edition
        while len(known) > KEPT:
            known.pop(next(iter(known)))
        return edition

    def kept(self, code: str, version: str) -> Edition | None:
        """An edition, if this process has it."""
        return self._known.get(code, {}).get(version)
