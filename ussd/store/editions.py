"""Editions of menus in Redis, as `ussd:m:<version>`, sealed: so that what is read there was written by one of us."""

from ussd.core.menu import Menu
from ussd.editions import Edition, read, written
from ussd.keys import Keys, Unsealable
from ussd.store.client import Scripts

_KEPT = 3_600_000
"""Milliseconds, far longer than a session lives; whoever serves an edition writes it again in the meantime."""


class RedisEditions:
    """The editions that any process of an installation serves or served."""

    def __init__(self, scripts: Scripts, keys: Keys) -> None:
        """Do nothing yet."""
        self._scripts, self._keys = scripts, keys
        self._keep, self._kept = scripts.script("keep"), scripts.script("kept")

    async def keep(self, edition: Edition) -> None:
        """Write an edition down. Raises StoreAway within a second."""
        sealed = self._keys.seal("menu", edition.version).close(written(edition.menu))
        await self._scripts.run(self._keep, (f"ussd:m:{edition.version}",), (sealed, _KEPT))

    async def kept(self, version: str) -> Menu | None:
        """A menu by its version; None where nobody has written it down. Raises StoreAway within a second."""
        [sealed] = await self._scripts.run(self._kept, (f"ussd:m:{version}",), ())
        try:
            return read(self._keys.seal("menu", version).open(sealed)) if sealed else None
        except (Unsealable, ValueError):
            return None
