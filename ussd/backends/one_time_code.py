"""Which one-time code waits for this line? For those whom its SMS has not reached."""

import asyncio
from collections.abc import Mapping

from ussd.backends import LedgerAway, World
from ussd.core.checks import UNAVAILABLE
from ussd.lookups import Answer, Question

OUTCOMES: Mapping[str, frozenset[str]] = {
    "pending": frozenset({"one_time_code", "client", "seconds"}),
    "none": frozenset(),
    UNAVAILABLE: frozenset(),
}
FACTS: Mapping[str, int] = {"one_time_code": 5, "client": 30, "seconds": 3}


async def look_up(question: Question, world: World) -> Answer:
    """Ask which code the line may use now, where it is to be typed in, and for how many seconds it is good."""
    try:
        pending = await world.one_time.pending(question.msisdn)
    except LedgerAway:
        return Answer(UNAVAILABLE)
    if asyncio.get_running_loop().time() > question.deadline:
        # A late answer is kept for a redial, minutes later: by then this one would not be true any more.
        return Answer(UNAVAILABLE)
    if pending is None:
        return Answer("none")
    facts = {"one_time_code": pending.code, "client": pending.client, "seconds": str(pending.seconds)}
    return Answer("pending", facts)
