"""An HTTP answer, put together from what comes: RFC 9112, as far as servers of callbacks go."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from ussd.callback import WireReply

_MAX_HEAD = 64 * 1024
_END = b"\r\n\r\n"
_HEX = re.compile(rb"[0-9A-Fa-f]{1,8}")
_STATUS = re.compile(r"[1-5][0-9][0-9]")


class Unreadable(ValueError):
    """This is no answer to an HTTP request."""


@dataclass(frozen=True, slots=True)
class _Head:
    status: int
    headers: Mapping[str, str]
    starts: int
    """Where the body does."""

    @property
    def stays(self) -> bool:
        """Whether the connection may be used again."""
        return self.headers.get("connection", "").lower() != "close"

    @property
    def chunked(self) -> bool:
        return self.headers.get("transfer-encoding", "").lower() == "chunked"

    @property
    def length(self) -> int | None:
        """Octets of the body; None where it goes on to the end of the connection. Raises Unreadable."""
        if self.status in (204, 304):
            return 0
        said = self.headers.get("content-length")
        if said is not None and not (said.isascii() and said.isdigit()):
            raise Unreadable("a length is a number")
        return None if said is None else int(said)


class Answer:
    """One answer: `take` what comes until it is `whole`."""

    __slots__ = ("_got", "_head", "stays", "whole")

    def __init__(self) -> None:
        """Nothing of it has come yet."""
        self._got, self._head = b"", None  # type: bytes, _Head | None
        self.whole: WireReply | None = None
        self.stays = False
        """Whether the connection may be used again after it."""

    def take(self, octets: bytes) -> None:
        """Take what has come. Raises Unreadable."""
        if self.whole is not None:
            raise Unreadable("more than was asked for")
        self._got = self._got + octets if self._got else octets
        head = self._head = self._head or _head(self._got)
        if head is None:
            return
        if head.chunked:
            self._finish(head, *_unchunked(self._got, head.starts))
        elif (length := head.length) is not None:
            ends = head.starts + length
            self._finish(head, self._got[head.starts : ends] if len(self._got) >= ends else None, ends)

    def end(self) -> None:
        """The connection has ended: a body without a length is whole by that."""
        head = self._head
        if head and self.whole is None and not head.chunked and head.length is None:
            self.whole = _reply(head, self._got[head.starts :])

    def _finish(self, head: _Head, body: bytes | None, ends: int) -> None:
        if body is None:
            return
        if len(self._got) > ends:
            raise Unreadable("more than was asked for")
        self.whole, self.stays = _reply(head, body), head.stays


def _reply(head: _Head, body: bytes) -> WireReply:
    media_type = head.headers.get("content-type", "").partition(";")[0].strip().lower()
    return WireReply(body, media_type, head.status, head.headers)


def _head(got: bytes) -> _Head | None:
    """The head; None where it is not whole yet. Raises Unreadable."""
    ends = got.find(_END)
    if ends < 0:
        if len(got) > _MAX_HEAD:
            raise Unreadable("a head without an end")
        return None
    head = _read(got[:ends])
    # 100 Continue and the like go before the answer.
    return _after(got, head) if head.status < 200 else head


@lru_cache(256)
def _read(head: bytes) -> _Head:
    """Many answers of a second have the same head."""
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, status = first.partition(" ")
    if version not in ("HTTP/1.1", "HTTP/1.0") or _STATUS.fullmatch(status[:3]) is None:
        raise Unreadable("not HTTP")
    named = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in named}
    if version == "HTTP/1.0" and headers.get("connection", "").lower() != "keep-alive":
        headers["connection"] = "close"
    return _Head(int(status[:3]), headers, len(head) + len(_END))


def _after(got: bytes, interim: _Head) -> _Head | None:
    head = _head(got[interim.starts :])
    return head and _Head(head.status, head.headers, interim.starts + head.starts)


def _unchunked(got: bytes, at: int) -> tuple[bytes | None, int]:
    """The body that came in chunks, and where it ends; None while there is more to come. Raises Unreadable."""
    parts: list[bytes] = []
    while (line := got.find(b"\r\n", at)) >= 0:
        size = _size(got[at:line])
        at = line + 2
        if not size:
            ends = _trailed(got, at)
            return (b"".join(parts), ends) if ends else (None, 0)
        if len(got) < at + size + 2:
            break
        if got[at + size : at + size + 2] != b"\r\n":
            raise Unreadable("a chunk without an end")
        parts.append(got[at : at + size])
        at += size + 2
    return None, 0


def _size(line: bytes) -> int:
    size = _HEX.fullmatch(line.partition(b";")[0].strip())
    if size is None:
        raise Unreadable("a chunk without a size")
    return int(size[0], 16)


def _trailed(got: bytes, at: int) -> int:
    """Where the trailer ends that follows the last chunk; 0 where it is not whole yet."""
    if got[at : at + 2] == b"\r\n":
        return at + 2
    ends = got.find(_END, at)
    return ends + len(_END) if ends >= 0 else 0
