"""The operators' side of each gateway, one module of the same name: what it sends us, and how it reads our answer."""

from dataclasses import dataclass
from typing import Protocol

from ussd.callback import Phase, Reply, WireReply, WireRequest


@dataclass(frozen=True, slots=True)
class Leg:
    """One callback as its operator sees it."""

    session: str
    msisdn: str
    dialled: str
    phase: Phase
    typed: tuple[str, ...] = ()
    """Everything typed in this session so far."""


class Operator(Protocol):
    """A module of this folder."""

    def ask(self, leg: Leg) -> WireRequest | None:
        """Write the request; None where this operator says nothing of such a thing: some never tell of an abort."""

    def read(self, reply: WireReply) -> Reply:
        """Read the reply to it. Raises ValueError where the operator could not."""
