"""Sends what the outbox holds, at least once each; nothing that fails ends it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog

from ussd.backends import LedgerAway
from ussd.ledger.outbox import Message, Outbox
from ussd.metrics import Metrics
from ussd.sms import Sender, SmsFailed

AT_ONCE = 20
"""Messages under way."""
SECONDS = 20.0
"""What sending a message may take: less than its lease (`ussd/ledger/outbox.py`), after which it is sent again."""
_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
"""Seconds between two looks at the outbox: the usual, and where it cannot be looked at."""
_FORGETTING = 3600.0
"""Seconds between two looks for what is too old to be kept."""

Result = TypeVar("Result")
_log = structlog.get_logger(__name__)


class SmsWorker:
    """The one of this process; each process has one."""

    def __init__(self, outbox: Outbox, sender: Sender, metrics: Metrics, *, seconds: float = SECONDS) -> None:
        """Do nothing yet. `seconds`: what sending a message may take."""
        self._outbox, self._sender, self._metrics, self._seconds = outbox, sender, metrics, seconds
        self._sending: set[asyncio.Task[None]] = set()
        self._forget_at = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run it in the background, and stop it: what is being sent then is sent again by whoever runs next."""
        task = asyncio.create_task(self.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def run(self) -> None:
        """Send until cancelled."""
        pause = _PAUSE
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    more = await self._round(group)
                    pause = _PAUSE
                except LedgerAway:
                    more, pause = False, min(2 * pause, _LONGEST_PAUSE)
                    _log.warning("sms_outbox_away", seconds=pause)
                except Exception:  # a fault of ours must not keep every later message from being sent
                    more, pause = False, min(2 * pause, _LONGEST_PAUSE)
                    _log.exception("sms_round_failed", seconds=pause)
                await self._rest(pause, more)

    async def _round(self, group: asyncio.TaskGroup) -> bool:
        """Begin to send what is due. Whether more may be due than could be begun."""
        backlog = await _whole(self._outbox.backlog())
        self._metrics.sms_backlog(backlog.waiting, backlog.oldest_seconds)
        await self._forget()
        if not backlog.due:
            return False
        await self._give_up()
        free = AT_ONCE - len(self._sending)
        claimed = await _whole(self._outbox.claim(free)) if free else []
        for message in claimed:
            task = group.create_task(self._send(message))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return len(claimed) == free

    async def _rest(self, seconds: float, more: bool) -> None:
        if more:
            await asyncio.wait(self._sending, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        else:
            await self._outbox.nudged(seconds)

    async def _send(self, message: Message) -> None:
        why = await self._fault(message)
        if why is None:
            self._metrics.sms_sent()
            _log.info("sms_sent", message=message.name)
            await self._marked(message, self._outbox.sent)
        else:
            self._metrics.sms_failed()
            _log.warning("sms_failed", message=message.name, why=why)
            await self._marked(message, self._outbox.failed)

    async def _fault(self, message: Message) -> str | None:
        """Try to send; why that was not possible, or None where it was."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._sender.send(message)
        except SmsFailed as fault:
            return str(fault)
        except TimeoutError:
            return "the sender takes too long"
        except Exception:
            _log.exception("sms_sender_broken", message=message.name)
            return "a fault of the sender's"
        return None

    async def _marked(self, message: Message, mark: Callable[[str], Coroutine[Any, Any, None]]) -> None:
        try:
            await _whole(mark(message.name))
        except LedgerAway:
            _log.warning("sms_not_marked", message=message.name)  # so it comes due again when its lease ends

    async def _give_up(self) -> None:
        if number := await _whole(self._outbox.give_up_old()):
            self._metrics.sms_given_up(number)
            _log.warning("sms_given_up", number=number)

    async def _forget(self) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._forget_at:
            while await _whole(self._outbox.forget_old()):
                continue
            self._forget_at = now + _FORGETTING


async def _whole(doing: Coroutine[Any, Any, Result]) -> Result:
    """What the ledger is asked, to its end, which is near, though this is cancelled: what is sent shall be noted."""
    task = asyncio.ensure_future(doing)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
