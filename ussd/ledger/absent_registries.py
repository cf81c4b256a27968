"""Registries that no setting names, where others are named: nothing is known, and nothing is taken for granted."""

from ussd.backends import Asked, Person, RegistryFault


class NoRegistry:
    """An insurer that cannot be asked, which is not the same as one that insures nobody."""

    async def inquire(self, asked: Asked) -> Person | None:
        """Raise RegistryFault."""
        raise RegistryFault("no such registry is configured")


class NoOwners:
    """Nobody's line is known to be theirs."""

    async def owns(self, operation_id: str, msisdn: str, national_code: str) -> bool:
        """Refuse."""
        return False
