"""How one dialogue goes, and what is counted of it.

What a callback takes is measured from when it was due, and not from when this client got round to it: else most of what
a server keeps waiting while it stalls would not be measured at all ("coordinated omission").
"""

import asyncio
import time
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from simulator.call import CallFailed, Dialogue
from simulator.load.found import Tally
from simulator.load.judge import Judge, Kind, Verdict
from simulator.load.plan import Plan
from simulator.load.way import RetryDiffers
from ussd.callback import Reply


class Books:
    """What is counted, for each step of the rate; in a closed loop for all at once."""

    def __init__(self, plan: Plan) -> None:
        """The first step begins now."""
        self.tallies = [Tally() for _ in plan.steps or (None,)]
        self._ends = list(accumulate(step.seconds for step in plan.steps))
        self.began = time.perf_counter()

    def at(self, moment: float) -> Tally:
        """That of the step at a moment; what comes after the last belongs to the last."""
        return self.tallies[min(bisect_right(self._ends, moment - self.began), len(self.tallies) - 1)]

    def finished(self, moment: float) -> None:
        """A dialogue has come to its right end."""
        if not self._ends or moment - self.began < self._ends[-1]:
            self.at(moment).good += 1


class Moment:
    """When something was first sent."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        """It was not yet."""
        self.at = 0.0

    def __call__(self) -> None:
        """It is sent now."""
        self.at = self.at or time.perf_counter()


@dataclass(frozen=True, slots=True)
class Talk:
    """One dialogue."""

    number: int
    plan: Plan
    judge: Judge
    books: Books
    call: Dialogue
    sent: Moment

    async def go(self, due: float, tally: Tally) -> None:
        """From its dial, which is due then, until it is over; in the tally it is counted by how it ended."""
        tally.dialogues += 1
        try:
            await self._to_its_end(due, tally)
        except CallFailed as failed:
            tally.failed[failed.kind] += 1
        except RetryDiffers:
            tally.wrong["retry differs"] += 1
        except asyncio.CancelledError:
            tally.failed["unfinished"] += 1
            raise

    async def _to_its_end(self, due: float, tally: Tally) -> None:
        """To its end, to where it is dropped, or to the first screen that is not right. Raises what `go` counts."""
        stops = self.plan.stops(self.number)
        for place, text in enumerate((None, *self.plan.inputs)):
            if place:
                due = await self._thought()
            reply, (kind, what) = await self._asked(place, text, due, self.books.at(due) if place else tally)
            match kind:
                case Kind.SHED:
                    tally.shed[what] += 1
                    return
                case Kind.WRONG:
                    tally.wrong[what] += 1
                    return
            tally.begun += place == 0
            if place == stops:
                tally.dropped += 1
                return
        if not reply.ends:
            await self.call.hang_up()
        tally.finished += 1
        self.books.finished(time.perf_counter())

    async def _thought(self) -> float:
        """When something is typed at the screen that has just come; it is that time now."""
        due = time.perf_counter() + self.plan.think
        if self.plan.think:
            await asyncio.sleep(self.plan.think)
        return due

    async def _asked(self, place: int, text: str | None, due: float, tally: Tally) -> tuple[Reply, Verdict]:
        """One callback, and what its screen is."""
        self.sent.at, began = 0.0, time.perf_counter()
        try:
            reply = await (self.call.dial() if text is None else self.call.type(text))
        finally:
            tally.lag.add((self.sent.at or began) - due)
        took = time.perf_counter() - due
        verdict = self.judge.verdict(self.number, place, reply)
        if verdict.kind is Kind.SHED:
            tally.turned_away.add(took)
        else:
            (tally.going_on if place else tally.dial).add(took)
        return reply, verdict
