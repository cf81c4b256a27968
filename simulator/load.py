"""Load: many dialogues at once, each on a line of its own, and each screen compared with what the first one read.

The loop is closed: so many dialogues are under way at any time, and the next begins where one ends. A server that is
slow is therefore asked less; how long it takes to answer is what is measured, with the work of this process in it.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from importlib import import_module
from math import ceil
from typing import cast

from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from simulator.call import TIMEOUT, Call, CallFailed, Dialogue, OverHttp
from simulator.listening import both_ways
from simulator.operators import Operator
from simulator.smsc import Smsc
from ussd.callback import Reply
from ussd.core.profile import MAX_OCTETS
from ussd.core.text import measure

GRACE = 5.0
"""Seconds beyond the time that is up, for the dialogues that are under way then."""

_FIRST_LINE = 989120100000
_CODE = re.compile(r"(?<![0-9A-Za-z])(?:[a-z]\d{6}|\d{4}(?:-\d{4}){3})(?!\d)")
"""A tracking code or a credit code: the part of a screen that is nobody else's."""

Open = Callable[[int], Dialogue]
"""The call of a number, not dialled yet."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done."""

    dialogues: int = 1000
    at_once: int = 64
    code: str = "*4*1420#"
    inputs: tuple[str, ...] = ("1", "2", "0007569602")
    seed: int = 0
    """Of the session ids: with another they are others."""
    seconds: float = 60.0
    """After these no dialogue begins."""
    grace: float = GRACE

    def session(self, number: int) -> str:
        """The session id of a dialogue: no other has it, and with another seed it is another."""
        return blake2b(f"{self.seed} {number}".encode(), digest_size=16).hexdigest()


def line(number: int) -> str:
    """The line of a dialogue, of which no other has it; none is a sample's."""
    return str(_FIRST_LINE + number)


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it. Each dialogue is counted once as failed or as wrong, by what was first the matter with it."""

    dialogues: int
    """How many began. The first one, which all others are compared with, is among them only if it went wrong itself."""
    seconds: float
    times: Sequence[float]
    """Seconds that each callback took to be answered, the shortest first."""
    failed: Mapping[str, int]
    wrong: Mapping[str, int]

    @property
    def sound(self) -> bool:
        """Whether nothing failed and nothing was wrong."""
        return not self.failed and not self.wrong

    @property
    def rate(self) -> float:
        """Callbacks a second."""
        return len(self.times) / self.seconds if self.seconds else 0.0

    def ms(self, share: float) -> float:
        """Milliseconds within which that share of all callbacks was answered, by the nearest rank; 0 where none was."""
        return 1000 * self.times[max(ceil(share * len(self.times)), 1) - 1] if self.times else 0.0


class Judge:
    """What is right: what the first dialogue read, but for the codes, of which no two dialogues may get the same."""

    def __init__(self, typed: int) -> None:
        """`typed` is how often something is typed: no dialogue is over before that."""
        self._typed = typed
        self._right: list[Reply] = []
        self._owners: dict[str, int] = {}

    def fault(self, number: int, place: int, reply: Reply) -> str:
        """What is wrong with a screen of a dialogue; empty where nothing is."""
        if measure(reply.text).octets > MAX_OCTETS:
            return "too long"
        if any(self._owners.setdefault(code, number) != number for code in _CODE.findall(reply.text)):
            return "another dialogue's code"
        if reply.ends and place < self._typed:
            return "ended early"
        shape = Reply(_CODE.sub("code", reply.text), reply.ends)
        if place == len(self._right):
            self._right.append(shape)
        if shape.text != self._right[place].text:
            return "another text"
        return "" if shape.ends == self._right[place].ends else "another ending"


@dataclass(slots=True)
class _Tally:
    """What is counted while it goes on."""

    dialogues: int = 0
    times: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)

    def found(self, seconds: float) -> Found:
        return Found(self.dialogues, seconds, sorted(self.times), dict(self.failed), dict(self.wrong))


class _Run:
    """One load, from the dialogue that shows what is right to the last."""

    def __init__(self, plan: Plan, opened: Open) -> None:
        self._plan, self._open = plan, opened
        self._judge = Judge(len(plan.inputs))
        self.tally = _Tally()

    async def first(self) -> bool:
        """Whether the dialogue that goes before all others went well; then nothing of it is counted."""
        await self._dialogue(0)
        well = not self.tally.failed and not self.tally.wrong
        if well:
            self.tally = _Tally()
        return well

    async def closed_loop(self, until: float) -> None:
        numbers = iter(range(1, self._plan.dialogues + 1))
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._plan.at_once, self._plan.dialogues)):
                group.create_task(self._one_after_the_other(numbers, until))

    async def _one_after_the_other(self, numbers: Iterator[int], until: float) -> None:
        for number in numbers:
            if time.perf_counter() >= until:
                return
            await self._dialogue(number)

    async def _dialogue(self, number: int) -> None:
        self.tally.dialogues += 1
        call = self._open(number)
        try:
            if fault := await self._talk(number, call):
                self.tally.wrong[fault] += 1
        except CallFailed as failed:
            self.tally.failed[failed.kind] += 1
        except asyncio.CancelledError:
            self.tally.failed["unfinished"] += 1
            raise

    async def _talk(self, number: int, call: Dialogue) -> str:
        """One dialogue to its end, or to the first screen that is wrong; what is wrong with that."""
        for place, text in enumerate((None, *self._plan.inputs)):
            reply = await self._timed(call, text)
            if fault := self._judge.fault(number, place, reply):
                return fault
        if not reply.ends:
            await call.hang_up()
        return ""

    async def _timed(self, call: Dialogue, text: str | None) -> Reply:
        began = time.perf_counter()
        reply = await (call.dial() if text is None else call.type(text))
        self.tally.times.append(time.perf_counter() - began)
        return reply


async def load(plan: Plan, opened: Open) -> Found:
    """Do as planned, in `seconds` and the grace at most. What then still goes on is given up, and counted as failed."""
    run, began = _Run(plan, opened), time.perf_counter()
    try:
        async with asyncio.timeout(plan.seconds + plan.grace):
            if await run.first():
                began = time.perf_counter()
                await run.closed_loop(began + plan.seconds)
    except TimeoutError:
        pass
    return run.tally.found(time.perf_counter() - began)


async def over_http(plan: Plan, server: OverHttp, place: tuple[str, int] | None = None) -> Found:
    """Load a server through the wire format of an HTTP gateway; an asynchronous one is listened for at `place`."""
    operator = cast(Operator, import_module(f"simulator.operators.{server.gateway}"))
    # Connections are shared, cookies are not: they would be one subscriber's in another's session.
    connections = TCPConnector(limit=0)
    async with (
        ClientSession(timeout=TIMEOUT, connector=connections, cookie_jar=DummyCookieJar()) as client,
        both_ways(replace(server, client=client), server.gateway, place) as carrier,
    ):
        return await load(plan, lambda number: Call(operator, carrier, line(number), plan.code, plan.session(number)))


async def over_smpp(plan: Plan, smsc: Smsc) -> Found:
    """Load the server that is bound to an SMSC of ours. A screen that no session waited for is wrong too."""
    before = smsc.strays
    found = await load(plan, lambda number: smsc.call(line(number), plan.code))
    strays = smsc.strays - before
    return replace(found, wrong={**found.wrong, "nobody's": strays}) if strays else found
