"""Is this inpatient entitled, and does another insurer cover the same person? For contracted centres, and for oneself.

Both insurers are asked at once, under one deadline. "Not checked" is an outcome of its own: it never reads as clear.
"""

import asyncio
from collections.abc import Mapping
from enum import Enum
from typing import Literal

from ussd.backends import Asked, Centre, Inquiry, LedgerAway, Person, Registry, RegistryFault, World
from ussd.core.checks import UNAVAILABLE
from ussd.lookups import Answer, Question

_VERDICTS = (
    "entitled",
    "overlap",
    "overlap_denied",
    "overlap_unchecked",
    "covered_elsewhere",
    "not_entitled",
    "not_entitled_unchecked",
)
OUTCOMES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_VERDICTS, frozenset({"tracking_code"})),
    "refused": frozenset(),
    UNAVAILABLE: frozenset(),
}
FACTS: Mapping[str, int] = {"tracking_code": 7}

STORE_RESERVE = 0.5
"""Seconds of the deadline that are kept for writing down what was answered."""


class _Silence(Enum):
    NO_ANSWER = "no answer"


_Heard = Person | Literal[_Silence.NO_ANSWER] | None


async def look_up(question: Question, world: World) -> Answer:
    """Ask both insurers about `given["national_code"]`; for a line that is no centre's, only about its owner."""
    try:
        centre = await world.centres.of_line(question.msisdn)
        if centre is None and not await _asks_for_oneself(question, world):
            return Answer("refused")
        return await _stored(question, centre, await _outcome(question, centre, world), world)
    except (RegistryFault, LedgerAway):
        return Answer(UNAVAILABLE)


async def _asks_for_oneself(question: Question, world: World) -> bool:
    return await world.owners.owns(question.operation_id, question.msisdn, question.given["national_code"])


async def _outcome(question: Question, centre: Centre | None, world: World) -> str:
    """One of the verdicts. Raises RegistryFault or LedgerAway where the organization does not answer."""
    code, asked_by = question.given["national_code"], centre.code if centre else "subscriber"
    asked = Asked(question.operation_id, code, "inpatient", asked_by)
    until = question.deadline - STORE_RESERVE
    asking_other = asyncio.create_task(_heard(world.health_insurance, asked, until))
    try:
        # Without a limit: an answer of the organization that comes late is kept for the redial.
        return verdict(await world.sso.inquire(asked), await asking_other, world.overlap)
    finally:
        asking_other.cancel()


async def _heard(registry: Registry, asked: Asked, until: float) -> _Heard:
    """What an insurer said by then, if anything."""
    try:
        async with asyncio.timeout_at(until):
            return await registry.inquire(asked)
    except (RegistryFault, LedgerAway, TimeoutError):
        return _Silence.NO_ANSWER


def verdict(sso: Person | None, other: _Heard, overlap: Literal["flag", "deny"]) -> str:
    """What the two answers come to. Whom a registry does not know it does not insure."""
    entitled = sso is not None and sso.entitled
    if other is _Silence.NO_ANSWER:
        return "overlap_unchecked" if entitled else "not_entitled_unchecked"
    covered = other is not None and other.entitled
    if entitled and covered:
        return "overlap" if overlap == "flag" else "overlap_denied"
    if covered:
        return "covered_elsewhere"
    return "entitled" if entitled else "not_entitled"


async def _stored(question: Question, centre: Centre | None, outcome: str, world: World) -> Answer:
    """The stored outcome, not ours: asked again, the same code must not come with another answer."""
    issued = await world.tracker.issue(
        Inquiry(
            operation_id=question.operation_id,
            kind="inpatient",
            gateway=question.gateway,
            shortcode=question.shortcode,
            msisdn=question.msisdn,
            national_code=question.given["national_code"],
            outcome=outcome,
            centre=centre.code if centre else "",
        )
    )
    return Answer(issued.outcome, {"tracking_code": issued.code})
