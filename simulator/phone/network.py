"""The networks that a handset can be on: each gateway that there is a way to, with what its line can show."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from simulator.call import Carrier
from simulator.operators import Operator
from ussd.core.profile import Profile

SESSION_SECONDS = 180.0
"""What an operator lets a session last: Africa's Talking says so, most say nothing, and none is known to allow less."""


@dataclass(frozen=True, slots=True)
class Network:
    """The gateways, and the way to each."""

    gateways: tuple[str, ...]
    open: Callable[[str], Coroutine[Any, Any, Carrier]]
    """The way to one of them. Raises CallFailed."""
    profile: Callable[[str], Profile]
    session_seconds: float = SESSION_SECONDS

    def after(self, gateway: str) -> str:
        """The one that comes next."""
        return self.gateways[(self.gateways.index(gateway) + 1) % len(self.gateways)]


def operator_of(gateway: str) -> Operator:
    """The operator's side of a gateway."""
    return cast(Operator, import_module(f"simulator.operators.{gateway}"))


def profile_of(gateway: str) -> Profile:
    """What a gateway's line can show where nothing is configured."""
    return cast(Profile, import_module(f"gateways.{gateway}").PROFILE)
