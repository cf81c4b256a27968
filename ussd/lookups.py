"""Lookups: questions to the world outside, each answered by its deadline with an outcome that the author worded."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from ussd.core.checks import UNAVAILABLE, Contract
from ussd.counting import UNCOUNTED, LookupCounting

LATE_SECONDS = 60.0
"""How long a question may take in all. The subscriber has hung up by then, and may redial for the answer."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """What a lookup asks, and on whose behalf."""

    operation_id: str
    """Derived from the session and its version: the same question asked again carries the same id."""
    given: Mapping[str, str]
    """The answers that the screen hands over, folded and checked."""
    gateway: str
    shortcode: str
    msisdn: str
    deadline: float
    """When it must be answered, by the event loop's clock; an answer that comes later is kept for a redial."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a backend found: one of its OUTCOMES, and the facts which that outcome declares."""

    outcome: str
    facts: Mapping[str, str] = field(default_factory=dict)


class Backend(Protocol):
    """One question asked of the outside world. It must be safe to ask twice by `operation_id`."""

    async def __call__(self, question: Question) -> Answer:
        """Ask; an exception counts as the outcome `unavailable`."""


Late = Callable[[Answer], Awaitable[None]]
"""Takes an answer that came after its deadline."""
_Asked = tuple[str, ...]


class Lookups:
    """All backends, behind one way of asking them."""

    def __init__(
        self,
        backends: Mapping[str, Backend],
        contracts: Mapping[str, Contract],
        counting: LookupCounting = UNCOUNTED,
    ) -> None:
        """`contracts` says of each backend what it may answer."""
        self._backends, self._contracts, self._counting = backends, contracts, counting
        self._late: dict[_Asked, asyncio.Task[Answer]] = {}
        self._keeping: set[asyncio.Task[None]] = set()
        self._outdated: set[_Asked] = set()
        """Late questions whose line has asked another since: on a redial their answer would be taken for its answer."""

    async def ask(self, backend: str, question: Question, late: Late) -> Answer:
        """What a backend found by the question's deadline. Whatever goes wrong out there is `unavailable`.

        At the deadline the question goes on, for LATE_SECONDS in all, and `late` gets its answer. Who asks the same
        from the same line meanwhile waits for that answer, and the backend is not asked again.
        """
        asked = _asked(backend, question)
        self._outdated |= {other for other in self._late if other[:2] == asked[:2]}
        self._outdated.discard(asked)
        going = self._late.get(asked)
        asking = going or asyncio.create_task(self._answered(backend, question))
        try:
            async with asyncio.timeout_at(question.deadline):
                return await asyncio.shield(asking)
        except TimeoutError:
            _log.warning("lookup_late", backend=backend)
            self._counting.late(backend)
            if asked not in self._late:
                going = self._late[asked] = asking
                keeping = asyncio.create_task(self._kept(asked, asking, late))
                self._keeping.add(keeping)
                keeping.add_done_callback(self._keeping.discard)
            return Answer(UNAVAILABLE)
        finally:
            if going is None:  # it has answered, or whoever asked is gone, or somebody else's goes on in its place
                asking.cancel()

    async def close(self) -> None:
        """Give up what is still being asked."""
        for task in (*self._late.values(), *self._keeping):
            task.cancel()
        await asyncio.gather(*self._late.values(), *self._keeping, return_exceptions=True)

    async def _kept(self, asked: _Asked, asking: asyncio.Task[Answer], late: Late) -> None:
        """See a late answer through to whoever keeps it for the redial."""
        backend = asked[2]
        try:
            answer = await asking
            if answer.outcome != UNAVAILABLE and asked not in self._outdated:
                await late(answer)
                _log.info("lookup_kept", backend=backend, outcome=answer.outcome)
        except Exception:
            _log.exception("lookup_lost", backend=backend)
        finally:
            self._late.pop(asked, None)
            self._outdated.discard(asked)

    async def _answered(self, backend: str, question: Question) -> Answer:
        clock = asyncio.get_running_loop().time
        began = clock()
        answer = await self._asked(backend, question)
        self._counting.lookup(backend, answer.outcome, clock() - began)
        return answer

    async def _asked(self, backend: str, question: Question) -> Answer:
        try:
            async with asyncio.timeout(LATE_SECONDS):
                answer = await self._backends[backend](question)
        except Exception:
            _log.exception("lookup_failed", backend=backend)
            return Answer(UNAVAILABLE)
        if not _keeps(self._contracts[backend], answer):
            _log.error("lookup_broke_contract", backend=backend)
            self._counting.broke_contract(backend)
            return Answer(UNAVAILABLE)
        return answer


def _keeps(contract: Contract, answer: Answer) -> bool:
    """Whether an answer is one that its backend declares: screens are proven for those, and for no wider facts."""
    if contract.outcomes.get(answer.outcome) != answer.facts.keys():
        return False
    return all(len(text) <= contract.widths[name] for name, text in answer.facts.items())


def _asked(backend: str, question: Question) -> _Asked:
    """What makes two questions the same: whose line asks, which backend, and about what."""
    given = (f"{name} {text}" for name, text in question.given.items())
    return (question.gateway, question.msisdn, backend, *given)
