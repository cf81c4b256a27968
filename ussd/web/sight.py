"""One request in the octets that came together: a POST as most gateways send theirs, in one piece and plain.

This is no HTTP parser: whatever is anything else, or may mean two things, is not read here but by aiohttp's.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from ussd.callback import WireRequest

_LONGEST = 8192
"""Octets; a callback has some hundreds."""
_LENGTH = re.compile("[0-9]{1,4}")
"""Of a body, in octets."""
_END = b"\r\n\r\n"
"""Of a head."""
_HEAD = re.compile(rb"POST (/[!-~]+) HTTP/1\.1\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~]*\r\n)+)\r\n")
"""RFC 9112, 3 and 5: no white space before the colon, no folded lines; and ASCII alone."""
_UNUSUAL = {"content-encoding", "expect", "te", "trailer", "transfer-encoding", "upgrade"}
"""Headers that say how the message is to be read, or what is to come first."""
_CONNECTIONS = {"keep-alive", "close"}
"""What a connection may be said to be, RFC 9112, 9.3 and 9.6."""


_HEADS = 256
"""So many are remembered: those of one gateway differ in the length of what follows, if in anything."""


class Head(NamedTuple):
    """All of a request but its body."""

    target: str
    """Path and query, as they came."""
    headers: Mapping[str, str]
    length: int
    """Octets of the body."""
    last: bool
    """Whether the connection is to be closed after the answer."""


class Seen(NamedTuple):
    """A request that is there as a whole, with nothing behind it."""

    head: Head
    body: bytes

    @property
    def wire(self) -> WireRequest:
        """Without the path, which a gateway's own module does not see."""
        return WireRequest("POST", "", "", self.head.headers, self.body)


def seen(octets: bytes) -> Seen | None:
    """The one request that these octets are; None where they are none, more than one, part of one, or unusual."""
    end = octets.find(_END) + len(_END)
    head = _head(octets[:end]) if len(_END) < end and len(octets) <= _LONGEST else None
    return Seen(head, octets[end:]) if head and head.length == len(octets) - end else None


@lru_cache(_HEADS)
def _head(octets: bytes) -> Head | None:
    """What a head says; None where it is unusual."""
    found = _HEAD.fullmatch(octets)
    if found is None:
        return None
    headers: dict[str, str] = {}
    lines = found[2].decode("ascii").split("\r\n")[:-1]
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip("\t ")
    connection = headers.get("connection", "keep-alive").lower()
    if len(headers) < len(lines) or connection not in _CONNECTIONS or not _is_plain(headers):
        return None
    length, last = int(headers["content-length"]), connection == "close"
    return Head(found[1].decode("ascii"), MappingProxyType(headers), length, last)


def _is_plain(headers: Mapping[str, str]) -> bool:
    """Whether the message ends with a body of the length that they say: RFC 9112, 6.3."""
    length = _LENGTH.fullmatch(headers.get("content-length", ""))
    return length is not None and "host" in headers and _UNUSUAL.isdisjoint(headers)
