"""A registry that sets a pace: how long it takes to answer, without what we then do with its answer."""

from ussd.admission import Paces
from ussd.backends import Asked, Person, Registry


class PacedRegistry:
    """A registry, and what is told of it to who lets dials in."""

    def __init__(self, registry: Registry, paces: Paces, name: str) -> None:
        """`name` is that of the backend which asks it."""
        self._registry, self._paces, self._name = registry, paces, name

    async def inquire(self, asked: Asked) -> Person | None:
        """Ask about one person. Raises RegistryFault."""
        with self._paces.asked(self._name):
            return await self._registry.inquire(asked)
