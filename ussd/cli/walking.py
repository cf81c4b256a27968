"""`ussd test --crawl`: every path of a menu is walked, on the lines of all gateways."""

from collections.abc import Mapping
from dataclasses import replace

import click

from simulator.crawl import Walked, crawl
from ussd.backends import backends, contracts_of
from ussd.core.engine import Engine
from ussd.core.loader import load_all
from ussd.core.machine import Moves
from ussd.core.menu import Menu
from ussd.core.profile import Profile
from ussd.doors import AppError, lines
from ussd.settings import Settings


def walked(settings: Settings, code: str, gateway: str | None) -> bool:
    """Walk the menu of a shortcode, and say what it has; whether all is well. Raises MenuError, and AppError."""
    contracts = contracts_of(backends())
    menus = load_all(settings.menus, contracts)
    if code not in menus:
        raise AppError(f"no menu {code} (there are {', '.join(sorted(menus))})")
    menu, sound = menus[code], True
    for profile, names in _lines(settings, gateway).items():
        found = crawl(Engine(menu, Moves(menu), profile), contracts)
        click.echo(f"{code} through {', '.join(names)}: {_counts(menu, found, profile)}")
        for fault in found.faults:
            click.echo(f"  {fault}")
        sound = sound and not found.faults
    return sound


def _lines(settings: Settings, gateway: str | None) -> Mapping[Profile, list[str]]:
    """What the lines of gateways can show, each with those that show the same. Raises AppError for an unknown one."""
    profiles = lines(settings)
    if gateway and gateway not in profiles:
        raise AppError(f"no gateway {gateway} here (there are {', '.join(sorted(profiles))})")
    found: dict[Profile, list[str]] = {}
    for name in [gateway] if gateway else sorted(profiles):
        # How long an operator waits changes no screen.
        found.setdefault(replace(profiles[name], deadline=Profile().deadline), []).append(name)
    return found


def _counts(menu: Menu, found: Walked, profile: Profile) -> str:
    spoken = f" in {', '.join(menu.languages)}" if menu.languages else ""
    largest = found.largest
    return (
        f"{found.screens} screens{spoken}, {found.pages} pages, {found.paths} paths; "
        f"the largest has {largest.octets} of {profile.max_octets} octets: {largest.way}"
    )
