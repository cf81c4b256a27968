"""Which credit code has this line? The one that it was given while it has credit, else a new one."""

from collections.abc import Mapping

from ussd.backends import LedgerAway, World
from ussd.core.checks import UNAVAILABLE
from ussd.credit_code import grouped
from ussd.lookups import Answer, Question

OUTCOMES: Mapping[str, frozenset[str]] = {
    "shown": frozenset({"credit_code", "remaining"}),
    UNAVAILABLE: frozenset(),
}
FACTS: Mapping[str, int] = {"credit_code": 19, "remaining": 5}


async def look_up(question: Question, world: World) -> Answer:
    """Ask for the code of the line that asks; asked again, it is the same one."""
    try:
        shown = await world.credits.dialled(question.msisdn)
    except LedgerAway:
        return Answer(UNAVAILABLE)
    return Answer("shown", {"credit_code": grouped(shown.code), "remaining": str(shown.remaining)})
