"""P8: no answer, no credit, within 60 s; one answer, one credit, however often it was asked for.

The ledger's clock stands still while questions are under way, and is moved on between them: seconds are the ledger's.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from sqlalchemy import update

from tests.ledger.books import ISSUED, LINE, keyed
from tests.ledger.conftest import Clock
from tests.promises.added_up import books_of
from tests.promises.killed_inquiry import KEYS, SUBJECT, paid_of, wish
from tests.promises.registries import Registry
from tests.promises.report import Kept
from tests.promises.scale import SEED, many
from ussd.backends import Issued, LedgerAway, Subject
from ussd.ledger import Going, Keyed, Ledger, Replayed, Reserved, opened
from ussd.ledger.reserving import Said
from ussd.ledger.schema import credit_codes
from ussd.paid import Paid, PaidInquiries, Refusal
from ussd.registries import HttpRegistry, new_session
from ussd.registries.guard import Limits
from ussd.upkeep import EVERY

QUESTIONS = many(60, 4_000)
AT_ONCE = 80
TRIES = 3
"""Of one question, before it is left for the next round."""
SECONDS = 0.25
"""What an answer may take."""
DEAD, AWAY = 0.05, 0.05
"""How many processes die once they have reserved, and how often the ledger goes away before a call or after it."""
ALL_OF_IT = Limits(at_once=10 * AT_ONCE, faults=10**9, rest=0.0)
"""No breaker opens, so that every failure is met."""


@dataclass
class Unlucky:
    """The spending of a ledger whose database goes away at times; whether it did what it was asked nobody is told."""

    ledger: Ledger
    random: Random
    went: Counter[str] = field(default_factory=Counter)

    async def reserve(self, keyed: Keyed, msisdn: str, code: str, subject: Subject) -> Said:
        self._maybe("before it reserves")
        said = await self.ledger.spending.reserve(keyed, msisdn, code, subject)
        self._maybe("once it has reserved")
        return said

    async def take(self, reserved: Reserved, entitled: bool, issued: Issued, body: bytes) -> bool:
        self._maybe("before it takes")
        taken = await self.ledger.spending.take(reserved, entitled, issued, body)
        self._maybe("once it has taken")
        return taken

    async def give_back(self, reserved: Reserved) -> None:
        self._maybe("before it gives back")
        await self.ledger.spending.give_back(reserved)

    def _maybe(self, when: str) -> None:
        if self.random.random() < AWAY:
            self.went[f"ledger away {when}"] += 1
            raise LedgerAway("away")


@dataclass
class Trial:
    """Questions, and what came of them."""

    ledger: Ledger
    clock: Clock
    code: str
    unlucky: Unlucky
    paid: PaidInquiries
    random: Random
    unanswered: set[int]
    answers: dict[int, bytes] = field(default_factory=dict)
    went: Counter[str] = field(default_factory=Counter)
    thought_dead: list[Reserved] = field(default_factory=list)
    differing: int = 0
    spent_late: int = 0
    """Credits that were taken by those who came back when they had been given back."""
    oldest: float = 0.0

    async def round(self) -> None:
        """Ask everything that has no answer yet, a few times each."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> None:
            async with slots:
                await self._asked(number)

        await asyncio.gather(*(one(number) for number in sorted(self.unanswered)))
        self.unanswered -= self.answers.keys()

    async def later(self) -> None:
        """Let time go by as upkeep does, until nothing is reserved any more."""
        number, age = await self.ledger.standing.reserved()
        while number:
            self.oldest = max(self.oldest, age)
            self.clock.now += timedelta(seconds=EVERY)
            self.oldest = max(self.oldest, (await self.ledger.standing.reserved())[1])
            await self.ledger.spending.sweep()
            number, age = await self.ledger.standing.reserved()
        back = [self.ledger.spending.take(reserved, True, ISSUED, b"late") for reserved in self.thought_dead]
        self.spent_late += sum(await asyncio.gather(*back))
        self.thought_dead.clear()

    async def _asked(self, number: int) -> None:
        key = f"question-{number}"
        if self.random.random() < DEAD:
            self.went["process dead once it has reserved"] += 1
            said = await self.ledger.spending.reserve(keyed(key=key), LINE, self.code, SUBJECT)
            self.thought_dead += [said] if isinstance(said, Reserved) else []
            return
        for _ in range(TRIES):
            asking = [self._once(key) for _ in range(self.random.choice((1, 1, 1, 2)))]
            for said in await asyncio.gather(*asking):
                self._noted(number, said)
            if number in self.answers:
                return

    async def _once(self, key: str) -> Paid | Refusal | LedgerAway:
        try:
            return await self.paid.inquire(wish(self.code), keyed(key=key))
        except LedgerAway as away:
            return away

    def _noted(self, number: int, said: Paid | Refusal | LedgerAway) -> None:
        match said:
            case Paid():
                body = keyed().render(said)
            case Replayed(body):
                self.went["asked again, and told the same"] += 1
            case Going():
                self.went["still under way"] += 1
                return
            case _:
                self.went["without an answer"] += 1
                return
        self.differing += self.answers.setdefault(number, body) != body


async def trial_of(ledger: Ledger, clock: Clock, session: ClientSession, url: str) -> Trial:
    await ledger.clients.add("site")
    code = (await ledger.credits.dialled(LINE)).code
    issue = update(credit_codes).values(issued=2 * QUESTIONS, remaining=2 * QUESTIONS)
    await ledger.database.write(lambda connection: connection.execute(issue))
    registry = HttpRegistry(session, url, name="sso", limits=ALL_OF_IT)
    unlucky = Unlucky(ledger, Random(SEED))
    paid = PaidInquiries(unlucky, registry, ledger.tracker, KEYS, seconds=SECONDS)  # type: ignore[arg-type]
    return Trial(ledger, clock, code, unlucky, paid, Random(SEED + 1), set(range(QUESTIONS)))


async def test_p8_an_inquiry_without_an_answer_is_given_back_and_an_answered_one_costs_once(
    kept: Kept, database_url: str
) -> None:
    clock, insurer = Clock(), Registry(SEED, right=0.25, never=0.04)
    async with (
        TestServer(insurer.application()) as server,
        new_session() as session,
        opened(database_url, KEYS, clock=clock, samples=False) as ledger,
    ):
        trial = await trial_of(ledger, clock, session, str(server.make_url("/")))
        wrong: list[str] = []
        for _ in range(many(1, 4)):
            await trial.round()
            await trial.later()
            found = await books_of(ledger.database)
            # Whoever was told nothing may have been charged: for an answer that waits for its next try.
            if found.drift or found.pending or not len(trial.answers) <= found.spent <= QUESTIONS:
                wrong.append(repr(found))
        trial.paid = paid_of(ledger)
        while trial.unanswered:
            await trial.round()
            await trial.later()
        found = await books_of(ledger.database)
    failures = (
        sum(trial.went.values()) + sum(trial.unlucky.went.values()) - trial.went["asked again, and told the same"]
    )
    kept.seen(
        "a registry that hangs, drips, resets, fails and lies; a ledger that goes away; processes that die",
        f"{QUESTIONS:,} questions, {failures:,} failures, {sum(insurer.went.values()):,} requests to the registry",
        f"{found.spent:,} credits for {len(trial.answers):,} answers, {found.returned:,} given back, "
        f"none reserved for more than {trial.oldest:.0f} s, {trial.differing} answers that differ",
    )
    assert not wrong, f"seed {SEED}"
    assert (found.spent, found.pending, found.drift, found.tracked) == (QUESTIONS, 0, 0, QUESTIONS), f"seed {SEED}"
    assert (trial.differing, trial.spent_late) == (0, 0), f"seed {SEED}"
    assert trial.oldest < 60
    assert len(trial.answers) == QUESTIONS
