"""Somebody who walks through a menu at random, and looks at what is proven of it."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from random import Random

from tests.core.any_menu import ANSWERS
from ussd.core.checks import Contract
from ussd.core.checks.pages import CHOOSE, OTHERWISE, Widths, widths
from ussd.core.engine import Dialled, Effect, Engine, Event, Fetch, Finish, LookedUp, Show, Typed
from ussd.core.languages import profile_in
from ussd.core.machine import Moves, moves
from ussd.core.menu import Ask, Choose, End, LookUp, Menu
from ussd.core.profile import Profile
from ussd.core.screen import Page
from ussd.core.session import TOP, Session
from ussd.core.text import fits, measure
from ussd.core.wording import Wording

ALPHABETS = ("ن", "نام ", "x", "[€", "ab ", "12-", "👍🏽 ")
NONSENSE = ("", "x", "9", "99", "1", "1234567890123", "\u200c", "۰")


def value(width: int, chance: Random) -> str:
    """What may be filled in where a value has so many units at the most: often as much as it can be."""
    letters = chance.choice(ALPHABETS)
    drawn = "".join(chance.choice(letters) for _ in range(chance.choice((width, width, width // 2, 0))))
    while units(drawn) > width:
        drawn = drawn[:-1]
    return drawn


def units(drawn: str) -> int:
    """A value's width: as a page counts it at the most, whatever else is on it."""
    return max(measure(drawn).units, measure(drawn + "ن").units - 1)


def pages_of(wording: Wording, session: Session) -> int:
    """The pages that whoever makes no mistake turns."""
    count = 1
    while (laid := wording.page(session)).next_key:
        session = replace(session, at=laid.next, behind=(*session.behind, (session.screen, session.at)))
        count += 1
    return count


@dataclass
class Walker:
    """A line that types anything, and what the backends answer it."""

    menu: Menu
    profile: Profile
    contracts: Mapping[str, Contract]
    chance: Random
    steps: int = 0
    homewards: bool = False
    session: Session = field(init=False)
    effect: Effect = field(init=False)

    def __post_init__(self) -> None:
        self.engine = Engine(self.menu, Moves(self.menu), self.profile)
        first = next(iter(self.menu.languages), "")
        self.wordings = {
            one: Wording(self.menu.spoken(one), profile_in(one or first, self.profile))
            for one in ("", *self.menu.languages)
        }
        self.distance = distances(self.menu)
        self.widths: Widths = widths(self.menu, self.contracts)
        self.dial()

    def walk(self, steps: int) -> None:
        """Take so many steps, dialling again behind each end."""
        while self.steps < steps:
            if isinstance(self.effect, Finish) or self.chance.random() < 0.02:
                self.dial()
            elif self.chance.random() < 0.02:
                self.get_to_an_end()
            else:
                self._happen(Typed(self._anything()), self.session)

    def dial(self) -> None:
        """Dial, at times with answers, and with what was left open before."""
        answers = tuple(self.chance.choices(("1", "2", "3", "0", "x", *chain.from_iterable(ANSWERS.values())), k=4))
        dropped = getattr(self, "session", None) if self.chance.random() < 0.5 else None
        self._happen(Dialled(answers[: self.chance.choice((0, 0, 1, 4))], dropped), self.engine.start())

    def get_to_an_end(self) -> None:
        """Take the shortest way, as somebody may who knows the menu."""
        self.homewards = True
        for _ in range(3 * len(self.menu.screens) + 100):
            if isinstance(self.effect, Finish):
                break
            self._happen(Typed(self._onwards()), self.session)
        self.homewards = False
        assert isinstance(self.effect, Finish), f"no end from {self.session.screen}"

    def _happen(self, event: Event, session: Session) -> None:
        """One step, with the lookups that it leads to; and all that must hold behind it."""
        session, effect = self.engine.step(session, event)
        asked = 0
        while isinstance(effect, Fetch):
            asked += 1
            assert asked <= len(self.menu.screens), "lookups in a circle"
            session, effect = self.engine.step(session, self._found(session.screen))
        assert isinstance(effect, Show | Finish)
        assert effect.text.strip()
        assert fits(effect.text, self.profile)
        if session.at == TOP and not session.mistakes and not session.offered:
            allowed = CHOOSE if isinstance(self.menu.screens[session.screen], Choose) else OTHERWISE
            assert pages_of(self.wordings[session.language], session) <= (self.menu.pages or allowed)
        self.session, self.effect, self.steps = session, effect, self.steps + 1

    def _found(self, screen: str) -> LookedUp:
        waiting = self.menu.screens[screen]
        assert isinstance(waiting, LookUp)
        outcomes = sorted(waiting.outcomes)
        if self.homewards:
            outcomes = [min(outcomes, key=lambda one: self.distance[waiting.outcomes[one]])]
        outcome = self.chance.choice(outcomes)
        facts = sorted(self.contracts[waiting.look_up].outcomes[outcome])
        return LookedUp(outcome, {name: value(self.widths[name], self.chance) for name in facts})

    def _page(self) -> Page:
        return self.wordings[self.session.language].page(self.session)

    def _anything(self) -> str:
        """Mostly what the page offers."""
        page, words = self._page(), self.menu.words
        offered: Sequence[str] = [*page.options, *filter(None, [page.next_key])]
        match self.menu.screens[self.session.screen]:
            case Ask(check=check):
                offered = [*offered, *ANSWERS.get(check, ())]
        others = (words.back_key, words.home_key, *NONSENSE)
        return self.chance.choice(offered) if offered and self.chance.random() < 0.8 else self.chance.choice(others)

    def _onwards(self) -> str:
        """What leads nearer to an end, or the next line where it is not on this page."""
        page = self._page()
        match self.menu.screens[self.session.screen]:
            case _ if self.session.offered:
                return "1"
            case Choose(options=options):
                nearest = min(self.distance[one.goto] for one in options)
                near = [key for key, place in page.options.items() if self.distance[options[place].goto] == nearest]
                return near[0] if near else page.next_key
            case Ask(check=check) if not page.next_key:
                return ANSWERS[check][-1]
        return page.next_key


def distances(menu: Menu) -> Mapping[str, int]:
    """How far each screen is from an end."""
    behind: dict[str, list[str]] = {name: [] for name in menu.screens}
    for source, _, target in moves(menu):
        behind[target].append(source)
    ends = [name for name, screen in menu.screens.items() if isinstance(screen, End)]
    found, ahead = dict.fromkeys(ends, 0), deque(ends)
    while ahead:
        name = ahead.popleft()
        for source in behind[name]:
            if source not in found:
                found[source] = found[name] + 1
                ahead.append(source)
    return found
