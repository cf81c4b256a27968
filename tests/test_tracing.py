"""Traces say what became of each callback and where its time went, and name nobody."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from simulator.call import CallFailed, InProcess
from tests.canaries import Canaries
from tests.conftest import ENTITLED, FAILING, LINE, Handset
from tests.outside import until
from tests.server import Server
from ussd.app import App, running
from ussd.backends import backends, contracts_of
from ussd.callback import WireRequest
from ussd.core.loader import COMMON, load_all, load_words
from ussd.core.profile import Profile
from ussd.counting import UNCOUNTED
from ussd.keys import Keys
from ussd.line import Line
from ussd.lookups import Answer, Lookups, Question
from ussd.service import Service
from ussd.settings import Settings
from ussd.store import RedisStore
from ussd.tracing import Tracing
from ussd.web.callbacks import Door

ROOT = Path(__file__).parent.parent


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(spans: InMemorySpanExporter) -> Iterator[Tracing]:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    yield Tracing(provider.get_tracer("test"))
    provider.shutdown()


@pytest.fixture
async def app(settings: Settings, redis_url: str, tracing: Tracing) -> AsyncIterator[App]:
    async with running(settings, redis_url, traces=tracing) as app:
        yield app


def callbacks(spans: InMemorySpanExporter) -> list[ReadableSpan]:
    return [span for span in spans.get_finished_spans() if span.parent is None]


def parts(spans: InMemorySpanExporter, of: ReadableSpan) -> list[ReadableSpan]:
    """What a callback waited for, in its order."""
    assert of.context
    mine = [one for one in spans.get_finished_spans() if one.parent and one.parent.span_id == of.context.span_id]
    return sorted(mine, key=lambda one: one.start_time or 0)


def said(span: ReadableSpan) -> dict[str, object]:
    return {name.removeprefix("ussd."): value for name, value in (span.attributes or {}).items() if value}


async def test_a_dialogue_is_one_trace_a_callback_with_what_each_waited_for(
    handset: Handset, spans: InMemorySpanExporter
) -> None:
    call = handset.call("*4*1420*1#")
    await call.dial()
    await call.type("2")
    await call.type(ENTITLED)
    dialled, asked, answered = callbacks(spans)
    of = {"gateway": "reference", "menu": "*4*1420#"}
    assert [one.name for one in (dialled, asked, answered)] == ["reference begin"] + ["reference continue"] * 2
    assert said(dialled) == {**of, "phase": "begin", "screen": "inquiry", "outcome": "shown"}
    assert said(asked) == {**of, "phase": "continue", "screen": "ask_national_code", "outcome": "shown"}
    assert said(answered) == {**of, "phase": "continue", "screen": "entitled", "outcome": "ended"}
    assert [one.name for one in parts(spans, dialled)] == ["store load", "store commit"]
    assert [one.name for one in parts(spans, answered)] == ["store load", "look up entitlement", "store commit"]
    assert [said(one) for one in parts(spans, answered)] == [
        {"backend": "redis", "outcome": "done"},
        {"backend": "entitlement", "outcome": "entitled"},
        {"backend": "redis", "outcome": "done"},
    ]


async def test_what_a_callback_waited_for_is_within_its_time(handset: Handset, spans: InMemorySpanExporter) -> None:
    began = time.time_ns()
    await handset.call(f"*4*1420*1*2*{ENTITLED}#").dial()
    [answered] = callbacks(spans)
    assert began <= (answered.start_time or 0) < (answered.end_time or 0) <= time.time_ns()
    for part in parts(spans, answered):
        assert (answered.start_time or 0) <= (part.start_time or 0) <= (part.end_time or 0) <= (answered.end_time or 0)


async def test_traces_of_lines_that_call_at_once_are_not_mixed_up(app: App, spans: InMemorySpanExporter) -> None:
    calls = [Handset(app, f"98912000{number:04}").call(f"*4*1420*1*2*{ENTITLED}#") for number in range(20)]
    await asyncio.gather(*(call.dial() for call in calls))
    assert [len(parts(spans, one)) for one in callbacks(spans)] == [3] * 20
    assert len({one.context.trace_id for one in callbacks(spans) if one.context}) == 20


async def test_a_retry_and_a_refusal_are_told(handset: Handset, spans: InMemorySpanExporter) -> None:
    body = b'{"session": "s1", "msisdn": "989120000001", "event": "begin", "dialled": "*4*1420#"}'
    for sent in (body, body, body.replace(b"begin", b"no-event")):
        request = WireRequest(headers={"content-type": "application/json"}, body=sent)
        await handset.carrier.carry(request)
    first, again, refused = (said(one) for one in callbacks(spans))
    assert "retry" not in first
    assert again["retry"] is True
    assert refused == {"gateway": "reference", "outcome": "refused"}


async def test_no_span_has_anything_of_a_person(app: App, spans: InMemorySpanExporter) -> None:
    line, wrong = "989361112233", "7559200152"
    for code in (ENTITLED, FAILING, wrong):
        call = Handset(app, line).call("*4*1420*1#")
        call.session = f"session-{line}-{code}"
        await call.dial()
        await call.type("2")
        await call.type(code)
        await call.hang_up()
    lost = Handset(app, line).call(f"*4*1420*1*2*{ENTITLED}*{wrong}#")
    lost.msisdn = f"{line}x"
    with pytest.raises(CallFailed):
        await lost.dial()
    written = {str(number): one.to_json().encode() for number, one in enumerate(spans.get_finished_spans())}
    assert len(written) > 20
    assert not Canaries({line, ENTITLED, FAILING, wrong}, texts={"session-", "کد ملی", "پیگیری"}).found_in(written)
    assert Canaries(texts={"*4*1420#"}).found_in(written), "what is not secret is found"


async def test_without_redis_a_callback_and_its_call_are_marked_as_faults(
    settings: Settings, tracing: Tracing, spans: InMemorySpanExporter, tmp_path: Path
) -> None:
    async with running(settings, f"unix://{tmp_path}/nothing", traces=tracing) as app:
        await Handset(app).call().dial()
    [answered] = callbacks(spans)
    assert said(answered)["outcome"] == "store_away"
    assert [said(one)["outcome"] for one in parts(spans, answered)] == ["store_away"]
    assert {one.status.status_code.name for one in spans.get_finished_spans()} == {"ERROR"}
    assert not any(one.events or one.status.description for one in spans.get_finished_spans())


async def test_a_late_lookup_belongs_to_the_callback_that_asked(
    settings: Settings, redis_url: str, app: App, tracing: Tracing, spans: InMemorySpanExporter
) -> None:
    go = asyncio.Event()

    async def slow(question: Question) -> Answer:
        await go.wait()
        return Answer("entitled", {"tracking_code": "n000001"})

    contracts, keys = contracts_of(backends()), Keys(settings.key())
    counting, store = tracing.counting(UNCOUNTED), RedisStore(redis_url, keys)
    lookups = Lookups({"entitlement": slow}, contracts, counting)
    menus, words = load_all(settings.menus, contracts), load_words(settings.menus / COMMON)
    service = Service(menus, words, tracing.store(store), lookups, keys, counting=counting)
    handset = Handset(app)
    handset.carrier = InProcess(Door(app.door("reference").gateway, Line("reference", Profile(deadline=0.7))), service)
    await handset.call(f"*4*1420*1*2*{ENTITLED}#").dial()
    [answered] = callbacks(spans)
    assert [one.name for one in parts(spans, answered)] == ["store load", "store commit"]
    go.set()
    await asyncio.sleep(0.1)
    await lookups.close()
    await store.close()
    names = {one.name for one in parts(spans, answered)}
    assert names == {"store load", "store commit", "look up entitlement", "store keep_late"}
    assert said(answered)["screen"] == "unavailable"


class Collector(ThreadingHTTPServer):
    """Takes what is exported, as OpenTelemetry's collector does."""

    def __init__(self) -> None:
        self.took: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Taker)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def names(self) -> list[str]:
        """Of all spans."""
        exports = [ExportTraceServiceRequest.FromString(body) for body in list(self.took)]
        scopes = [scope for one in exports for resource in one.resource_spans for scope in resource.scope_spans]
        return [span.name for scope in scopes for span in scope.spans]


class _Taker(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.server.took.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def collector() -> Iterator[Collector]:
    with Collector() as taking:
        serving = threading.Thread(target=taking.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield taking
        finally:
            taking.shutdown()
            serving.join()


def test_a_server_exports_to_the_collector_that_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with collector() as taking:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", taking.url)
        with closing(Server(home, "--workers", "2", drain="0")) as server:
            for typed in ("", "1", "1*2", f"1*2*{ENTITLED}"):
                server.post(typed)
            assert server.stop() == 0
        until(lambda: len(taking.names()) == 4 + 9)
    assert sorted(set(taking.names())) == [
        "africastalking begin", "africastalking continue", "look up entitlement", "store commit", "store load",
    ]  # fmt: skip
    assert not Canaries({LINE, ENTITLED}).found_in({"exported": b"".join(taking.took)})


def test_a_collector_that_is_away_changes_nothing_and_delays_no_stop(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    with closing(Server(home, drain="0")) as server:
        assert server.post("").startswith("CON ")
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 4


def test_where_nobody_asks_for_traces_what_makes_them_is_not_loaded() -> None:
    """All of OpenTelemetry would be wrong: redis-py loads its metrics where it is installed."""
    code = "import ussd.cli.server, sys; print({'ussd.tracing', 'opentelemetry.sdk.trace'} & set(sys.modules))"
    command = (sys.executable, "-c", code)
    run = subprocess.run(command, cwd=ROOT, timeout=60, check=True, capture_output=True, text=True)
    assert run.stdout == "set()\n"
