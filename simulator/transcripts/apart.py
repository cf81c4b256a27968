"""An engine apart: the real one, in which nothing has happened yet, and of which nothing is left.

What a transcript has must not depend on who dialled before, and a test must never write into a ledger that counts.
"""

import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from pydantic import SecretStr

from simulator.call import Carrier, InProcess
from simulator.operators import Operator
from ussd.app import App, running
from ussd.doors import AppError, formats
from ussd.redis_server import own_server
from ussd.settings import Settings

Reach = Callable[[str], tuple[Operator, Carrier]]
"""The operator's side of a gateway, by its name, and the way to the engine. Raises AppError where there is none."""


@contextmanager
def server() -> Iterator[str]:
    """A Redis-compatible server for engines apart, any number of them: each has a secret of its own."""
    with TemporaryDirectory(prefix="ussd-") as home, own_server(Path(home)) as url:
        yield url


def alone(settings: Settings, home: Path, redis: str) -> Settings:
    """The menus and the gateways of an installation, and nothing else of it: no registry, no ledger, no SMS gateway."""
    return Settings.model_construct(
        home=home,
        secret=SecretStr(secrets.token_hex(32)),
        redis_url=redis,
        menus=settings.menus,
        gateways=settings.gateways,
        overlap=settings.overlap,
    )


@contextmanager
def unused(settings: Settings) -> Iterator[tuple[Settings, str]]:
    """Such an installation for one engine, with the server that it needs."""
    with server() as redis, TemporaryDirectory(prefix="ussd-") as home:
        yield alone(settings, Path(home), redis), redis


@asynccontextmanager
async def apart(settings: Settings, redis: str) -> AsyncIterator[Reach]:
    """Such an engine. Raises MenuError and AppError."""
    with TemporaryDirectory(prefix="ussd-") as home:
        own = alone(settings, Path(home), redis)
        async with running(own, redis, limited=False) as app:
            yield reaching(app, own)


def reaching(app: App, settings: Settings) -> Reach:
    """The ways to an engine in this process."""

    def reach(name: str) -> tuple[Operator, Carrier]:
        carrier = InProcess(app.door(name), app.service)
        given = settings.gateways.get(name)
        spoken = given.format if given else name
        if spoken not in formats():
            raise AppError(f"gateway {name}: nothing here plays its operator")
        return cast(Operator, import_module(f"simulator.operators.{spoken}")), carrier

    return reach
