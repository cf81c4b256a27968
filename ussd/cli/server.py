"""`ussd serve`: the server."""

import asyncio
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path

import click
import structlog

from ussd.app import redis_url, running
from ussd.cli.running import CONFIG, settings_of, told
from ussd.doors import AppError
from ussd.settings import Settings
from ussd.traced import UNTRACED, Traces
from ussd.web.loop import LoopError, NewLoop, new_loop
from ussd.web.parser import ParserError, check_parser
from ussd.web.server import FINISH_SECONDS
from ussd.web.server import serve as serve_until_stopped
from ussd.web.tls import TlsError
from ussd.web.workers import Serving, Workers, WorkersFailed, shared_port

_SLACK = 5.0
"""Seconds that a worker may take to stop beyond what it waits for."""
_YOUNG = 10_000
"""Objects that are made before Python looks for cycles among them. With its own 700, which a few callbacks under way
make, it looks for a twelfth of its time under load."""
_GIVES_WAY = 0.001
"""Seconds after which the loop leaves the interpreter to a thread that waits for it. SQLite's does so for each row of a
transaction, and under load waited for Python's own 5 ms each time. Each change from one to the other costs something,
too, where other programs want the processors."""
_COLLECTOR = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

_log = structlog.get_logger(__name__)


@click.command()
@click.option("--host", help="Where callbacks are taken; 127.0.0.1 unless told.")
@click.option("--port", type=click.IntRange(0, 65535), help="Their port; 8080 unless told, 0 for any that is free.")
@click.option("--admin-port", type=click.IntRange(0, 65535), help="The administration port; 8081 unless told.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes that share the port; 1 unless told.")
@CONFIG
def serve(host: str | None, port: int | None, admin_port: int | None, workers: int | None, config: Path | None) -> None:
    """Serve the gateways' callbacks, and /healthz and /readyz on the administration port.

    Of several workers each has an administration port of its own, counted up from the first.
    """
    with told(AppError, TlsError, WorkersFailed, LoopError, ParserError):
        check_parser()
        settings = settings_of("json", config, host=host, port=port, admin_port=admin_port, workers=workers)
        loop = new_loop(settings.loop)
        with redis_url(settings) as redis:
            if settings.workers == 1:
                _run(loop, settings, redis)
                return
            with shared_port(settings.host, settings.port) as port:
                shared = settings.model_copy(update={"port": port})
                patience = settings.drain + FINISH_SECONDS + _SLACK
                Workers(settings.workers, partial(_work, loop, shared, redis), patience).keep()


def _work(loop: NewLoop, settings: Settings, redis: str, number: int, serving: Serving) -> None:
    """Be one of several."""
    admin_port = settings.admin_port and settings.admin_port + number
    own = settings.model_copy(update={"admin_port": admin_port})
    with told(AppError, TlsError):
        _run(loop, own, redis, smpp=number == 0, serving=serving)


def _run(loop: NewLoop, settings: Settings, redis: str, *, smpp: bool = True, serving: Serving | None = None) -> None:
    with _traces() as traces, asyncio.Runner(loop_factory=loop) as runner:
        runner.run(_serve(settings, redis, traces, smpp=smpp, serving=serving))


@contextmanager
def _traces() -> Iterator[Traces]:
    """Traces, where OpenTelemetry's own variables name a collector and the extra `tracing` is installed."""
    off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if off or not any(os.environ.get(name) for name in _COLLECTOR):
        yield UNTRACED
        return
    try:
        tracing = import_module("ussd.tracing")
    except ModuleNotFoundError as missing:
        _log.warning("tracing_not_installed", missing=missing.name)
        yield UNTRACED
        return
    with tracing.exporting() as traces:
        yield traces


async def _serve(settings: Settings, redis: str, traces: Traces, *, smpp: bool, serving: Serving | None) -> None:
    async with running(settings, redis, smpp=smpp, traces=traces) as app:
        sys.setswitchinterval(_GIVES_WAY)
        gc.set_threshold(_YOUNG)
        gc.collect()
        gc.freeze()  # menus and libraries stay: to look through them again stops everybody for a tenth of a second
        await serve_until_stopped(app, settings, shared=settings.workers > 1, serving=serving)
