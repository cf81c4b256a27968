"""Many dialogues with a server, each on a line of its own that asks about somebody of its own, and every screen judged.

A callback that gets no answer is sent again under its own request id, as gateways do; and some that were answered are
sent again too, for the same bytes.
"""

import asyncio
import json
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

from gateways.reference import PROFILE
from tests.promises.wire import Broken, Wire
from ussd.core.loader import COMMON, load_words
from ussd.core.screen import last
from ussd.settings import Settings

SHIPPED = Settings.model_fields["menus"].default
CODE = "*77#"
WORDS = load_words(SHIPPED / COMMON)
LAST_WORDS = {
    name: re.compile(re.escape(last(getattr(WORDS, name), PROFILE)).replace(r"\{minutes\}", r"\d+"))
    for name in ("apology", "busy", "expired")
}
"""Screens of no menu, which end a dialogue before its time."""
_FIRST = "Whose code?"
_TRACKING = re.compile(r"[a-z]\d{6}")
TIMEOUT = 6.0
"""Seconds that the gateway waits for an answer: more than a callback may take."""
_TRIES = 40
"""Of one callback, a tenth of a second apart where the connection breaks."""
_BEAT = 0.01
_REST = 0.1
"""Seconds, on average, after a dialogue that ended before its time: people do not dial again in the same moment."""


def msisdn(number: int) -> str:
    """The line of a dialogue."""
    return f"98913{number:07}"


def person(number: int) -> str:
    """The national code that a dialogue asks about: nobody's, as no city has its prefix."""
    nine = f"997{number:06}"
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(nine)) % 11
    return f"{nine}{rest if rest < 2 else 11 - rest}"


@dataclass(slots=True)
class Seen:
    """What came of it."""

    dialogues: int = 0
    callbacks: int = 0
    """Answered ones."""
    again: int = 0
    """Callbacks that were sent again since no answer came."""
    broken: int = 0
    timeouts: int = 0
    left: int = 0
    """Callbacks whose client was gone before the answer came."""
    lost: int = 0
    """Callbacks that were given up: no answer came to any try."""
    slowest: float = 0.0
    """Seconds that an answer took, of one try."""
    held_up: float = 0.0
    """Of these, what this process itself was late at most, on a machine that has too much to do."""
    finished: dict[int, str] = field(default_factory=dict)
    """The tracking code that each dialogue was shown at its end."""
    ended: Counter[str] = field(default_factory=Counter)
    """Dialogues that ended otherwise, by the screen that they ended with."""
    repeated: int = 0
    """Answered callbacks that were sent again."""
    differing: int = 0
    """Of these, those which were answered with other bytes, and not with an apology."""
    behind: int = 0
    """Dialogues that were taken back by a step: their own screen, but an earlier one."""
    wrong: list[str] = field(default_factory=list)
    """Screens that nothing excuses."""

    def in_time(self, bound: float) -> bool:
        """Whether each answer came within so many seconds."""
        return self.slowest - self.held_up <= bound


class Traffic:
    """Dialogues with one server. Run in one event loop."""

    def __init__(self, port: int, seed: int, *, first: int = 0, leaving: float = 0.0, repeating: float = 0.1) -> None:
        """`first`: the first line's number; `leaving`, `repeating`: shares of callbacks left, and sent twice."""
        self.seen, self.wire = Seen(), Wire(port)
        self._chance, self._numbers = random.Random(seed), count(first)
        self._leaving, self._repeating, self._stopping = leaving, repeating, False

    @asynccontextmanager
    async def flowing(self, at_once: int) -> AsyncIterator[Seen]:
        """So many dialogues at any time, the next where one ends; at the end all that have begun are finished."""
        watch = asyncio.create_task(self._watch())
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(self._one_after_the_other())
                try:
                    yield self.seen
                finally:
                    self._stopping = True
        finally:
            watch.cancel()

    async def dialled(self) -> bool:
        """Whether a new dial reads its right screen now, and not an apology."""
        dialogue = _Dialogue(next(self._numbers))
        with suppress(Broken, TimeoutError):
            async with asyncio.timeout(TIMEOUT):
                return _read(await self.wire.post(dialogue.callback(0)))[0] == _FIRST
        return False

    def close(self) -> None:
        """Close what is open."""
        self.wire.close()

    async def _watch(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(_BEAT)
            self.seen.held_up = max(self.seen.held_up, time.monotonic() - began - _BEAT)

    async def _one_after_the_other(self) -> None:
        while not self._stopping:
            self.seen.dialogues += 1
            if not await self._talk(_Dialogue(next(self._numbers))):
                await asyncio.sleep(self._chance.uniform(0, 2 * _REST))

    async def _talk(self, dialogue: "_Dialogue") -> bool:
        """Whether it came to its own end."""
        for place in range(len(dialogue.typed) + 1):
            answer = await self._answered(dialogue.callback(place))
            if answer is None:
                self.seen.lost += 1
                return False
            if not self._goes_on(dialogue, place, answer):
                break
            if self._chance.random() < self._repeating:
                await self._repeat(dialogue.callback(place), answer)
        return dialogue.number in self.seen.finished

    def _goes_on(self, dialogue: "_Dialogue", place: int, answer: tuple[int, bytes]) -> bool:
        """Judge a screen; whether the dialogue goes on."""
        text, ends = _read(answer)
        if dialogue.is_right(place, text, ends):
            if ends:
                [self.seen.finished[dialogue.number]] = _TRACKING.findall(text)
            return not ends
        if ends and (name := dialogue.last_words(text)):
            self.seen.ended[name] += 1
        elif dialogue.is_behind(place, text, ends):
            self.seen.behind += 1
        else:
            self.seen.wrong.append(f"dialogue {dialogue.number}, callback {place}: {answer!r}")
        return False

    async def _repeat(self, body: bytes, answer: tuple[int, bytes]) -> None:
        again = await self._answered(body)
        self.seen.repeated += 1
        if again is not None and again != answer and not last_words_in(_read(again)[0]):
            self.seen.differing += 1

    async def _answered(self, body: bytes) -> tuple[int, bytes] | None:
        if self._chance.random() < self._leaving:
            await self._leave(body)
        for tries in range(_TRIES):
            self.seen.again += tries > 0
            began = time.monotonic()
            try:
                async with asyncio.timeout(TIMEOUT):
                    answer = await self.wire.post(body)
            except TimeoutError:
                self.seen.timeouts += 1
            except Broken:
                self.seen.broken += 1
                await asyncio.sleep(0.1)
            else:
                self.seen.callbacks += 1
                self.seen.slowest = max(self.seen.slowest, time.monotonic() - began)
                return answer
        return None

    async def _leave(self, body: bytes) -> None:
        """Send it and be gone, at any moment before the answer."""
        self.seen.left += 1
        with suppress(TimeoutError, Broken):
            async with asyncio.timeout(self._chance.random() * 0.01):
                await self.wire.post(body)


@dataclass(frozen=True, slots=True)
class _Dialogue:
    """What a line dials and types, and what it is to read."""

    number: int

    @property
    def typed(self) -> tuple[str, ...]:
        return person(self.number), "1"

    def callback(self, place: int) -> bytes:
        begins = {"event": "begin", "dialled": CODE}
        event = {"event": "continue", "input": self.typed[place - 1]} if place else begins
        whose = {"session": f"s{self.number}", "msisdn": msisdn(self.number), "request": f"r{place}"}
        return json.dumps(whose | event).encode()

    def is_right(self, place: int, text: str, ends: bool) -> bool:
        match place:
            case 0:
                return (text, ends) == (_FIRST, False)
            case 1:
                return (text, ends) == (self._sure, False)
            case _:
                told = text.removeprefix(f"{person(self.number)} is not entitled: ")
                return ends and _TRACKING.fullmatch(told) is not None

    def is_behind(self, place: int, text: str, ends: bool) -> bool:
        """Whether its last step was forgotten: it reads an earlier screen, or that its answer to that was wrong."""
        corrected = (f"That is no national code.\n{_FIRST}", f"{WORDS.wrong_key}\n{self._sure}")
        return not ends and (text in corrected or any(self.is_right(one, text, ends) for one in range(place)))

    @property
    def _sure(self) -> str:
        return f"About {person(self.number)}?\n1-Ask\n2-Leave\n0-back"

    def last_words(self, text: str) -> str:
        """The name of a last screen before its time; empty where it is none, or tells of another line's person."""
        if text == f"{person(self.number)}: no answer":
            return "unavailable"
        return last_words_in(text)


def last_words_in(text: str) -> str:
    """Which of LAST_WORDS a screen is; empty where it is none."""
    return next((name for name, said in LAST_WORDS.items() if said.fullmatch(text)), "")


def _read(answer: tuple[int, bytes]) -> tuple[str, bool]:
    status, body = answer
    if status != 200:
        return f"HTTP {status}", False
    said = json.loads(body)
    return said["text"], said["ends"]
