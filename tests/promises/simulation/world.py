"""The world outside as a schedule has it: people of whom all is known, registries and a ledger that fail by a seed."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.promises.simulation.faults import Process
from tests.promises.simulation.history import CURRENT, History, Row, trouble
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
from ussd.backends.inpatient import verdict

CENTRE = Centre("4711", "a hospital")


@dataclass(frozen=True, slots=True)
class Truth:
    """What is so of the person whom one line asks about, and of nobody else."""

    msisdn: str
    national_code: str
    entitled: bool
    covered: bool
    """By Health Insurance."""
    centre: bool
    """Whether the line is a contracted centre's."""
    owner: bool
    """Whether the person owns the line."""
    credit_code: str
    one_time_code: str


@dataclass(slots=True)
class Outside:
    """What is there beside Redis, for all processes."""

    truths: Mapping[str, Truth]
    """By line."""
    history: History
    chance: random.Random
    slow: float = 0.0
    """Chances of a question."""
    failing: float = 0.0
    hanging: float = 0.0
    issued: dict[str, Issued] = field(default_factory=dict)

    def person(self, subject: Subject) -> Truth | None:
        """Whom a number belongs to; nobody has an insurance number."""
        known = self.truths.values() if subject.kind == "national_code" else ()
        return next((one for one in known if one.national_code == subject.number), None)

    def as_seen_from(self, process: Process) -> World:
        """The world of a process."""
        ways = _Ways(self, process)
        return World(
            sso=_Registry(ways, "entitled"),
            health_insurance=_Registry(ways, "covered"),
            owners=ways,
            centres=ways,
            tracker=_Tracker(ways),
            credits=ways,
            one_time=ways,
        )


@dataclass(frozen=True, slots=True)
class _Ways:
    """A process's ways to the world outside; whose line it is and what waits for it."""

    outside: Outside
    process: Process

    async def reached(self, fault: type[Exception]) -> None:
        """Be late, fail or hang on the way."""
        await self.process.lives()
        outside, chance = self.outside, self.outside.chance
        fate = chance.random()
        seconds = chance.random() * 0.02
        if fate < outside.slow:
            seconds = chance.random() * 9
        elif fate < outside.slow + outside.hanging:
            seconds = 70.0
        await asyncio.sleep(seconds)
        await self.process.lives()
        if chance.random() < outside.failing:
            trouble("the world outside failed")
            raise fault

    async def owns(self, operation_id: str, msisdn: str, national_code: str) -> bool:
        """Whether a person owns a line."""
        await self.reached(RegistryFault)
        truth = self.outside.truths[msisdn]
        return truth.owner and truth.national_code == national_code

    async def of_line(self, msisdn: str) -> Centre | None:
        """The centre whose line it is."""
        await self.reached(LedgerAway)
        return CENTRE if self.outside.truths[msisdn].centre else None

    async def dialled(self, msisdn: str) -> ShownCode:
        """The line's credit code."""
        await self.reached(LedgerAway)
        return ShownCode(self.outside.truths[msisdn].credit_code, 10_000)

    async def pending(self, msisdn: str) -> PendingCode | None:
        """The line's one-time code."""
        await self.reached(LedgerAway)
        return PendingCode(self.outside.truths[msisdn].one_time_code, "my.gov.ir", 100)


@dataclass(frozen=True, slots=True)
class _Registry:
    ways: _Ways
    says: str

    async def inquire(self, asked: Asked) -> Person | None:
        """What is true of a person."""
        await self.ways.reached(RegistryFault)
        truth = self.ways.outside.person(asked.subject)
        return None if truth is None else Person(entitled=getattr(truth, self.says))


@dataclass(frozen=True, slots=True)
class _Tracker:
    ways: _Ways

    async def issue(self, inquiry: Inquiry) -> Issued:
        """Store an inquiry once for each operation; it may be stored though nobody hears of it."""
        await self.ways.reached(LedgerAway)
        outside = self.ways.outside
        if inquiry.operation_id not in outside.issued:
            code = f"n{len(outside.issued) + 100000}"
            outside.issued[inquiry.operation_id] = Issued(code, "1405-08-30", inquiry.outcome)
            outside.history.rows.append(Row(inquiry, code, self.ways.process.loop.time(), CURRENT.get(None)))
        await self.ways.reached(LedgerAway)
        return outside.issued[inquiry.operation_id]


def verdicts(truth: Truth) -> frozenset[str]:
    """What an inpatient inquiry about this person may come to: Health Insurance may have kept silent."""
    sso, other = Person(truth.entitled), Person(truth.covered)
    unchecked = "overlap_unchecked" if truth.entitled else "not_entitled_unchecked"
    return frozenset({verdict(sso, other, "flag"), unchecked})
