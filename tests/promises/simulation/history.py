"""What happened in a schedule, as those who took part in it wrote it down."""

from contextvars import ContextVar
from dataclasses import dataclass, field

from simulator.operators import Leg
from tests.promises.simulation.store import Step
from ussd.backends import Inquiry
from ussd.callback import Callback, Reply
from ussd.core.session import Session
from ussd.sessions import SessionKey


@dataclass(eq=False, slots=True)
class Delivery:
    """One callback as it was brought to us once; it may be brought again."""

    key: SessionKey
    kind: str
    """How its gateway's retries are told: `id`, `inputs` (all inputs each time) or `nothing`."""
    number: int
    """Of the callback in its session; all deliveries of a callback have it."""
    leg: Leg
    callback: Callback
    sent: float
    answered: float | None = None
    """None where the process was killed before, or the way back was lost."""
    reply: Reply | None = None
    body: bytes = b""
    refused: str = ""
    """Why the engine did not take it, or what it raised."""
    troubles: list[str] = field(default_factory=list)
    """What failed on its way through the shell."""


@dataclass(frozen=True, slots=True)
class Row:
    """An inquiry in the ledger, and who caused it."""

    inquiry: Inquiry
    code: str
    at: float
    delivery: Delivery | None


@dataclass(slots=True)
class Taken:
    """An accepted step, and who took it."""

    step: Step
    delivery: Delivery
    undone: bool = False
    """Redis lost it with its power."""


@dataclass(slots=True)
class History:
    """All of it, in the order in which it happened."""

    deliveries: list[Delivery] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    late: list[tuple[SessionKey, Session]] = field(default_factory=list)
    """Whose answers came too late, and the sessions that waited for them."""
    forgotten: list[float] = field(default_factory=list)
    """When Redis lost its power."""


CURRENT: ContextVar[Delivery] = ContextVar("CURRENT")
"""On whose behalf something happens."""


def trouble(what: str) -> None:
    """Write down that something failed for whoever is being answered."""
    if delivery := CURRENT.get(None):
        delivery.troubles.append(what)
