"""One request in the octets that came together: a POST as most gateways send theirs, in one piece and plain.

This is no HTTP parser: whatever is anything else, or may mean two things, is not read here but by aiohttp's.
"""

import re
from typing import NamedTuple

from ussd.callback import WireRequest

_LONGEST = 8192
"""Octets; a callback has some hundreds."""
_HEAD = re.compile(rb"POST (/[!-~]+) HTTP/1\.1\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~]*\r\n)+)\r\n")
"""RFC 9112, 3 and 5: no white space before the colon, no folded lines; and ASCII alone."""
_UNUSUAL = {"content-encoding", "expect", "te", "trailer", "transfer-encoding", "upgrade"}
"""Headers that say how the message is to be read, or what is to come first."""
_CONNECTIONS = {"keep-alive", "close"}
"""What a connection may be said to be, RFC 9112, 9.3 and 9.6."""


class Seen(NamedTuple):
    """A request that is there as a whole, with nothing behind it."""

    target: str
    """Path and query, as they came."""
    wire: WireRequest
    """Without the path, which a gateway's own module does not see."""
    last: bool
    """Whether the connection is to be closed after the answer."""


def seen(octets: bytes) -> Seen | None:
    """The one request that these octets are; None where they are none, more than one, part of one, or unusual."""
    head = _HEAD.match(octets) if len(octets) <= _LONGEST else None
    if head is None:
        return None
    headers: dict[str, str] = {}
    lines = head[2].decode("ascii").split("\r\n")[:-1]
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip("\t ")
    body = octets[head.end() :]
    connection = headers.get("connection", "keep-alive").lower()
    if len(headers) < len(lines) or connection not in _CONNECTIONS or not _is_plain(headers, len(body)):
        return None
    return Seen(head[1].decode("ascii"), WireRequest("POST", "", "", headers, body), last=connection == "close")


def _is_plain(headers: dict[str, str], length: int) -> bool:
    """Whether the message ends with a body of that length: RFC 9112, 6.3."""
    said = headers.get("content-length", "")
    return said.isdigit() and int(said) == length and "host" in headers and _UNUSUAL.isdisjoint(headers)
