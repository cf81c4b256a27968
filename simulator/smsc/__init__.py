"""An SMSC of our own: it listens, engines bind to it, and calls from handsets go to them over SMPP."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from secrets import randbits

from gateways.smpp.dialects import DIALECTS, Dialect
from gateways.smpp.pdu import Command, Message, Status
from simulator.call import CallFailed
from simulator.smsc.link import Account, Link, LinkGone
from simulator.smsc.speech import Heard, Key, Speech
from ussd.callback import Phase, Reply

__all__ = ["DIALECTS", "SCREEN_SECONDS", "Account", "LinkGone", "SmppCall", "Smsc"]

_DEFAULT = DIALECTS["default"]

SCREEN_SECONDS = 15.0
"""What a handset waits for a screen."""
_LEAVE_SECONDS = 1.0


class Smsc:
    """One SMSC, and the sessions that are open on it."""

    def __init__(
        self,
        dialect: Dialect = _DEFAULT,
        account: Account | None = None,
        first: int | None = None,
        screen_seconds: float = SCREEN_SECONDS,
    ) -> None:
        """Without an `account` it lets anybody bind. `first` is the number of the first session; any, unless told."""
        self.speech, self._account, self.screen_seconds = Speech(dialect), account, screen_seconds
        self._links: list[Link] = []
        self._open: dict[Key, SmppCall] = {}
        self._references = count(randbits(15) if first is None else first)
        self._changed = asyncio.Event()
        self.throttling = 0
        """How many of the next submit_sm are refused, as of an ESME that sends too many."""
        self.strays = 0
        """How many submit_sm belonged to no session, or to one that waited for none."""

    @asynccontextmanager
    async def listening(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[tuple[str, int]]:
        """Listen there, 0 for any port that is free; the address. On leaving, take leave of all and end every link."""
        connections: set[asyncio.Task[None]] = set()

        def connected(reader: StreamReader, writer: StreamWriter) -> None:
            task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
            connections.add(task)
            task.add_done_callback(connections.discard)

        server = await asyncio.start_server(connected, host, port)
        try:
            yield server.sockets[0].getsockname()[:2]
        finally:
            server.close()
            with suppress(TimeoutError, LinkGone):
                async with asyncio.timeout(_LEAVE_SECONDS):
                    await self.unbind()
            self.cut()
            await asyncio.gather(*connections)

    async def bound(self, seconds: float) -> None:
        """Wait until an engine is bound both ways. Raises CallFailed where none is by then."""
        try:
            async with asyncio.timeout(seconds):
                while not (self._to_deliver() and any(link.submits for link in self._links)):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise CallFailed(f"nobody bound within {seconds:g} s", "nobody bound") from None

    def call(self, msisdn: str, dialled: str) -> "SmppCall":
        """A call of a subscriber, not dialled yet."""
        return SmppCall(self, msisdn, dialled, next(self._references))

    async def deliver(self, message: Message) -> None:
        """Have the engine take a message. Raises CallFailed where it does not."""
        link = self._to_deliver()
        if link is None:
            raise CallFailed("nobody is bound to the SMSC", "nobody bound")
        try:
            status = (await link.ask(Command.DELIVER_SM, message)).status
        except LinkGone as gone:
            raise CallFailed(f"deliver_sm: {gone}", str(gone)) from None
        if status:
            raise CallFailed(f"deliver_sm was refused: {_named(status)}", _named(status))

    async def enquire(self) -> None:
        """Ask every engine whether it is there. Raises LinkGone."""
        for link in tuple(self._links):
            await link.ask(Command.ENQUIRE_LINK)

    async def unbind(self) -> None:
        """Take leave of every engine that is bound. Raises LinkGone."""
        for link in [one for one in self._links if one.receives or one.submits]:
            await link.unbind()

    def cut(self) -> None:
        """End every link without a word."""
        for link in tuple(self._links):
            link.close()

    def opened(self, call: "SmppCall") -> None:
        """A session begins, or goes on."""
        self._open[self.speech.key(call)] = call

    def ended(self, call: "SmppCall") -> None:
        """A session is over: what is still sent for it is refused."""
        self._open.pop(self.speech.key(call), None)

    def _to_deliver(self) -> Link | None:
        return next((link for link in reversed(self._links) if link.receives), None)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        link = Link(reader, writer, self._account, self._submitted, self._changed.set)
        self._links.append(link)
        try:
            await link.run()
        finally:
            self._links.remove(link)

    def _submitted(self, message: Message) -> int:
        if self.throttling:
            self.throttling -= 1
            return Status.RTHROTTLED
        try:
            heard = self.speech.heard(message)
        except ValueError:
            return Status.RSUBMITFAIL
        call = self._open.get(heard.key)
        if call is None or not call.shown(heard):
            self.strays += 1
            return Status.RINVDSTADR
        return Status.OK


@dataclass(slots=True)
class SmppCall:
    """One session, from its first deliver_sm to its last."""

    smsc: Smsc
    msisdn: str
    dialled: str
    reference: int
    """By which the SMSC tells its sessions apart, as far as the dialect has room for it."""
    units: int = 0
    unit_heard: int = 0
    awaited: asyncio.Future[Reply] | None = field(default=None, repr=False)

    async def dial(self) -> Reply:
        """Dial, and read the first screen. Raises CallFailed."""
        return await self._ask(Phase.BEGIN, self.dialled)

    async def type(self, text: str) -> Reply:
        """Answer the screen that is shown. Raises CallFailed."""
        return await self._ask(Phase.CONTINUE, text)

    async def hang_up(self) -> None:
        """Tell the engine that the line is gone. Raises CallFailed."""
        self.smsc.ended(self)
        await self._deliver(Phase.ABORT, "")

    def shown(self, heard: Heard) -> bool:
        """Show a screen, if the handset waits for one."""
        if self.awaited is None or self.awaited.done():
            return False
        self.unit_heard = heard.unit
        self.awaited.set_result(heard.reply)
        return True

    async def _ask(self, phase: Phase, text: str) -> Reply:
        self.awaited = asyncio.get_running_loop().create_future()
        self.smsc.opened(self)
        try:
            async with asyncio.timeout(self.smsc.screen_seconds):
                await self._deliver(phase, text)
                reply = await self.awaited
        except TimeoutError:
            raise CallFailed(f"no screen within {self.smsc.screen_seconds:g} s", "no screen") from None
        if reply.ends:
            self.smsc.ended(self)
        return reply

    async def _deliver(self, phase: Phase, text: str) -> None:
        self.units += 1
        await self.smsc.deliver(self.smsc.speech.said(self, phase, text))


def _named(status: int) -> str:
    try:
        return Status(status).name
    except ValueError:
        return hex(status)
