"""`ussd registry`: an example of a registry over HTTP."""

import asyncio

import click

from simulator.registry import Temper
from simulator.registry import serve as serve_until_stopped
from ussd.cli.running import told
from ussd.log import configure


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where it listens.")
@click.option("--port", required=True, type=click.IntRange(0, 65535), help="Its port; 0 for any that is free.")
@click.option("--delay", default=0.0, type=click.FloatRange(0, 3600), help="Seconds that every answer takes.")
@click.option("--fail-rate", default=0.0, type=click.FloatRange(0, 1), help="The share of questions that get HTTP 500.")
@click.option("--token", help="The bearer token that it asks for; none unless told.")
def registry(host: str, port: int, delay: float, fail_rate: float, token: str | None) -> None:
    """Serve an example registry with sample people: /sso/inquiries, /health/inquiries and /owners."""
    with told():
        configure("readable", "error")
        asyncio.run(serve_until_stopped(Temper(delay, fail_rate, token), host, port, _say))


def _say(address: str) -> None:
    click.echo(f"registry on {address}")
