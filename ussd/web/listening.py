"""A port, of which everybody who has connected is taken in at once, whichever event loop runs.

uvloop takes one a turn (libuv since 1.45, its pull request 3696), and a turn is long where many are worked on: of a
crowd whose gateway connects anew for each callback most would wait outside, where nobody counts them or tells them
anything.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from errno import EADDRNOTAVAIL, EAFNOSUPPORT
from ssl import SSLContext

import structlog

KNOCKING = 4096
"""Connections that may wait to be taken, as far as the system allows. Who finds no place knocks again in a second."""
_BREATH = 0.2
"""Seconds until the next try, where no file or no memory was left for a connection."""
_ABSENT = {EADDRNOTAVAIL, EAFNOSUPPORT}

_log = structlog.get_logger(__name__)


class Listening:
    """Sockets that listen, until `close`. Run in one event loop."""

    def __init__(
        self, sockets: Sequence[socket.socket], protocol: Callable[[], asyncio.Protocol], tls: SSLContext | None = None
    ) -> None:
        """Begin to take who connects; each gets a `protocol` of its own."""
        self._protocol, self._tls, self._loop = protocol, tls, asyncio.get_running_loop()
        self._sockets, self._greeted = list(sockets), set[asyncio.Task[None]]()
        self.port = int(sockets[0].getsockname()[1])
        """The first one's."""
        for one in sockets:
            one.setblocking(False)
            self._watch(one)

    def close(self) -> None:
        """Close the port. Who has connected by now is still taken."""
        while self._sockets:
            one = self._sockets.pop()
            self._loop.remove_reader(one)
            self._take_in(one)
            one.close()

    def _watch(self, one: socket.socket) -> None:
        if one in self._sockets:
            self._loop.add_reader(one, self._take_in, one)

    def _take_in(self, one: socket.socket) -> None:
        for _ in range(KNOCKING):
            try:
                connected, _address = one.accept()
            except BlockingIOError:
                return
            except (InterruptedError, ConnectionAbortedError):
                continue  # that one has gone
            except OSError as fault:
                _log.error("cannot_accept", fault=fault.strerror)
                self._loop.remove_reader(one)  # it would be asked again in every turn
                self._loop.call_later(_BREATH, self._watch, one)
                return
            connected.setblocking(False)
            greeted = self._loop.create_task(self._greet(connected))
            self._greeted.add(greeted)
            greeted.add_done_callback(self._greeted.discard)

    async def _greet(self, connected: socket.socket) -> None:
        with suppress(OSError):  # it has gone, or it is TLS that we have not agreed on: then it is closed
            await self._loop.connect_accepted_socket(self._protocol, connected, ssl=self._tls)


async def listen(
    protocol: Callable[[], asyncio.Protocol],
    host: str,
    port: int,
    tls: SSLContext | None = None,
    *,
    shared: bool = False,
) -> Listening:
    """Listen on all addresses of a host. `shared`: other processes may too. Raises OSError, which names the address."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = dict.fromkeys((family, address) for family, _, _, _, address in found)
    return Listening(_bound([*addresses], shared=shared), protocol, tls)


def _bound(addresses: Sequence[tuple[int, tuple[object, ...]]], *, shared: bool) -> list[socket.socket]:
    """A socket for each address; one that this machine does not have is left out, where it has another."""
    bound: list[socket.socket] = []
    try:
        for number, (family, address) in enumerate(addresses, 1):
            try:
                bound.append(socket.create_server(address, family=family, backlog=KNOCKING, reuse_port=shared))
            except OSError as fault:
                if fault.errno not in _ABSENT or (number == len(addresses) and not bound):
                    raise
    except OSError:
        for one in bound:
            one.close()
        raise
    return bound
