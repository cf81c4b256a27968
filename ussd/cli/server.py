"""`ussd serve`: the server."""

import asyncio
from pathlib import Path

import click

from ussd.app import redis_url, running
from ussd.cli.running import CONFIG, settings_of, told
from ussd.doors import AppError
from ussd.settings import Settings
from ussd.web.server import serve as serve_until_stopped
from ussd.web.tls import TlsError


@click.command()
@click.option("--host", help="Where callbacks are taken; 127.0.0.1 unless told.")
@click.option("--port", type=click.IntRange(0, 65535), help="Their port; 8080 unless told, 0 for any that is free.")
@click.option("--admin-port", type=click.IntRange(0, 65535), help="The administration port; 8081 unless told.")
@CONFIG
def serve(host: str | None, port: int | None, admin_port: int | None, config: Path | None) -> None:
    """Serve the gateways' callbacks, and /healthz and /readyz on the administration port."""
    with told(AppError, TlsError):
        settings = settings_of("json", config, host=host, port=port, admin_port=admin_port)
        with redis_url(settings) as redis:
            asyncio.run(_serve(settings, redis))


async def _serve(settings: Settings, redis: str) -> None:
    async with running(settings, redis) as app:
        await serve_until_stopped(app, settings)
