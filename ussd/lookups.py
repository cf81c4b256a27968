"""Lookups: questions to the world outside, each answered by its deadline with an outcome that the author worded."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from ussd.core.checks import UNAVAILABLE, Contract

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


@dataclass(frozen=True, slots=True)
class Answer:
    """What a backend found: one of its OUTCOMES, and the facts which that outcome declares."""

    outcome: str
    facts: Mapping[str, str] = field(default_factory=dict)


class Backend(Protocol):
    """One question asked of the outside world.

    It is cancelled at the deadline, and must be safe to ask twice by `operation_id`.
    """

    async def __call__(self, question: Question) -> Answer:
        """Ask; an exception counts as the outcome `unavailable`."""


class Lookups:
    """All backends, behind one way of asking them."""

    def __init__(self, backends: Mapping[str, Backend], contracts: Mapping[str, Contract]) -> None:
        """`contracts` says of each backend what it may answer."""
        self._backends, self._contracts = backends, contracts

    async def ask(self, backend: str, question: Question, deadline: float) -> Answer:
        """What a backend found by `deadline`, of the event loop's clock. What goes wrong out there is `unavailable`."""
        try:
            async with asyncio.timeout_at(deadline):
                answer = await self._backends[backend](question)
        except TimeoutError:
            _log.warning("lookup_late", backend=backend)
            return Answer(UNAVAILABLE)
        except Exception:
            _log.exception("lookup_failed", backend=backend)
            return Answer(UNAVAILABLE)
        if self._contracts[backend].outcomes.get(answer.outcome) != answer.facts.keys():
            _log.error("lookup_broke_contract", backend=backend)
            return Answer(UNAVAILABLE)
        return answer
