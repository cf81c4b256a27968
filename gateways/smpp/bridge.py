"""An SMPP gateway at work: what its SMSC delivers is a callback, and the reply to it a message of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from gateways.smpp.client import Client
from gateways.smpp.dialects import spoken
from gateways.smpp.meaning import callback_of, message_of
from gateways.smpp.outlet import Dropped
from gateways.smpp.pdu import Message, Status
from ussd.callback import Callback, CallbackError, Phase, Reply
from ussd.line import Line
from ussd.service import Service
from ussd.settings.smpp import Smpp

AT_ONCE = 2_000
"""Callbacks under way; what comes above that is refused, since it would be answered too late.

A process answers several hundred a second, and a line waits for some seconds.
"""
FINISH_SECONDS = 10.0
"""What a callback under way may still take when the gateway stops; longer than any line waits."""

_log = structlog.get_logger(__name__)


class Bridge:
    """One SMPP gateway as it is configured."""

    def __init__(self, line: Line, given: Smpp, service: Service, at_once: int = AT_ONCE) -> None:
        """Do nothing yet. Raises OSError where a file of `tls` cannot be read, ValueError for an impossible dialect."""
        self._line, self._service, self._at_once = line, service, at_once
        self._dialect = spoken(given)
        self._client = Client(line.gateway, given, self._take)
        self._under_way: dict[asyncio.Task[None], Callback] = {}
        self._aborted: set[asyncio.Task[None]] = set()
        self._stopping = False

    def bound(self) -> bool:
        """Whether dialogues can come and be answered now."""
        return self._client.bound

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep it bound. On leaving: take nothing more, finish what is under way, and unbind."""
        async with self._client.running():
            try:
                yield
            finally:
                self._stopping = True
                await self._finish()

    async def _finish(self) -> None:
        if self._under_way:
            await asyncio.wait(list(self._under_way), timeout=FINISH_SECONDS)
        if late := list(self._under_way):
            for task in late:
                task.cancel()
            await asyncio.wait(late)

    def _take(self, message: Message) -> int:
        """Begin to answer what the SMSC delivers, and say with which status it is taken.

        RX_T_APPN and RMSGQFUL let the SMSC try it again, there or elsewhere. RX_P_APPN does not: it would be the same
        octets, which mean nothing to us.
        """
        if self._stopping:
            return Status.RX_T_APPN
        try:
            callback = callback_of(message, self._dialect)
        except Exception as error:
            self._service.counting.callback(self._line.gateway, "", "refused")
            if isinstance(error, CallbackError):
                _log.warning("callback_refused", gateway=self._line.gateway, faults=error.faults)
            else:
                _log.exception("decode_failed", gateway=self._line.gateway)
            return Status.RX_P_APPN
        return self._begin(callback) if isinstance(callback, Callback) else Status.OK

    def _begin(self, callback: Callback) -> int:
        if callback.phase is Phase.ABORT:
            self._abort(callback)
        if len(self._under_way) >= self._at_once:
            _log.warning("callback_refused", gateway=self._line.gateway, faults=("too many at once",))
            self._service.counting.limited("full")
            self._service.counting.callback(self._line.gateway, "", "limited")
            return Status.RMSGQFUL
        task = asyncio.create_task(self._exchange(callback))
        self._under_way[task] = callback
        task.add_done_callback(self._done)
        return Status.OK

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self._aborted.discard(task)

    def _abort(self, callback: Callback) -> None:
        """What this session still waits for has nobody who reads it."""
        gone = (callback.msisdn, callback.session)
        self._aborted |= {task for task, one in self._under_way.items() if (one.msisdn, one.session) == gone}

    async def _exchange(self, callback: Callback) -> None:
        """Answer one callback: with a screen, whatever happens, as long as somebody waits for it."""
        until = asyncio.get_running_loop().time() + self._line.profile.deadline
        try:
            reply = await self._reply(callback)
            if callback.phase is not Phase.ABORT:
                await self._client.submit(message_of(reply, callback, self._dialect), until, self._wanted)
        except Dropped as dropped:
            _log.warning("reply_dropped", gateway=self._line.gateway, why=str(dropped))
        except Exception:
            _log.exception("submit_failed", gateway=self._line.gateway)

    def _wanted(self) -> bool:
        return asyncio.current_task() not in self._aborted

    async def _reply(self, callback: Callback) -> Reply:
        try:
            return await self._service.answer(self._line, callback)
        except CallbackError as error:  # it was taken already, so that a status can no more say it
            _log.warning("callback_refused", gateway=self._line.gateway, faults=error.faults)
        except Exception:
            _log.exception("callback_failed", gateway=self._line.gateway)
        return self._service.last_words(self._line)
