"""P2 with a real Redis: callbacks of one session that are let go together, on two instances of the engine."""

import asyncio
import random
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.promises.report import Kept
from tests.promises.scale import SEED, many
from tests.promises.simulation.run import quiet
from ussd.app import App, running
from ussd.callback import Callback, Phase, Reply
from ussd.core.engine import Dialled, Engine, Finish, Typed
from ussd.core.session import Session
from ussd.keys import Keys
from ussd.line import Line
from ussd.sessions import Held, Request, SessionKey
from ussd.settings import Settings
from ussd.store import RedisStore

RACES = many(300, 100_000)
WITHIN = 420.0
"""Seconds; what was not tried by then is not counted."""
SESSIONS = many(20, 200)
AT_ONCE = 12
"""Of these sessions: it is no crowd that is tried here."""
WIDTHS = (2,) * 20 + (3,) * 6 + (4,) * 3 + (8, 16, 32)
"""Callbacks in a race."""
KEYS = ("1", "2", "3", "5", "0", "00")
LONGEST = 25
"""Races of one session."""
SHORTCODE = "*4*1420#"


@dataclass(slots=True)
class Seen:
    """What came of them."""

    races: int = 0
    callbacks: int = 0
    unanswered: int = 0
    """Races in which somebody got an apology, which says nothing of an order."""
    broken: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Racer:
    """One session at a time, whose callbacks race."""

    apps: tuple[App, App]
    store: RedisStore
    msisdn: str
    chance: random.Random
    seen: Seen
    session: str = ""
    raced: int = 0
    held: Held = field(default_factory=Held)

    async def race(self) -> None:
        """The dial, or what answers the screen that is shown: the same thing many times, or different things."""
        if self.held.session is None or self.raced >= LONGEST:
            self.session, self.raced, self.held = secrets.token_hex(6), 0, Held()
            self.msisdn = str(int(self.msisdn) + SESSIONS)  # nobody who has left a session open
        callbacks = self._callbacks()
        self.raced += 1
        self.seen.races += 1
        self.seen.callbacks += len(callbacks)
        answers = await asyncio.gather(*map(self._answer, callbacks))
        before, self.held = self.held, await self.store.load(self._key, Request("", "nothing"), "")
        if any(answer == self._apology or "شلوغ" in answer.text for answer in answers):
            self.seen.unanswered += 1
            self.held = Held()
        elif not self._explained(before, callbacks, answers):
            typed = [one.typed for one in callbacks]
            self.seen.broken.append(f"seed {SEED}: {typed} from {before.session} to {self.held}: {set(answers)}")

    def _callbacks(self) -> list[Callback]:
        width = self.chance.choice(WIDTHS)
        if self.held.session is None:
            return [Callback(self.session, self.msisdn, Phase.BEGIN, dialled=SHORTCODE, request="dial")] * width
        one = Callback(self.session, self.msisdn, Phase.CONTINUE, typed=self.chance.choice(KEYS), request=self._name())
        if self.chance.random() < 0.5:
            return [one] * width
        return [replace(one, typed=self.chance.choice(KEYS[:2]), request=self._name()) for _ in range(width)]

    def _name(self) -> str:
        return f"{self.raced} {self.chance.random()}"

    async def _answer(self, callback: Callback) -> Reply:
        app = self.chance.choice(self.apps)
        return await app.service.answer(self._line, callback)

    def _explained(self, before: Held, callbacks: list[Callback], answers: list[Reply]) -> bool:
        """Whether some of them, one after another, lead to what is held now, by the screens that were shown."""
        steps = self.held.version - before.version
        wanted, typed = set(answers), {one.request: one.typed for one in callbacks}
        return any(
            set(screens) == wanted and self._is_held(session, screens[-1])
            for session, screens in self._orders(before.session, Counter(typed.values()), steps)
        )

    def _orders(
        self, session: Session | None, left: Counter[str], steps: int
    ) -> Iterator[tuple[Session, tuple[Reply, ...]]]:
        """What each order of so many of them comes to."""
        for typed in [one for one, number in left.items() if number]:
            event = Dialled() if session is None else Typed(typed)
            after, effect = self._engine.step(session or self._engine.start(), event)
            reply = Reply(effect.text, ends=isinstance(effect, Finish))  # type: ignore[union-attr]
            if steps == 1:
                yield after, (reply,)
            elif steps > 1 and not reply.ends:
                for last, screens in self._orders(after, left - Counter([typed]), steps - 1):
                    yield last, (reply, *screens)

    def _is_held(self, session: Session, reply: Reply) -> bool:
        if reply.ends:
            return self.held.session is None and self.held.last == reply
        kept = self.held.session
        return kept is not None and replace(kept, born=0, version="") == replace(session, born=0, version="")

    @property
    def _line(self) -> Line:
        return self.apps[0].door("reference").line

    @property
    def _key(self) -> SessionKey:
        return SessionKey(self._line.gateway, self.msisdn, self.session)

    @property
    def _engine(self) -> Engine:
        return self.apps[0].service.shelf.current[SHORTCODE].engine(self._line.profile)

    @property
    def _apology(self) -> Reply:
        return self.apps[0].service.last_words(self._line)


async def test_p2_of_callbacks_that_race_one_wins_and_the_others_read_its_screen(
    kept: Kept, tmp_path: Path, redis_url: str
) -> None:
    secret = secrets.token_hex(32)
    free = {"dials_per_minute": 0, "dials_per_hour": 0}
    settings = Settings(home=tmp_path, redis_url=redis_url, secret=secret, **free)  # type: ignore[arg-type]
    chance, seen, began = random.Random(SEED), Seen(), time.monotonic()
    turns = asyncio.Semaphore(AT_ONCE)
    store = RedisStore(redis_url, Keys(settings.key()))
    with quiet():
        async with running(settings, redis_url, smpp=False) as one, running(settings, redis_url, smpp=False) as other:

            async def races(number: int) -> None:
                racer = Racer((one, other), store, f"98914{number:09}", chance, seen)
                while seen.races < RACES and time.monotonic() - began < WITHIN:
                    async with turns:
                        await racer.race()

            await asyncio.gather(*map(races, range(SESSIONS)))
    await store.close()
    kept.seen(
        f"2 to 32 callbacks of a session let go together, {SESSIONS} sessions, on two instances and one Redis",
        f"{seen.races:,} races of {seen.callbacks:,} callbacks",
        f"{len(seen.broken)} without an order that explains them, {seen.unanswered} with an apology",
    )
    assert not seen.broken, "\n".join(seen.broken[:5])
    assert seen.unanswered <= seen.races / 10
