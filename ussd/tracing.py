"""One trace a callback, for OpenTelemetry. The only importer of it, and imported only where traces are wanted.

https://opentelemetry.io/docs/specs/otel/trace/api/

A trace is made when its callback is over, of what was noted meanwhile; who answers callbacks knows nothing of it. Spans
name gateways, phases, menus, screens, backends and outcomes: never a number, a session, a text, or a fault's message.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Thread

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context

from ussd import __version__
from ussd.callback import Callback, Gateway, Reply, WireReply, WireRequest
from ussd.core.session import Session
from ussd.counting import Outcome
from ussd.sessions import Held, Late, Request, SessionKey, Store, StoreAway
from ussd.traced import Counting

FLUSH_SECONDS = 1.0
"""What a stop waits for the collector, which may be away."""
_FAULTS = ("failed", "store_away", "unavailable")


@dataclass(frozen=True, slots=True)
class _Part:
    """What a callback waited for, or a late lookup: its times are nanoseconds since 1970."""

    name: str
    began: int
    ended: int
    outcome: str
    backend: str


@dataclass(slots=True)
class _Trace:
    """What is known of a callback while it is answered."""

    began: int = field(default_factory=time.time_ns)
    phase: str = ""
    screen: str = ""
    page: bool = False
    retry: bool = False
    parts: list[_Part] = field(default_factory=list)
    over: Context | None = None
    """Of its span, once it is answered: a late lookup ends after that."""


_ours: ContextVar[_Trace | None] = ContextVar("trace", default=None)
"""Of the callback that is answered here; tasks that are started meanwhile have the same."""


def _begun() -> _Trace:
    trace = _Trace()
    _ours.set(trace)
    return trace


def _known() -> _Trace:
    return _ours.get() or _begun()


class Tracing:
    """The Traces of an application."""

    def __init__(self, tracer: Tracer) -> None:
        """Take what makes spans."""
        self._tracer = tracer

    def counting(self, counting: Counting) -> Counting:
        """The same counts, and traces beside them."""
        return _Counted(self, counting)

    def store(self, store: Store) -> Store:
        """The same store, with a span for each call."""
        return _Stored(self, store)

    def gateway(self, gateway: Gateway) -> Gateway:
        """The same wire format; with what is read by it a trace begins."""
        return _Read(gateway)

    def part(self, part: _Part) -> None:
        """Note what the callback waited for; or, where it has been answered since, make its span now."""
        trace = _known()
        if trace.over is None:
            trace.parts.append(part)
        else:
            self._make(part, trace.over)

    def end(self, gateway: str, menu: str, outcome: Outcome, seconds: float) -> None:
        """Make the spans of a callback that is over."""
        now, trace = time.time_ns(), _ours.get() or _Trace()
        _ours.set(None)
        began = min(trace.began, now - int(seconds * 1e9))
        named = {"gateway": gateway, "phase": trace.phase, "menu": menu, "screen": trace.screen, "outcome": outcome}
        name = f"{gateway} {trace.phase}".strip()
        span = self._span(name, SpanKind.SERVER, Context(), began, named)
        span.set_attributes({"ussd.page": trace.page, "ussd.retry": trace.retry})
        trace.over = set_span_in_context(span, Context())
        for part in trace.parts:
            self._make(part, trace.over)
        span.end(now)

    def _make(self, part: _Part, over: Context) -> None:
        named = {"backend": part.backend, "outcome": part.outcome}
        self._span(part.name, SpanKind.CLIENT, over, part.began, named).end(part.ended)

    def _span(self, name: str, kind: SpanKind, over: Context, began: int, named: Mapping[str, str]) -> Span:
        attributes = {f"ussd.{one}": value for one, value in named.items() if value}
        span = self._tracer.start_span(name, over, kind, attributes, start_time=began)
        if named["outcome"] in _FAULTS:
            span.set_status(StatusCode.ERROR)
        return span


class _Read:
    """A gateway's format, as Gateway has it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self.PROFILE = gateway, gateway.PROFILE

    def decode(self, wire: WireRequest) -> Callback:
        trace = _begun()
        callback = self._gateway.decode(wire)
        trace.phase = callback.phase.value
        return callback

    def encode(self, reply: Reply, callback: Callback) -> WireReply:
        return self._gateway.encode(reply, callback)


class _Stored:
    """A store, as Store has it."""

    def __init__(self, tracing: Tracing, store: Store) -> None:
        self._tracing, self._store = tracing, store

    @contextmanager
    def _call(self, name: str) -> Iterator[None]:
        began, outcome = time.time_ns(), "failed"
        _known()
        try:
            yield
            outcome = "done"
        except StoreAway:
            outcome = "store_away"
            raise
        finally:
            self._tracing.part(_Part(f"store {name}", began, time.time_ns(), outcome, "redis"))

    async def load(self, key: SessionKey, request: Request, code: str) -> Held:
        with self._call("load"):
            return await self._store.load(key, request, code)

    async def recall(self, key: SessionKey, dropped: str) -> Session | None:
        with self._call("recall"):
            return await self._store.recall(key, dropped)

    async def commit(
        self,
        key: SessionKey,
        request: Request,
        version: int,
        session: Session,
        reply: Reply,
        *,
        offer: bool,
        read_late: bool = False,
        language: str = "",
    ) -> Reply:
        with self._call("commit"):
            return await self._store.commit(
                key, request, version, session, reply, offer=offer, read_late=read_late, language=language
            )

    async def whose(self, gateway: str, session: str, msisdn: str = "") -> str:
        with self._call("whose"):
            return await self._store.whose(gateway, session, msisdn)

    async def keep_late(self, key: SessionKey, late: Late) -> None:
        with self._call("keep_late"):
            await self._store.keep_late(key, late)


class _Counted:
    """Counts, as Counting has it."""

    def __init__(self, tracing: Tracing, counting: Counting) -> None:
        self._tracing, self._counting = tracing, counting
        self.dropped, self.lost, self.stranger = counting.dropped, counting.lost, counting.stranger
        self.limited, self.late, self.broke_contract = counting.limited, counting.late, counting.broke_contract

    def callback(self, gateway: str, menu: str, outcome: Outcome, seconds: float | None = None) -> None:
        self._counting.callback(gateway, menu, outcome, seconds)
        self._tracing.end(gateway, menu, outcome, seconds or 0.0)

    def screen(self, menu: str, screen: str, *, page: bool) -> None:
        self._counting.screen(menu, screen, page=page)
        trace = _known()
        trace.screen, trace.page = screen, page

    def retried(self, gateway: str) -> None:
        self._counting.retried(gateway)
        _known().retry = True

    def lookup(self, backend: str, outcome: str, seconds: float) -> None:
        self._counting.lookup(backend, outcome, seconds)
        now = time.time_ns()
        self._tracing.part(_Part(f"look up {backend}", now - int(seconds * 1e9), now, outcome, backend))


@contextmanager
def exporting() -> Iterator[Tracing]:
    """Tracing to the collector that OpenTelemetry's own variables name; they also say what is sampled."""
    resource = Resource.create({SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME", "ussd")})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield Tracing(provider.get_tracer("ussd", __version__))
    finally:
        closing = Thread(target=provider.shutdown, daemon=True)
        closing.start()
        closing.join(FLUSH_SECONDS)
