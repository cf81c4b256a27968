"""Walking menus: nothing is left out, nothing is too large, and it is fast."""

import time
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings

from simulator.crawl import LETTERS, Walked, crawl, sample
from tests.core.any_menu import CONTRACTS as ANY_CONTRACTS
from tests.core.any_menu import menus, profiles
from tests.core.build import BYE, CONTRACTS, ESSAY, SHIPPED, SHIPPED_CONTRACTS, choose, menu
from ussd.core.checks import Contract
from ussd.core.engine import Engine
from ussd.core.inputs import NAMED, rule
from ussd.core.loader import load_all
from ussd.core.machine import Moves
from ussd.core.menu import Menu
from ussd.core.profile import Profile
from ussd.core.text import fits
from ussd.doors import lines
from ussd.settings import Settings

GATEWAYS = lines(Settings())
WIDE = Profile()
MENUS = load_all(SHIPPED, SHIPPED_CONTRACTS)


def walked(one: Menu, profile: Profile = WIDE, contracts: Mapping[str, Contract] = CONTRACTS) -> Walked:
    return crawl(Engine(one, Moves(one), profile), contracts)


def counts(found: Walked) -> tuple[int, int, int]:
    return found.screens, found.pages, found.paths


@pytest.mark.parametrize("code", MENUS)
def test_no_screen_of_a_shipped_menu_is_too_large_for_any_gateway(code: str) -> None:
    for profile in {replace(profile, deadline=5.0) for profile in GATEWAYS.values()}:
        found = walked(MENUS[code], profile, SHIPPED_CONTRACTS)
        assert found.faults == ()
        assert found.largest.octets <= profile.max_octets


def test_the_shipped_menus_are_walked_whole() -> None:
    for one in MENUS.values():
        shown = [name for name, screen in one.screens.items() if not hasattr(screen, "look_up")]
        assert walked(one, contracts=SHIPPED_CONTRACTS).screens == len(shown) * len(one.languages)


def test_screens_pages_and_paths_are_counted() -> None:
    one = menu(
        {
            "main": choose("Main", "One>read", "Two>more", "Bye>bye"),
            "more": choose("More", "Read>read", "Bye>bye>7", "Main>main"),
            "read": {"end": ESSAY},
            "bye": BYE,
        }
    )
    # The essay has three pages; its paths are from main and from more, and so are those of the farewell.
    assert counts(walked(one)) == (4, 6, 4)


def test_every_outcome_of_a_lookup_is_a_path() -> None:
    one = menu(
        {
            "ask": {"ask": "Code?", "save_as": "code", "check": "digits(1-8)", "goto": "first"},
            "first": {"look_up": "registry", "outcomes": {"found": "second", "missing": "bye", "unavailable": "bye"}},
            "second": {"look_up": "registry", "outcomes": {"found": "yes", "missing": "bye", "unavailable": "bye"}},
            "yes": {"end": "{code} is {name}"},
            "bye": BYE,
        }
    )
    contracts = {"registry": replace(CONTRACTS["registry"], widths={"name": 1000})}
    found = walked(one, contracts=contracts)
    assert counts(found) == (3, 9, 5)
    # A name of 1,000 letters is read in pages.
    assert found.largest.way == "*1# > 77777777 > found > found > 1"


def test_a_page_that_is_too_large_is_a_fault_with_the_way_to_it() -> None:
    one = menu({"main": choose("Something to choose from", "One>bye"), "bye": BYE})
    engine = Engine(one, Moves(one), WIDE)
    assert crawl(engine, CONTRACTS).faults == ()
    engine.profile = Profile(max_octets=40)  # whose pages were laid out for a wider line
    assert crawl(engine, CONTRACTS).faults[0] == "41 octets are more than the line has: *1# > 2"


def test_a_step_that_is_none_is_a_fault_with_the_way_to_it() -> None:
    one = menu({"main": choose("Main", "One>bye", "Two>two"), "two": choose("Two", "One>bye"), "bye": BYE})
    other = menu({"main": choose("Main", "One>bye"), "bye": BYE})
    fault, *_ = crawl(Engine(one, Moves(other), WIDE), CONTRACTS).faults
    assert fault == "an illegal step, option 1 from main: *1# > 2"


@pytest.mark.parametrize("name", [*NAMED, "digits(1)", "digits(5)", "digits(3-99)"])
def test_every_rule_has_an_answer_that_it_accepts(name: str) -> None:
    accepts, answer = rule(name), sample(name)
    assert accepts
    assert answer
    assert accepts(answer)
    assert len(LETTERS) == 2


@settings(max_examples=10)
@given(menus(), profiles)
def test_any_menu_is_walked_to_its_ends(one: Menu, profile: Profile) -> None:
    contracts = {name: replace(one, widths=dict.fromkeys(one.widths, 60)) for name, one in ANY_CONTRACTS.items()}
    found = walked(one, profile, contracts)
    assert found.faults == ()
    assert fits(found.largest.shown.text, profile)
    assert found.paths > 0


def test_two_thousand_screens_are_walked_in_seconds() -> None:
    one = large(2000)
    began = time.process_time()
    found = walked(one)
    assert time.process_time() - began < 15
    assert found.faults == ()
    assert found.screens == 2000


def large(size: int) -> Menu:
    """A tree of choices, each of five."""
    inner = [number for number in range(size) if number * 5 + 1 < size]
    screens: dict[str, object] = {f"s{number}": {"end": f"The end {number}"} for number in range(size)}
    for number in inner:
        below = [f"To {place}>s{place}" for place in range(number * 5 + 1, min(number * 5 + 6, size))]
        screens[f"s{number}"] = choose(f"Number {number}", *below)
    return menu(screens)
