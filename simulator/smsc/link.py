"""One ESME's connection to our SMSC: binds, requests both ways, and what is said to PDUs that are wrong."""

import asyncio
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from gateways.smpp.pdu import (
    HEADER,
    RESPONSE,
    Bind,
    Body,
    Bound,
    Command,
    Empty,
    Malformed,
    Message,
    Pdu,
    Status,
    Submitted,
    Tag,
    length_of,
    read,
    write,
)

ANSWER_SECONDS = 10.0
"""What an ESME may take to answer a request."""

_EMPTY = Empty()
_RECEIVES = (Command.BIND_RECEIVER, Command.BIND_TRANSCEIVER)
_SUBMITS = (Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER)


class LinkGone(ConnectionError):
    """The ESME is away, or does not answer."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who may bind."""

    system_id: str
    password: str = field(repr=False)

    def refuses(self, bind: Bind) -> Status:
        """Why a bind is refused; OK where it is not."""
        if bind.system_id != self.system_id:
            return Status.RINVSYSID
        return Status.OK if bind.password == self.password else Status.RINVPASWD


class Link:
    """A connection, from its first octet to its last."""

    def __init__(
        self,
        reader: StreamReader,
        writer: StreamWriter,
        account: Account | None,
        submitted: Callable[[Message], int],
        bound: Callable[[], None],
    ) -> None:
        """`submitted` is told of every submit_sm and says its status; `bound` is told of every bind that succeeds."""
        self._reader, self._writer, self._account = reader, writer, account
        self._submitted, self._bound = submitted, bound
        self._numbers, self._asked = count(1), dict[int, asyncio.Future[Pdu]]()
        self._bind: int = 0

    @property
    def receives(self) -> bool:
        """Whether it takes deliver_sm."""
        return self._bind in _RECEIVES

    @property
    def submits(self) -> bool:
        """Whether it may send submit_sm."""
        return self._bind in _SUBMITS

    async def run(self) -> None:
        """Serve the connection until it ends."""
        try:
            while pdu := await self._next():
                self._take(pdu)
                await self._writer.drain()
        except ConnectionError:
            pass
        finally:
            self.close()

    async def ask(self, command: Command, body: Body = _EMPTY) -> Pdu:
        """Send a request; its response. Raises LinkGone."""
        number = next(self._numbers)
        answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            self._say(Pdu(command, number, body))
            async with asyncio.timeout(ANSWER_SECONDS):
                return await answer
        except TimeoutError:
            raise LinkGone("no answer") from None
        finally:
            del self._asked[number]

    async def unbind(self) -> None:
        """Take leave, as an SMSC does that is stopped. Raises LinkGone."""
        await self.ask(Command.UNBIND)
        self.close()

    def close(self) -> None:
        """End the connection without a word; whoever waits for an answer gets none."""
        self._bind = 0
        self._writer.close()
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(LinkGone("the link ended"))

    async def _next(self) -> Pdu | None:
        """The next PDU; None at the end, and after a length that no PDU has: what follows it cannot be found."""
        while True:
            try:
                header = await self._reader.readexactly(HEADER)
                octets = header + await self._reader.readexactly(length_of(header) - HEADER)
            except IncompleteReadError:
                return None
            except Malformed as fault:
                self._say(Pdu(Command.GENERIC_NACK, fault.sequence, status=fault.status))
                return None
            try:
                return read(octets)
            except Malformed as fault:
                self._say(Pdu(Command.GENERIC_NACK, fault.sequence, status=fault.status))

    def _take(self, pdu: Pdu) -> None:
        if pdu.command & RESPONSE:
            answer = self._asked.get(pdu.sequence)
            if answer and not answer.done():
                answer.set_result(pdu)
            return
        match pdu.body:
            case Bind() as bind:
                self._respond(pdu, self._taken(pdu.command, bind), Bound("SMSC", {Tag.SC_INTERFACE_VERSION: b"\x34"}))
            case Message() as message if pdu.command != Command.DELIVER_SM:
                status = self._submitted(message) if self.submits else Status.RINVBNDSTS
                self._respond(pdu, status, Submitted(str(pdu.sequence)))
            case Empty():
                self._respond(pdu, Status.OK, Empty())
            case _:
                self._say(Pdu(Command.GENERIC_NACK, pdu.sequence, status=Status.RINVCMDID))
        if pdu.command == Command.UNBIND:
            self.close()

    def _taken(self, command: int, bind: Bind) -> int:
        status = self._account.refuses(bind) if self._account else Status.OK
        if self._bind:
            return Status.RALYBND
        if status is Status.OK:
            self._bind = command
            self._bound()
        return status

    def _respond(self, pdu: Pdu, status: int, body: Bound | Submitted | Empty) -> None:
        self._say(Pdu(pdu.command | RESPONSE, pdu.sequence, type(body)() if status else body, status))

    def _say(self, pdu: Pdu) -> None:
        if self._writer.is_closing():
            raise LinkGone("the link ended")
        self._writer.write(write(pdu))
