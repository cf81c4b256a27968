"""What is counted, as those say it to whom it happens. They know nothing of Prometheus (ussd/metrics.py).

What names a count is of the configuration, of a menu or of a backend: never of a request.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from ussd.callback import Reply

Outcome = Literal["shown", "ended", "aborted", "refused", "limited", "shed", "store_away", "failed"]
"""What became of a callback: a screen that waits, a last one, a hang-up, a callback that its gateway does not promise,
the words of a limit, those for a crowd that is too great, or the apology, for want of Redis or for a fault of ours."""
Limit = Literal["too_often", "too_many_people", "paused", "busy", "full"]
"""Those of ussd/limits.py; `full` where so much is under way that a gateway is told so by a status."""
Kind = Literal["going", "dial", "api"]
"""What is turned away: a callback of a dialogue that is going on, a new dial, a request to the API."""


class Admitting(Protocol):
    """Who lets callbacks in, to be looked at by whoever asks for numbers."""

    def at_most(self) -> int:
        """How many callbacks may be worked on at once now."""

    def at_work(self) -> int:
        """How many are."""

    def in_queue(self, kind: Literal["going", "dial"]) -> int:
        """How many wait for their turn."""


class CallbackCounting(Protocol):
    """Counts callbacks, and what is shown for them."""

    def callback(self, gateway: str, menu: str, outcome: Outcome, seconds: float | None = None) -> None:
        """One was answered; `menu` is a shortcode or empty, and without `seconds` it never came to the engine."""

    def screen(self, menu: str, screen: str, *, page: bool) -> None:
        """A screen was shown; a `page` is a further one of it."""

    def dropped(self, menu: str, screen: str, how: Literal["aborted", "redialled"]) -> None:
        """A line left its dialogue there: its gateway said so, or it dialled again."""

    def retried(self, gateway: str) -> None:
        """A request came again, and got the stored reply."""

    def lost(self, gateway: str) -> None:
        """A step was not stored: another one of its session was, meanwhile."""

    def limited(self, limit: Limit) -> None:
        """A limit was reached."""

    def stranger(self, gateway: str) -> None:
        """Who called could not prove to be the gateway."""


class AdmissionCounting(Protocol):
    """Counts who is turned away."""

    def shed(self, kind: Kind) -> None:
        """It was turned away, as more came than could be served."""

    def admission(self, admitting: Admitting) -> None:
        """Where to look how many are worked on, and how many wait."""


class LookupCounting(Protocol):
    """Counts lookups."""

    def lookup(self, backend: str, outcome: str, seconds: float) -> None:
        """One came to an outcome that its backend declares, or to `unavailable`, in time or not."""

    def late(self, backend: str) -> None:
        """The subscriber's deadline came first."""

    def broke_contract(self, backend: str) -> None:
        """An answer was none that the backend declares."""


class StoreCounting(Protocol):
    """Counts what must not happen between us and Redis."""

    def stray(self) -> None:
        """A reply was to another request, and was not read."""


class LedgerCounting(Protocol):
    """Keeps how the ledger stands."""

    def reserved(self, credits: int, oldest_seconds: float) -> None:
        """So many credits are reserved now, the first of them for so long."""

    def codes_left(self, number: int) -> None:
        """So many tracking codes of today are not leased yet."""

    def drift(self, credits: int) -> None:
        """By so many credits the books do not add up."""


class Uncounted:
    """For those whom nobody asks."""

    def callback(self, gateway: str, menu: str, outcome: Outcome, seconds: float | None = None) -> None:
        """Forget it."""

    def screen(self, menu: str, screen: str, *, page: bool) -> None:
        """Forget it."""

    def dropped(self, menu: str, screen: str, how: Literal["aborted", "redialled"]) -> None:
        """Forget it."""

    def retried(self, gateway: str) -> None:
        """Forget it."""

    def lost(self, gateway: str) -> None:
        """Forget it."""

    def limited(self, limit: Limit) -> None:
        """Forget it."""

    def shed(self, kind: Kind) -> None:
        """Forget it."""

    def admission(self, admitting: Admitting) -> None:
        """Forget it."""

    def stranger(self, gateway: str) -> None:
        """Forget it."""

    def lookup(self, backend: str, outcome: str, seconds: float) -> None:
        """Forget it."""

    def late(self, backend: str) -> None:
        """Forget it."""

    def broke_contract(self, backend: str) -> None:
        """Forget it."""

    def stray(self) -> None:
        """Forget it."""

    def reserved(self, credits: int, oldest_seconds: float) -> None:
        """Forget it."""

    def codes_left(self, number: int) -> None:
        """Forget it."""

    def drift(self, credits: int) -> None:
        """Forget it."""


UNCOUNTED = Uncounted()


@dataclass(slots=True)
class Noted:
    """What is known of one callback while it is answered, for the log and for who counts."""

    gateway: str
    phase: str
    menu: str = ""
    screen: str = ""
    outcome: Outcome | None = None

    def answered(self, reply: Reply) -> None:
        """Note the outcome, where nothing else has come of it."""
        self.outcome = self.outcome or ("ended" if reply.ends else "shown")

    def names(self) -> dict[str, str]:
        """As the log has it."""
        known = {"menu": self.menu, "screen": self.screen}
        return {"gateway": self.gateway, "phase": self.phase} | {name: one for name, one in known.items() if one}
