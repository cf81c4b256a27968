"""What an operation of the API is: the table of them registers their routes, and is their document, too."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from ussd.core.messages import Messages
from ussd.keys import Keys
from ussd.ledger import Client, ClientBook, CreditBook, History, Keyed, OneTimeBook
from ussd.paid import PaidInquiries
from ussd.web.api.answers import Answer
from ussd.web.api.given import Given

ROOT = "/api/v1"

G = TypeVar("G", bound=Given)


@dataclass(frozen=True, slots=True)
class Desks:
    """Who serves the API's clients."""

    clients: ClientBook
    credits: CreditBook
    history: History
    paid: PaidInquiries
    one_time: OneTimeBook
    messages: Messages
    keys: Keys


@dataclass(frozen=True, slots=True)
class Call(Generic[G]):
    """One request, read and found right."""

    client: Client
    given: G
    keyed: Keyed


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation."""

    name: str
    """In logs, and `operationId` in the document."""
    method: Literal["GET", "POST", "DELETE"]
    """What POST gives is its body; what the others give are headers, as nothing personal is ever in a URL."""
    path: str
    """Below ROOT."""
    summary: str
    takes: type[Given]
    gives: type[Answer]
    ask: Callable[[Desks, Call[Any]], Awaitable[object]]
    """What a desk says: what `answer` takes, or a refusal (ussd/web/api/refusals.py). Raises LedgerAway."""
    answer: Callable[[Any, Messages], Answer]
    """The body where a desk says yes. It must be pure."""
    refuses: tuple[int, ...] = ()
    """The statuses of what a desk may refuse; the others are all operations'."""
    status: int = 200
    needs_key: bool = False
    """Whether there must be an Idempotency-Key; with every POST there may be one."""
