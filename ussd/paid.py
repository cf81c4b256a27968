"""An inquiry that is paid for with a credit: reserved first, then taken for the answer, or given back for none."""

import asyncio
from dataclasses import dataclass, field

import structlog

from ussd.backends import Asked, Inquiry, Issued, LedgerAway, Registry, RegistryFault, Subject, Tracker
from ussd.keys import Keys
from ussd.ledger import Before, Client, Going, Keyed, Reserved, Spending, Stopped, UsedUp

SECONDS = 8.0
"""What an answer may take: less than a server that stops waits for what is under way (ussd/web/server.py)."""
_AGAIN = 0.2
"""Seconds between two looks at a request of the same key that is under way."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Paid:
    """An answer, and what it left of the credit."""

    subject: Subject
    entitled: bool
    tracking_code: str
    remaining: int


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The registry gave no answer in time: the credit is given back."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks, and with which code."""

    client: Client
    msisdn: str = field(repr=False)
    code: str = field(repr=False)
    """A credit code: 16 digits."""
    subject: Subject


Refusal = Unanswered | Stopped | UsedUp | Before


class PaidInquiries:
    """The inquiries of the API's clients. They are about services outside of hospitals."""

    def __init__(
        self, spending: Spending, registry: Registry, tracker: Tracker, keys: Keys, seconds: float = SECONDS
    ) -> None:
        """`seconds`: what an answer may take."""
        self._spending, self._registry, self._tracker = spending, registry, tracker
        self._keys, self._seconds = keys, seconds

    async def inquire(self, wish: Wish, keyed: Keyed) -> Paid | Refusal:
        """Answer once for each key; `keyed` must have one, and renders a Paid. Raises LedgerAway, after which
        it may have been answered: asked again, it is not answered twice.
        """
        deadline = asyncio.get_running_loop().time() + self._seconds
        reserved = await self._reserved(wish, keyed, deadline)
        if not isinstance(reserved, Reserved):
            return reserved
        settled = False
        try:
            paid, issued = await self._asked(wish, keyed, reserved, deadline)
            settled = await self._spending.take(reserved, paid.entitled, issued, keyed.render(paid))
            return paid if settled else Unanswered()
        except (RegistryFault, TimeoutError):
            return Unanswered()
        finally:
            if not settled:
                await self._given_back(reserved)

    async def _reserved(self, wish: Wish, keyed: Keyed, deadline: float) -> Reserved | Refusal:
        """A credit; whoever asks again while the first request is under way waits for its answer."""
        while True:
            found = await self._spending.reserve(keyed, wish.msisdn, wish.code, wish.subject)
            if not isinstance(found, Going) or asyncio.get_running_loop().time() > deadline:
                return found
            await asyncio.sleep(_AGAIN)

    async def _asked(self, wish: Wish, keyed: Keyed, reserved: Reserved, deadline: float) -> tuple[Paid, Issued]:
        client = wish.client
        operation = self._keys.name("operation", "api", str(client.number), keyed.key, keyed.fingerprint)
        async with asyncio.timeout_at(deadline):
            person = await self._registry.inquire(Asked(operation, wish.subject, "outpatient", client.name))
        entitled = person is not None and person.entitled
        issued = await self._tracker.issue(
            Inquiry(
                operation_id=operation,
                kind="credit",
                gateway=f"api/{client.name}",
                shortcode="",
                msisdn=wish.msisdn,
                subject=wish.subject,
                outcome="entitled" if entitled else "not_entitled",
            )
        )
        # The stored outcome, not ours: asked again, the same code must not come with another answer.
        return Paid(wish.subject, issued.outcome == "entitled", issued.code, reserved.remaining), issued

    async def _given_back(self, reserved: Reserved) -> None:
        """Now, or where the ledger is away, by whoever looks for what was left open."""
        try:
            await asyncio.shield(self._spending.give_back(reserved))
        except LedgerAway:
            _log.warning("credit_left_open")
