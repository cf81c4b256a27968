"""Replaying a transcript: its callbacks are made again, and what is shown is compared with what it has."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from simulator.call import Call, CallFailed
from simulator.transcripts import placeholders
from simulator.transcripts.apart import Reach
from simulator.transcripts.steps import Dial, Note, Screen, Setting, Step, Trouble, TroubleName, Typed, Wait
from simulator.transcripts.transcript import Transcript
from ussd.callback import Reply
from ussd.settings.sending import ASYNCHRONOUS

LINE, GATEWAY = "989120000001", "reference"
"""Who dials, and through which gateway, where a transcript does not say."""
UNDER_WAY = 0.2
"""Seconds that a callback has before its line is gone, where no @wait says otherwise."""

Shown = Reply | str
"""What came of a callback; or, where no screen did, why."""
_Send = Callable[[], Coroutine[Any, Any, Shown]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A screen that is not as the transcript has it."""

    line: int
    after: str
    """What was dialled or typed before it."""
    expected: Screen
    shown: Shown
    known: placeholders.Known
    """What the numbered placeholders stood for until then."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a transcript."""

    screens: int
    differences: tuple[Difference, ...]
    unreached: int = 0
    """The line that could not be done, since the call had ended by then; 0 where all could."""


async def replay(transcript: Transcript, reach: Reach) -> Played:
    """Do all that a transcript says. Raises AppError where there is no such gateway."""
    player = _Player(reach)
    try:
        for place, step in enumerate(transcript.steps):
            if isinstance(step, Typed) and player.over:
                return player.played(transcript.lines[place])
            await player.do(transcript.lines[place], step, transcript.steps[place + 1 :])
    finally:
        await player.close()
    return player.played()


@dataclass(slots=True)
class _Player:
    """The lines of a transcript, and the network between them and the engine."""

    reach: Reach
    line: str = LINE
    gateway: str = GATEWAY
    call: Call | None = None
    over: bool = False
    """Whether the screen that was shown last ended the call."""
    last: _Send | None = None
    late: _Send | None = None
    after: str = ""
    armed: set[TroubleName] = field(default_factory=set)
    came: list[Shown] = field(default_factory=list)
    left: list[asyncio.Task[Shown]] = field(default_factory=list)
    known: placeholders.Known = field(default_factory=dict)
    screens: int = 0
    differences: list[Difference] = field(default_factory=list)

    def played(self, unreached: int = 0) -> Played:
        """What came of it so far."""
        return Played(self.screens, tuple(self.differences), unreached)

    async def close(self) -> None:
        """Give up what nobody waits for any more."""
        for task in self.left:
            task.cancel()
        await asyncio.gather(*self.left, return_exceptions=True)

    async def do(self, line: int, step: Step, following: Sequence[Step]) -> None:
        """One step; what follows tells whether its screen is waited for."""
        match step:
            case Setting("line", value):
                self.line = value
            case Setting("gateway", value):
                self.gateway = value
            case Dial() | Typed():
                await self._callback(step, leaving=_is_left(following))
            case Trouble(name):
                await self._trouble(name)
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case Screen():
                self._compare(line, step)

    async def _callback(self, step: Dial | Typed, *, leaving: bool) -> None:
        send = self._send(step)
        armed, self.armed = self.armed, set()
        self.last, self.came = send, []
        if "late" in armed:
            self.late = send
        elif leaving:
            self.left.append(asyncio.create_task(send()))
            await asyncio.sleep(UNDER_WAY)
        else:
            copies = 2 if "twice" in armed else 1
            self.came = self._seen(await asyncio.gather(*(send() for _ in range(copies))))

    def _send(self, step: Dial | Typed) -> _Send:
        """A callback that can be sent any number of times, and is the same each time."""
        match step:
            case Dial(code):
                self.after, self.over = code, False
                operator, carrier = self.reach(self.gateway)
                call = self.call = Call(operator, carrier, self.line, placeholders.filled(code, self.known))
                return lambda: _shown(replace(call).dial())
            case Typed(written):
                self.after = f"> {written}"
                before, text = self._under_way(), placeholders.filled(written, self.known)
                self.call = replace(before, typed=(*before.typed, text))
                return lambda: _shown(replace(before).type(text))

    def _under_way(self) -> Call:
        if self.call is None:
            raise AssertionError("a transcript that was never read")
        return self.call

    def _seen(self, came: list[Shown]) -> list[Shown]:
        """Where a gateway is asynchronous, the second of two callbacks is acknowledged, and its screen sent once."""
        if self.gateway in ASYNCHRONOUS and len(came) > 1:
            return [one for one in came if isinstance(one, Reply)] or came
        return came

    async def _trouble(self, name: TroubleName) -> None:
        match name:
            case "hang-up":
                await _shown(_hung_up(self._under_way()))
            case "again" if self.last:
                self.after, self.came = "@again", [await self.last()]
            case "arrives" if self.late:
                self.after, self.came = "@arrives", [await self.late()]
            case "lose" | "twice" | "late":
                self.armed.add(name)

    def _compare(self, line: int, expected: Screen) -> None:
        self.screens += 1
        for shown in self.came:
            known = _as_expected(expected, shown, self.known)
            if known is None or shown != self.came[0]:
                self.differences.append(Difference(line, self.after, expected, shown, self.known))
                break
            self.known = known
        self.over = self.over or any(isinstance(shown, Reply) and shown.ends for shown in self.came)


def _is_left(following: Sequence[Step]) -> bool:
    """Whether the line is gone before a callback is answered."""
    steps = (step for step in following if not isinstance(step, Note | Wait))
    return next(steps, None) in (Trouble("drop"), Trouble("hang-up"))


def _as_expected(expected: Screen, shown: Shown, known: placeholders.Known) -> placeholders.Known | None:
    if isinstance(shown, str) or shown.ends != expected.ends:
        return None
    return placeholders.matched(expected.text, shown.text, known)


async def _shown(coming: Awaitable[Reply]) -> Shown:
    try:
        reply = await coming
    except CallFailed as failed:
        return str(failed)
    return reply if reply.text else "it was acknowledged, and no screen was sent for it"


async def _hung_up(call: Call) -> Reply:
    await call.hang_up()
    return Reply("", ends=True)
