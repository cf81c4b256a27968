"""One step of a session: what happened and where we are decide what is said. No I/O, clock, randomness or logging."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ussd.core.inputs import Rule, is_mistyped, rule
from ussd.core.languages import profile_in
from ussd.core.machine import ENTERED, IllegalStep, Moves, option
from ussd.core.menu import Ask, Choose, End, LookUp, Menu
from ussd.core.profile import Profile
from ussd.core.screen import Page, last
from ussd.core.session import TOP, Place, Session
from ussd.core.text import fold_in
from ussd.core.wording import GO_ON, START_ANEW, Wording

MAX_MISTAKES = 3
"""Wrong answers in a row that end a session."""
MAX_BEHIND = 20
"""Pages that `0` goes back through; what lies further behind is forgotten, and the start is always one key away."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """The shortcode was dialled, with the answers that followed it in the dial string."""

    answers: tuple[str, ...] = ()
    dropped: Session | None = None
    """The session that the same line left open at this shortcode a moment ago."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The subscriber answered the screen, in whatever digits."""

    text: str
    more: tuple[str, ...] = ()
    """Answers to the screens that follow it, from a gateway that accumulates and of which a callback was lost."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """A lookup came to one of its outcomes."""

    outcome: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """The line is gone; a hang-up and a drop cannot be told apart, so the session stays as it is."""


@dataclass(frozen=True, slots=True)
class Show:
    """Show a screen and wait for what is typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Show a last screen and end the session."""

    text: str


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask a backend, then step again with LookedUp."""

    backend: str
    given: Mapping[str, str]


Event = Dialled | Typed | LookedUp | Ended
Effect = Show | Finish | Fetch


class Engine:
    """One menu on one gateway's line. It holds no session: the same object serves all of them."""

    def __init__(self, menu: Menu, moves: Moves, profile: Profile) -> None:
        """`moves` is the machine of `menu`, shared by the engines of all gateways."""
        self.menu, self.profile = menu, profile
        self._moves = moves
        versions = {language: menu.spoken(language) for language in ("", *menu.languages)}
        first = menu.languages[0] if menu.languages else ""
        self._wordings = {
            language: Wording(version, profile_in(language or first, profile)) for language, version in versions.items()
        }
        self._rules = {name: _rule(screen) for name, screen in menu.screens.items() if isinstance(screen, Ask)}
        self._pinned = {name: _pinned(screen) for name, screen in menu.screens.items() if isinstance(screen, Choose)}

    def start(self) -> Session:
        """A session that nothing has happened in."""
        return Session(code=self.menu.code, screen=self.menu.start)

    def holds(self, session: Session) -> bool:
        """Whether a stored session can go on here: its menu may have changed since."""
        screen = self.menu.screens.get(session.screen)
        return screen is not None and not isinstance(screen, LookUp) and self._in(session).has(session)

    def awaits(self, session: Session, outcome: str) -> bool:
        """Whether a session waits in a lookup that may come to this outcome."""
        screen = self.menu.screens.get(session.screen)
        return isinstance(screen, LookUp) and outcome in screen.outcomes

    def shown(self, session: Session) -> Show | Finish:
        """What the subscriber of `session` reads now."""
        if session.mistakes >= MAX_MISTAKES:
            return Finish(last(self._in(session).menu.words.too_many, self.profile))
        shown = self._in(session).page(session)
        screen = self.menu.screens[session.screen]
        ends = isinstance(screen, End) and not shown.next_key and not session.offered
        return Finish(shown.text) if ends else Show(shown.text)

    def step(self, session: Session, event: Event) -> tuple[Session, Effect]:
        """Advance `session` by one event, and say what the world outside must do next. Raises IllegalStep."""
        match event, self.menu.screens.get(session.screen):
            case Dialled(), _:
                return self._settle(self._dialled(session, event))
            case Typed(text, more), Choose() | Ask() | End():
                heard = self._heard(session, text)
                return self._settle(replace(heard, waiting=more) if more else heard)
            case LookedUp(outcome, facts), LookUp():
                known = replace(session, facts={**session.facts, **facts})
                return self._settle(self._moved(known, outcome))
            case Ended(), _:
                return session, Finish(last(self._in(session).menu.words.ended, self.profile))
            case _:
                raise IllegalStep(f"{type(event).__name__} on {session.screen}")

    def mistyped(self, session: Session, event: Event) -> bool:
        """Whether `event`, which led to `session`, had an answer refused for nothing but its check digits."""
        screen = self.menu.screens[session.screen]
        match event:
            case Typed(text, more):
                given = (text, *more)
            case Dialled(answers):
                given = answers
            case _:
                given = ()
        if not isinstance(screen, Ask) or not session.mistakes:
            return False
        return any(is_mistyped(screen.check, fold_in(one)) for one in given)

    def _dialled(self, session: Session, event: Dialled) -> Session:
        dropped, resume = event.dropped, self.menu.resume
        if event.answers or dropped is None or resume == "restart" or not self._worth_offering(dropped):
            return replace(session, waiting=event.answers)
        return replace(dropped, born=session.born, version=session.version, mistakes=0, offered=resume == "ask")

    def _worth_offering(self, dropped: Session) -> bool:
        """To go on from the first screen is what dialling does anyway."""
        can_ask = self.menu.resume != "ask" or self._in(dropped).can_offer
        return can_ask and not self._at_start(dropped) and self.holds(dropped)

    def _at_start(self, session: Session) -> bool:
        return (session.screen, session.at) == (self.menu.start, TOP)

    def _settle(self, session: Session) -> tuple[Session, Effect]:
        """Feed what the dial string still holds, until a screen takes no more of it or must wait for a backend."""
        while session.waiting and self._takes_dialled(session):
            answer, *rest = session.waiting
            session = replace(self._heard(session, answer), waiting=tuple(rest))
        match self.menu.screens[session.screen]:
            case LookUp(look_up=backend, given=names):
                known = {**session.answers, **session.facts}
                return session, Fetch(backend, {name: known[name] for name in names})
            case _:
                return replace(session, waiting=()) if session.waiting else session, self.shown(session)

    def _takes_dialled(self, session: Session) -> bool:
        match self.menu.screens[session.screen]:
            case Choose(live=live) | Ask(live=live):
                return not live and not session.mistakes
            case End():
                return bool(self._in(session).page(session).next_key) and not session.mistakes
            case LookUp():
                return False

    def _heard(self, session: Session, typed: str) -> Session:
        """The session after an answer; one that fits nothing is a mistake, and the screen stays."""
        text = fold_in(typed)
        shown = self._in(session).page(session)
        moved: Session | None
        if session.offered:
            moved = {GO_ON: replace(session, offered=False), START_ANEW: self._anew(session)}.get(text)
        elif shown.next_key and text == shown.next_key:
            moved = replace(session, at=shown.next, behind=_behind(session))
        else:
            moved = self._answered(session, text, shown) or self._back(session, text)
        if moved is None:
            return replace(session, mistakes=session.mistakes + 1)
        return replace(moved, mistakes=0) if moved.mistakes else moved

    def _answered(self, session: Session, text: str, shown: Page) -> Session | None:
        match self.menu.screens[session.screen]:
            case Choose():
                place = shown.options.get(text, self._pinned[session.screen].get(text))
                if place is None:
                    return None
                return self._moved(self._switched(session, place), option(place))
            case Ask(save_as=name):
                value = self._rules[session.screen](text)
                if value is None:
                    return None
                kept = replace(session, behind=_behind(session), answers={**session.answers, name: value})
                return self._moved(kept, ENTERED)
            case _:
                return None

    def _anew(self, session: Session) -> Session:
        return replace(self.start(), born=session.born, language=session.language, version=session.version)

    def _switched(self, session: Session, place: int) -> Session:
        """The session behind an option. In another language the pages behind it begin elsewhere, so at their top."""
        screen = self._in(session).menu.screens[session.screen]
        language = screen.options[place].language if isinstance(screen, Choose) else None
        behind = _behind(session)
        if language in (None, session.language):
            return replace(session, behind=behind)
        return replace(session, behind=tuple((name, TOP) for name, _ in behind), language=language)

    def _in(self, session: Session) -> Wording:
        """The words of the language that is spoken in a session; of the first where it is none of this menu's."""
        return self._wordings.get(session.language) or self._wordings[""]

    def _moved(self, session: Session, trigger: str) -> Session:
        return replace(session, screen=self._moves.to(session.screen, trigger), at=TOP)

    def _back(self, session: Session, text: str) -> Session | None:
        """`0` goes back a page, then a screen, and in the end to the start; `00` goes there at once."""
        words = self._in(session).menu.words
        if text not in (words.back_key, words.home_key) or (self._at_start(session) and not session.behind):
            return None
        for left in reversed(range(len(session.behind) if text == words.back_key else 0)):
            screen, at = session.behind[left]
            back = replace(session, screen=screen, at=at, behind=session.behind[:left])
            if self.holds(back):
                return back
        return self._anew(session)


def _behind(session: Session) -> tuple[tuple[str, Place], ...]:
    """What is behind whoever leaves the page that is shown now."""
    return (*session.behind, (session.screen, session.at))[-MAX_BEHIND:]


def _pinned(screen: Choose) -> Mapping[str, int]:
    """The keys that mean the same on every page of a screen."""
    return {one.key: place for place, one in enumerate(screen.options) if one.key}


def _rule(screen: Ask) -> Rule:
    found = rule(screen.check)
    if found is None:
        raise IllegalStep(f"no input rule {screen.check}: the menu was never checked")
    return found
