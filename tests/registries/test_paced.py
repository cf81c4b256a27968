"""How long a registry takes is its own time: what we then do with its answer is none of its affair."""

import asyncio

import pytest

from tests.registries.conftest import ASKED
from ussd.admission import Paces
from ussd.backends import Asked, Person, RegistryFault
from ussd.registries import PacedRegistry

THERE = Person(entitled=True)


class Slow:
    """A registry on a clock of its own."""

    def __init__(self) -> None:
        self.now, self.seconds, self.broken = 0.0, 0.1, False

    async def inquire(self, asked: Asked) -> Person | None:
        answered = self.now + self.seconds
        await asyncio.sleep(0)  # until all who ask at once have asked
        self.now = max(self.now, answered)
        if self.broken:
            raise RegistryFault(asked.operation_id)
        return THERE


async def asked(registry: Slow, paces: Paces, times: int, afterwards: float) -> None:
    """So many times ten questions at once, with so many seconds of our own after each ten."""
    paced = PacedRegistry(registry, paces, "entitlement")
    for _ in range(times):
        assert await asyncio.gather(*(paced.inquire(ASKED) for _ in range(10))) == [THERE] * 10
        registry.now += afterwards


@pytest.mark.parametrize(("seconds", "limited"), [(0.1, False), (1.0, True)])
async def test_a_slow_ledger_says_nothing_of_the_registry(seconds: float, limited: bool) -> None:
    registry = Slow()
    paces = Paces(lambda: registry.now)
    await asked(registry, paces, 50, 0.0)
    registry.seconds = seconds
    await asked(registry, paces, 50, 1.0 - seconds)
    assert paces.limited is limited


async def test_a_fault_is_passed_on_and_is_no_answer() -> None:
    registry = Slow()
    paces = Paces(lambda: registry.now)
    await asked(registry, paces, 50, 0.0)
    registry.broken, registry.seconds = True, 9.0
    paced = PacedRegistry(registry, paces, "entitlement")
    for _ in range(50):
        with pytest.raises(RegistryFault):
            await paced.inquire(ASKED)
    assert not paces.limited
