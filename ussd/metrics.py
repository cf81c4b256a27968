"""What Prometheus may ask of this process: numbers, which name nobody.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST
"""Of what `Metrics.written` gives."""


class Metrics:
    """The numbers of one application."""

    def __init__(self) -> None:
        """Begin at zero, in a registry of its own: the library's is shared by all that runs in a process."""
        self._registry = CollectorRegistry()
        self._sent = self._counter("sms_sent", "Messages that were sent.")
        self._failed = self._counter("sms_failed", "Tries that did not send a message.")
        self._given_up = self._counter("sms_given_up", "Messages that were given up.")
        self._waiting = self._gauge("sms_waiting", "Messages that wait to be sent, of all processes.")
        self._oldest = self._gauge("sms_oldest_seconds", "How long the oldest of them has waited.")
        self._taken = self._counter("menus_taken", "Times that changed menus were taken.")
        self._refused = self._counter("menus_refused", "Times that changed menus had faults.")

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

    def _counter(self, name: str, meaning: str) -> Counter:
        return Counter(f"ussd_{name}", meaning, registry=self._registry)

    def _gauge(self, name: str, meaning: str) -> Gauge:
        return Gauge(f"ussd_{name}", meaning, registry=self._registry)
