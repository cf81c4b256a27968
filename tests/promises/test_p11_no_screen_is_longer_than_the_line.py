"""P11: no screen has more octets than the line's 160, whatever is written in it; none ends in half a letter."""

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from random import Random

from simulator.crawl import crawl
from tests.core.walker import value
from tests.promises.forked import FORKED
from tests.promises.report import Kept
from tests.promises.scale import SEED, many
from tests.promises.screens import faults, many_screens, text
from ussd.backends import backends, contracts_of
from ussd.core.checks.pages import widths
from ussd.core.engine import Engine
from ussd.core.loader import load_all
from ussd.core.machine import Moves
from ussd.core.menu import LookUp, Menu
from ussd.core.profile import Profile
from ussd.core.session import TOP, Session
from ussd.core.wording import Wording
from ussd.doors import lines
from ussd.settings import Settings

PROCESSES = 2
SCREENS = many(3_000, 1_000_000)
FILLED = many(1_500, 120_000)
MENUS = Path(__file__).parents[2] / "menus"
CONTRACTS = contracts_of(backends())


async def test_p11_no_screen_made_up_at_random_is_longer_than_the_line(kept: Kept) -> None:
    shares = [SCREENS // PROCESSES // 10] * PROCESSES * 10
    with ProcessPoolExecutor(PROCESSES, FORKED) as pool:
        looking = [pool.submit(many_screens, SEED + number, share) for number, share in enumerate(shares)]
        seen = [await asyncio.wrap_future(one) for one in looking]
    screens, found = sum(one.screens for one in seen), [fault for one in seen for fault in one.faults]
    kept.seen(
        "Persian, ZWNJ, emojis, marks, flags, GSM-7's second table, controls, 10 kB in one text; on 12 kinds of line",
        f"{screens:,} screens, {sum(one.of_text for one in seen):,} of them with more behind them",
        f"{len(found)} too long, empty or torn, by two other encoders",
    )
    assert not found, found[:5]
    assert screens >= SCREENS // PROCESSES // 10 * PROCESSES * 10


def menus() -> Mapping[str, Menu]:
    return {menu.code: menu for menu in load_all(MENUS, CONTRACTS, lines(Settings())).values()}


def filled(menu: Menu, name: str, chance: Random, *, wide: bool) -> Session:
    """Somebody on a screen of a menu, with anything filled in: as wide as is declared, or much wider."""
    known = widths(menu, CONTRACTS)
    facts = {fact: value(width, chance) if wide else text(chance) for fact, width in known.items()}
    screen, behind = menu.screens[name], tuple((menu.start, TOP) for _ in range(chance.randrange(3)))
    assert not isinstance(screen, LookUp)
    start = Session(code=menu.code, screen=name, answers=facts, facts=facts, mistakes=chance.choice((0, 0, 1)))
    return replace(start, behind=behind)


def turned(wording: Wording, session: Session, most: int = 60) -> Iterator[str]:
    """The pages of a screen, as many as somebody turns."""
    for _ in range(most):
        laid = wording.page(session)
        yield laid.text
        if not laid.next_key:
            return
        session = replace(session, at=laid.next, mistakes=0)


def test_p11_no_screen_of_the_menus_is_longer_than_the_line_whatever_is_filled_in(kept: Kept) -> None:
    chance, found, looked = Random(SEED), [], 0
    spoken = [
        (menu.spoken(language), profile)
        for menu in menus().values()
        for language in (menu.languages or ("",))
        for profile in {*lines(Settings()).values(), Profile(), Profile(max_chars=40), Profile(max_octets=80)}
    ]
    wordings = [(menu, profile, Wording(menu, profile)) for menu, profile in spoken]
    while looked < FILLED:
        menu, profile, wording = chance.choice(wordings)
        name = chance.choice([one for one, screen in menu.screens.items() if not isinstance(screen, LookUp)])
        for written in turned(wording, filled(menu, name, chance, wide=chance.random() < 0.7)):
            looked += 1
            found += [f"{fault}: {written!r} of {name} on {profile}" for fault in faults(written, profile)]
    kept.seen(
        "every screen of the shipped menus in both languages, with anything filled in, up to 10 kB",
        f"{looked:,} screens on the lines of all gateways and narrower ones",
        f"{len(found)} too long or empty",
    )
    assert not found, found[:5]


def test_p11_no_page_of_a_crawl_of_the_menus_is_longer_than_its_line(kept: Kept) -> None:
    found, walked, largest = [], 0, 0
    for line, profile in sorted(lines(Settings()).items())[:: many(6, 1)]:
        for menu in menus().values():
            came = crawl(Engine(menu, Moves(menu), profile), CONTRACTS)
            found += [f"{line}: {fault}" for fault in came.faults]
            found += [f"{line}: {fault}: {came.largest.way}" for fault in faults(came.largest.shown.text, profile)]
            walked, largest = walked + came.pages, max(largest, came.largest.octets)
    kept.seen(
        "every path of the shipped menus, with facts at their greatest widths, in digits and in Persian letters",
        f"{walked:,} pages",
        f"{len(found)} faults; the largest has {largest} octets",
    )
    assert not found, found[:5]
    assert largest <= 160
