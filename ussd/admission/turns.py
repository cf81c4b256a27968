"""Who is worked on now, who waits for a turn, and who is turned away at once.

A dialogue that is going on comes before a new dial, and a dial before the API, which others than people wait for. What
is probably a retry of a callback of a dialogue is one; a retry of a dial is a dial, as nobody can tell them apart
before Redis is asked.

All who wait do so in their order, and a crowd that comes in one moment is served, as long as gateways wait. Where many
dials wait, the first of them for more than 20 ms, or few, and the first for 300 ms, and 100 ms later it is so again and
they are no fewer, more come than can be served: then the newest is served first, and whoever has waited for too long,
or finds too many before it, is turned away, until for 100 ms nobody was. (CoDel, by its signs, and adaptive LIFO.)
Meanwhile no more dials are let in a second than can be served to their end (`intake.py`). A crowd that comes back soon
after is known again sooner.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from enum import StrEnum
from math import inf
from typing import Literal

from ussd.admission.intake import Intake
from ussd.admission.limit import Limit

STANDING, INTERVAL = 0.02, 0.1
"""Seconds."""
IN_VAIN = 0.05
"""Seconds that a dial may wait where more come than can be served: with what its last screen then takes, under 0.2."""
FEW, LONG = 64, 0.3
"""Who wait are no crowd if they are so few, until the first of them waits for so many seconds: on an ordinary machine
they are done before."""
AFTER, AGAIN = 3.0, 0.08
"""For so many seconds after a crowd few are one again sooner, after so many seconds: that one has hardly gone. Else it
would be let in and noticed anew over and over, as on a slow machine every crowd is few. (Few of whom one is done in a
millisecond wait for less.)"""
AT_MOST = 2000
"""Who may wait of a kind: more would wait in vain."""
SLOW_START, FIRST_SHARE = 5.0, 0.25
"""For so many seconds after the start dials have this share of the places, growing to all; the others wait."""


class Kind(StrEnum):
    """What comes, the most important first."""

    GOING = "going"
    DIAL = "dial"
    API = "api"


class Shed(Exception):
    """It is not worked on, now or later."""


class Slot:
    """A place among those who are worked on. It is left once, by whoever leaves it first."""

    __slots__ = ("_left", "_turns", "kind", "since")

    def __init__(self, turns: "Turns", kind: Kind, since: float) -> None:
        """It has been taken."""
        self._turns, self.kind, self.since, self._left = turns, kind, since, False

    def leave(self) -> None:
        """Make room: for who waits for the world outside, and at the end."""
        if not self._left:
            self._left = True
            self._turns.left(self)


class _Queue(OrderedDict["asyncio.Future[Slot | None]", float]):
    """Who waits, and since when."""


class Turns:
    """The places of one process."""

    def __init__(self, limit: Limit | None = None, clock: Callable[[], float] = time.monotonic, few: int = FEW) -> None:
        """All are free. Less than `few` who wait are no crowd, until they wait for long."""
        self.limit, self._clock, self._few = limit or Limit(), clock, few
        self._intake, self._began = Intake(), clock()
        self._under_way, self._waiting = dict.fromkeys(Kind, 0), {Kind.GOING: _Queue(), Kind.DIAL: _Queue()}
        self._before: tuple[float, int] | None = None
        """When dials began to wait for long, and how many they were."""
        self._shed_at = -inf
        """When a dial was last turned away, or was seen to be one too many."""

    def at_most(self) -> int:
        """How many may be worked on now."""
        return self.limit.value

    def at_work(self) -> int:
        """How many are worked on."""
        return self._under_way[Kind.GOING] + self._under_way[Kind.DIAL]

    def in_queue(self, kind: Literal["going", "dial"]) -> int:
        """How many wait."""
        return len(self._waiting[Kind(kind)])

    @property
    def overrun(self) -> bool:
        """Whether more dials come than can be served."""
        return self._clock() - self._shed_at < INTERVAL

    def at_once(self, kind: Kind) -> Slot | None:
        """A place, if one is free and nobody waits for it; None for who must wait. Raises Shed."""
        if self.is_one_too_many(kind):
            raise Shed
        return self._taken(kind) if self._free(kind) > 0 and not self._waiting[kind] else None

    def at_the_door(self) -> Slot | None:
        """A place in a crowd for a dial that has just come, before aiohttp has it; None where it is turned away.

        It does not wait: to turn it away later costs several times as much.
        """
        now = self._clock()
        self._turn_away(self._waiting[Kind.DIAL], now)
        if self._free(Kind.DIAL) > 0 and not self._waiting[Kind.DIAL] and self._intake.has_room(now):
            return self._taken(Kind.DIAL)
        self._shed_at = now
        return None

    def is_one_too_many(self, kind: Kind) -> bool:
        """Whether who comes now is turned away. So is, then and there, who has waited too long already."""
        now = self._clock()
        if overrun := now - self._shed_at < INTERVAL:  # on a slow machine nobody may be done, who could see to it
            self._turn_away(self._waiting[Kind.DIAL], now)
        too_many = len(self._waiting[kind]) >= (self._behind(overrun=overrun) if kind is Kind.DIAL else AT_MOST)
        if too_many or (kind is Kind.DIAL and overrun and not self._intake.has_room(now)):
            self._shed_at = now
            return True
        return False

    async def wait(self, kind: Kind, until: float) -> Slot:
        """Wait for a place until then, by the loop's time. Raises Shed."""
        turn: asyncio.Future[Slot | None] = asyncio.get_running_loop().create_future()
        if kind is Kind.DIAL and not self._waiting[kind]:
            self._before = None  # that was another crowd
        self._waiting[kind][turn] = self._clock()
        try:
            async with asyncio.timeout_at(until):
                slot = await turn
        except BaseException as fault:
            if turn.done() and not turn.cancelled() and (late := turn.result()):  # it came just as its owner went
                late.leave()
            if isinstance(fault, TimeoutError):
                raise Shed from None
            raise
        finally:
            self._waiting[kind].pop(turn, None)
        if slot is None:
            raise Shed
        return slot

    def left(self, slot: Slot) -> None:
        """A place is free: for Slot.leave."""
        now = self._clock()
        self.limit.took(now - slot.since, self.at_work(), now, crowd=self.overrun)
        self._intake.served(now, crowd=self.overrun, full=self._free(Kind.GOING) <= 0)
        self._under_way[slot.kind] -= 1
        self._judge(now)
        for kind, queue in self._waiting.items():
            while queue and self._free(kind) > 0:
                turn, _ = queue.popitem(last=kind is Kind.DIAL and self.overrun)
                if not turn.done():
                    turn.set_result(self._taken(kind))

    def _judge(self, now: float) -> None:
        """Whether more dials come than can be served: asked where somebody is done, as it is no crowd if nobody is."""
        dials = self._waiting[Kind.DIAL]
        waited = now - next(iter(dials.values())) if dials else 0.0
        if waited < self._harmless(len(dials), now):
            self._before = None
        elif self._before is None:
            self._before = now, len(dials)
        elif now - self._before[0] > (STANDING if self._has_hardly_gone(now) else INTERVAL):
            self._shed_at = now if len(dials) >= self._before[1] else self._shed_at
            self._before = now, len(dials)
        if self.overrun:
            self._turn_away(dials, now)

    def _harmless(self, dials: int, now: float) -> float:
        """Seconds that the first of so many dials may wait before they are suspected to be a crowd."""
        if dials >= self._few:
            return STANDING
        return AGAIN if self._has_hardly_gone(now) else LONG

    def _has_hardly_gone(self, now: float) -> bool:
        """Whether the last crowd was here a moment ago."""
        return now - self._shed_at < AFTER

    def _turn_away(self, dials: _Queue, now: float) -> None:
        """Those who have waited for too long."""
        while dials and now - next(iter(dials.values())) > IN_VAIN:
            turn, _ = dials.popitem(last=False)
            if not turn.done():
                turn.set_result(None)
                self._shed_at = now

    def _taken(self, kind: Kind) -> Slot:
        self._under_way[kind] += 1
        now = self._clock()
        (self._intake.began if kind is Kind.DIAL else self._intake.went_on)(now)
        return Slot(self, kind, now)

    def _free(self, kind: Kind) -> int:
        """Places; for a dial, where nobody waits who is going on, and dials have not had their share."""
        if kind is Kind.DIAL and self._waiting[Kind.GOING]:
            return 0
        free = self.limit.value - self.at_work()
        return min(free, self._dials_share() - self._under_way[kind]) if kind is Kind.DIAL else free

    def _dials_share(self) -> int:
        """Of the places, how many dials may have."""
        passed = (self._clock() - self._began) / SLOW_START
        share = 1.0 if passed >= 1 else FIRST_SHARE + (1 - FIRST_SHARE) * passed
        return max(4, int(self.limit.value * share))

    def _behind(self, *, overrun: bool) -> int:
        """How many dials may wait. To let one wait in vain costs more than to turn it away at once."""
        if not overrun:
            return AT_MOST
        return 0 if self._waiting[Kind.GOING] else max(4, self._dials_share() // 8)
