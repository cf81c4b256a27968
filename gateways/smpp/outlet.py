"""What goes out over a link: a window of unanswered messages, first come first served, slower where it is told to."""

import asyncio
from collections.abc import Callable
from random import SystemRandom

from gateways.smpp.link import Link, LinkGone, Unanswered, status_name
from gateways.smpp.pdu import Command, Message, Status

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds of all messages of a link, when the SMSC throttles it; a line waits a few seconds for its screen."""
_THROTTLED = (Status.RTHROTTLED, Status.RMSGQFUL)

_random = SystemRandom()


class Dropped(Exception):
    """A message that was not sent, or of which nobody knows whether it was; `str` says why in a word or two.

    It is never sent a second time: a screen that comes twice, or late, answers what the subscriber does not see.
    """


class Outlet:
    """The one of a link."""

    def __init__(self, link: Link, window: int) -> None:
        """`window`: how many messages may be unanswered."""
        self._link, self._free = link, asyncio.Semaphore(window)
        self._now = asyncio.get_running_loop().time
        self._pause = self._open_at = 0.0

    async def submit(self, message: Message, until: float, wanted: Callable[[], bool]) -> None:
        """Have the SMSC take a message. Raises Dropped.

        `until`: the loop's time after which it is not sent any more. `wanted`: asked before each try to send it.
        """
        try:
            async with asyncio.timeout_at(until):
                await self._free.acquire()
        except TimeoutError:
            raise Dropped("window") from None
        try:
            await self._submit(message, until, wanted)
        finally:
            self._free.release()

    async def _submit(self, message: Message, until: float, wanted: Callable[[], bool]) -> None:
        why = "late"
        while True:
            await self._paused(until)
            if not wanted():
                raise Dropped("aborted")
            if self._now() >= until:
                raise Dropped(why)
            status = await self._status(message)
            self._adapt(status)
            if status not in _THROTTLED:
                break
            why = "throttled"
        if status:
            raise Dropped(status_name(status))

    async def _status(self, message: Message) -> int:
        try:
            return (await self._link.ask(Command.SUBMIT_SM, message)).status
        except LinkGone:
            raise Dropped("link gone") from None
        except Unanswered:
            # One lost response is the SMSC's affair; that it is there at all is asked at once.
            self._link.doubt()
            raise Dropped("unanswered") from None

    async def _paused(self, until: float) -> None:
        """Wait out a pause, and each message a little longer of its own, so that they do not come all at once."""
        while (left := self._open_at - self._now()) > 0:
            left += _random.uniform(0, self._pause)
            if self._now() + left > until:
                raise Dropped("throttled")
            await asyncio.sleep(left)

    def _adapt(self, status: int) -> None:
        """Pause longer with every pause that was not enough, and shorter with everything that is taken."""
        if status not in _THROTTLED:
            self._pause /= 2
        elif self._now() >= self._open_at:  # else this one was sent before the pause that is on
            self._pause = min(max(2 * self._pause, FIRST_PAUSE), LONGEST_PAUSE)
            self._open_at = self._now() + self._pause * _random.uniform(0.5, 1.0)
