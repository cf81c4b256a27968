"""What stands before every call to a registry: a limit of calls at once, and its circuit breaker.

Each registry has one of its own, so that a broken one keeps nobody waiting for another.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from ussd.backends import RegistryFault
from ussd.registries.breaker import Breaker

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How far one registry is trusted; seconds, where nothing else is said."""

    at_once: int = 64
    """Calls under way that are not slow yet: those that hang keep nobody else waiting, and end within `total`."""
    wait: float = 0.5
    """What a call waits for one of them to end."""
    faults: int = 5
    """Faults in a row after which the registry is left alone."""
    rest: float = 10.0
    """How long it is left alone."""
    slow: float = 5.0
    """A call that takes longer counts as a fault, though its answer is still waited for."""
    haste: float = 0.3
    """A call cancelled sooner says nothing of the registry: its caller lost interest, or had hardly any time left."""
    connect: float = 2.0
    total: float = 60.0
    """A backstop: callers have deadlines of their own."""


@dataclass(slots=True)
class _Call:
    """A call under way; its turn is None once it was handed back, and so is its slot."""

    turn: int | None
    begun: float
    slots: asyncio.Semaphore | None

    def leave(self) -> None:
        """Let another call be made."""
        slots, self.slots = self.slots, None
        if slots:
            slots.release()


class Guard:
    """One registry's limit and breaker."""

    def __init__(self, name: str, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        """`name` is the registry's in the logs."""
        self._log, self._limits, self._clock = _log.bind(registry=name), limits, clock
        self._slots = asyncio.Semaphore(limits.at_once)
        self._breaker = Breaker(limits.faults, limits.rest, clock)

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """One call, as long as it takes. Raises RegistryFault where it must not be made; notes how it ended."""
        if self._breaker.refuses():
            raise _left_alone()
        await self._slot()
        call = _Call(None, self._clock(), self._slots)
        try:
            call.turn = self._breaker.enter()
            if call.turn is None:  # it opened while this one waited
                raise _left_alone()
            async with self._noted(call):
                yield
        finally:
            call.leave()

    async def _slot(self) -> None:
        try:
            async with asyncio.timeout(self._limits.wait):
                await self._slots.acquire()
        except TimeoutError:
            self._log.warning("registry_full", at_once=self._limits.at_once)
            raise RegistryFault("as many calls as may be are under way") from None

    @asynccontextmanager
    async def _noted(self, call: _Call) -> AsyncIterator[None]:
        """Hand the call's turn back by the way it ends, or before its end where it is slow."""
        slow = asyncio.get_running_loop().call_later(self._limits.slow, self._hung, call)
        try:
            yield
        except RegistryFault as fault:
            self._failed(call, str(fault))
            raise
        except asyncio.CancelledError:
            if self._clock() - call.begun >= self._limits.haste:
                self._failed(call, "no answer by its caller's deadline")
            raise
        else:
            self._succeeded(call)
        finally:
            slow.cancel()
            self._left(call)

    def _succeeded(self, call: _Call) -> None:
        turn, call.turn = call.turn, None
        if turn is not None and self._breaker.succeeded(turn):
            self._log.info("registry_is_back")

    def _hung(self, call: _Call) -> None:
        self._failed(call, "slow")
        call.leave()

    def _failed(self, call: _Call, why: str) -> None:
        turn, call.turn = call.turn, None
        if turn is None:
            return
        self._log.warning("registry_failed", why=why)
        if self._breaker.failed(turn):
            self._log.error("registry_left_alone", seconds=self._limits.rest)

    def _left(self, call: _Call) -> None:
        turn, call.turn = call.turn, None
        if turn is not None:
            self._breaker.left(turn)


def _left_alone() -> RegistryFault:
    return RegistryFault("left alone after its last faults")
