"""What is proven holds: whoever walks through a menu without faults, however long, never finds what it excludes.

Everything is said, and fits; no more pages than allowed; no lookups in a circle; an end stays within reach.
"""

from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.core.any_menu import menus, profiles
from tests.core.build import SHIPPED, SHIPPED_CONTRACTS, WORDS
from tests.core.walker import Walker
from ussd.core.checks import ANY_LINE, Contract, distinct, findings
from ussd.core.checks.pages import MOST, Paper, widths
from ussd.core.loader import load_all
from ussd.core.menu import LookUp, Menu
from ussd.core.profile import Profile
from ussd.doors import lines
from ussd.settings import Settings

STEPS = 10_000
LINES = distinct(lines(Settings()))
# As `any_menu` has them, but for widths that a screen can hold.
CONTRACTS: Mapping[str, Contract] = {
    "registry": Contract({"found": {"name"}, "missing": set(), "unavailable": set()}, {"name": 12}),
    "centre": Contract(
        {"open": {"place", "hours"}, "closed": {"place"}, "unavailable": set()}, {"place": 8, "hours": 5}
    ),
}


@pytest.mark.parametrize("code", ["*4*1420#", "*1666#", "*4*1420*99#", "*4*40#"])
def test_ten_thousand_steps_through_a_shipped_menu(code: str) -> None:
    menu = load_all(SHIPPED, SHIPPED_CONTRACTS, LINES)[code]
    for place, profile in enumerate(LINES.values()):
        Walker(menu, profile, SHIPPED_CONTRACTS, Random(place)).walk(STEPS // len(LINES))


def allowing(menu: Menu, profile: Profile) -> Menu:
    """A menu that allows as many pages as it may take, with ways back that nothing hides."""
    words = menu.words.model_copy(update={"back_key": "*", "home_key": "#"})
    menu = menu.model_copy(update={"words": words})
    paper = Paper(menu, widths(menu, CONTRACTS), profile)
    needed = [paper.pages(name)[0] for name, one in menu.screens.items() if not isinstance(one, LookUp)]
    assume(max(needed) < MOST)
    return menu.model_copy(update={"pages": max(needed)})


@given(menus(), profiles, st.integers())
def test_two_hundred_steps_through_any_menu(menu: Menu, profile: Profile, seed: int) -> None:
    menu = allowing(menu, profile)
    # An emoji is a fault of its own, and no harm to what is proven here.
    assume({one.rule for one in findings(menu, CONTRACTS, {"": profile})} <= {"letters"})
    Walker(menu, profile, CONTRACTS, Random(seed)).walk(STEPS // 50)


@given(menus(), st.integers(0, 3))
def test_a_menu_with_any_fault_is_looked_at_to_the_end(menu: Menu, wound: int) -> None:
    """Whatever its screens lack, faults are said and nothing is raised."""
    screens = dict(list(menu.screens.items())[wound:]) or {"s0": menu.screens["end0"]}
    broken = menu.model_copy(update={"screens": screens, "published": {"*1*1*2#": None, "*2#": "s0"}, "words": WORDS})
    assert findings(broken, {}, ANY_LINE)
    assert findings(broken, CONTRACTS, LINES)
