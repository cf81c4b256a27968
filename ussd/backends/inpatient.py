"""Is this inpatient entitled, and does another insurer cover the same person? For contracted centres, and for oneself.

By national code both insurers are asked at once, under one deadline. "Not checked" is an outcome of its own: it never
reads as clear.
"""

import asyncio
from collections.abc import Mapping
from enum import Enum
from typing import Literal

from ussd.backends import Asked, Centre, Inquiry, LedgerAway, Person, Registry, RegistryFault, Subject, World
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
    """Ask about `given["national_code"]` or `given["insurance_number"]`, one of which is there.

    A line that is no centre's may ask only about the national code of its owner.
    """
    subject = _subject(question)
    try:
        centre = await world.centres.of_line(question.msisdn)
        if centre is None and not await _is_oneself(subject, question, world):
            return Answer("refused")
        asked = Asked(question.operation_id, subject, "inpatient", centre.code if centre else "subscriber")
        return await _stored(question, subject, centre, await _outcome(question, asked, world), world)
    except (RegistryFault, LedgerAway):
        return Answer(UNAVAILABLE)


def _subject(question: Question) -> Subject:
    match question.given.get("national_code"), question.given.get("insurance_number"):
        case str(number), None:
            return Subject("national_code", number)
        case None, str(number):
            return Subject("insurance_number", number)
    raise ValueError("a question is about a national code or about an insurance number")


async def _is_oneself(subject: Subject, question: Question, world: World) -> bool:
    # A line's owner is known by national code, so an insurance number is nobody's own.
    if subject.kind == "insurance_number":
        return False
    return await world.owners.owns(question.operation_id, question.msisdn, subject.number)


async def _outcome(question: Question, asked: Asked, world: World) -> str:
    """One of the verdicts. Raises RegistryFault or LedgerAway where the organization does not answer."""
    # The number is the organization's own: the other insurer knows nobody by it, and that it does not know somebody
    # would read as "not covered there". So it is not asked, and the overlap is not checked.
    if asked.subject.kind == "insurance_number":
        return verdict(await world.sso.inquire(asked), _Silence.NO_ANSWER, world.overlap)
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


async def _stored(question: Question, subject: Subject, centre: Centre | None, outcome: str, world: World) -> Answer:
    """The stored outcome, not ours: asked again, the same code must not come with another answer."""
    issued = await world.tracker.issue(
        Inquiry(
            operation_id=question.operation_id,
            kind="inpatient",
            gateway=question.gateway,
            shortcode=question.shortcode,
            msisdn=question.msisdn,
            subject=subject,
            outcome=outcome,
            centre=centre.code if centre else "",
        )
    )
    return Answer(issued.outcome, {"tracking_code": issued.code})
