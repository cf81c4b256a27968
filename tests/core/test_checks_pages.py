"""How many pages a screen may take: what is said is never exceeded, whatever is filled in."""

from hypothesis import given
from hypothesis import strategies as st

from tests.core.any_menu import menus, profiles
from tests.core.walker import pages_of, units
from ussd.core.checks.pages import MOST, Paper
from ussd.core.menu import LookUp, Menu
from ussd.core.profile import Profile
from ussd.core.session import TOP, Session
from ussd.core.wording import Wording

ALPHABETS = ["abc ", "[€ x", "نام ی", "ن", "x", "[", "👍🏽 ", "\u200cنم ", "ئ\u0654 "]
NAMES = ("code", "line", "place", "name", "hours")


def values(width: int) -> st.SearchStrategy[str]:
    """What may be filled in where a value has so many units at the most."""
    drawn = st.sampled_from(ALPHABETS).flatmap(lambda letters: st.text(letters, min_size=width // 2, max_size=width))
    longest = st.sampled_from(ALPHABETS).map(lambda letters: (letters * width)[:width])
    return (drawn | longest | st.just("")).filter(lambda value: units(value) <= width)


@given(menus(), profiles, st.data())
def test_no_screen_takes_more_pages_than_are_counted(menu: Menu, profile: Profile, data: st.DataObject) -> None:
    known = {name: data.draw(st.sampled_from([0, 1, 5, 12, 30, 50, 70, 150])) for name in NAMES}
    paper, wording = Paper(menu, known, profile), Wording(menu, profile)
    for name, screen in menu.screens.items():
        if isinstance(screen, LookUp):
            continue
        counted, unheld = paper.pages(name)
        facts = {one: data.draw(values(wide)) for one, wide in known.items()}
        behind = tuple((menu.start, TOP) for _ in range(data.draw(st.integers(0, 2))))
        needed = pages_of(wording, Session(menu.code, name, facts=facts, behind=behind))
        assert needed <= counted or counted == MOST or unheld is not None
