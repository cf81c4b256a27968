"""One connection to an SMSC: requests and their responses by sequence number, and both sides' enquire_link and unbind.

Nothing that a peer sends ends it but an unbind, or a length that no PDU has: where the next one begins is unknown then.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from gateways.smpp.pdu import (
    HEADER,
    RESPONSE,
    Bind,
    Body,
    Command,
    Empty,
    Malformed,
    Message,
    Pdu,
    Status,
    Submitted,
    length_of,
    read,
    write,
)

CLOSE_SECONDS = 1.0
"""What a peer may take to read the last that we said."""
_LAST_SEQUENCE = 0x7FFFFFFF
_DELIVERIES = (Command.DELIVER_SM, Command.DATA_SM)
_UNANSWERABLE = (Command.OUTBIND, Command.ALERT_NOTIFICATION)
"""Requests that have no response (SMPP 3.4, 4.1.7 and 4.12); neither means anything to USSD."""

Take = Callable[[Message], int]
"""Takes what the SMSC delivers and says with which status; without waiting, so that enquire_link is answered too."""

_log = structlog.get_logger(__name__)


class LinkGone(Exception):
    """The link ended, or could not be made; `str` says why, in words of ours."""


class Unanswered(Exception):
    """No response came in time: whether the peer acted upon the request is unknown."""


class BindRefused(Exception):
    """The SMSC does not let us in; `str` is the name of its status."""

    def __init__(self, status: int) -> None:
        """Keep the status, which tells a wrong password from a line that is busy."""
        super().__init__(status_name(status))
        self.status = status


@dataclass(frozen=True, slots=True)
class Timers:
    """Seconds."""

    enquire_link: float = 30.0
    """Of silence, after which the peer is asked whether it is there."""
    response: float = 5.0
    """After which a request counts as unanswered."""


class Link:
    """One connection, from its first octet to its last."""

    def __init__(
        self, gateway: str, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], timers: Timers, take: Take
    ) -> None:
        """Do nothing yet. `gateway` is for the logs."""
        self._gateway, self._timers, self._take = gateway, timers, take
        self._reader, self._writer = streams
        self._now = asyncio.get_running_loop().time
        self._sequence = 0
        self._waiting: dict[int, tuple[int, asyncio.Future[Pdu]]] = {}
        self._heard_at = self._now()
        self._bound, self._doubted = asyncio.Event(), asyncio.Event()
        self._ended: str | None = None

    @asynccontextmanager
    async def living(self) -> AsyncIterator["asyncio.Task[str]"]:
        """Read in the background; the task ends with the link, and says why. On leaving: unbind, and close."""
        life = asyncio.create_task(self._live())
        try:
            yield life
        finally:
            try:
                await self._unbind()
            finally:
                life.cancel()
                await asyncio.wait([life])

    async def bind(self, command: Command, bind: Bind) -> None:
        """Raises BindRefused, LinkGone and Unanswered."""
        status = (await self.ask(command, bind)).status
        if status:
            raise BindRefused(status)
        self._bound.set()

    async def ask(self, command: Command, body: Body | None = None) -> Pdu:
        """Send a request and wait for its response, whatever its status. Raises LinkGone and Unanswered."""
        if self._ended:
            raise LinkGone(self._ended)
        sequence = self._next_sequence()
        answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = (command | RESPONSE, answer)
        try:
            async with asyncio.timeout(self._timers.response):
                self._write(Pdu(command, sequence, body or Empty()))
                await self._writer.drain()
                return await answer
        except TimeoutError:
            raise Unanswered from None
        except OSError:
            raise LinkGone("connection lost") from None
        finally:
            del self._waiting[sequence]

    async def _unbind(self) -> None:
        if self._bound.is_set() and not self._ended:
            with suppress(LinkGone, Unanswered):  # some SMSCs close without a word
                await self.ask(Command.UNBIND)

    def doubt(self) -> None:
        """Ask the peer now whether it is there: something makes that doubtful."""
        self._doubted.set()

    def _next_sequence(self) -> int:
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        return self._sequence

    def _write(self, pdu: Pdu) -> None:
        if not self._ended:
            self._writer.write(write(pdu))

    async def _live(self) -> str:
        parts = [asyncio.create_task(self._read()), asyncio.create_task(self._watch())]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            self._ended = done.pop().result()
            return self._ended
        finally:
            self._ended = self._ended or "closed by us"
            for part in parts:
                part.cancel()
            await asyncio.wait(parts)
            self._abandon()
            await self._close()

    def _abandon(self) -> None:
        for _, answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(LinkGone(self._ended))

    async def _close(self) -> None:
        self._writer.close()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()

    async def _read(self) -> str:
        try:
            while not self._hear(await self._octets()):
                await self._writer.drain()
        except asyncio.IncompleteReadError:
            return "closed by the SMSC"
        except Malformed as fault:
            self._nack(fault.sequence, fault.status)
            return "a length that no PDU has"
        except OSError:
            return "connection lost"
        return "unbound by the SMSC"

    async def _octets(self) -> bytes:
        header = await self._reader.readexactly(HEADER)
        return header + await self._reader.readexactly(length_of(header) - HEADER)

    def _hear(self, octets: bytes) -> bool:
        """Act upon one PDU; whether it was the last."""
        self._heard_at = self._now()
        try:
            pdu = read(octets)
        except Malformed as fault:
            self._malformed(fault)
            return False
        if pdu.command & RESPONSE:
            self._settle(pdu)
        else:
            self._respond(pdu)
        return pdu.command == Command.UNBIND

    def _respond(self, pdu: Pdu) -> None:
        match pdu.command, pdu.body:
            case ((Command.DELIVER_SM | Command.DATA_SM), Message() as message):
                self._write(Pdu(pdu.command | RESPONSE, pdu.sequence, Submitted(), self._take(message)))
            case ((Command.ENQUIRE_LINK | Command.UNBIND), _):
                self._write(Pdu(pdu.command | RESPONSE, pdu.sequence))
            case command, _ if command not in _UNANSWERABLE:
                _log.warning("smpp_unknown_command", gateway=self._gateway, command=hex(command))
                self._nack(pdu.sequence, Status.RINVCMDID)

    def _nack(self, sequence: int, status: Status) -> None:
        self._write(Pdu(Command.GENERIC_NACK, sequence, status=status))

    def _settle(self, pdu: Pdu) -> None:
        """Give a response to who waits for it; one that nobody waits for is late, or none of ours."""
        command, answer = self._waiting.get(pdu.sequence, (0, None))
        if answer and not answer.done() and pdu.command in (command, Command.GENERIC_NACK):
            # A generic_nack is no success, whatever status it has.
            status = pdu.status or (Status.RUNKNOWNERR if pdu.command == Command.GENERIC_NACK else Status.OK)
            answer.set_result(Pdu(pdu.command, pdu.sequence, pdu.body, status))
        else:
            _log.warning("smpp_stray_response", gateway=self._gateway, command=hex(pdu.command))

    def _malformed(self, fault: Malformed) -> None:
        _log.warning(
            "smpp_malformed", gateway=self._gateway, command=hex(fault.command), status=status_name(fault.status)
        )
        if fault.command in _DELIVERIES:
            self._write(Pdu(fault.command | RESPONSE, fault.sequence, Submitted(), fault.status))
        elif fault.command & RESPONSE:
            self._settle(Pdu(fault.command, fault.sequence, status=fault.status))
        else:
            self._nack(fault.sequence, fault.status)

    async def _watch(self) -> str:
        """Ask the peer after a silence whether it is there. Returns when it is not."""
        await self._bound.wait()
        while True:
            await self._silence()
            try:
                await self.ask(Command.ENQUIRE_LINK)
            except Unanswered:
                return "enquire_link is not answered"
            except LinkGone as gone:
                return str(gone)

    async def _silence(self) -> None:
        """Wait until nothing was heard for long enough, or the link is in doubt."""
        while (left := self._heard_at + self._timers.enquire_link - self._now()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._doubted.wait()
                break
        self._doubted.clear()


def status_name(status: int) -> str:
    """A status as the specification names it, or its number."""
    try:
        return Status(status).name
    except ValueError:
        return hex(status)
