"""The gateways as they are configured: a door for each, with its wire format, its line, and who may call."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from aiohttp import ClientSession

import gateways
from ussd.callback import Asynchronous, Gateway
from ussd.core.profile import Profile
from ussd.line import Line
from ussd.service import Service
from ussd.settings import Settings
from ussd.settings.gateway import GatewayGiven
from ussd.settings.sending import ASYNCHRONOUS, SANDBOX
from ussd.web.auth import Nonces, guard_of
from ussd.web.callbacks import Door
from ussd.web.push import HttpSend, Push

SMPP = "smpp"
"""The one format that nobody calls: we bind to its SMSC."""


class AppError(Exception):
    """The application cannot be put together as it is configured; one line says why."""


class Smsc(Protocol):
    """An SMPP gateway."""

    def bound(self) -> bool:
        """Whether dialogues can come and be answered now."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Keep it bound; on leaving, finish what is under way, and unbind."""


def formats() -> list[str]:
    """The names of the HTTP gateways that are built in."""
    return sorted(path.stem for path in Path(str(gateways.__file__)).parent.glob("[!_]*.py"))


def configured(settings: Settings) -> Mapping[str, GatewayGiven]:
    """The gateways of the configuration, or every built-in one under its own name.

    Raises AppError where one that others can reach has no authentication, or an SMPP one has any beside its bind.
    """
    given = settings.gateways or {name: _built_in(name) for name in formats()}
    if odd := sorted(name for name, one in given.items() if one.format == SMPP and one.auth is not None):
        raise AppError(f"nobody calls an SMPP gateway, so there is nothing that `auth` could ask for: {', '.join(odd)}")
    called = {name: one for name, one in given.items() if one.format != SMPP}
    if not settings.local and (open_doors := sorted(name for name, one in called.items() if one.auth is None)):
        raise AppError(
            f"{settings.host} is not loopback, and these gateways have no authentication: {', '.join(open_doors)} "
            "(`auth: none` in the configuration lets anyone in)"
        )
    return given


def _built_in(name: str) -> GatewayGiven:
    """A gateway as it is where nothing is configured."""
    return GatewayGiven(format=name, send=SANDBOX if name in ASYNCHRONOUS else None)


def _speaking(name: str, given: GatewayGiven) -> Any:
    """What speaks a gateway's format: a module, or what is made of its description."""
    if given.declared:
        return import_module("gateways.declared").gateway(given.declared)
    if given.format not in formats():
        there = ", ".join([*formats(), SMPP, "declared"])
        raise AppError(f"gateway {name}: no such format: {given.format} (there are {there})")
    return import_module(f"gateways.{given.format}")


def lines(settings: Settings) -> Mapping[str, Profile]:
    """What the lines of the configured gateways can show, or those of all that are built in, by their names."""
    if settings.gateways:
        return {name: one.profile.over(_profile(name, one)) for name, one in settings.gateways.items()}
    return {name: _profile(name, _built_in(name)) for name in formats()} | {SMPP: _smpp_profile()}


def _profile(name: str, given: GatewayGiven) -> Profile:
    return _smpp_profile() if given.format == SMPP else cast(Profile, _speaking(name, given).PROFILE)


def _smpp_profile() -> Profile:
    return cast(Profile, import_module("gateways.smpp.meaning").PROFILE)


def door(name: str, given: GatewayGiven, nonces: Nonces, client: ClientSession) -> Door:
    """One gateway, ready to be called. Raises AppError where there is no such format."""
    module = _speaking(name, given)
    line = Line(name, given.profile.over(module.PROFILE), given.rate)
    guard = guard_of(name, given.auth, nonces)
    if given.send is None:
        return Door(cast(Gateway, module), line, guard)
    gateway = cast(Asynchronous, module.Bound(given.send))
    send = HttpSend(client, str(given.send.url))
    push = Push(gateway, line, nonces, send, grace=given.send.grace, at_once=given.send.at_once)
    return Door(gateway, line, guard, push)


def smsc(name: str, given: GatewayGiven, service: Service) -> Smsc:
    """One SMPP gateway, not bound yet. Raises AppError where its `tls` or its dialect cannot be had."""
    bridge = import_module("gateways.smpp.bridge").Bridge
    try:
        return cast(Smsc, bridge(Line(name, given.profile.over(_smpp_profile()), given.rate), given.smpp, service))
    except OSError as fault:
        raise AppError(f"gateway {name}: tls: {fault.strerror or 'a file of it is none'}") from None
    except ValueError as fault:
        raise AppError(f"gateway {name}: {fault}") from None


@asynccontextmanager
async def all_running(smscs: Iterable[Smsc]) -> AsyncIterator[None]:
    """Keep all bound, and on leaving stop all at once: each may have callbacks to finish, and a peer that is slow."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(_running_until(stop, one)) for one in smscs]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def _running_until(stop: asyncio.Event, one: Smsc) -> None:
    async with one.running():
        await stop.wait()
