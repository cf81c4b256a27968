"""Walking every path of a menu: each page in each language, every key of it, every outcome of every lookup. Pure.

A page is walked on from once, whichever way led to it. Below a note a page has less room, so the next one begins
elsewhere: that one is looked at and not walked on from, or there would be a page for each word of a text.

Facts are as wide as their backends declare them, and answers as long as their rules let them be. There are two walks:
one with facts in digits, which leave a screen in its alphabet, and one with facts in Persian letters, which do not.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from itertools import count
from typing import NamedTuple

from ussd.core.checks import Contract
from ussd.core.engine import MAX_MISTAKES, Dialled, Engine, Event, Fetch, Finish, LookedUp, Show, Typed
from ussd.core.inputs import rule
from ussd.core.machine import IllegalStep
from ussd.core.menu import Ask, Choose
from ussd.core.session import TOP, Place, Session
from ussd.core.text import fits, measure
from ussd.core.wording import GO_ON, START_ANEW

SAMPLES: Mapping[str, str] = {
    "national_code": "0007569602",
    "insurance_number": "0000000101",
    "mobile": "+989120000001",
}
"""An answer that each named rule accepts, as long as it may be."""
WRONG = "*"
"""What no screen accepts, and no rule."""
LETTERS = ("0", "ی")
"""What facts are made of, walk by walk."""
_LONGEST_ANSWER = 99
_DROPPED = "dropped, and dialled again"
_FIRST = "1"
"""The first number of a page; where nothing else has a number, that of the next page."""


class Page(NamedTuple):
    """What is shown, but for what the way to it adds."""

    screen: str
    at: Place
    language: str


class _State(NamedTuple):
    """A page, with all that can be seen there of the way to it."""

    page: Page
    mistakes: int
    offered: bool
    behind: int

    @property
    def counts(self) -> bool:
        """Whether a way through it is one of those that are counted."""
        return not self.mistakes and not self.offered


@dataclass(frozen=True, slots=True)
class Stop:
    """A page on a way, and the way to it."""

    session: Session
    shown: Show | Finish
    typed: tuple[str, ...] = ()
    """What led here from the page before: what was typed, and the outcomes of the lookups behind it."""
    before: "Stop | None" = None

    @property
    def way(self) -> str:
        """All of it, from the dialling on."""
        stops = [self]
        while stops[-1].before:
            stops.append(stops[-1].before)
        return " > ".join([self.session.code, *(part for stop in reversed(stops) for part in stop.typed)])

    @property
    def octets(self) -> int:
        """Those of the screen."""
        return measure(self.shown.text).octets


@dataclass(frozen=True, slots=True)
class Walked:
    """What came of walking a menu on one gateway's line."""

    screens: int
    """Those of the menu that are shown, in each of its languages."""
    pages: int
    paths: int
    """Ways from the dialling to an end, in each language: without a wrong key, a way back, or a circle."""
    largest: Stop
    """With its note and its ways back."""
    faults: tuple[str, ...]


def crawl(engine: Engine, contracts: Mapping[str, Contract]) -> Walked:
    """Walk a menu in which the checks found nothing. The counts are those of the first walk."""
    first, *others = (_Walk(engine, contracts, letter).walked() for letter in LETTERS)
    largest = max((first, *others), key=lambda walked: walked.largest.octets).largest
    faults = dict.fromkeys(fault for walked in (first, *others) for fault in walked.faults)
    return replace(first, largest=largest, faults=tuple(faults))


def sample(check: str) -> str | None:
    """The longest answer that an input rule is known to accept; None where none is known."""
    accepts = rule(check)
    known = (SAMPLES.get(check, ""), *("7" * size for size in range(_LONGEST_ANSWER, 0, -1)))
    return next((one for one in known if accepts and accepts(one)), None)


class _Walk:
    """One walk."""

    def __init__(self, engine: Engine, contracts: Mapping[str, Contract], letter: str) -> None:
        self._engine, self._contracts, self._letter = engine, contracts, letter
        self._met: dict[_State, Stop] = {}
        self._pages: set[Page] = set()
        self._ahead: deque[Stop] = deque()
        self._ways: dict[Page, dict[tuple[str, ...], Page]] = defaultdict(dict)
        """The pages that each page leads to, by what is typed and looked up there."""
        self._ends: set[Page] = set()
        self._offered: set[str] = set()
        self._faults: list[str] = []

    def walked(self) -> Walked:
        """Walk it."""
        languages = self._engine.menu.languages or ("",)
        for language in languages:
            self._come(self._dial(language))
        while self._ahead:
            stop = self._ahead.popleft()
            self._come(self._offer(stop))
            self._come(self._on_from(stop))
        screens = {(page.screen, page.language) for page in self._pages}
        paths = sum(_paths(_dialling(language), self._ways, self._ends) for language in languages)
        largest = max(self._met.values(), key=lambda stop: stop.octets, default=Stop(self._engine.start(), Finish("")))
        return Walked(len(screens), len(self._pages), paths, largest, tuple(self._faults))

    def _come(self, stops: Iterator[Stop]) -> None:
        """Look at each page, and keep it to be walked on from where it is new."""
        for stop in stops:
            state = self._state(stop.session)
            if state in self._met:
                continue
            self._met[state] = stop
            self._judge(stop)
            straight = stop.before is None or not stop.before.session.mistakes
            if isinstance(stop.shown, Show) and (straight or state.mistakes):
                self._ahead.append(stop)
            if state.counts and straight:
                self._pages.add(state.page)
            if state.counts and isinstance(stop.shown, Finish):
                self._ends.add(state.page)

    def _judge(self, stop: Stop) -> None:
        if not fits(stop.shown.text, self._engine.profile):
            self._faults.append(f"{stop.octets} octets are more than the line has: {stop.way}")
        if not stop.shown.text.strip():
            self._faults.append(f"an empty screen: {stop.way}")

    def _dial(self, language: str) -> Iterator[Stop]:
        start = replace(self._engine.start(), language=language)
        for stop in self._reached(start, Dialled()):
            self._ways[_dialling(language)][stop.typed] = self._state(stop.session).page
            yield stop

    def _offer(self, stop: Stop) -> Iterator[Stop]:
        """The question whether to go on, once in each language: it is the same wherever the call was dropped."""
        language = self._state(stop.session).page.language
        if language not in self._offered:
            start = replace(self._engine.start(), language=language)
            for offer in self._reached(start, Dialled((), stop.session), (_DROPPED,), stop):
                if offer.session.offered:
                    self._offered.add(language)
                    yield offer

    def _on_from(self, stop: Stop) -> Iterator[Stop]:
        """All that may be typed at a page; the longest answer first, as a rule may accept any of the other keys too."""
        if stop.session.mistakes < MAX_MISTAKES - 1:
            yield from self._rightly(stop)
            words = self._engine.menu.spoken(stop.session.language).words
            yield from self._type(stop, words.back_key)
            yield from self._type(stop, words.home_key)
        yield from self._type(stop, WRONG)

    def _rightly(self, stop: Stop) -> Iterator[Stop]:
        match self._engine.menu.screens[stop.session.screen]:
            case _ if stop.session.offered:
                yield from self._type(stop, GO_ON)
                yield from self._type(stop, START_ANEW)
            case Choose(options=options):
                yield from self._choose(stop, {one.key for one in options if one.key})
            case Ask(check=check):
                yield from self._answer(stop, check)
            case _:
                yield from self._forward(stop, _FIRST)

    def _choose(self, stop: Stop, pinned: Set[str]) -> Iterator[Stop]:
        """Every option: the keys that are pinned, and the numbers up to the first that is refused."""
        for key in sorted(pinned):
            yield from self._forward(stop, key)
        for number in (number for number in map(str, count(1)) if number not in pinned):
            came = list(self._forward(stop, number))
            yield from came
            if not came or came[0].session.mistakes > stop.session.mistakes:
                return

    def _answer(self, stop: Stop, check: str) -> Iterator[Stop]:
        """An answer, and the key of the next page, which is one more answer where there is none."""
        answer = sample(check)
        if answer is None:
            self._faults.append(f"no answer is known that {check} accepts: {stop.way}")
            return
        yield from self._forward(stop, answer)
        yield from self._type(stop, _FIRST)

    def _forward(self, stop: Stop, text: str) -> Iterator[Stop]:
        """A step on a way that counts, where it is none to another language."""
        before = self._state(stop.session)
        for one in self._type(stop, text):
            after = self._state(one.session)
            if before.counts and after.counts and before.page.language == after.page.language:
                self._ways[before.page][one.typed] = after.page
            yield one

    def _type(self, stop: Stop, text: str) -> Iterator[Stop]:
        return self._reached(stop.session, Typed(text), (text,), stop)

    def _reached(
        self, session: Session, event: Event, typed: tuple[str, ...] = (), before: Stop | None = None
    ) -> Iterator[Stop]:
        """The pages that an event may come to: as many as the lookups on the way have outcomes."""
        try:
            session, effect = self._engine.step(session, event)
        except IllegalStep as fault:
            way = Stop(session, Finish(""), typed, before).way
            self._faults.append(f"an illegal step, {fault}: {way}")
            return
        if not isinstance(effect, Fetch):
            yield Stop(session, effect, typed, before)
            return
        contract = self._contracts[effect.backend]
        for outcome in sorted(contract.outcomes):
            facts = {name: self._letter * contract.widths[name] for name in contract.outcomes[outcome]}
            yield from self._reached(session, LookedUp(outcome, facts), (*typed, outcome), before)

    def _state(self, session: Session) -> _State:
        first, *_ = (*self._engine.menu.languages, "")
        page = Page(session.screen, session.at, session.language or first)
        return _State(page, session.mistakes, session.offered, min(len(session.behind), 2))


def _dialling(language: str) -> Page:
    """What the ways in a language begin with."""
    return Page("", TOP, language)


def _paths(start: Page, ways: Mapping[Page, Mapping[tuple[str, ...], Page]], ends: Set[Page]) -> int:
    """How many ways there are; where one comes back to a page that it came from, it is none."""
    counted: dict[Page, int] = {}
    open_: set[Page] = set()
    ahead = [start]
    while ahead:
        page = ahead[-1]
        following = list(ways.get(page, {}).values())
        if page in counted or page in open_:
            ahead.pop()
            counted.setdefault(page, int(page in ends) or sum(counted.get(one, 0) for one in following))
        else:
            open_.add(page)
            ahead += [one for one in following if one not in counted and one not in open_]
    return counted[start]
