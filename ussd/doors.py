"""The gateways as they are configured: a door for each, with its wire format, its line, and who may call."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import cast

import gateways
from ussd.callback import Gateway
from ussd.service import Line
from ussd.settings import Settings
from ussd.settings.gateway import GatewayGiven
from ussd.web.auth import Nonces, guard_of
from ussd.web.callbacks import Door


class AppError(Exception):
    """The application cannot be put together as it is configured; one line says why."""


def formats() -> list[str]:
    """The names of the HTTP gateways that are built in."""
    return sorted(path.stem for path in Path(str(gateways.__file__)).parent.glob("[!_]*.py"))


def configured(settings: Settings) -> Mapping[str, GatewayGiven]:
    """The gateways of the configuration, or every built-in one under its own name.

    Raises AppError where one that others can reach has no authentication.
    """
    given = settings.gateways or {name: GatewayGiven(format=name) for name in formats()}
    if not settings.local and (open_doors := sorted(name for name, one in given.items() if one.auth is None)):
        raise AppError(
            f"{settings.host} is not loopback, and these gateways have no authentication: {', '.join(open_doors)} "
            "(`auth: none` in the configuration lets anyone in)"
        )
    return given


def door(name: str, given: GatewayGiven, nonces: Nonces) -> Door:
    """One gateway, ready to be called. Raises AppError where there is no such format."""
    if given.format not in formats():
        raise AppError(f"gateway {name}: no such format: {given.format} (there are {', '.join(formats())})")
    gateway = cast(Gateway, import_module(f"gateways.{given.format}"))
    line = Line(name, given.profile.over(gateway.PROFILE))
    return Door(gateway, line, guard_of(name, given.auth, nonces))
