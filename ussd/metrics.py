"""What Prometheus may ask of this process: numbers, which name nobody.

https://prometheus.io/docs/instrumenting/exposition_formats/

How many series there are depends on the configuration, the menus and the backends, and on no caller.
"""

from collections.abc import Callable, Iterable
from functools import partial
from math import nan
from typing import Generic, Literal, TypeVar, get_args

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ussd.counting import Admitting, Kind, Limit, Outcome

CONTENT_TYPE = CONTENT_TYPE_LATEST
"""Of what `Metrics.written` gives."""

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 3, 4, 4.5, 5, 10)
"""Most callbacks take milliseconds, and a line waits for 5 s, of which a lookup has 4.5."""
_LONG = (*_SECONDS, 20, 60)
"""A lookup that is late goes on for a minute."""

Series = TypeVar("Series")


class _Named(Generic[Series]):
    """The series of one metric by the values of its labels, each found once: to find it costs more than to count."""

    def __init__(self, find: Callable[..., Series]) -> None:
        self._find = find
        self._found: dict[tuple[str, ...], Series] = {}

    def __getitem__(self, names: tuple[str, ...]) -> Series:
        if (found := self._found.get(names)) is None:
            found = self._found[names] = self._find(*names)
        return found


class Metrics:
    """The numbers of one application."""

    def __init__(self) -> None:
        """Begin at zero, in a registry of its own: the library's is shared by all that runs in a process."""
        self._registry = CollectorRegistry()
        self._of_callbacks()
        self._of_admission()
        self._of_lookups()
        self._of_ledger()
        self._sent = self._counter("sms_sent", "Messages that were sent.")
        self._failed = self._counter("sms_failed", "Tries that did not send a message.")
        self._given_up = self._counter("sms_given_up", "Messages that were given up.")
        self._waiting = self._gauge("sms_waiting", "Messages that wait to be sent, of all processes.")
        self._oldest = self._gauge("sms_oldest_seconds", "How long the oldest of them has waited.")
        self._taken = self._counter("menus_taken", "Times that changed menus were taken.")
        self._refused = self._counter("menus_refused", "Times that changed menus had faults.")

    def callback(self, gateway: str, menu: str, outcome: Outcome, seconds: float | None = None) -> None:
        """Count a callback, and how long it took in the engine."""
        self._callbacks[gateway, menu, outcome].inc()
        if seconds is not None:
            self._callback_seconds[gateway,].observe(seconds)

    def screen(self, menu: str, screen: str, *, page: bool) -> None:
        """Count a screen, or a further page of it."""
        self._screens[menu, screen].inc()
        if page:
            self._pages[menu, screen].inc()

    def dropped(self, menu: str, screen: str, how: Literal["aborted", "redialled"]) -> None:
        """Count a dialogue that its line left."""
        self._drops[menu, screen, how].inc()

    def retried(self, gateway: str) -> None:
        """Count a retry."""
        self._retries[gateway,].inc()

    def lost(self, gateway: str) -> None:
        """Count a step that another one has overtaken."""
        self._stale[gateway,].inc()

    def limited(self, limit: Limit) -> None:
        """Count who came too often."""
        self._limited[limit,].inc()

    def shed(self, kind: Kind) -> None:
        """Count who is turned away."""
        self._shed[kind,].inc()

    def admission(self, admitting: Admitting) -> None:
        """Look there whenever anybody asks."""
        self._at_most.set_function(admitting.at_most)
        self._at_work.set_function(admitting.at_work)
        for kind in ("going", "dial"):
            self._in_queue.labels(kind).set_function(partial(admitting.in_queue, kind))

    def stranger(self, gateway: str) -> None:
        """Count who is not let in."""
        self._strangers[gateway,].inc()

    def lookup(self, backend: str, outcome: str, seconds: float) -> None:
        """Count a lookup, and how long it took."""
        self._lookups[backend, outcome].inc()
        self._lookup_seconds[backend,].observe(seconds)

    def late(self, backend: str) -> None:
        """Count a deadline that came first."""
        self._late[backend,].inc()

    def broke_contract(self, backend: str) -> None:
        """Count an answer that was none."""
        self._broken[backend,].inc()

    def stray(self) -> None:
        """Count a reply that was not ours."""
        self._strays.inc()

    def reserved(self, credits: int, oldest_seconds: float) -> None:
        """Note how many credits are reserved now, and since when."""
        self._reserved.set(credits)
        self._reserved_oldest.set(oldest_seconds)

    def codes_left(self, number: int) -> None:
        """Note how many tracking codes today has left."""
        self._codes_left.set(number)

    def drift(self, credits: int) -> None:
        """Note by how much the books do not add up."""
        self._drift.set(credits)

    def sms_sent(self) -> None:
        """Count a message."""
        self._sent.inc()

    def sms_failed(self) -> None:
        """Count a try."""
        self._failed.inc()

    def sms_given_up(self, number: int) -> None:
        """Count messages."""
        self._given_up.inc(number)

    def sms_backlog(self, waiting: int, oldest_seconds: float) -> None:
        """Note how much waits now, and since when."""
        self._waiting.set(waiting)
        self._oldest.set(oldest_seconds)

    def menus_taken(self) -> None:
        """Count changed menus that are served now."""
        self._taken.inc()

    def menus_refused(self) -> None:
        """Count changed menus that are not."""
        self._refused.inc()

    def written(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self._registry)

    def _of_callbacks(self) -> None:
        screens = ("menu", "screen")
        self._callbacks = self._named("callbacks", "Callbacks, by what became of them.", "gateway", "menu", "outcome")
        self._callback_seconds = self._seconds("callback_seconds", "What a callback took.", "gateway", _SECONDS)
        self._screens = self._named("screens", "Screens that were shown.", *screens)
        self._pages = self._named("pages", "Of these, further pages of a screen.", *screens)
        self._drops = self._named("drops", "Dialogues that a line left open, by their last screen.", *screens, "how")
        self._retries = self._named("retries", "Retries that got the stored reply.", "gateway")
        self._stale = self._named("stale_commits", "Steps that another one had overtaken.", "gateway")
        self._limited = self._named("limited", "Callbacks beyond a limit.", "limit")
        self._strangers = self._named("callers_refused", "Requests without the proofs asked for.", "gateway")
        self._strays = self._counter("stray_replies", "Replies of Redis that were to another request.")
        for limit in get_args(Limit):
            self._limited[limit,].inc(0)

    def _of_admission(self) -> None:
        self._shed = self._named("shed", "What was turned away, as more came than could be served.", "kind")
        self._at_most = self._gauge("at_once_limit", "Callbacks that may be worked on at once now.")
        self._at_work = self._gauge("at_once", "Callbacks that are worked on.")
        waiting = "Callbacks that wait for their turn."
        self._in_queue = Gauge("ussd_waiting", waiting, ("kind",), registry=self._registry)
        for kind in get_args(Kind):
            self._shed[kind,].inc(0)

    def _of_lookups(self) -> None:
        self._lookups = self._named("lookups", "Lookups, by their outcome.", "backend", "outcome")
        self._lookup_seconds = self._seconds("lookup_seconds", "What a lookup took.", "backend", _LONG)
        self._late = self._named("lookups_late", "Lookups that had no answer by their deadline.", "backend")
        self._broken = self._named("lookups_broken", "Answers that their backend does not declare.", "backend")

    def _of_ledger(self) -> None:
        """What nobody has looked at yet is no number: 0 would be news."""
        self._reserved = self._gauge("credits_reserved", "Credits that are reserved, of all processes.")
        self._reserved_oldest = self._gauge("credits_reserved_oldest_seconds", "How long the first of them is.")
        self._drift = self._gauge("ledger_drift", "Credits by which the books do not add up.")
        self._codes_left = self._gauge("tracking_codes_left", "Tracking codes of today that nobody has leased.")
        self._drift.set(nan)
        self._codes_left.set(nan)

    def _named(self, name: str, meaning: str, *labels: str) -> _Named[Counter]:
        return _Named(Counter(f"ussd_{name}", meaning, labels, registry=self._registry).labels)

    def _seconds(self, name: str, meaning: str, label: str, buckets: Iterable[float]) -> _Named[Histogram]:
        metric = Histogram(f"ussd_{name}", meaning, (label,), registry=self._registry, buckets=tuple(buckets))
        return _Named(metric.labels)

    def _counter(self, name: str, meaning: str) -> Counter:
        return Counter(f"ussd_{name}", meaning, registry=self._registry)

    def _gauge(self, name: str, meaning: str) -> Gauge:
        return Gauge(f"ussd_{name}", meaning, registry=self._registry)
