"""One load, from the dialogue that shows what is right to the last.

Where the loop is closed, so many dialogues are under way at any time, and the next begins where one ends: a server that
is slow is asked less. Where it is open, dialogues begin when the plan says, whatever the server does.
"""

import asyncio
import time
from collections.abc import Callable, Iterator

from simulator.call import Dialogue
from simulator.load.found import Found
from simulator.load.judge import Judge, shed_words
from simulator.load.plan import Plan
from simulator.load.talk import Books, Moment, Talk

Open = Callable[[int, Callable[[], None]], Dialogue]
"""The call of a number, not dialled yet; the function is called, by those that can tell, when something is sent."""


async def load(plan: Plan, opened: Open) -> Found:
    """Do as planned, in the time of the plan at most. What then still goes on is given up, and counted as failed."""
    run, clock = _Run(plan, opened), asyncio.get_running_loop().time
    try:
        async with asyncio.timeout(plan.lasts + plan.after) as limit:
            if await run.first():
                limit.reschedule(clock() + plan.lasts + plan.after)
                await run.all_others()
    except TimeoutError:
        pass
    return run.found()


class _Run:
    """One load."""

    def __init__(self, plan: Plan, opened: Open) -> None:
        self._plan, self._open = plan, opened
        self._judge = Judge(len(plan.inputs), shed_words(plan.words))
        self._books = Books(plan)

    def found(self) -> Found:
        """What came of it."""
        seconds, tallies = time.perf_counter() - self._books.began, self._books.tallies
        total = sum(tallies[1:], tallies[0])
        return Found(total, seconds, tuple(zip(self._plan.steps, tallies, strict=False)))

    async def first(self) -> bool:
        """Whether the dialogue that goes before all others went well; then nothing of it is counted."""
        tally = self._books.tallies[0]
        await self._talk(0).go(time.perf_counter(), tally)
        if tally.shed:
            tally.failed["the first was shed"] += 1
        if tally.failed or tally.wrong:
            return False
        self._books = Books(self._plan)
        return True

    async def all_others(self) -> None:
        """Those that are planned."""
        await (self._open_loop() if self._plan.steps else self._closed_loop())

    async def _closed_loop(self) -> None:
        numbers, until = iter(range(1, self._plan.dialogues + 1)), self._books.began + self._plan.seconds
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._plan.at_once, self._plan.dialogues)):
                group.create_task(self._one_after_the_other(numbers, until))

    async def _one_after_the_other(self, numbers: Iterator[int], until: float) -> None:
        for number in numbers:
            if (now := time.perf_counter()) >= until:
                return
            await self._talk(number).go(now, self._books.tallies[0])

    async def _open_loop(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number, arrival in enumerate(self._plan.arrivals(), 1):
                due = self._books.began + arrival.due
                if (early := due - time.perf_counter()) > 0:
                    await asyncio.sleep(early)
                group.create_task(self._talk(number).go(due, self._books.tallies[arrival.step]))

    def _talk(self, number: int) -> Talk:
        sent = Moment()
        return Talk(number, self._plan, self._judge, self._books, self._open(number, sent), sent)
