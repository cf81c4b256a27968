"""Who is turned away from the gateways' doors in a crowd, and the response that says so."""

import time
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from aiohttp.http import SERVER_SOFTWARE

from ussd.callback import Reply, WireReply
from ussd.service import Service
from ussd.web.auth import Raw
from ussd.web.callbacks import Door
from ussd.web.sight import Seen
from ussd.web.turnstile import LetIn


class DoorKeeper:
    """Stands before all doors of a service."""

    def __init__(self, doors: Iterable[Door], service: Service) -> None:
        """Those where a screen is the answer, and where nothing is kept of who proves to be the gateway."""
        self._service = service
        self._doors = {f"/gateways/{one.line.gateway}": one for one in doors if not one.push and not one.guard.once}

    @property
    def overrun(self) -> bool:
        """Whether more dials come than can be served."""
        return self._service.turns.overrun

    def verdict(self, request: Seen, peer: str) -> bytes | LetIn | None:
        """The last screen, in its gateway's form, or who is let in; neither where somebody must be told of a fault."""
        door = self._doors.get(request.head.target)
        if door is None or not _is_known(door, request, peer):
            return None
        try:
            callback = door.gateway.decode(request.wire)
        except Exception:  # whoever lets it in says what is the matter with it
            return None
        said = self._service.at_the_door(door.line, callback)
        if isinstance(said, Reply):
            return _written(door.gateway.encode(said, callback), request.head.last)
        return LetIn(callback, said)


def _is_known(door: Door, request: Seen, peer: str) -> bool:
    if not door.guard.proofs:
        return True
    wire = request.wire
    return not door.guard.missed(Raw(peer, wire.method, request.head.target, tuple(wire.headers.items()), wire.body))


def _written(reply: WireReply, last: bool) -> bytes:
    """As aiohttp writes it."""
    more = tuple(reply.headers.items())
    return _head(reply.status, reply.content_type, more, len(reply.body), last, int(time.time())) + reply.body


@lru_cache(64)
def _head(
    status: int, content_type: str, more: tuple[tuple[str, str], ...], length: int, last: bool, second: int
) -> bytes:
    """The same for all of one second that differ in nothing else."""
    given = "".join(f"{name}: {value}\r\n" for name, value in more)
    close = "Connection: close\r\n" if last else ""
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        f"Content-Type: {content_type}\r\n{given}Content-Length: {length}\r\n"
        f"Date: {formatdate(second, usegmt=True)}\r\nServer: {SERVER_SOFTWARE}\r\n{close}\r\n"
    )
    return head.encode()
