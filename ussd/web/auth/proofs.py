"""The proofs that a caller may owe. Each looks at a request, and says in one word what it misses."""

import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Protocol

from ussd.web.auth.raw import Raw, octets

WINDOW = 60
"""Seconds that a signed request's timestamp may lie behind our clock, or before it."""

_TIMESTAMP = re.compile(rb"[0-9]{1,12}")
_NONCE = re.compile(rb"[!-~]{8,128}")

Networks = tuple[IPv4Network | IPv6Network, ...]


class Proof(Protocol):
    """One thing that a request must show."""

    def missed(self, raw: Raw) -> str:
        """What is wrong, for the log; empty where it holds. A secret's comparison takes as long either way."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """A password or a token in the Authorization header, RFC 9110, 11.6.2."""

    scheme: str
    """In lower case."""
    credentials: bytes = field(repr=False)

    def missed(self, raw: Raw) -> str:
        """The scheme's name, where header or credentials are not these."""
        scheme, _, given = raw.one("authorization").partition(b" ")
        holds = same(scheme.lower(), self.scheme.encode()) & same(given.strip(b" "), self.credentials)
        return "" if holds else self.scheme


@dataclass(frozen=True, slots=True)
class Origin:
    """Networks that the caller's address must be of, and the proxies of ours that may tell it."""

    callers: Networks
    proxies: Networks = ()

    def missed(self, raw: Raw) -> str:
        """`networks`, where the caller is of none of them."""
        return "" if _is_of(self._caller(raw), self.callers) else "networks"

    def _caller(self, raw: Raw) -> IPv4Address | IPv6Address | None:
        """The right-most address that is no proxy's: what stands left of it, the caller may have written."""
        told = b",".join(raw.all("x-forwarded-for")).decode("ascii", "replace")
        hops = [raw.peer, *reversed([hop.strip() for hop in told.split(",")])]
        return next((address for hop in hops if not _is_of(address := _address(hop), self.proxies)), None)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A client's certificate, as a proxy that ends TLS tells it."""

    header: str
    """In lower case."""
    expected: tuple[bytes, ...]
    fingerprints: bool
    """Otherwise they are subjects."""
    proxies: Networks
    """Whose header is believed."""

    def missed(self, raw: Raw) -> str:
        """`client_certificate`, where it is another one, or told by somebody else."""
        given = raw.one(self.header)
        given = given.replace(b":", b"").lower() if self.fingerprints else given
        known = True in [same(given, each) for each in self.expected]  # every one is compared
        return "" if known & _is_of(_address(raw.peer), self.proxies) else "client_certificate"


@dataclass(frozen=True, slots=True)
class Signature:
    """HMAC-SHA256, in hexadecimal, over timestamp, nonce, method, path with query, and body, with a newline between."""

    secret: bytes = field(repr=False)
    timestamp: str
    nonce: str
    signature: str
    """The headers' names, in lower case."""
    clock: Callable[[], float]
    """Seconds since 1970."""

    def missed(self, raw: Raw) -> str:
        """`signature`, `timestamp` or `nonce`."""
        when, nonce = raw.one(self.timestamp), raw.one(self.nonce)
        signed = b"\n".join((when, nonce, octets(raw.method), octets(raw.target), raw.body))
        right = same(raw.one(self.signature).lower(), hmac.digest(self.secret, signed, "sha256").hex().encode())
        holds = {"signature": right, "timestamp": self._is_fresh(when), "nonce": bool(_NONCE.fullmatch(nonce))}
        return next((name for name, one in holds.items() if not one), "")

    def _is_fresh(self, when: bytes) -> bool:
        return bool(_TIMESTAMP.fullmatch(when)) and abs(self.clock() - int(when)) <= WINDOW


def same(one: bytes, other: bytes) -> bool:
    """Whether two are equal, in a time that does not tell how much of them is, whatever their lengths."""
    return hmac.compare_digest(sha256(one).digest(), sha256(other).digest())


def _address(written: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(written)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None  # a dual-stack socket's IPv4 peers
    return mapped or address


def _is_of(address: IPv4Address | IPv6Address | None, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    return address is not None and any(address in network for network in networks)
