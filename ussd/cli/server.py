"""`ussd serve`: the server."""

import asyncio
from functools import partial
from pathlib import Path

import click

from ussd.app import redis_url, running
from ussd.cli.running import CONFIG, settings_of, told
from ussd.doors import AppError
from ussd.settings import Settings
from ussd.web.server import FINISH_SECONDS
from ussd.web.server import serve as serve_until_stopped
from ussd.web.tls import TlsError
from ussd.web.workers import Workers, WorkersFailed, shared_port

_SLACK = 5.0
"""Seconds that a worker may take to stop beyond what it waits for."""


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
    with told(AppError, TlsError, WorkersFailed):
        settings = settings_of("json", config, host=host, port=port, admin_port=admin_port, workers=workers)
        with redis_url(settings) as redis:
            if settings.workers == 1:
                asyncio.run(_serve(settings, redis))
                return
            with shared_port(settings.host, settings.port) as port:
                shared = settings.model_copy(update={"port": port})
                patience = settings.drain + FINISH_SECONDS + _SLACK
                Workers(settings.workers, partial(_work, shared, redis), patience).keep()


def _work(settings: Settings, redis: str, number: int) -> None:
    """Be one of several."""
    admin_port = settings.admin_port and settings.admin_port + number
    own = settings.model_copy(update={"admin_port": admin_port})
    with told(AppError, TlsError):
        asyncio.run(_serve(own, redis, smpp=number == 0))


async def _serve(settings: Settings, redis: str, *, smpp: bool = True) -> None:
    async with running(settings, redis, smpp=smpp) as app:
        await serve_until_stopped(app, settings, shared=settings.workers > 1)
