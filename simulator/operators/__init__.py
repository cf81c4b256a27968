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


class AsynchronousOperator(Operator, Protocol):
    """A module of this folder whose engine acknowledges a request, and sends the screen by a call of its own."""

    def follows(self, wire: WireRequest) -> str:
        """The session in which a screen follows one of our requests; empty where none does."""

    def session(self, wire: WireRequest) -> str:
        """The session that a screen was sent for. Raises ValueError where it cannot be read."""

    def took(self) -> WireReply:
        """Write that a screen was taken."""
