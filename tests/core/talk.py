"""A subscriber in front of the engine: whatever is stored between two steps is read back from its stored form."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ussd.core.engine import Dialled, Effect, Ended, Engine, Event, Fetch, Finish, LookedUp, Show, Typed
from ussd.core.session import Session

World = Callable[[Fetch], LookedUp]


def found(fetch: Fetch) -> LookedUp:
    """A registry that knows everybody."""
    return LookedUp("found", {"name": "Sara"})


@dataclass
class Talk:
    """One session with an engine."""

    engine: Engine
    world: World = found
    session: Session = field(default_factory=lambda: Session("", ""))
    screens: list[str] = field(default_factory=list)
    fetched: list[Fetch] = field(default_factory=list)
    ended: bool = False

    def dial(self, *answers: str, dropped: Session | None = None) -> str:
        """Dial the shortcode, with answers behind it."""
        self.session = self.engine.start()
        return self._step(Dialled(answers, dropped))

    def type(self, *answers: str) -> str:
        """Answer the screens one after the other, and read the last one."""
        for answer in answers:
            assert not self.ended
            self._step(Typed(answer))
        return self.screens[-1]

    def hang_up(self) -> Session:
        """What is left in the store."""
        self._step(Ended())
        return self.session

    @property
    def at(self) -> str:
        """The screen that is shown."""
        return self.session.screen

    def _step(self, event: Event) -> str:
        self.session, effect = self.engine.step(self.session, event)
        while isinstance(effect, Fetch):
            self.fetched.append(effect)
            self.session, effect = self.engine.step(self.session, self.world(effect))
        self._shown(effect)
        return self.screens[-1]

    def _shown(self, effect: Effect) -> None:
        assert isinstance(effect, Show | Finish)
        assert self.session.waiting == ()
        self.screens.append(effect.text)
        self.ended = isinstance(effect, Finish)
        self.session = Session.loads(self.session.dumps())


def dropped_after(engine: Engine, *answers: str) -> Session:
    """A session that somebody left open after some answers, as the store gives it back."""
    talk = Talk(engine)
    talk.dial()
    talk.type(*answers)
    return replace(talk.session, born=0)
