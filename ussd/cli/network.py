"""The networks that `ussd dial` can be on: the engine in this process, or a server, through any gateway."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

from simulator.call import Carrier, InProcess, OverHttp
from simulator.listening import both_ways
from simulator.phone.network import SESSION_SECONDS, Network, profile_of
from simulator.transcripts.apart import unused
from ussd.app import App, redis_url, running
from ussd.cli.calling import Address, headers_of
from ussd.cli.running import settings_of
from ussd.doors import formats
from ussd.settings import Settings

Networked = tuple[asyncio.Runner, Network]


@contextmanager
def own_engine(session_seconds: float = SESSION_SECONDS, *, anew: bool = False) -> Iterator[Networked]:
    """An engine that is started here, for as long as it is dialled. Raises AppError.

    `anew`: one of its own, in which nothing has happened yet, in the place of the installation's.
    """
    given = settings_of("readable")
    with asyncio.Runner() as runner, unused(given) if anew else _kept(given) as (settings, redis):
        stack = AsyncExitStack()
        try:
            app = runner.run(stack.enter_async_context(running(settings, redis, limited=False)))
            yield runner, _of(app, session_seconds)
        finally:
            runner.run(stack.aclose())


@contextmanager
def _kept(settings: Settings) -> Iterator[tuple[Settings, str]]:
    with redis_url(settings) as redis:
        yield settings, redis


def _of(app: App, session_seconds: float) -> Network:
    async def open_(name: str) -> Carrier:
        return InProcess(app.door(name), app.service)

    return Network(
        gateways=tuple(name for name in formats() if name in app.doors),
        open=open_,
        profile=lambda name: app.door(name).line.profile,
        session_seconds=session_seconds,
    )


@contextmanager
def server(
    url: str, headers: tuple[str, ...], listen: Address | None, session_seconds: float = SESSION_SECONDS
) -> Iterator[Networked]:
    """A running server. What its gateways' profiles are there, it does not say: they are taken for the formats' own."""
    settings_of("readable")
    opened: dict[str, Carrier] = {}
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def open_(name: str) -> Carrier:
            if name not in opened:
                carrier = both_ways(OverHttp(url, name, headers_of(headers)), name, listen)
                opened[name] = await stack.enter_async_context(carrier)
            return opened[name]

        try:
            yield runner, Network(tuple(formats()), open_, profile_of, session_seconds)
        finally:
            runner.run(stack.aclose())
