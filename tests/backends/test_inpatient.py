"""The verdict on an inpatient: the table of both insurers' answers, and who may ask."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from ussd.backends import (
    Asked,
    Centre,
    Inquiry,
    Issued,
    LedgerAway,
    PendingCode,
    Person,
    RegistryFault,
    ShownCode,
    Subject,
    World,
)
from ussd.backends.inpatient import look_up
from ussd.lookups import Answer, Question

PATIENT = "7407268940"
BY_CODE = {"national_code": PATIENT}
BY_NUMBER = {"insurance_number": "00000105"}
CENTRE = Centre("c1", "مرکز یک")


@dataclass
class Insurer:
    """Answers, fails, or never answers."""

    answer: Person | type[Exception] | float | None
    asked: list[Asked] = field(default_factory=list)

    async def inquire(self, asked: Asked) -> Person | None:
        self.asked.append(asked)
        if isinstance(self.answer, float):
            await asyncio.sleep(self.answer)
            return Person(entitled=True)
        if isinstance(self.answer, type):
            raise self.answer
        return self.answer


@dataclass
class Book:
    """Knows one centre's line, and the owner of another."""

    centre_line: str = "989120001666"
    own: tuple[str, str] = ("989120000001", PATIENT)
    asked: int = 0

    async def of_line(self, msisdn: str) -> Centre | None:
        return CENTRE if msisdn == self.centre_line else None

    async def owns(self, operation_id: str, msisdn: str, national_code: str) -> bool:
        self.asked += 1
        return (msisdn, national_code) == self.own


@dataclass
class Tracker:
    """Keeps what it is given, unless it is away."""

    away: bool = False
    stored: list[Inquiry] = field(default_factory=list)

    async def issue(self, inquiry: Inquiry) -> Issued:
        if self.away:
            raise LedgerAway("away")
        self.stored.append(inquiry)
        return Issued("n000001", "1405-08-30", inquiry.outcome)


class NoCodes:
    """Where nobody asks for a code."""

    async def dialled(self, msisdn: str) -> ShownCode:
        raise LedgerAway("no codes here")

    async def pending(self, msisdn: str) -> PendingCode | None:
        return None


@dataclass
class Desk:
    """A question put to two insurers."""

    sso: Insurer
    other: Insurer
    tracker: Tracker = field(default_factory=Tracker)
    book: Book = field(default_factory=Book)
    given: Mapping[str, str] = field(default_factory=BY_CODE.copy)

    async def ask(self, line: str = "989120001666", overlap: str = "flag", seconds: float = 1.0) -> Answer:
        deadline = asyncio.get_running_loop().time() + seconds
        question = Question("op", self.given, "reference", "*1666#", line, deadline)
        return await look_up(question, self.world(overlap))

    def world(self, overlap: str) -> World:
        return World(
            sso=self.sso,
            health_insurance=self.other,
            owners=self.book,
            centres=self.book,
            tracker=self.tracker,
            credits=NoCodes(),
            one_time=NoCodes(),
            overlap=overlap,  # type: ignore[arg-type]
        )


INSURED, LAPSED = Person(entitled=True), Person(entitled=False)
NEVER = 60.0
Answers = Person | type[Exception] | float | None


@pytest.mark.parametrize(
    ("sso", "other", "outcome"),
    [
        (INSURED, None, "entitled"),
        (INSURED, LAPSED, "entitled"),
        (INSURED, INSURED, "overlap"),
        (INSURED, RegistryFault, "overlap_unchecked"),
        (INSURED, LedgerAway, "overlap_unchecked"),
        (INSURED, NEVER, "overlap_unchecked"),
        (LAPSED, INSURED, "covered_elsewhere"),
        (None, INSURED, "covered_elsewhere"),
        (LAPSED, None, "not_entitled"),
        (None, None, "not_entitled"),
        (LAPSED, RegistryFault, "not_entitled_unchecked"),
        (None, NEVER, "not_entitled_unchecked"),
    ],
)
async def test_both_answers_come_to_one_verdict_with_a_tracking_code(
    sso: Answers, other: Answers, outcome: str
) -> None:
    desk = Desk(Insurer(sso), Insurer(other))
    assert await desk.ask(seconds=0.6) == Answer(outcome, {"tracking_code": "n000001"})
    assert [(row.outcome, row.centre, row.kind) for row in desk.tracker.stored] == [(outcome, "c1", "inpatient")]


@pytest.mark.parametrize("other", [INSURED, None, RegistryFault, NEVER])
@pytest.mark.parametrize("sso", [RegistryFault, LedgerAway])
async def test_without_the_organizations_answer_there_is_no_verdict(sso: Answers, other: Answers) -> None:
    desk = Desk(Insurer(sso), Insurer(other))
    assert await desk.ask(seconds=0.6) == Answer("unavailable")
    assert not desk.tracker.stored


async def test_an_overlap_may_be_denied() -> None:
    assert (await Desk(Insurer(INSURED), Insurer(INSURED)).ask(overlap="deny")).outcome == "overlap_denied"


@pytest.mark.alone
async def test_both_are_asked_at_once() -> None:
    desk = Desk(Insurer(0.3), Insurer(0.3))
    begun = asyncio.get_running_loop().time()
    assert (await desk.ask(seconds=5)).outcome == "overlap"
    assert asyncio.get_running_loop().time() - begun < 0.55
    assert desk.sso.asked == desk.other.asked == [Asked("op", Subject("national_code", PATIENT), "inpatient", "c1")]


async def test_a_subscriber_asks_about_oneself_and_about_nobody_else() -> None:
    desk = Desk(Insurer(INSURED), Insurer(None))
    assert (await desk.ask(line="989120000001")).outcome == "entitled"
    assert desk.tracker.stored[0].centre == ""
    assert desk.sso.asked[0].asked_by == "subscriber"
    assert await desk.ask(line="989120000002") == Answer("refused")
    assert len(desk.sso.asked) == len(desk.tracker.stored) == 1, "who is refused asks nobody"


async def test_what_cannot_be_written_down_is_not_said() -> None:
    assert await Desk(Insurer(INSURED), Insurer(None), Tracker(away=True)).ask() == Answer("unavailable")


async def test_the_other_insurer_is_not_waited_for_beyond_the_deadline_where_the_organization_comes_late() -> None:
    desk = Desk(Insurer(0.7), Insurer(NEVER))
    assert (await asyncio.wait_for(desk.ask(seconds=0.6), 2)).outcome == "overlap_unchecked"


async def test_nothing_goes_on_asking_once_there_is_an_answer() -> None:
    before = len(asyncio.all_tasks())
    await Desk(Insurer(RegistryFault), Insurer(NEVER)).ask()
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == before


@pytest.mark.parametrize("other", [INSURED, None, RegistryFault, NEVER])
@pytest.mark.parametrize(
    ("sso", "outcome"),
    [(INSURED, "overlap_unchecked"), (LAPSED, "not_entitled_unchecked"), (None, "not_entitled_unchecked")],
)
async def test_by_insurance_number_the_other_insurer_is_not_asked_and_nothing_reads_as_clear(
    sso: Answers, other: Answers, outcome: str
) -> None:
    desk = Desk(Insurer(sso), Insurer(other), given=BY_NUMBER)
    subject = Subject("insurance_number", "00000105")
    assert await desk.ask() == Answer(outcome, {"tracking_code": "n000001"})
    assert (desk.sso.asked, desk.other.asked) == ([Asked("op", subject, "inpatient", "c1")], [])
    assert [(row.outcome, row.subject, row.centre) for row in desk.tracker.stored] == [(outcome, subject, "c1")]


@pytest.mark.parametrize("sso", [RegistryFault, LedgerAway])
async def test_by_insurance_number_too_there_is_no_verdict_without_the_organizations_answer(sso: Answers) -> None:
    desk = Desk(Insurer(sso), Insurer(INSURED), given=BY_NUMBER)
    assert await desk.ask() == Answer("unavailable")
    assert not desk.tracker.stored


@pytest.mark.parametrize("line", ["989120000001", "989120000002"])
async def test_a_subscriber_who_asks_by_insurance_number_is_refused_and_nobody_is_asked(line: str) -> None:
    desk = Desk(Insurer(INSURED), Insurer(None), given=BY_NUMBER)
    assert await desk.ask(line) == Answer("refused")
    assert (desk.sso.asked, desk.other.asked, desk.book.asked, desk.tracker.stored) == ([], [], 0, [])


@pytest.mark.parametrize("line", ["989120000001", "989120001666"])
async def test_the_line_owners_own_code_typed_as_an_insurance_number_opens_nothing(line: str) -> None:
    desk = Desk(Insurer(None), Insurer(None), given={"insurance_number": PATIENT})
    assert (await desk.ask(line)).outcome in ("refused", "not_entitled_unchecked")
    assert all(asked.subject == Subject("insurance_number", PATIENT) for asked in desk.sso.asked)


@pytest.mark.parametrize("given", [{}, BY_CODE | BY_NUMBER])
async def test_a_menu_that_hands_over_no_number_or_both_asks_nobody(given: Mapping[str, str]) -> None:
    desk = Desk(Insurer(INSURED), Insurer(None), given=given)
    with pytest.raises(ValueError, match="a national code or about an insurance number"):
        await desk.ask()
    assert not desk.sso.asked
