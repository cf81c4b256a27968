"""Is this person entitled to treatment? The answer is stored, and shown with the tracking code of what is stored."""

from collections.abc import Mapping

from ussd.backends import Asked, Inquiry, LedgerAway, RegistryFault, Subject, World
from ussd.core.checks import UNAVAILABLE
from ussd.lookups import Answer, Question

OUTCOMES: Mapping[str, frozenset[str]] = {
    "entitled": frozenset({"tracking_code"}),
    "not_entitled": frozenset({"tracking_code"}),
    UNAVAILABLE: frozenset(),
}
FACTS: Mapping[str, int] = {"tracking_code": 7}
SETS_THE_PACE = "sso"
"""It alone is asked, and an answer takes as long as it takes: where it cannot keep up, dials wait at the door."""


async def look_up(question: Question, world: World) -> Answer:
    """Ask about `given["national_code"]`, and store the answer; whom the registry does not know is not entitled."""
    try:
        subject = Subject("national_code", question.given["national_code"])
        person = await world.sso.inquire(Asked(question.operation_id, subject, "outpatient", "subscriber"))
        issued = await world.tracker.issue(
            Inquiry(
                operation_id=question.operation_id,
                kind="entitlement",
                gateway=question.gateway,
                shortcode=question.shortcode,
                msisdn=question.msisdn,
                subject=subject,
                outcome="entitled" if person and person.entitled else "not_entitled",
            )
        )
    except (RegistryFault, LedgerAway):
        return Answer(UNAVAILABLE)
    # The stored outcome, not ours: asked again, the same code must not come with another answer.
    return Answer(issued.outcome, {"tracking_code": issued.code})
